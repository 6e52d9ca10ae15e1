"""SIGTERM ends a run in good order.

An exception out of a signal's handler could come anywhere, so it comes only where the run waits for input or
tells of its progress. A signal between two waits would be missed until more input comes: it is repeated.
"""

from __future__ import annotations

import io
import signal
import time
from typing import TYPE_CHECKING, BinaryIO, Final, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from gas_engine.annotate import Progress
    from gas_engine.checkpoint import Checkpoints

_STOP_SECONDS: Final = 5.0
"""What a run may take to come to where it can leave a checkpoint: some hundred milliseconds, mostly."""
_REPEAT_SECONDS: Final = 0.1


class TerminatedError(BaseException):
    """SIGTERM came. As with KeyboardInterrupt, only the end of the program is to catch it."""


class Termination:
    """Heed SIGTERM in a ``with``: a run with checkpoints is told to stop, and ended if it does not soon."""

    def __init__(self, checkpoints: Checkpoints | None) -> None:
        self._checkpoints = checkpoints
        self._deadline: float | None = None
        self._input: _Input | None = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGTERM, self._heed)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._deadline is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGTERM, self._before)

    def input(self, stream: BinaryIO) -> BinaryIO:
        """Make waiting for input end."""
        self._input = waiting = _Input(stream)
        return cast("BinaryIO", waiting)

    def progress(self, show: Callable[[Progress], None]) -> Callable[[Progress], None]:
        """Make progress end."""

        def heeding(progress: Progress) -> None:
            self._end_if_over()
            show(progress)

        return heeding

    def _heed(self, *_: object) -> None:
        if self._deadline is None:
            self._deadline = time.monotonic()
            if self._checkpoints is not None:
                self._checkpoints.stop()
                self._deadline += _STOP_SECONDS
            signal.signal(signal.SIGALRM, self._heed)
            signal.setitimer(signal.ITIMER_REAL, _REPEAT_SECONDS, _REPEAT_SECONDS)
        if self._input is None or self._input.waiting:
            self._end_if_over()

    def _end_if_over(self) -> None:
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise TerminatedError


class _Input(io.RawIOBase):
    """A stream that tells while it is being read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.waiting = False

    def read(self, size: int = -1) -> bytes:
        self.waiting = True
        try:
            return self._stream.read(size)
        finally:
            self.waiting = False

    def fileno(self) -> int:
        return self._stream.fileno()
