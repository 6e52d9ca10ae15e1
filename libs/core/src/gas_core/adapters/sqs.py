"""Queues, in SQS."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from gas_core.adapters.clients import LONGEST_POLL_SECONDS
from gas_core.adapters.errors import aws_errors, error_code
from gas_core.ports import Delivery

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_NO_LONGER_OURS = frozenset({"ReceiptHandleIsInvalid", "MessageNotInflight"})


class SqsQueue:
    """``Queue`` in SQS. A message received is hidden for ``visibility_seconds``."""

    def __init__(self, client: SQSClient, *, name: str, url: str, visibility_seconds: int) -> None:
        self.name = name
        self._client = client
        self._url = url
        self._visibility_seconds = visibility_seconds

    def receive(self, *, wait_seconds: float) -> Delivery | None:
        """SQS waits in whole seconds, at most 20."""
        with aws_errors("receive", queue=self.name):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=min(math.ceil(wait_seconds), LONGEST_POLL_SECONDS),
                VisibilityTimeout=self._visibility_seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        for message in answer.get("Messages", []):
            return Delivery(
                body=message["Body"],
                receipt=message["ReceiptHandle"],
                message_id=message["MessageId"],
                receive_count=int(message["Attributes"]["ApproximateReceiveCount"]),
            )
        return None

    def hide(self, delivery: Delivery, seconds: int) -> None:
        with aws_errors("hide", queue=self.name, message_id=delivery.message_id), _lapsed_is_fine():
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=delivery.receipt, VisibilityTimeout=seconds
            )

    def delete(self, delivery: Delivery) -> None:
        with aws_errors("delete_message", queue=self.name, message_id=delivery.message_id), _lapsed_is_fine():
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)


@contextmanager
def _lapsed_is_fine() -> Iterator[None]:
    """Pass over a receipt that is no longer good: the message is deleted, or visible to others again.

    Nothing is lost by that: what a message stands for is decided on the job's row, under its lease.
    """
    try:
        yield
    except ClientError as error:
        if error_code(error) in _NO_LONGER_OURS:
            return
        # SQS's words for an expired receipt, under a code that it uses for other faults too.
        if error_code(error) == "InvalidParameterValue" and "ReceiptHandle" in str(error):
            return
        raise
