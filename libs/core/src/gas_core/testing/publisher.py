"""Topics in memory, with the subscriptions that infra/aws has."""

from __future__ import annotations

from gas_core.domain.messages import JobChanged, JobRequested, Message
from gas_core.testing.queue import FakeQueue


class FakePublisher:
    """``Publisher`` that fans out: job-requests to its queue, job-results to job-notifications."""

    def __init__(self, *, job_requests: FakeQueue, job_notifications: FakeQueue) -> None:
        self._subscriptions: dict[type[Message], tuple[FakeQueue, ...]] = {
            JobRequested: (job_requests,),
            JobChanged: (job_notifications,),
        }
        self.published: list[Message] = []
        """Every message there ever was, in order."""

    def publish(self, message: Message) -> None:
        self.published.append(message)
        for queue in self._subscriptions[type(message)]:
            queue.send(message.model_dump_json())
