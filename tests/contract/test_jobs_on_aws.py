"""What only DynamoDB's adapter can get wrong: lost answers, half answers, the names of attributes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.domain.errors import JobNotFoundError, StaleError, StoreUnavailableError
from gas_core.domain.job import Job
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_core.testing.glacier import reply
from gas_local.fixtures import Stack


def submitted(**fields: Any) -> Job:
    job_id = str(uuid.uuid4())
    told: dict[str, Any] = {
        "job_id": job_id,
        "user_id": str(uuid.uuid4()),
        "user_email": "ada@research.example",
        "s3_inputs_bucket": "inputs",
        "s3_key_input_file": f"user/{job_id}/input",
        "created_time": 1000,
        "submit_time": 1000,
        "status": Status.PENDING,
    }
    return Job(**(told | fields))


def owned(stack_jobs: Any) -> Job:
    """A job of a user of the free plan."""
    job = submitted()
    stack_jobs.users.sign_in(identity_id=job.user_id, name="Ada", email="ada@research.example", now=1000)
    return job


def forget_transaction_tokens(jobs: DynamoJobs) -> None:
    """Every request is a new one to the store, even if boto3 only sends it again."""

    def renew(request: Any, **_: Any) -> None:
        body = json.loads(request.body)
        if "ClientRequestToken" in body:
            request.data = json.dumps(body | {"ClientRequestToken": str(uuid.uuid4())})

    jobs._client.meta.events.register("before-sign.dynamodb.TransactWriteItems", renew)


def refuse_once(client: Any, operation: str, code: str, reasons: Collection[str] = ()) -> list[str]:
    """DynamoDB refuses one request; the list tells what was asked."""
    asked: list[str] = []
    refusal = {"__type": f"dynamodb#{code}", "CancellationReasons": [{"Code": reason} for reason in reasons]}

    def refuse(request: Any, **_: Any) -> Any:
        asked.append(operation)
        return reply(request.url, 400, {}, json.dumps(refusal).encode()) if len(asked) == 1 else None

    client.meta.events.register_first(f"before-send.dynamodb.{operation}", refuse)
    return asked


@pytest.mark.parametrize("reasons", [["None", "TransactionConflict"], ["TransactionConflict", "None"]])
def test_transaction_that_met_another_is_tried_again(stack_jobs: Any, reasons: list[str]) -> None:
    """The restorer's threads all ask for the same user's plan; DynamoDB refuses one of two that meet."""
    job = owned(stack_jobs)
    stack_jobs.port.add(job)
    asked = refuse_once(stack_jobs.client, "TransactWriteItems", "TransactionCanceledException", reasons)
    written = stack_jobs.port.commit(job, replace(job, restore_message="written"), while_plan=Plan.FREE)
    assert len(asked) == 2
    assert stack_jobs.port.get(job.job_id) == written


def test_write_that_met_a_transaction_is_tried_again(stack_jobs: Any) -> None:
    job = owned(stack_jobs)
    stack_jobs.port.add(job)
    asked = refuse_once(stack_jobs.client, "UpdateItem", "TransactionConflictException")
    written = stack_jobs.port.commit(job, replace(job, restore_message="written"))
    assert len(asked) == 2
    assert stack_jobs.port.get(job.job_id) == written


def test_commit_of_a_user_that_met_a_transaction_is_tried_again(stack_jobs: Any) -> None:
    job = owned(stack_jobs)
    user = stack_jobs.users.get(job.user_id)
    asked = refuse_once(stack_jobs.client, "UpdateItem", "TransactionConflictException")
    written = stack_jobs.users.commit(user, replace(user, plan=Plan.PREMIUM))
    assert len(asked) == 2
    assert stack_jobs.users.get(job.user_id) == written


def test_throttled_transaction_passes(stack_jobs: Any) -> None:
    job = owned(stack_jobs)
    stack_jobs.port.add(job)
    refuse_once(
        stack_jobs.client, "TransactWriteItems", "TransactionCanceledException", ["ThrottlingError", "None"]
    )
    with pytest.raises(StoreUnavailableError):
        stack_jobs.port.commit(job, replace(job, restore_message="written"), while_plan=Plan.FREE)
    assert stack_jobs.port.get(job.job_id) == job


@pytest.fixture
def jobs(stack_jobs: Any) -> DynamoJobs:
    port: DynamoJobs = stack_jobs.port
    return port


@pytest.fixture
def far_jobs(aws_over_wire: AwsClients, stack: Stack) -> Iterator[DynamoJobs]:
    """The same table over connections that break."""
    yield DynamoJobs(
        aws_over_wire.dynamodb, table=stack["GAS_JOBS_TABLE"], users_table=stack["GAS_USERS_TABLE"]
    )
    aws_over_wire.dynamodb.close()


def test_row_has_the_original_names_and_lies_in_both_indexes(stack_jobs: Any) -> None:
    job = submitted(
        complete_time=1001,
        input_file_name="a.vcf",
        s3_results_bucket="results",
        s3_key_result_file="result",
        s3_key_log_file="log",
        results_file_archive_id="archive",
        restore_message="soon",
        due={"announce": 1002},
    )
    stack_jobs.port.add(job)
    item = stack_jobs.client.get_item(TableName=stack_jobs.table, Key={"job_id": {"S": job.job_id}})["Item"]
    # As in the original GAS.
    assert set(item) >= {
        *("job_id", "user_id", "user_email", "input_file_name", "s3_inputs_bucket", "s3_key_input_file"),
        *("submit_time", "job_status", "complete_time", "s3_results_bucket", "s3_key_result_file"),
        *("s3_key_log_file", "results_file_archive_id", "restore_message"),
    }
    assert item["job_status"] == {"S": "PENDING"}
    assert item["results_state"] == {"S": "NONE"}
    assert item["due_shard"] == {"N": str(job.due_shard)}
    assert item["due_time"] == {"N": "1002"}


def test_row_not_submitted_and_without_debts_lies_in_no_index(stack_jobs: Any) -> None:
    job = submitted(submit_time=0, status=Status.UPLOADING)
    stack_jobs.port.add(job)
    item = stack_jobs.client.get_item(TableName=stack_jobs.table, Key={"job_id": {"S": job.job_id}})["Item"]
    assert not {"submit_time", "due", "due_time", "due_shard"} & set(item)


def test_commit_whose_answer_was_lost_counts_as_won(wire: Any, far_jobs: DynamoJobs) -> None:
    job = submitted()
    far_jobs.add(job)
    far_jobs._client.close()  # so that the next request opens a connection of its own
    wire.cuts = [0]
    written = far_jobs.commit(job, replace(job, restore_message="written once"))
    assert wire.cut_done == 1
    assert written == far_jobs.get(job.job_id)
    assert written.revision == 1


def test_commit_with_a_plan_whose_answer_was_lost_counts_as_won(
    wire: Any, far_jobs: DynamoJobs, stack_jobs: Any
) -> None:
    job = owned(stack_jobs)
    far_jobs.add(job)
    far_jobs._client.close()
    wire.cuts = [0]
    # AWS knows a transaction that is sent twice by its token; what counts is that we need not rely on it.
    forget_transaction_tokens(far_jobs)
    written = far_jobs.commit(job, replace(job, restore_message="written once"), while_plan=Plan.FREE)
    assert wire.cut_done == 1
    assert written == far_jobs.get(job.job_id)
    assert written.revision == 1


def test_commit_with_a_plan_is_won_although_the_plan_changed_while_its_answer_was_lost(
    wire: Any, far_jobs: DynamoJobs, stack_jobs: Any
) -> None:
    job = owned(stack_jobs)
    far_jobs.add(job)
    far_jobs._client.close()
    wire.cuts = [0]
    forget_transaction_tokens(far_jobs)

    def upgrade() -> None:
        wire.before_reconnect = lambda: None
        user = stack_jobs.users.get(job.user_id)
        stack_jobs.users.commit(user, replace(user, plan=Plan.PREMIUM))

    wire.before_reconnect = upgrade
    written = far_jobs.commit(job, replace(job, restore_message="written once"), while_plan=Plan.FREE)
    assert written == far_jobs.get(job.job_id)
    assert stack_jobs.users.get(job.user_id).plan is Plan.PREMIUM


def test_commit_that_lost_is_stale_even_if_its_answer_was_lost(
    wire: Any, far_jobs: DynamoJobs, jobs: DynamoJobs
) -> None:
    job = submitted()
    jobs.add(job)
    standing = jobs.commit(job, replace(job, restore_message="by another"))
    wire.cuts = [0]
    with pytest.raises(StaleError):
        far_jobs.commit(job, replace(job, restore_message="too late"))
    assert wire.cut_done == 1
    assert jobs.get(job.job_id) == standing


def test_new_row_whose_answer_was_lost_counts_as_added(wire: Any, far_jobs: DynamoJobs) -> None:
    job = submitted()
    wire.cuts = [0]
    far_jobs.add(job)
    assert wire.cut_done == 1
    far_jobs.remove(job)


def test_removal_whose_answer_was_lost_counts_as_done(
    wire: Any, far_jobs: DynamoJobs, jobs: DynamoJobs
) -> None:
    job = submitted()
    jobs.add(job)
    wire.cuts = [0]
    far_jobs.remove(job)
    assert wire.cut_done == 1
    with pytest.raises(JobNotFoundError):
        jobs.get(job.job_id)


def test_table_out_of_reach_is_an_error_that_passes(wire: Any, far_jobs: DynamoJobs) -> None:
    wire.cuts = [0] * 20
    with pytest.raises(StoreUnavailableError):
        far_jobs.get(str(uuid.uuid4()))


def test_rows_that_a_batch_left_over_are_asked_for_again(
    stack_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = str(uuid.uuid4())
    for n in range(12):
        stack_jobs.port.add(submitted(user_id=user_id, submit_time=1000 + n))

    def leave_half(parsed: dict[str, Any], **_: Any) -> None:
        rows = parsed["Responses"][stack_jobs.table]
        left = rows[len(rows) // 2 + 1 :]
        parsed["Responses"][stack_jobs.table] = rows[: len(rows) // 2 + 1]
        if left:
            keys = [{"job_id": row["job_id"]} for row in left]
            parsed["UnprocessedKeys"] = {stack_jobs.table: {"Keys": keys, "ConsistentRead": True}}

    monkeypatch.setattr(f"{DynamoJobs.__module__}.time.sleep", lambda _: None)
    stack_jobs.client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_half)
    page = stack_jobs.port.page_of_user(user_id, after=None, limit=20)
    assert [job.submit_time for job in page.jobs] == [1000 + n for n in reversed(range(12))]


def test_table_that_leaves_everything_over_is_unavailable(
    stack_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submitted()
    stack_jobs.port.add(job)

    def leave_all(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Responses"] = {}
        parsed["UnprocessedKeys"] = {stack_jobs.table: {"Keys": [{"job_id": {"S": job.job_id}}]}}

    monkeypatch.setattr(f"{DynamoJobs.__module__}.time.sleep", lambda _: None)
    stack_jobs.client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_all)
    with pytest.raises(StoreUnavailableError):
        stack_jobs.port.page_of_user(job.user_id, after=None, limit=5)


def test_page_is_full_although_its_index_names_a_row_that_is_gone(stack_jobs: Any) -> None:
    user_id = str(uuid.uuid4())
    mine = [submitted(user_id=user_id, submit_time=1000 + n) for n in range(5)]
    for job in mine:
        stack_jobs.port.add(job)

    ghosts = [{"job_id": {"S": "gone"}, "user_id": {"S": user_id}, "submit_time": {"N": "2000"}}]

    def name_a_ghost(parsed: dict[str, Any], **_: Any) -> None:
        while ghosts:
            parsed["Items"].insert(0, ghosts.pop())

    stack_jobs.client.meta.events.register("after-call.dynamodb.Query", name_a_ghost)
    page = stack_jobs.port.page_of_user(user_id, after=None, limit=3)
    assert [job.submit_time for job in page.jobs] == [1004, 1003, 1002]
    assert page.next is not None


def test_commit_leaves_attributes_that_it_does_not_know(stack_jobs: Any) -> None:

    job = submitted()
    stack_jobs.port.add(job)
    stack_jobs.tamper(job, of_a_newer_version="kept")
    stack_jobs.port.commit(job, replace(job, results=Results.DELETING))
    item = stack_jobs.client.get_item(TableName=stack_jobs.table, Key={"job_id": {"S": job.job_id}})["Item"]
    assert item["of_a_newer_version"] == {"S": "kept"}
    assert item["results_state"] == {"S": "DELETING"}
