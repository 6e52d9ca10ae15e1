"""Starts the sweeper: one pass, or passes until SIGTERM."""

from __future__ import annotations

import sys

from gas_core.telemetry import logs
from gas_core.worker.passes import run_passes
from gas_sweeper.bootstrap import build
from gas_sweeper.config import SweeperSettings


def main() -> int:
    """Exit code 0 if the last pass settled all it found."""
    settings = SweeperSettings.from_environment()
    logs.configure(settings, service="sweeper")
    one_pass = build(settings)
    return run_passes(lambda: one_pass().failed == 0, interval_seconds=settings.sweep_interval_seconds)


if __name__ == "__main__":
    sys.exit(main())
