"""Starts the restorer, or with the argument ``thaw`` one pass of thaw, or passes until SIGTERM."""

from __future__ import annotations

import sys

from gas_core.telemetry import logs
from gas_core.worker import run_worker
from gas_core.worker.passes import run_passes
from gas_restorer.bootstrap import build, built_thaw
from gas_restorer.config import RestorerSettings, ThawSettings


def main(arguments: list[str]) -> int:
    """Exit code 0 at the end of the worker, or if the last pass of thaw settled all it found."""
    match arguments:
        case []:
            return _restore()
        case ["thaw"]:
            return _thaw()
        case _:
            sys.stderr.write("usage: python -m gas_restorer [thaw]\n")
            return 2


def _restore() -> int:
    settings = RestorerSettings.from_environment()
    logs.configure(settings, service="restorer")
    queue, handlers = build(settings)
    run_worker(queue, handlers, settings)
    return 0


def _thaw() -> int:
    settings = ThawSettings.from_environment()
    logs.configure(settings, service="thaw")
    with built_thaw(settings) as one_pass:
        return run_passes(lambda: one_pass().failed == 0, interval_seconds=settings.thaw_interval_seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
