"""Signs of life: the loop beats when it turns, a handler beats when it checks its hold."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pulse:
    """When this process last showed that it gets on with its work."""

    def __init__(self, stall_seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stall_seconds = stall_seconds
        self._monotonic = monotonic
        self._last = monotonic()

    def beat(self) -> None:
        self._last = self._monotonic()

    @property
    def stalled(self) -> bool:
        """True if the last sign of life is too long ago."""
        return self._monotonic() - self._last > self._stall_seconds
