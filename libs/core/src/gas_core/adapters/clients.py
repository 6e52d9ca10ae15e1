"""The one place that makes boto3 clients, and says how long they wait and how often they try."""

from __future__ import annotations

import random
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_glacier import GlacierClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

CONNECTIONS = 32
"""More than the threads of one process, so that none waits for another's connection."""

LONGEST_POLL_SECONDS = 20


CONFLICT_TRIES = 8
"""With the pauses between them, 5 seconds at most; transactions take milliseconds."""

CONFLICT_SECONDS = 0.05


def _pause_of_conflict(
    response: tuple[object, dict[str, Any]] | None = None, attempts: int = 1, **_: object
) -> float | None:
    """Seconds until a write that met another transaction is sent again; None if that is not what happened.

    DynamoDB refuses one of two that meet, and boto3 does not try it again. Ours meet often: whoever works a
    change of plan through asks for the plan of one user in every write, from several threads.
    """
    if response is None or attempts >= CONFLICT_TRIES:
        return None
    told = response[1]
    code = told.get("Error", {}).get("Code")
    reasons = {reason.get("Code") for reason in told.get("CancellationReasons", [])}
    met = code == "TransactionConflictException" or (
        code == "TransactionCanceledException" and reasons == {"None", "TransactionConflict"}
    )
    return random.uniform(0, CONFLICT_SECONDS * 2 ** min(attempts, 5)) if met else None  # noqa: S311 - jitter


def _config(read_timeout_seconds: float) -> Config:
    """Standard retries: throttling and broken connections are tried again with jitter, 5 times in all."""
    return Config(
        connect_timeout=3,
        read_timeout=read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": 5},
        max_pool_connections=CONNECTIONS,
        # The age of an idle connection is unknown to us; TCP finds out that its other end is gone.
        tcp_keepalive=True,
    )


# A presigned URL is only as good as its signature: version 4 also where boto3 would still use 2.
_S3 = _config(30).merge(Config(signature_version="s3v4"))


class AwsClients:
    """Clients of one region, each made when it is first asked for: by bootstrap, before there are threads.

    A client may be shared between threads; making one may not.

    ``endpoint_url`` is where services talk to AWS, ``s3_public_endpoint_url`` where browsers find S3;
    either is AWS itself when unset. Credentials are boto3's business.
    """

    def __init__(
        self, *, region: str, endpoint_url: str | None = None, s3_public_endpoint_url: str | None = None
    ) -> None:
        self._session = boto3.Session(region_name=region)
        self._endpoint_url = endpoint_url
        self._s3_public_endpoint_url = s3_public_endpoint_url

    @cached_property
    def cloudwatch(self) -> CloudWatchClient:
        return self._session.client("cloudwatch", endpoint_url=self._endpoint_url, config=_config(5))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        # An answer takes milliseconds; a request that takes seconds is better asked again.
        client = self._session.client("dynamodb", endpoint_url=self._endpoint_url, config=_config(5))
        pause: Any = _pause_of_conflict  # the stub knows no handler that answers
        client.meta.events.register_first("needs-retry.dynamodb", pause)
        return client

    @cached_property
    def s3(self) -> S3Client:
        return self._session.client("s3", endpoint_url=self._endpoint_url, config=_S3)

    @cached_property
    def s3_public(self) -> S3Client:
        """Signs what browsers will ask for; sends nothing itself."""
        if not self._s3_public_endpoint_url:
            return self.s3
        return self._session.client("s3", endpoint_url=self._s3_public_endpoint_url, config=_S3)

    @cached_property
    def glacier(self) -> GlacierClient:
        return self._session.client("glacier", endpoint_url=self._endpoint_url, config=_config(30))

    @cached_property
    def sns(self) -> SNSClient:
        return self._session.client("sns", endpoint_url=self._endpoint_url, config=_config(10))

    @cached_property
    def sqs(self) -> SQSClient:
        # A long poll is silent until it ends.
        return self._session.client(
            "sqs", endpoint_url=self._endpoint_url, config=_config(LONGEST_POLL_SECONDS + 10)
        )

    @cached_property
    def sesv2(self) -> SESV2Client:
        return self._session.client("sesv2", endpoint_url=self._endpoint_url, config=_config(20))
