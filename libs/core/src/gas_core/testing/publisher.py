"""Topics in memory, with the subscriptions that infra/aws has."""

from __future__ import annotations

from gas_core.domain.messages import JobChanged, JobEvent, JobRequested, Message, UserChanged
from gas_core.testing.queue import FakeQueue


class FakePublisher:
    """``Publisher`` that fans out as the subscriptions do; queues that a test does not name hear nothing."""

    def __init__(
        self,
        *,
        job_requests: FakeQueue,
        job_notifications: FakeQueue,
        job_archives: FakeQueue | None = None,
        restores: FakeQueue | None = None,
    ) -> None:
        self._requests = job_requests
        self._notifications = job_notifications
        self._archives = job_archives
        self._restores = restores
        self.published: list[Message] = []
        """Every message there ever was, in order."""

    def publish(self, message: Message) -> None:
        self.published.append(message)
        for queue in self._subscribed(message):
            if queue:
                queue.send(message.model_dump_json())

    def _subscribed(self, message: Message) -> tuple[FakeQueue | None, ...]:
        match message:
            case JobRequested():
                return (self._requests,)
            case JobChanged(event=JobEvent.DUE):
                return (self._archives,)
            case JobChanged():
                return (self._notifications,)
            case UserChanged():
                return self._restores, self._notifications
