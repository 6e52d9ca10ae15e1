"""Builds what the pages stand on; the only place here that knows an adapter."""

from __future__ import annotations

from urllib.parse import urlsplit

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.queues import SqsQueues
from gas_core.adapters.s3 import S3Store
from gas_core.adapters.sns import SnsPublisher
from gas_core.adapters.stripe import StripeBilling
from gas_core.domain.job import ObjectRef
from gas_core.ports import Billing, ObjectStore
from gas_web.bundles import read_bundles
from gas_web.config import WebSettings
from gas_web.container import Container
from gas_web.globus import GlobusSignIn
from gas_web.kubernetes import KubernetesCluster


def build(settings: WebSettings) -> Container:
    """Adapters as the settings say. Connects to nothing but for the manifests of an operator's own bundles.

    BundleUnreadableError and TransientError as in ``read_bundles``.
    """
    clients = AwsClients(
        region=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        s3_public_endpoint_url=settings.s3_public_endpoint_url,
    )
    operators = settings.pages != "researchers"
    store = S3Store(clients.s3, public=clients.s3_public)
    return Container(
        settings=settings,
        jobs=DynamoJobs(clients.dynamodb, table=settings.jobs_table, users_table=settings.users_table),
        users=DynamoUsers(clients.dynamodb, table=settings.users_table),
        store=store,
        publisher=SnsPublisher(clients.sns, **settings.topics),
        clock=SystemClock(),
        sign_in=GlobusSignIn(
            client_id=settings.globus_client_id,
            client_secret=settings.globus_client_secret.get_secret_value(),
            redirect_uri=settings.url("/authcallback"),
            internal_url=settings.globus_url,
            public_url=settings.globus_public_url,
            groups_url=settings.globus_groups_url,
        ),
        bundles=read_bundles(settings.offered, store),
        store_origin=_origin(store, settings.inputs_bucket),
        billing=_billing(settings),
        queues=SqsQueues(clients.sqs, clients.cloudwatch, addresses=settings.queues) if operators else None,
        cluster=KubernetesCluster(release=settings.kubernetes_release)
        if operators and settings.kubernetes_release
        else None,
    )


def _billing(settings: WebSettings) -> Billing | None:
    if settings.billing == "none":
        return None
    return StripeBilling(
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
        price=settings.stripe_price,
        url=settings.stripe_url,
    )


def _origin(store: ObjectStore, bucket: str) -> str:
    """Where forms go: the signer decides between addresses with the bucket in the host or in the path."""
    form = store.presign_upload(
        ObjectRef(bucket, "origin"), max_bytes=1, expires_seconds=1, redirect_url="", now=0
    )
    parts = urlsplit(form.url)
    return f"{parts.scheme}://{parts.netloc}"
