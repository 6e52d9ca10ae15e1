"""Topics, in SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gas_core.adapters.errors import aws_errors
from gas_core.domain.messages import JobChanged, JobRequested, Message, UserChanged

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class SnsPublisher:
    """``Publisher`` over the topics job-requests, job-results and plan-changes.

    Subscriptions filter on the attribute ``event``. On job-requests the group is the user: SNS hands it on,
    and SQS then serves users in turn instead of whoever asked most.
    """

    def __init__(
        self,
        client: SNSClient,
        *,
        job_requests_topic_arn: str,
        job_results_topic_arn: str,
        plan_changes_topic_arn: str,
    ) -> None:
        self._client = client
        self._job_requests = job_requests_topic_arn
        self._job_results = job_results_topic_arn
        self._plan_changes = plan_changes_topic_arn

    def publish(self, message: Message) -> None:
        told: dict[str, str] = {}
        request: dict[str, Any] = {"Message": message.model_dump_json()}
        match message:
            case JobRequested():
                request |= {"TopicArn": self._job_requests, "MessageGroupId": message.user_id}
            case JobChanged():
                request["TopicArn"] = self._job_results
                told["event"] = message.event.value
            case UserChanged():
                request["TopicArn"] = self._plan_changes
        if message.traceparent:
            told["traceparent"] = message.traceparent
        request["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": text} for name, text in told.items()
        }
        with aws_errors("publish", kind=message.kind, **message.ids):
            self._client.publish(**request)
