"""A process that makes passes instead of taking messages: one, or one after the other until SIGTERM."""

from __future__ import annotations

import signal
from collections.abc import Callable

import structlog

from gas_core.domain.errors import GasError

_log = structlog.get_logger()


def run_passes(one_pass: Callable[[], bool], *, interval_seconds: int) -> int:
    """Make a pass, and with an interval more; the exit code is 0 if the last one settled all it found.

    ``one_pass`` says whether it did; the next pass finds again what it did not.
    """
    if not interval_seconds:
        return 0 if _whole(one_pass) else 1
    # Blocked while a pass runs, taken in the pause: a pass is short, and ends in order.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    whole = _whole(one_pass)
    while signal.sigtimedwait(ends, interval_seconds) is None:
        whole = _whole(one_pass)
    return 0 if whole else 1


def _whole(one_pass: Callable[[], bool]) -> bool:
    try:
        return one_pass()
    except GasError as error:
        _log.exception("pass_failed", error=type(error).__name__)
        return False
