"""What an operator sees of queues, and what becomes of dead letters that are sent back."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.adapters.queues import SqsQueues
from gas_core.testing import FakeClock, FakeQueue, FakeQueues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gas_core.adapters.clients import AwsClients
    from gas_core.ports import Queues

NOW = int(datetime.now(UTC).timestamp())


class FakeBench:
    port: Queues

    def __init__(self) -> None:
        self._queue = FakeQueue(FakeClock(), "letters")
        self.port = FakeQueues(self._queue, FakeQueue(FakeClock(), "others"))

    def send(self, body: str) -> None:
        self._queue.send(body)

    def bury(self, body: str) -> None:
        self._queue.bury_for_test(body)

    def receive(self) -> list[str]:
        """Every message that may be received now; a worker has them then."""
        found = []
        while delivery := self._queue.receive(wait_seconds=0):
            found.append(delivery.body)
        return found


class StackBench:
    port: Queues

    def __init__(self, clients: AwsClients) -> None:
        self.sqs, self.cloudwatch = clients.sqs, clients.cloudwatch
        self.name = f"letters-{uuid.uuid4().hex[:8]}"
        self._made = [self.sqs.create_queue(QueueName=self.name + kind)["QueueUrl"] for kind in ("", "-dlq")]
        self._made += [
            self.sqs.create_queue(QueueName=f"{self.name}-others{kind}")["QueueUrl"] for kind in ("", "-dlq")
        ]
        addresses = {"letters": tuple(self._made[:2]), "others": tuple(self._made[2:])}
        self.port = SqsQueues(self.sqs, self.cloudwatch, addresses=addresses)

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self._made[0], MessageBody=body)

    def bury(self, body: str) -> None:
        self.sqs.send_message(
            QueueUrl=self._made[1],
            MessageBody=body,
            MessageGroupId="user-1",
            MessageAttributes={"event": {"DataType": "String", "StringValue": "requested"}},
        )

    def received(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self._made[0],
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["MessageGroupId"],
            )
            if not answer.get("Messages"):
                return found
            found += answer["Messages"]

    def receive(self) -> list[str]:
        return [message["Body"] for message in self.received()]

    def close(self) -> None:
        for url in self._made:
            self.sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def bench(kind: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    if kind == "fake":
        yield FakeBench()
        return
    bench = StackBench(request.getfixturevalue("aws"))
    yield bench
    bench.close()


def test_counts_tell_what_waits_what_is_under_work_and_what_is_dead(bench: Any) -> None:
    bench.send("under work")
    bench.receive()
    for body in ("one", "two"):
        bench.send(body)
    bench.bury("dead")
    letters, others = bench.port.states(now=NOW)
    assert (letters.name, letters.waiting, letters.in_flight, letters.dead) == ("letters", 2, 1, 1)
    assert (others.name, others.waiting, others.in_flight, others.dead) == ("others", 0, 0, 0)


def test_dead_letters_that_are_sent_back_are_messages_again(bench: Any) -> None:
    bodies = {f"letter {number}" for number in range(12)}
    for body in bodies:
        bench.bury(body)
    assert bench.port.redrive("letters", limit=100) == 12
    assert bench.port.states(now=NOW)[0].dead == 0
    assert set(bench.receive()) == bodies


def test_no_more_are_sent_back_than_asked_for(bench: Any) -> None:
    for number in range(5):
        bench.bury(str(number))
    assert bench.port.redrive("letters", limit=3) == 3
    state = bench.port.states(now=NOW)[0]
    assert (state.waiting, state.dead) == (3, 2)


def test_without_dead_letters_nothing_is_moved(bench: Any) -> None:
    assert bench.port.redrive("letters", limit=10) == 0


def test_queue_of_another_name_is_an_error(bench: Any) -> None:
    with pytest.raises(KeyError):
        bench.port.redrive("nobodys", limit=10)


@pytest.fixture
def on_stack(aws: AwsClients) -> Iterator[StackBench]:
    bench = StackBench(aws)
    yield bench
    bench.close()


def test_sent_back_letter_keeps_its_attributes_and_its_group(on_stack: StackBench) -> None:
    on_stack.bury("dead")
    on_stack.port.redrive("letters", limit=1)
    (message,) = on_stack.received()
    assert message["MessageAttributes"]["event"]["StringValue"] == "requested"
    assert message["Attributes"]["MessageGroupId"] == "user-1"


def test_age_is_the_newest_that_cloudwatch_tells_and_unknown_otherwise(on_stack: StackBench) -> None:
    on_stack.send("waiting")
    assert on_stack.port.states(now=NOW)[0].oldest_seconds is None
    for minutes, age in ((3, 700.0), (2, 42.0)):
        on_stack.cloudwatch.put_metric_data(
            Namespace="AWS/SQS",
            MetricData=[
                {
                    "MetricName": "ApproximateAgeOfOldestMessage",
                    "Dimensions": [{"Name": "QueueName", "Value": on_stack.name}],
                    "Timestamp": datetime.fromtimestamp(NOW, UTC) - timedelta(minutes=minutes),
                    "Value": age,
                }
            ],
        )
    assert on_stack.port.states(now=NOW)[0].oldest_seconds == 42
    on_stack.receive()
    assert on_stack.port.states(now=NOW)[0].oldest_seconds == 42
