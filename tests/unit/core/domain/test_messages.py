from __future__ import annotations

import json
from typing import Any

import pytest

from gas_core.domain.errors import UnreadableError
from gas_core.domain.messages import JobChanged, JobEvent, JobRequested, Message, parse

JOB_ID = "0f0e0d0c-0b0a-4908-8706-050403020100"
GOOD: dict[str, Any] = {"version": 1, "kind": "job_requested", "job_id": JOB_ID, "user_id": "user"}


@pytest.mark.parametrize(
    "message",
    [
        JobRequested(job_id=JOB_ID, user_id="user", traceparent="trace"),
        *[JobChanged(job_id=JOB_ID, user_id="user", event=event) for event in JobEvent],
    ],
    ids=lambda message: f"{message.kind}-{getattr(message, 'event', '')}",
)
def test_message_is_read_as_it_was_written(message: Message) -> None:
    assert parse(message.model_dump_json()) == message
    assert parse(message.model_dump_json().encode()) == message


def test_field_that_a_newer_sender_added_is_passed_over() -> None:
    assert parse(json.dumps(GOOD | {"news": 1})) == JobRequested(job_id=JOB_ID, user_id="user")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        json.dumps({name: value for name, value in GOOD.items() if name != "kind"}),
        json.dumps(GOOD | {"kind": "job_exploded"}),
        json.dumps(GOOD | {"version": 2}),
        json.dumps(GOOD | {"job_id": "../../etc/passwd"}),
        json.dumps(GOOD | {"job_id": JOB_ID + "\n"}),
        json.dumps({name: value for name, value in GOOD.items() if name != "user_id"}),
        json.dumps(GOOD | {"kind": "job_changed"}),
        json.dumps(GOOD | {"kind": "job_changed", "event": "exploded"}),
        json.dumps({"Event": "s3:TestEvent"}),
    ],
)
def test_what_is_not_a_message_of_ours_is_unreadable(body: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(body)
    assert caught.value.fields["reason"]


def test_reason_of_an_unreadable_message_does_not_quote_it() -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(json.dumps(GOOD | {"job_id": "a secret of somebody"}))
    assert "secret" not in str(caught.value.fields)
