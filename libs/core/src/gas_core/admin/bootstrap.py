"""Builds what ``gas-admin`` stands on; the only place here that knows an adapter."""

from __future__ import annotations

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.sns import SnsPublisher
from gas_core.admin.config import AdminSettings
from gas_core.admin.handlers import Admin


def build(settings: AdminSettings) -> Admin:
    """Adapters as the settings say. Connects to nothing yet."""
    clients = AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
    return Admin(
        jobs=DynamoJobs(clients.dynamodb, table=settings.jobs_table),
        users=DynamoUsers(clients.dynamodb, table=settings.users_table),
        publisher=SnsPublisher(clients.sns, **settings.topics),
        clock=SystemClock(),
        timings=settings.timings,
    )
