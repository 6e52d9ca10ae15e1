"""A grip on a message without threads: heartbeats happen when the handler checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gas_core.domain.errors import StoppingError


class FakeHold:
    """``Hold`` that beats at every ``check``, so that a test knows when."""

    def __init__(self) -> None:
        self._renew: Callable[[], None] | None = None
        self.stopping_for_test = False
        """The drain time is over."""
        self.before_beat_for_test: Callable[[], None] | None = None
        """Called before each beat: what the world does meanwhile."""

    @contextmanager
    def keep(self, renew: Callable[[], None]) -> Iterator[None]:
        self._renew = renew
        try:
            yield
        finally:
            self._renew = None

    def check(self) -> None:
        if self.stopping_for_test:
            raise StoppingError
        if self._renew:
            if self.before_beat_for_test:
                self.before_beat_for_test()
            self._renew()
