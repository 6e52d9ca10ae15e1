"""Starts the sweeper: one pass, or passes until SIGTERM."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import structlog

from gas_core.domain.errors import GasError
from gas_core.telemetry import logs
from gas_sweeper.bootstrap import build
from gas_sweeper.config import SweeperSettings
from gas_sweeper.handlers import Swept

log = structlog.get_logger()


def _whole(one_pass: Callable[[], Swept]) -> bool:
    """True if the pass settled everything; the next pass finds again what it did not."""
    try:
        return one_pass().failed == 0
    except GasError as error:
        log.exception("sweep_failed", error=type(error).__name__)
        return False


def main() -> int:
    """Exit code 0 if the last pass settled all it found."""
    settings = SweeperSettings.from_environment()
    logs.configure(settings, service="sweeper")
    one_pass = build(settings)
    if not settings.sweep_interval_seconds:
        return 0 if _whole(one_pass) else 1
    # Blocked while a pass runs, taken in the pause: a pass is short, and ends in order.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    whole = _whole(one_pass)
    while signal.sigtimedwait(ends, settings.sweep_interval_seconds) is None:
        whole = _whole(one_pass)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
