"""What every publisher does: the message's type says the topic, and arrives as it was meant."""

from __future__ import annotations

import uuid
from typing import Any

from gas_core.domain.messages import JobChanged, JobEvent, JobRequested, UserChanged, parse

JOB_ID = str(uuid.uuid4())
TRACEPARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def test_request_reaches_job_requests_alone(publisher_bench: Any) -> None:
    request = JobRequested(job_id=JOB_ID, user_id="user", traceparent=TRACEPARENT)
    publisher_bench.port.publish(request)
    assert [parse(body) for body in publisher_bench.heard(JobRequested)] == [request]
    assert publisher_bench.heard(JobChanged) == []


def test_change_reaches_job_results_alone(publisher_bench: Any) -> None:
    change = JobChanged(job_id=JOB_ID, user_id="user", event=JobEvent.COMPLETED)
    publisher_bench.port.publish(change)
    assert [parse(body) for body in publisher_bench.heard(JobChanged)] == [change]
    assert publisher_bench.heard(JobRequested) == []


def test_change_of_a_user_reaches_plan_changes_alone(publisher_bench: Any) -> None:
    change = UserChanged(user_id="user")
    publisher_bench.port.publish(change)
    assert [parse(body) for body in publisher_bench.heard(UserChanged)] == [change]
    assert publisher_bench.heard(JobRequested) == []


def test_aws_is_told_the_user_as_group_of_a_request(stack_publisher: Any) -> None:
    stack_publisher.port.publish(JobRequested(job_id=JOB_ID, user_id="user", traceparent=TRACEPARENT))
    (message,) = stack_publisher.heard_whole(JobRequested)
    assert message["Attributes"]["MessageGroupId"] == "user"
    assert message["MessageAttributes"]["traceparent"]["StringValue"] == TRACEPARENT


def test_aws_is_told_the_event_that_subscriptions_filter_on(stack_publisher: Any) -> None:
    stack_publisher.port.publish(JobChanged(job_id=JOB_ID, user_id="user", event=JobEvent.FAILED))
    (message,) = stack_publisher.heard_whole(JobChanged)
    assert message["MessageAttributes"]["event"]["StringValue"] == "failed"
    assert "traceparent" not in message["MessageAttributes"]
