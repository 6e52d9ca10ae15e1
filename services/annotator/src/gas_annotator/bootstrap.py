"""Builds what the annotator stands on; the only place here that knows an adapter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gas_annotator.bundles import directory_of
from gas_annotator.config import AnnotatorSettings, FetchSettings
from gas_annotator.engine import BundleEngine
from gas_annotator.handlers import Annotator
from gas_annotator.shelf import Shelf
from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.s3 import S3Store
from gas_core.adapters.sns import SnsPublisher
from gas_core.adapters.sqs import SqsQueue
from gas_core.domain.messages import JobRequested
from gas_core.ports import ObjectStore, Queue
from gas_core.worker import Handlers
from gas_core.worker.scratch import scratch


@contextmanager
def built(settings: AnnotatorSettings) -> Iterator[tuple[Queue, Handlers]]:
    """The queue to listen to, and what to do with its messages; the disk is given back at the end."""
    clients = AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    queue = SqsQueue(
        clients.sqs,
        name="job-requests",
        url=settings.job_requests_queue_url,
        visibility_seconds=settings.visibility_seconds,
    )
    shelf = Shelf(
        (directory_of(bundle, settings.bundle_directory) for bundle in settings.offered),
        most_open=settings.open_bundles,
    )
    shelf.warm()  # before the first message: no job pays for what can be ready
    with scratch(settings.work_directory, prefix="gas-annotator-") as work_directory:
        annotator = Annotator(
            jobs=DynamoJobs(clients.dynamodb, table=settings.jobs_table),
            store=S3Store(clients.s3, public=clients.s3_public),
            publisher=SnsPublisher(clients.sns, **settings.topics),
            clock=SystemClock(),
            timings=settings.timings,
            engine=BundleEngine(shelf),
            results_bucket=settings.results_bucket,
            work_directory=work_directory,
        )
        yield queue, {JobRequested: annotator.annotate}


def built_store(settings: FetchSettings) -> ObjectStore:
    """Where bundles are fetched from."""
    clients = AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    return S3Store(clients.s3, public=clients.s3_public)
