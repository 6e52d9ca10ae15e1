"""Each port twice: the fake of ``gas_core.testing``, and the adapter over the embedded stack.

A test takes a bench, which has the port and what the test needs to prepare and look behind it. To run the
suites on AWS itself, add a third bench; the tests need not change.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
from tests.tcp_proxy import TcpProxy, shut

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.s3 import S3Store
from gas_core.adapters.ses import SesMailer
from gas_core.adapters.sns import SnsPublisher
from gas_core.adapters.sqs import SqsQueue
from gas_core.domain.errors import AccessRefusedError
from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.messages import JobChanged, JobRequested, Message, UserChanged
from gas_core.ports import Jobs, Mailer, ObjectStore, Publisher, Queue, UploadForm, Users
from gas_core.testing import (
    FakeClock,
    FakeJobs,
    FakeMailer,
    FakePublisher,
    FakeQueue,
    FakeStore,
    FakeUsers,
)
from gas_core.testing.store import INPUTS_BUCKET, RESULTS_BUCKET
from gas_local.fixtures import Stack

KINDS = ["fake", "stack"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which implementation the test runs on."""
    return str(request.param)


@pytest.fixture
def aws(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AwsClients:
    """The clients that our services use, pointed at the embedded stack."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, stack[variable])
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return AwsClients(region="us-east-1", endpoint_url=stack.aws_url)


class Wire(TcpProxy):
    """A TCP proxy before the stack, whose connections break where a test wants them to.

    ``cuts`` has, for each connection to come, after how many bytes of answers it is dropped; after the last
    of them connections hold. ``spoil`` changes what clients send.
    """

    def __init__(self, target: str) -> None:
        self.cuts: list[int] = []
        self.cut_done = 0
        self.before_reconnect: Callable[[], object] = lambda: None
        self.spoil: Callable[[bytes], bytes] = lambda data: data
        super().__init__(target)

    def _serve(self, client: socket.socket) -> None:
        if self.cut_done:
            self.before_reconnect()
        budget = self.cuts.pop(0) if self.cuts else None
        with client, socket.create_connection(self._target) as server:
            threading.Thread(target=self._upstream, args=(client, server), daemon=True).start()
            with suppress(OSError):
                while data := server.recv(65536):
                    if budget is not None and len(data) >= budget:
                        client.sendall(data[:budget])
                        self.cut_done += 1
                        break
                    client.sendall(data)
                    budget = None if budget is None else budget - len(data)
            shut(client, server)

    def _upstream(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(self.spoil(data))


@pytest.fixture
def wire(stack: Stack) -> Iterator[Wire]:
    wire = Wire(stack.aws_url)
    yield wire
    wire.close()


@pytest.fixture
def aws_over_wire(aws: AwsClients, wire: Wire) -> AwsClients:
    del aws  # it has set the credentials
    return AwsClients(region="us-east-1", endpoint_url=wire.url)


class JobsBench:
    """The jobs table, and a way to change rows behind its back."""

    port: Jobs

    def tamper(self, job: Job, **changes: Any) -> None:
        """Change a row without counting the write."""
        raise NotImplementedError


class FakeJobsBench(JobsBench):
    def __init__(self) -> None:
        self.users = FakeUsers()
        self.port = self._fake = FakeJobs(self.users)

    def tamper(self, job: Job, **changes: Any) -> None:
        self._fake._rows[job.job_id] = replace(self._fake._rows[job.job_id], **changes)


class StackJobsBench(JobsBench):
    def __init__(self, client: Any, table: str, users_table: str) -> None:
        self.client = client
        self.table = table
        self.users = DynamoUsers(client, table=users_table)
        # Pages much smaller than 1 MB, so that a list of a few dozen jobs has several.
        self.port = DynamoJobs(client, table=table, users_table=users_table, page_items=7)
        client.meta.events.register("before-call.dynamodb.PutItem", self._remember)
        self._added: set[str] = set()

    def tamper(self, job: Job, **changes: Any) -> None:
        names = {"status": "job_status", "results": "results_state"}
        for name, value in changes.items():
            spelled = {"N": str(value)} if isinstance(value, int) else {"S": str(value)}
            self.client.update_item(
                TableName=self.table,
                Key={"job_id": {"S": job.job_id}},
                UpdateExpression="SET #name = :value",
                ExpressionAttributeNames={"#name": names.get(name, name)},
                ExpressionAttributeValues={":value": spelled},
            )

    def forget(self) -> None:
        """What a test left would be overdue for everybody else."""
        for job_id in self._added:
            self.client.delete_item(TableName=self.table, Key={"job_id": {"S": job_id}})

    def _remember(self, params: dict[str, Any], **_: Any) -> None:
        self._added.add(json.loads(params["body"])["Item"]["job_id"]["S"])


@pytest.fixture
def jobs_bench(kind: str, request: pytest.FixtureRequest) -> Iterator[JobsBench]:
    if kind == "fake":
        yield FakeJobsBench()
    else:
        yield request.getfixturevalue("stack_jobs")


@pytest.fixture
def stack_jobs(aws: AwsClients, stack: Stack) -> Iterator[StackJobsBench]:
    bench = StackJobsBench(aws.dynamodb, stack["GAS_JOBS_TABLE"], stack["GAS_USERS_TABLE"])
    yield bench
    bench.forget()


@pytest.fixture
def users(kind: str, request: pytest.FixtureRequest) -> Iterator[Users]:
    if kind == "fake":
        yield FakeUsers()
        return
    client = request.getfixturevalue("aws").dynamodb
    table = request.getfixturevalue("stack")["GAS_USERS_TABLE"]
    users = DynamoUsers(client, table=table)
    yield users
    # What a test left would be overdue for everybody else.
    for identity_id in list(users.overdue(now=2**40, limit=1000)):
        client.delete_item(TableName=table, Key={"identity_id": {"S": identity_id}})


class StoreBench:
    """An object store with a versioned bucket for inputs and a plain one for results."""

    port: ObjectStore
    inputs: str
    results: str

    def upload(self, form: UploadForm, data: bytes, *, file_name: str) -> None:
        """Send the form as a browser does; AccessRefusedError where the store refuses it."""
        raise NotImplementedError

    def upload_part(self, url: str, data: bytes, *, crc32: str) -> None:
        """Send a part as a browser does; AccessRefusedError where the store refuses it."""
        raise NotImplementedError

    def wait(self, seconds: int) -> None:
        raise NotImplementedError

    def now(self) -> int:
        raise NotImplementedError

    def input_ref(self) -> ObjectRef:
        return ObjectRef(self.inputs, f"user/{uuid.uuid4()}/input")

    def result_ref(self) -> ObjectRef:
        return ObjectRef(self.results, f"{uuid.uuid4()}/1/annot.vcf.gz")


class FakeStoreBench(StoreBench):
    inputs, results = INPUTS_BUCKET, RESULTS_BUCKET

    def __init__(self) -> None:
        self._clock = FakeClock()
        self.port = self._fake = FakeStore(self._clock)

    def upload(self, form: UploadForm, data: bytes, *, file_name: str) -> None:
        self._fake.upload_for_test(form, data, file_name=file_name)

    def upload_part(self, url: str, data: bytes, *, crc32: str) -> None:
        self._fake.put_part_for_test(url, data, crc32=crc32)

    def wait(self, seconds: int) -> None:
        self._clock.advance(seconds)

    def now(self) -> int:
        return self._clock.now()


class StackStoreBench(StoreBench):
    def __init__(self, clients: AwsClients, stack: Stack) -> None:
        self.client = clients.s3
        self.inputs, self.results = stack["GAS_INPUTS_BUCKET"], stack["GAS_RESULTS_BUCKET"]
        self.port = S3Store(clients.s3, public=clients.s3_public)

    def upload(self, form: UploadForm, data: bytes, *, file_name: str) -> None:
        # Built by hand: a browser sends the name's UTF-8 bytes as they are, quotes and line ends escaped.
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in form.fields.items()
        ]
        quoted = file_name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = "".join(parts).encode() + data + f"\r\n--{boundary}--\r\n".encode()
        answer = requests.post(
            form.url,
            data=body,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
            allow_redirects=False,
            timeout=20,
        )
        if answer.status_code >= 400:
            raise AccessRefusedError(status=answer.status_code, body=answer.text)

    def upload_part(self, url: str, data: bytes, *, crc32: str) -> None:
        answer = requests.put(url, data=data, headers={"x-amz-checksum-crc32": crc32}, timeout=20)
        if answer.status_code >= 400:
            raise AccessRefusedError(status=answer.status_code, body=answer.text)

    def wait(self, seconds: int) -> None:
        time.sleep(seconds)

    def now(self) -> int:
        return int(time.time())


@pytest.fixture
def store_bench(kind: str, request: pytest.FixtureRequest) -> StoreBench:
    return FakeStoreBench() if kind == "fake" else request.getfixturevalue("stack_store")


@pytest.fixture
def stack_store(aws: AwsClients, stack: Stack) -> StackStoreBench:
    return StackStoreBench(aws, stack)


class QueueBench:
    """A queue whose messages stay hidden for 2 seconds, with its dead letters."""

    visibility_seconds = 2
    port: Queue

    def send(self, body: str) -> None:
        raise NotImplementedError

    def dead_letters(self) -> list[str]:
        """Bodies of dead letters that are there within a few seconds."""
        raise NotImplementedError

    def wait(self, seconds: int) -> None:
        raise NotImplementedError


class FakeQueueBench(QueueBench):
    def __init__(self) -> None:
        self._clock = FakeClock()
        self._fake = FakeQueue(self._clock, "letters", visibility_seconds=self.visibility_seconds)
        self.port = self._fake

    def send(self, body: str) -> None:
        self._fake.send(body)

    def dead_letters(self) -> list[str]:
        return [letter.body for letter in self._fake.dead_letters]

    def wait(self, seconds: int) -> None:
        self._clock.advance(seconds)


class StackQueueBench(QueueBench):
    def __init__(self, client: Any) -> None:
        self._client = client
        name = f"contract-{uuid.uuid4()}"
        self._dead_url = client.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
        told = client.get_queue_attributes(QueueUrl=self._dead_url, AttributeNames=["QueueArn"])
        redrive = {"deadLetterTargetArn": told["Attributes"]["QueueArn"], "maxReceiveCount": 5}
        self.url = client.create_queue(
            QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "2"}
        )["QueueUrl"]
        self.port = SqsQueue(client, name=name, url=self.url, visibility_seconds=self.visibility_seconds)

    @property
    def arn(self) -> str:
        told = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        return str(told["Attributes"]["QueueArn"])

    def send(self, body: str) -> None:
        self._client.send_message(QueueUrl=self.url, MessageBody=body)

    def dead_letters(self) -> list[str]:
        answer = self._client.receive_message(
            QueueUrl=self._dead_url, MaxNumberOfMessages=10, WaitTimeSeconds=3
        )
        return [message["Body"] for message in answer.get("Messages", [])]

    def wait(self, seconds: int) -> None:
        time.sleep(seconds)

    def remove(self) -> None:
        for url in (self.url, self._dead_url):
            self._client.delete_queue(QueueUrl=url)


@pytest.fixture
def queue_bench(kind: str, request: pytest.FixtureRequest) -> Iterator[QueueBench]:
    if kind == "fake":
        yield FakeQueueBench()
        return
    bench = StackQueueBench(request.getfixturevalue("aws").sqs)
    yield bench
    bench.remove()


class PublisherBench:
    """The two topics, with a queue at each."""

    port: Publisher

    def heard(self, topic: type[Message]) -> list[str]:
        """Bodies that the topic's queue got."""
        raise NotImplementedError


class FakePublisherBench(PublisherBench):
    def __init__(self) -> None:
        clock = FakeClock()
        self._queues = {
            JobRequested: FakeQueue(clock, "job-requests"),
            JobChanged: FakeQueue(clock, "job-notifications"),
            UserChanged: FakeQueue(clock, "restores"),
        }
        self.port = FakePublisher(
            job_requests=self._queues[JobRequested],
            job_notifications=self._queues[JobChanged],
            restores=self._queues[UserChanged],
        )

    def heard(self, topic: type[Message]) -> list[str]:
        return [message.body for message in self._queues[topic].messages]


class StackPublisherBench(PublisherBench):
    def __init__(self, clients: AwsClients) -> None:
        self._sqs, self._sns = clients.sqs, clients.sns
        kinds: tuple[type[Message], ...] = (JobRequested, JobChanged, UserChanged)
        self._queues = {kind: StackQueueBench(self._sqs) for kind in kinds}
        self._topics = {}
        for topic, queue in self._queues.items():
            arn = self._sns.create_topic(Name=f"contract-{uuid.uuid4()}")["TopicArn"]
            self._sns.subscribe(
                TopicArn=arn, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
            )
            self._topics[topic] = arn
        self.port = SnsPublisher(
            self._sns,
            job_requests_topic_arn=self._topics[JobRequested],
            job_results_topic_arn=self._topics[JobChanged],
            plan_changes_topic_arn=self._topics[UserChanged],
        )

    def heard(self, topic: type[Message]) -> list[str]:
        return [message["Body"] for message in self.heard_whole(topic)]

    def heard_whole(self, topic: type[Message]) -> list[Any]:
        return self._sqs.receive_message(
            QueueUrl=self._queues[topic].url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])

    def remove(self) -> None:
        for topic, queue in self._queues.items():
            self._sns.delete_topic(TopicArn=self._topics[topic])
            queue.remove()


