"""Receive, handle, settle; one message at a time, until asked to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from gas_core.domain.errors import GasError, TransientError, UnreadableError
from gas_core.domain.messages import Message, parse
from gas_core.ports import Delivery, Hold, Queue
from gas_core.telemetry import metrics
from gas_core.telemetry.trace import traced
from gas_core.worker.drain import Drain
from gas_core.worker.policy import Settlement, backoff_seconds, settle
from gas_core.worker.pulse import Pulse

Handler = Callable[[Any, Hold], None]
"""Takes messages of its type. Returns when done with one, or raises; the loop settles the message."""

Handlers = Mapping[type[Message], Handler]
"""Which messages a service takes, and what it does with each."""

_NAP_SECONDS = 0.2

_log = structlog.get_logger()


class Loop:
    """Takes messages from one queue."""

    def __init__(
        self,
        queue: Queue,
        handlers: Handlers,
        *,
        hold: Callable[[Delivery], Hold],
        poll_seconds: float,
        drain: Drain,
        pulse: Pulse,
    ) -> None:
        self._queue = queue
        self._handlers = handlers
        self._hold = hold
        self._poll_seconds = poll_seconds
        self._drain = drain
        self._pulse = pulse
        self._receive_failures = 0

    def run(self) -> None:
        """Work until the drain is requested; what is under way then is finished or handed back."""
        while not self._drain.requested:
            self._pulse.beat()
            if delivery := self._receive():
                self._begin(delivery)

    def _begin(self, delivery: Delivery) -> None:
        if self._drain.requested:
            # It was on its way when we were asked to stop. Nobody shall wait for its visibility timeout.
            self._settle(delivery, Settlement("handed_back", 0))
        else:
            self.take(delivery)

    def take(self, delivery: Delivery) -> None:
        """Handle one message and settle it."""
        with bound_contextvars(
            queue=self._queue.name, message_id=delivery.message_id, receive_count=delivery.receive_count
        ):
            with metrics.MESSAGE_DURATION.labels(queue=self._queue.name).time():
                error = self._handle(delivery)
            if error is not None:
                _report(error)
            settlement = settle(error, delivery.receive_count)
            self._settle(delivery, settlement)

    def _handle(self, delivery: Delivery) -> Exception | None:
        try:
            message = parse(delivery.body)
            handle = self._handler_of(message)
            with (
                bound_contextvars(**message.ids),
                traced(message.kind, traceparent=message.traceparent),
            ):
                _log.info("message_received", kind=message.kind)
                handle(message, self._hold(delivery))
        except Exception as error:  # noqa: BLE001  the policy has a row for every kind; none is lost
            return error
        return None

    def _handler_of(self, message: Message) -> Handler:
        for kind, handler in self._handlers.items():
            if isinstance(message, kind):
                return handler
        raise UnreadableError(reason="not a message for this queue", kind=message.kind)

    def _settle(self, delivery: Delivery, settlement: Settlement) -> None:
        metrics.MESSAGES.labels(queue=self._queue.name, outcome=settlement.outcome).inc()
        try:
            if settlement.hide_seconds is None:
                self._queue.delete(delivery)
            else:
                self._queue.hide(delivery, settlement.hide_seconds)
        except TransientError as error:
            # It comes again when its visibility timeout is over, and the handler will find its work done.
            _log.warning("message_not_settled", outcome=settlement.outcome, error=type(error).__name__)
            return
        _log.info("message_settled", outcome=settlement.outcome)

    def _receive(self) -> Delivery | None:
        try:
            delivery = self._queue.receive(wait_seconds=self._poll_seconds)
        except TransientError as error:
            self._receive_failures += 1
            pause = backoff_seconds(self._receive_failures)
            told = {"queue": self._queue.name, "error": type(error).__name__, "pause": pause}
            _log.warning("receive_failed", **told, **_fields(error))
            self._pause(pause)
            return None
        self._receive_failures = 0
        return delivery

    def _pause(self, seconds: float) -> None:
        """Sleep, but wake up soon when asked to stop."""
        ends = time.monotonic() + seconds
        while not self._drain.requested and time.monotonic() < ends:
            self._pulse.beat()
            time.sleep(_NAP_SECONDS)


def _report(error: Exception) -> None:
    if isinstance(error, GasError):
        _log.warning("handler_stopped", error=type(error).__name__, reason=str(error), **_fields(error))
    else:
        _log.error("handler_failed", error=type(error).__name__, exc_info=error)


def _fields(error: GasError) -> dict[str, object]:
    """What an error tells, under names that no other field of a log line has."""
    return {f"error_{name}": value for name, value in error.fields.items()}
