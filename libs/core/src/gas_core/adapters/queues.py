"""All queues and their dead letters as an operator sees them, in SQS and CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gas_core.adapters.errors import aws_errors
from gas_core.domain.errors import StoreUnavailableError
from gas_core.ports import QueueState

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sqs import SQSClient

BATCH = 10
"""The most messages that SQS takes or gives at once."""

HIDDEN_SECONDS = 60
"""How long a dead letter is hidden while it is moved."""

AGE_SECONDS = 15 * 60
"""CloudWatch hears of a queue every minute, and of one that nobody uses not at all."""


class SqsQueues:
    """``Queues`` in SQS; ``addresses`` has by name the URL of each queue and of its dead letters.

    Ages are CloudWatch's: SQS itself does not tell them. Dead letters are moved by hand and not by SQS' own
    task, which takes more permissions and answers before it has begun.
    """

    def __init__(
        self, sqs: SQSClient, cloudwatch: CloudWatchClient, *, addresses: Mapping[str, tuple[str, str]]
    ) -> None:
        self._sqs = sqs
        self._cloudwatch = cloudwatch
        self._addresses = addresses

    def states(self, *, now: int) -> tuple[QueueState, ...]:
        ages = self._ages(now)
        return tuple(self._state(name, ages.get(name)) for name in self._addresses)

    def redrive(self, name: str, *, limit: int) -> int:
        moved = 0
        while moved < limit:
            count = self._move(name, most=min(BATCH, limit - moved))
            if not count:
                break
            moved += count
        return moved

    def _state(self, name: str, age: int | None) -> QueueState:
        url, dead_url = self._addresses[name]
        waiting, in_flight = self._counts(url)
        dead, dead_in_flight = self._counts(dead_url)
        return QueueState(
            name=name,
            waiting=waiting,
            in_flight=in_flight,
            oldest_seconds=age if waiting or in_flight else None,
            dead=dead + dead_in_flight,
        )

    def _counts(self, url: str) -> tuple[int, int]:
        with aws_errors("queue_attributes", queue=_name(url)):
            told = self._sqs.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )["Attributes"]
        return (
            int(told["ApproximateNumberOfMessages"]),
            int(told["ApproximateNumberOfMessagesNotVisible"]),
        )

    def _ages(self, now: int) -> dict[str, int]:
        """Seconds by queue, of those that CloudWatch knows."""
        asked = {f"q{number}": name for number, name in enumerate(self._addresses)}
        queries: Any = [
            {
                "Id": key,
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [{"Name": "QueueName", "Value": _name(self._addresses[name][0])}],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for key, name in asked.items()
        ]
        with aws_errors("ages_of_queues"):
            told = self._cloudwatch.get_metric_data(
                MetricDataQueries=queries,
                StartTime=datetime.fromtimestamp(now - AGE_SECONDS, UTC),
                EndTime=datetime.fromtimestamp(now, UTC),
            )["MetricDataResults"]
        return {
            asked[each["Id"]]: int(max(zip(each["Timestamps"], each["Values"], strict=True))[1])
            for each in told
            if each["Values"]
        }

    def _move(self, name: str, *, most: int) -> int:
        url, dead_url = self._addresses[name]
        with aws_errors("redrive", queue=name):
            messages = self._sqs.receive_message(
                QueueUrl=dead_url,
                MaxNumberOfMessages=most,
                # Short polls look at some of SQS' servers, and may miss what lies on others.
                WaitTimeSeconds=1,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["MessageGroupId"],
            ).get("Messages", [])
            if not messages:
                return 0
            letters: Any = [_letter(str(number), message) for number, message in enumerate(messages)]
            sent = self._sqs.send_message_batch(QueueUrl=url, Entries=letters)
            taken = [int(entry["Id"]) for entry in sent.get("Successful", [])]
            done: Any = [{"Id": str(n), "ReceiptHandle": messages[n]["ReceiptHandle"]} for n in taken]
            if done:
                self._sqs.delete_message_batch(QueueUrl=dead_url, Entries=done)
        if refused := sent.get("Failed"):
            raise StoreUnavailableError(
                action="redrive", queue=name, code=refused[0]["Code"], moved=len(taken)
            )
        return len(taken)


def _letter(entry_id: str, message: Any) -> dict[str, Any]:  # noqa: ANN401 - a message as boto3 gives it
    """The same message, to be sent once more."""
    letter = {"Id": entry_id, "MessageBody": message["Body"]}
    if "MessageAttributes" in message:
        letter["MessageAttributes"] = message["MessageAttributes"]
    if group := message.get("Attributes", {}).get("MessageGroupId"):
        # Fair queues serve users in turn.
        letter["MessageGroupId"] = group
    return letter


def _name(url: str) -> str:
    return url.rpartition("/")[2]
