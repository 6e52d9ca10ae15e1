"""Builds what the notifier stands on; the only place here that knows an adapter."""

from __future__ import annotations

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.ses import SesMailer
from gas_core.adapters.sqs import SqsQueue
from gas_core.domain.messages import JobChanged, UserChanged
from gas_core.ports import Hold, Queue
from gas_core.worker import Handlers
from gas_notifier.config import NotifierSettings
from gas_notifier.handlers import Notifier
from gas_notifier.letters import LetterBox


def build(settings: NotifierSettings) -> tuple[Queue, Handlers]:
    """The queue to listen to, and what to do with its messages."""
    clients = AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    notifier = Notifier(
        jobs=DynamoJobs(clients.dynamodb, table=settings.jobs_table),
        users=DynamoUsers(clients.dynamodb, table=settings.users_table),
        mailer=SesMailer(clients.sesv2, sender=settings.mail_sender),
        clock=SystemClock(),
        timings=settings.timings,
        letters=LetterBox(sender=settings.mail_sender, base_url=settings.base_url),
    )
    queue = SqsQueue(
        clients.sqs,
        name="job-notifications",
        url=settings.job_notifications_queue_url,
        visibility_seconds=settings.visibility_seconds,
    )

    def on_job_changed(message: JobChanged, _hold: Hold) -> None:
        notifier.about_job(message)

    def on_user_changed(message: UserChanged, _hold: Hold) -> None:
        notifier.about_user(message)

    return queue, {JobChanged: on_job_changed, UserChanged: on_user_changed}
