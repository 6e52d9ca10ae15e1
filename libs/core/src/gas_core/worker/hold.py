"""Keeping a message, and the lease on its job, while a handler works."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from gas_core.domain.errors import StoppingError, TransientError
from gas_core.ports import Delivery, Queue
from gas_core.telemetry import metrics
from gas_core.worker.drain import Drain
from gas_core.worker.pulse import Pulse

MISSES = 3
"""Heartbeats that may fail in a row for a passing reason: as many as a lease is heartbeats long."""

_JOIN_SECONDS = 1.0
"""How long the end of the work waits for a heartbeat that is under way; hand-back must not wait for AWS."""

_log = structlog.get_logger()


class StalledError(TransientError):
    """The work showed no sign of life for too long; its lease is left to run out."""


class Grip:
    """``Hold`` on one delivery, with heartbeats in a thread of their own.

    Heartbeats stop when the handler stops checking: work that hangs must lose its job to another worker, not
    keep it for ever.
    """

    def __init__(
        self,
        queue: Queue,
        delivery: Delivery,
        *,
        heartbeat_seconds: float,
        visibility_seconds: int,
        drain: Drain,
        pulse: Pulse,
    ) -> None:
        self._queue = queue
        self._delivery = delivery
        self._heartbeat_seconds = heartbeat_seconds
        self._visibility_seconds = visibility_seconds
        self._drain = drain
        self._pulse = pulse
        self._error: Exception | None = None

    @contextmanager
    def keep(self, renew: Callable[[], None]) -> Iterator[None]:
        ended = threading.Event()
        # Log lines of a heartbeat belong to the job, too: its thread gets the context of this one.
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(self._beat_until, ended, renew), name="heartbeat", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(_JOIN_SECONDS)

    def check(self) -> None:
        self._pulse.beat()
        if self._error:
            raise self._error
        if self._drain.over:
            raise StoppingError

    def _beat_until(self, ended: threading.Event, renew: Callable[[], None]) -> None:
        missed = 0
        while not ended.wait(self._heartbeat_seconds):
            try:
                self._beat(ended, renew)
                missed = 0
                metrics.HEARTBEATS.labels(outcome="kept").inc()
            except TransientError as error:
                missed += 1
                metrics.HEARTBEATS.labels(outcome="failed").inc()
                _log.warning("heartbeat_missed", missed=missed, error=type(error).__name__)
                if missed >= MISSES or isinstance(error, StalledError):
                    self._error = error
                    return
            except Exception as error:  # noqa: BLE001  it is raised where the work is: by check
                metrics.HEARTBEATS.labels(outcome="lost").inc()
                self._error = error
                return

    def _beat(self, ended: threading.Event, renew: Callable[[], None]) -> None:
        if self._pulse.stalled:
            raise StalledError
        renew()
        if not ended.is_set():  # the message may be given back by now, and must not be hidden again
            self._queue.hide(self._delivery, self._visibility_seconds)
