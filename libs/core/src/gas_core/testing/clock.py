"""A clock that stands still until a test moves it."""

from __future__ import annotations

import threading

START = 1_700_000_000


class FakeClock:
    """``Clock`` whose seconds pass only by ``advance``."""

    def __init__(self, now: int = START) -> None:
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> int:
        with self._lock:
            return self._now

    def advance(self, seconds: int) -> int:
        """Let time pass; it never goes back. Returns the new time."""
        if seconds < 0:
            raise ValueError("time does not go back")
        with self._lock:
            self._now += seconds
            return self._now
