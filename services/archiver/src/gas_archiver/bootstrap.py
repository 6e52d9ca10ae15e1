"""Builds what the archiver stands on; the only place here that knows an adapter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gas_archiver.config import ArchiverSettings
from gas_archiver.handlers import Archiver
from gas_core.adapters.archive.choice import archive_store
from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.s3 import S3Store
from gas_core.adapters.sns import SnsPublisher
from gas_core.adapters.sqs import SqsQueue
from gas_core.domain.messages import JobChanged
from gas_core.ports import Queue
from gas_core.worker import Handlers
from gas_core.worker.scratch import scratch


@contextmanager
def built(settings: ArchiverSettings) -> Iterator[tuple[Queue, Handlers]]:
    """The queue to listen to, and what to do with its messages; the disk is given back at the end."""
    clients = AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    queue = SqsQueue(
        clients.sqs,
        name="job-archives",
        url=settings.job_archives_queue_url,
        visibility_seconds=settings.visibility_seconds,
    )
    with scratch(settings.work_directory, prefix="gas-archiver-") as work_directory:
        archiver = Archiver(
            jobs=DynamoJobs(clients.dynamodb, table=settings.jobs_table, users_table=settings.users_table),
            users=DynamoUsers(clients.dynamodb, table=settings.users_table),
            store=S3Store(clients.s3, public=clients.s3_public),
            archive=archive_store(clients, settings),
            publisher=SnsPublisher(clients.sns, **settings.topics),
            clock=SystemClock(),
            timings=settings.timings,
            work_directory=work_directory,
        )
        yield queue, {JobChanged: archiver.settle}
