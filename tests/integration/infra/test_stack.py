"""What our AWS description gives, seen through the emulator: the parts that the services build on."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests
from botocore.exceptions import ClientError

from gas_core.adapters.thaw_events import jobs_of
from gas_core.domain.keys import archive_key

if TYPE_CHECKING:
    from gas_local.fixtures import Stack


def publish(stack: Stack, topic: str, event: str | None = None, **extra: Any) -> str:
    body = json.dumps({"mark": uuid.uuid4().hex})
    attributes = {"event": {"DataType": "String", "StringValue": event}} if event else {}
    stack.client("sns").publish(TopicArn=stack[topic], Message=body, MessageAttributes=attributes, **extra)
    return body


def received(stack: Stack, queue: str, *, seconds: float = 2) -> list[dict[str, Any]]:
    """Everything the queue has, taken from it."""
    sqs, messages = stack.client("sqs"), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = sqs.receive_message(
            QueueUrl=stack[queue],
            MaxNumberOfMessages=10,
            WaitTimeSeconds=0,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=stack[queue], ReceiptHandle=message["ReceiptHandle"])
        messages += found
        if messages and not found:
            break
        time.sleep(0.05)
    return messages


def bodies(stack: Stack, queue: str, *, seconds: float = 2) -> list[str]:
    return [message["Body"] for message in received(stack, queue, seconds=seconds)]


def test_request_reaches_its_queue_as_it_was_written_with_group_and_attributes(stack: Stack) -> None:
    body = publish(stack, "GAS_JOB_REQUESTS_TOPIC_ARN", "requested", MessageGroupId="user-1")
    (message,) = received(stack, "GAS_JOB_REQUESTS_QUEUE_URL")
    assert message["Body"] == body
    assert message["MessageAttributes"]["event"]["StringValue"] == "requested"
    assert message["Attributes"]["MessageGroupId"] == "user-1"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


@pytest.mark.parametrize("event", ["completed", "failed", "archived", "restored", "expiring"])
def test_what_happened_to_a_job_is_for_the_notifier_alone(stack: Stack, event: str) -> None:
    body = publish(stack, "GAS_JOB_RESULTS_TOPIC_ARN", event)
    assert bodies(stack, "GAS_JOB_NOTIFICATIONS_QUEUE_URL") == [body]
    assert bodies(stack, "GAS_JOB_ARCHIVES_QUEUE_URL", seconds=0.3) == []


def test_what_falls_due_is_for_the_archiver_alone(stack: Stack) -> None:
    body = publish(stack, "GAS_JOB_RESULTS_TOPIC_ARN", "due")
    assert bodies(stack, "GAS_JOB_ARCHIVES_QUEUE_URL") == [body]
    assert bodies(stack, "GAS_JOB_NOTIFICATIONS_QUEUE_URL", seconds=0.3) == []


def test_plan_change_is_heard_by_restorer_and_notifier(stack: Stack) -> None:
    body = publish(stack, "GAS_PLAN_CHANGES_TOPIC_ARN")
    assert bodies(stack, "GAS_RESTORES_QUEUE_URL") == [body]
    assert bodies(stack, "GAS_JOB_NOTIFICATIONS_QUEUE_URL") == [body]


def test_message_given_back_five_times_is_a_dead_letter(stack: Stack) -> None:
    sqs, queue = stack.client("sqs"), stack["GAS_RESTORES_QUEUE_URL"]
    sqs.send_message(QueueUrl=queue, MessageBody="unreadable")
    counts = []
    for _ in range(5):
        (message,) = sqs.receive_message(
            QueueUrl=queue, WaitTimeSeconds=1, MessageSystemAttributeNames=["ApproximateReceiveCount"]
        )["Messages"]
        counts.append(message["Attributes"]["ApproximateReceiveCount"])
        sqs.change_message_visibility(
            QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    assert counts == ["1", "2", "3", "4", "5"]
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0)
    assert bodies(stack, "GAS_RESTORES_DLQ_URL") == ["unreadable"]


@pytest.fixture
def upload(stack: Stack) -> dict[str, Any]:
    """A form that takes 1 to 100 bytes under one key."""
    form: dict[str, Any] = stack.client("s3").generate_presigned_post(
        stack["GAS_INPUTS_BUCKET"],
        f"user/{uuid.uuid4()}/input",
        Fields={"success_action_redirect": "http://127.0.0.1:1/annotate/job"},
        Conditions=[
            ["content-length-range", 1, 100],
            {"success_action_redirect": "http://127.0.0.1:1/annotate/job"},
        ],
        ExpiresIn=60,
    )
    return form


def post(form: dict[str, Any], content: bytes, **changed: str) -> requests.Response:
    return requests.post(
        form["url"],
        data=form["fields"] | changed,
        files={"file": ("a.vcf", content)},
        allow_redirects=False,
        timeout=5,
    )


def test_store_takes_an_upload_and_sends_the_browser_back(stack: Stack, upload: dict[str, Any]) -> None:
    answer = post(upload, b"x" * 100)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("http://127.0.0.1:1/annotate/job")
    head = stack.client("s3").head_object(Bucket=stack["GAS_INPUTS_BUCKET"], Key=upload["fields"]["key"])
    assert head["ContentLength"] == 100
    assert head["VersionId"]


def test_store_refuses_an_upload_over_the_limit(stack: Stack, upload: dict[str, Any]) -> None:
    answer = post(upload, b"x" * 101)
    assert (answer.status_code, "EntityTooLarge" in answer.text) == (400, True)
    with pytest.raises(ClientError, match="404"):
        stack.client("s3").head_object(Bucket=stack["GAS_INPUTS_BUCKET"], Key=upload["fields"]["key"])


def test_store_refuses_an_upload_under_another_key(upload: dict[str, Any]) -> None:
    assert post(upload, b"x", key="another-user/job/input").status_code == 403


def test_later_upload_leaves_the_submitted_version_as_it_was(stack: Stack, upload: dict[str, Any]) -> None:
    s3, place = stack.client("s3"), {"Bucket": stack["GAS_INPUTS_BUCKET"], "Key": upload["fields"]["key"]}
    post(upload, b"first")
    version = s3.head_object(**place)["VersionId"]
    post(upload, b"second")
    assert s3.get_object(**place, VersionId=version)["Body"].read() == b"first"


def test_write_that_names_the_expected_state_loses_to_an_earlier_one(stack: Stack) -> None:
    table, dynamodb = stack["GAS_JOBS_TABLE"], stack.client("dynamodb")
    key = {"job_id": {"S": str(uuid.uuid4())}}
    dynamodb.put_item(TableName=table, Item=key | {"attempt": {"N": "1"}})

    def claim(attempt: int) -> None:
        dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET attempt = :next",
            ConditionExpression="attempt = :seen",
            ExpressionAttributeValues={":seen": {"N": str(attempt)}, ":next": {"N": str(attempt + 1)}},
        )

    claim(1)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        claim(1)


def test_row_that_owes_nothing_is_not_in_the_index_of_debts(stack: Stack) -> None:
    table, dynamodb = stack["GAS_USERS_TABLE"], stack.client("dynamodb")
    key = {"identity_id": {"S": str(uuid.uuid4())}}

    def overdue() -> list[dict[str, Any]]:
        found = dynamodb.query(
            TableName=table,
            IndexName="due_index",
            KeyConditionExpression="due_shard = :shard AND due_time < :now",
            ExpressionAttributeValues={":shard": {"N": "7"}, ":now": {"N": "100"}},
        )["Items"]
        return [item for item in found if item["identity_id"] == key["identity_id"]]

    debt = {"due_shard": {"N": "7"}, "due_time": {"N": "50"}}
    dynamodb.put_item(TableName=table, Item=key | debt | {"name": {"S": "Ada"}})
    assert overdue() == [key | debt]
    dynamodb.update_item(TableName=table, Key=key, UpdateExpression="REMOVE due_shard, due_time")
    assert overdue() == []


def test_restored_object_is_told_on_the_thaws_queue_and_names_its_job(stack: Stack) -> None:
    s3, bucket, job_id = stack.client("s3"), stack["GAS_ARCHIVE_BUCKET"], str(uuid.uuid4())
    key = archive_key(job_id, 2)
    s3.put_object(Bucket=bucket, Key=key, Body=b"cold", StorageClass="GLACIER")
    s3.restore_object(
        Bucket=bucket, Key=key, RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    )
    end = time.monotonic() + 8
    told: list[str] = []
    while time.monotonic() < end and not told:
        # The store's own s3:TestEvent, sent when the bucket was made, is here too, and names nobody.
        told = [body for body in bodies(stack, "GAS_THAWS_QUEUE_URL") if job_id in jobs_of(body)]
    assert [jobs_of(body) for body in told] == [[job_id]]
    assert [json.loads(body)["Records"][0]["eventName"] for body in told] == ["ObjectRestore:Completed"]
