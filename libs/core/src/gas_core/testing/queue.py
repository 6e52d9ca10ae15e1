"""A queue in memory, as unreliable as SQS promises to be."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, replace

from gas_core.ports import Clock, Delivery, QueueState

VISIBILITY_SECONDS = 75
MAX_RECEIVE_COUNT = 5


@dataclass(slots=True)
class QueuedMessage:
    """A message as the queue keeps it; ``visible`` is the time from which it may be received."""

    message_id: str
    body: str
    visible: int
    receive_count: int = 0
    receipt: str = ""


class FakeQueue:
    """``Queue`` with visibility timeouts on the fake clock; the sixth receipt is a dead letter instead.

    A receipt is good until the message is received again; a stale one does nothing, as SQS may treat it.
    """

    def __init__(
        self,
        clock: Clock,
        name: str = "queue",
        *,
        visibility_seconds: int = VISIBILITY_SECONDS,
        max_receive_count: int = MAX_RECEIVE_COUNT,
    ) -> None:
        self.name = name
        self._clock = clock
        self._visibility_seconds = visibility_seconds
        self._max_receive_count = max_receive_count
        self._messages: list[QueuedMessage] = []
        self._dead: list[QueuedMessage] = []
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()

    @property
    def messages(self) -> list[QueuedMessage]:
        """Everything in the queue, hidden or not, the next one to be received first."""
        with self._changed:
            return [replace(message) for message in self._messages]

    @property
    def dead_letters(self) -> list[QueuedMessage]:
        with self._changed:
            return [replace(message) for message in self._dead]

    def send(self, body: str, *, delay_seconds: int = 0) -> None:
        """What a topic does that the queue is subscribed to."""
        with self._changed:
            message_id = f"{self.name}-{next(self._numbers)}"
            self._messages.append(QueuedMessage(message_id, body, self._clock.now() + delay_seconds))
            self._changed.notify_all()

    def receive(self, *, wait_seconds: float) -> Delivery | None:
        with self._changed:
            delivery = self._take()
            if delivery is None and wait_seconds and self._changed.wait(wait_seconds):
                delivery = self._take()
            return delivery

    def hide(self, delivery: Delivery, seconds: int) -> None:
        with self._changed:
            for message in self._messages:
                if message.receipt == delivery.receipt:
                    message.visible = self._clock.now() + seconds
            self._changed.notify_all()

    def delete(self, delivery: Delivery) -> None:
        with self._changed:
            self._messages = [each for each in self._messages if each.receipt != delivery.receipt]

    def lose_for_test(self, index: int = 0) -> None:
        """A message vanishes."""
        with self._changed:
            del self._messages[index]

    def duplicate_for_test(self, index: int = 0) -> None:
        """SQS delivers a message at least once: a twin appears, not hidden."""
        with self._changed:
            message = self._messages[index]
            twin = f"{message.message_id}-twin-{next(self._numbers)}"
            self._messages.append(QueuedMessage(twin, message.body, self._clock.now()))
            self._changed.notify_all()

    def delay_for_test(self, seconds: int, index: int = 0) -> None:
        """A message takes its time."""
        with self._changed:
            self._messages[index].visible = self._clock.now() + seconds

    def reorder_for_test(self, index: int) -> None:
        """A message overtakes all others."""
        with self._changed:
            self._messages.insert(0, self._messages.pop(index))

    def bury_for_test(self, body: str) -> None:
        """A message that was given back too often."""
        with self._changed:
            self._dead.append(QueuedMessage(f"{self.name}-{next(self._numbers)}", body, self._clock.now()))

    def state(self) -> QueueState:
        """As an operator sees it."""
        with self._changed:
            now = self._clock.now()
            hidden = sum(message.visible > now for message in self._messages)
            return QueueState(self.name, len(self._messages) - hidden, hidden, None, len(self._dead))

    def redrive(self, limit: int) -> int:
        """Dead letters become messages again; how many."""
        with self._changed:
            moved, self._dead = self._dead[:limit], self._dead[limit:]
            self._messages += [
                QueuedMessage(message.message_id, message.body, self._clock.now()) for message in moved
            ]
            self._changed.notify_all()
            return len(moved)

    def _take(self) -> Delivery | None:
        now = self._clock.now()
        for message in list(self._messages):
            if message.visible > now:
                continue
            if message.receive_count >= self._max_receive_count:
                self._messages.remove(message)
                self._dead.append(message)
                continue
            message.receive_count += 1
            message.receipt = f"{message.message_id}/{message.receive_count}/{next(self._numbers)}"
            message.visible = now + self._visibility_seconds
            return Delivery(message.body, message.receipt, message.message_id, message.receive_count)
        return None


class FakeQueues:
    """``Queues`` over queues in memory."""

    def __init__(self, *queues: FakeQueue) -> None:
        self._queues = {queue.name: queue for queue in queues}

    def states(self, *, now: int) -> tuple[QueueState, ...]:
        del now  # nobody measures ages here
        return tuple(queue.state() for queue in self._queues.values())

    def redrive(self, name: str, *, limit: int) -> int:
        return self._queues[name].redrive(limit)