@pytest.fixture
def publisher_bench(kind: str, request: pytest.FixtureRequest) -> PublisherBench:
    return FakePublisherBench() if kind == "fake" else request.getfixturevalue("stack_publisher")


@pytest.fixture
def stack_publisher(aws: AwsClients) -> Iterator[StackPublisherBench]:
    bench = StackPublisherBench(aws)
    yield bench
    bench.remove()


@dataclass(frozen=True)
class Letter:
    """A mail as the provider took it."""

    subject: str
    text: str
    html: str


class MailerBench:
    """A provider that takes mails, and shows what it took."""

    port: Mailer

    def taken(self, to: str) -> list[Letter]:
        """Mails to this address."""
        raise NotImplementedError


class FakeMailerBench(MailerBench):
    def __init__(self) -> None:
        self.port = self._fake = FakeMailer()

    def taken(self, to: str) -> list[Letter]:
        return [Letter(mail.subject, mail.text, mail.html) for mail in self._fake.outbox if mail.to == to]


class StackMailerBench(MailerBench):
    """The emulator tells no headers; what a mail looks like on its way is in the unit tests."""

    def __init__(self, clients: AwsClients, stack: Stack) -> None:
        self._inbox = f"{stack.aws_url}/_ministack/ses/messages"
        self.port = SesMailer(clients.sesv2, sender=stack["GAS_MAIL_SENDER"])

    def taken(self, to: str) -> list[Letter]:
        accounts = requests.get(self._inbox, timeout=10).json()["messages"]
        return [
            Letter(mail["Subject"], mail["BodyText"], mail["BodyHtml"])
            for mails in accounts.values()
            for mail in mails
            if mail["To"] == [to]
        ]


@pytest.fixture
def mailer_bench(kind: str, request: pytest.FixtureRequest) -> MailerBench:
    return FakeMailerBench() if kind == "fake" else request.getfixturevalue("stack_mailer")


@pytest.fixture
def stack_mailer(aws: AwsClients, stack: Stack) -> StackMailerBench:
    return StackMailerBench(aws, stack)
