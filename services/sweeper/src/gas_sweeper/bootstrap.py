"""Builds what the sweeper stands on; the only place here that knows an adapter."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.s3 import S3Store
from gas_core.adapters.sns import SnsPublisher
from gas_sweeper.config import SweeperSettings
from gas_sweeper.handlers import Swept, sweep


def build(settings: SweeperSettings) -> Callable[[], Swept]:
    """One pass, ready to be made."""
    clients = AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    return partial(
        sweep,
        jobs=DynamoJobs(clients.dynamodb, table=settings.jobs_table),
        users=DynamoUsers(clients.dynamodb, table=settings.users_table),
        store=S3Store(clients.s3, public=clients.s3_public),
        publisher=SnsPublisher(clients.sns, **settings.topics),
        clock=SystemClock(),
        timings=settings.timings,
        limit=settings.sweep_limit,
    )
