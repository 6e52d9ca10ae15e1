"""Starts the archiver."""

from __future__ import annotations

from gas_archiver.bootstrap import built
from gas_archiver.config import ArchiverSettings
from gas_core.telemetry import logs
from gas_core.worker import run_worker


def main() -> None:
    """Archive until SIGTERM."""
    settings = ArchiverSettings.from_environment()
    logs.configure(settings, service="archiver")
    with built(settings) as (queue, handlers):
        run_worker(queue, handlers, settings)


if __name__ == "__main__":
    main()
