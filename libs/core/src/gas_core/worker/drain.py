"""Stopping in order: no new work, a while to finish what is under way, then hand it back."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType


class Drain:
    """Whether the process was asked to stop, and whether the time to finish is over."""

    def __init__(self, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        # A plain attribute, written once: a signal handler may run while its own thread holds any lock, so an
        # Event could deadlock here.
        self._ends: float | None = None

    def install(self) -> None:
        """Let SIGTERM and SIGINT request it (main thread only)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def request(self) -> None:
        """Stop. Asking again does not prolong the time."""
        if self._ends is None:
            self._ends = self._monotonic() + self._seconds

    @property
    def requested(self) -> bool:
        return self._ends is not None

    @property
    def over(self) -> bool:
        """True once work that is still under way has to be handed back."""
        return self._ends is not None and self._monotonic() >= self._ends

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.request()
