from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from gas_core.adapters.dynamodb.rows import (
    attributes_of,
    job_from_item,
    job_to_item,
    user_from_item,
    user_to_item,
)
from gas_core.domain.job import Asked, Due, Failure, Job, MailRecord, Moved, PartsUpload, Progress
from gas_core.domain.plans import Plan, User, UserDue
from gas_core.domain.states import Results, Status

TEXT = st.text(max_size=20)
COUNT = st.integers(0, 2**53)
TIME = st.integers(1, 2**40)

JOBS = st.builds(
    Job,
    job_id=st.uuids().map(str),
    user_id=st.uuids().map(str),
    user_email=TEXT,
    s3_inputs_bucket=TEXT,
    s3_key_input_file=TEXT,
    created_time=TIME,
    status=st.sampled_from(Status),
    results=st.sampled_from(Results),
    input_file_name=TEXT,
    title=TEXT,
    notes=TEXT,
    bundle=TEXT,
    fitting_bundle=TEXT,
    input_version_id=TEXT,
    input_bytes=COUNT,
    upload=st.builds(PartsUpload, TEXT, TEXT, COUNT, COUNT, TEXT),
    submit_time=COUNT,
    start_time=COUNT,
    complete_time=COUNT,
    attempt=COUNT,
    generation=COUNT,
    failures=COUNT,
    lease_expires=COUNT,
    progress=st.builds(Progress, COUNT, COUNT, COUNT),
    failure=st.none() | st.builds(Failure, TEXT, TEXT, TEXT, COUNT, COUNT),
    summary=st.dictionaries(TEXT, COUNT, max_size=3),
    checksums=st.dictionaries(TEXT, TEXT, max_size=3),
    s3_results_bucket=TEXT,
    s3_key_result_file=TEXT,
    s3_key_log_file=TEXT,
    results_since=COUNT,
    moves=st.lists(st.builds(Moved, st.sampled_from(Results), COUNT), max_size=3).map(tuple),
    results_generation=COUNT,
    window_ends=COUNT,
    links_dead=COUNT,
    extensions=COUNT,
    results_file_archive_id=TEXT,
    archive_generation=COUNT,
    retired_archives=st.lists(TEXT, max_size=3).map(tuple),
    retrieval=st.builds(Asked, TEXT, TEXT, COUNT, COUNT, COUNT),
    restore_message=TEXT,
    traceparent=TEXT,
    share_until=COUNT,
    share_number=COUNT,
    due=st.dictionaries(st.sampled_from([kind.value for kind in Due]), TIME, max_size=3),
    due_tries=COUNT,
    mails=st.dictionaries(TEXT, st.builds(MailRecord, COUNT, COUNT, TEXT), max_size=2),
    revision=COUNT,
)

USERS = st.builds(
    User,
    identity_id=st.uuids().map(str),
    name=TEXT,
    email=TEXT,
    institution=TEXT,
    plan=st.sampled_from(Plan),
    plan_source=st.sampled_from(["default", "operator", "stripe"]),
    plan_since=COUNT,
    plan_changes=COUNT,
    plan_cursor=TEXT,
    plan_failed=COUNT,
    lease_expires=COUNT,
    restored_since=COUNT,
    restored_told=COUNT,
    restored_mail_begun=COUNT,
    window_mails=st.booleans(),
    customer_id=TEXT,
    paying_until=COUNT,
    payment_grace_ends=COUNT,
    payment_letter=TEXT,
    payment_letter_time=COUNT,
    payment_letter_begun=COUNT,
    session_epoch=COUNT,
    sessions_ended=st.dictionaries(TEXT, TIME, max_size=3),
    saved_views=st.dictionaries(TEXT, TEXT, max_size=3),
    table_columns=TEXT,
    closing_since=COUNT,
    billing_events=st.lists(TEXT, max_size=3).map(tuple),
    created=COUNT,
    updated=COUNT,
    profile_confirmed=st.booleans(),
    due=st.dictionaries(st.sampled_from([kind.value for kind in UserDue]), TIME, max_size=2),
    due_tries=COUNT,
    revision=COUNT,
)


def test_every_field_of_a_row_is_drawn() -> None:
    """A new field has to be spelled as well as drawn: what nobody draws comes back as its default."""
    for row, drawn in (Job, JOBS), (User, USERS):
        missing = [field.name for field in fields(row) if f"{field.name}=" not in repr(drawn)]
        assert not missing


@given(USERS)
def test_every_user_is_read_from_its_item_as_it_was(user: User) -> None:
    assert user_from_item(user_to_item(user)) == user


@given(USERS)
def test_users_with_debts_are_in_their_index_and_no_others(user: User) -> None:
    item = user_to_item(user)
    assert ("due_time" in item) == ("due_shard" in item) == bool(user.due)
    assert item["plan"] == {"S": user.plan.value}


@given(JOBS)
def test_every_job_is_read_from_its_item_as_it_was(job: Job) -> None:
    assert job_from_item(job_to_item(job)) == job


def test_numbers_are_whole_however_deep_they_lie() -> None:
    """A Decimal is equal to the number it should be, and fails where it is used."""
    deep = {"N": "7"}
    item = {"parts": {"L": [{"M": {"times": {"L": [deep]}}}, deep]}}
    assert repr(attributes_of(item)) == "{'parts': [{'times': [7]}, 7]}"


@given(JOBS)
def test_indexes_hold_exactly_the_rows_that_belong_there(job: Job) -> None:
    item = job_to_item(job)
    assert ("submit_time" in item) == bool(job.submit_time)
    assert ("due_time" in item) == ("due_shard" in item) == bool(job.due)
    if job.due:
        assert item["due_time"] == {"N": str(min(job.due.values()))}
        assert 0 <= int(item["due_shard"]["N"]) < 32


@given(JOBS)
def test_what_a_condition_names_is_always_in_the_item(job: Job) -> None:
    assert {"job_status", "results_state", "attempt", "revision"} <= set(job_to_item(job))
