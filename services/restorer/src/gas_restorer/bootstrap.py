"""Builds what the restorer and thaw stand on; the only place here that knows an adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from gas_core.adapters import thaw_events
from gas_core.adapters.archive.choice import archive_store
from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.s3 import S3Store
from gas_core.adapters.sns import SnsPublisher
from gas_core.adapters.sqs import SqsQueue
from gas_core.domain.messages import UserChanged
from gas_core.ports import Queue
from gas_core.worker import Handlers
from gas_core.worker.scratch import scratch
from gas_restorer.config import RestorerSettings, ThawSettings
from gas_restorer.handlers import Restorer
from gas_restorer.retrievals import Retrievals
from gas_restorer.thaw import Thaw, Thawed


def build(settings: RestorerSettings) -> tuple[Queue, Handlers]:
    """The queue to listen to, and what to do with its messages."""
    clients = AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    jobs = DynamoJobs(clients.dynamodb, table=settings.jobs_table, users_table=settings.users_table)
    clock = SystemClock()
    restorer = Restorer(
        jobs=jobs,
        users=DynamoUsers(clients.dynamodb, table=settings.users_table),
        retrievals=Retrievals(jobs, archive_store(clients, settings), clock, settings.timings),
        clock=clock,
        timings=settings.timings,
        threads=settings.restore_threads,
    )
    queue = SqsQueue(
        clients.sqs,
        name="restores",
        url=settings.restores_queue_url,
        visibility_seconds=settings.visibility_seconds,
    )
    return queue, {UserChanged: restorer.work_through}


@contextmanager
def built_thaw(settings: ThawSettings) -> Iterator[Callable[[], Thawed]]:
    """One pass, ready to be made; the disk is given back at the end."""
    clients = AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    jobs = DynamoJobs(clients.dynamodb, table=settings.jobs_table, users_table=settings.users_table)
    archive = archive_store(clients, settings)
    clock = SystemClock()
    queue = SqsQueue(
        clients.sqs,
        name="thaws",
        url=settings.thaws_queue_url,
        visibility_seconds=settings.visibility_seconds,
    )
    with scratch(settings.work_directory, prefix="gas-thaw-") as work_directory:
        thaw = Thaw(
            jobs=jobs,
            users=DynamoUsers(clients.dynamodb, table=settings.users_table),
            store=S3Store(clients.s3, public=clients.s3_public),
            archive=archive,
            retrievals=Retrievals(jobs, archive, clock, settings.timings),
            publisher=SnsPublisher(clients.sns, **settings.topics),
            clock=clock,
            timings=settings.timings,
            work_directory=work_directory,
            threads=settings.thaw_threads,
            limit=settings.thaw_limit,
        )
        yield partial(thaw.one_pass, queue, thaw_events.jobs_of)
