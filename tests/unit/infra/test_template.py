"""What the AWS description intends, held against DESIGN and against what the services read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.config import (
    InputsSettings,
    JobsSettings,
    ResultsSettings,
    TopicsSettings,
    UsersSettings,
    WorkerSettings,
)
from gas_core.domain.messages import JobEvent

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Resource = dict[str, Any]
    OfType = Callable[[str], dict[str, Resource]]

ROOT = Path(__file__).resolve().parents[3]
QUEUES = {
    # queue: the topics it hears
    "JobRequests": {"JobRequests"},
    "JobNotifications": {"JobResults", "PlanChanges"},
    "JobArchives": {"JobResults"},
    "Restores": {"PlanChanges"},
    "Thaws": {"Thaws"},
}


SERVICES = ["Web", "Operations", "Annotator", "Notifier", "Sweeper", "Archiver", "Restorer"]


def statements(policy: Resource) -> list[Resource]:
    """All that a policy may come to say: a conditional statement as if its condition held."""
    return [s["Fn::If"][1] if "Fn::If" in s else s for s in policy["PolicyDocument"]["Statement"]]


def test_linter_finds_nothing() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), ROOT / "infra/aws/gas.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (linted.returncode, linted.stdout) == (0, "")


def test_template_fits_into_a_request(deploy_module: ModuleType, template: Resource) -> None:
    # CloudFormation takes 51,200 bytes of template; a longer one would need a bucket of its own first.
    sent = deploy_module.as_sent((ROOT / "infra/aws/gas.yaml").read_text())
    assert len(sent.encode()) < 51_200

    def joined(value: Any) -> Any:
        """JSON writes in two parts what YAML writes with a dot, and text that is JSON without its lines."""
        match value:
            case {"Fn::GetAtt": list(parts)}:
                return {"Fn::GetAtt": ".".join(parts)}
            case dict():
                return {key: joined(inner) for key, inner in value.items()}
            case list():
                return [joined(inner) for inner in value]
            case str() if value.startswith("{"):
                return re.sub(r"\n *", "", value)
        return value

    assert joined(json.loads(sent)) == joined(template)


def test_queues_are_those_of_the_design(of_type: OfType) -> None:
    names = set(of_type("SQS::Queue"))
    assert names == {f"{queue}{kind}" for queue in QUEUES for kind in ("Queue", "DeadLetterQueue")}


@pytest.mark.parametrize("queue", QUEUES)
def test_fifth_failed_delivery_goes_to_a_dead_letter_queue_for_14_days(of_type: OfType, queue: str) -> None:
    queues = of_type("SQS::Queue")
    assert queues[f"{queue}Queue"]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": f"{queue}DeadLetterQueue.Arn"},
        "maxReceiveCount": 5,
    }
    dead_letters = queues[f"{queue}DeadLetterQueue"]
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600
    # Age counts from the first queue: a dead letter needs time left to be looked at.
    assert queues[f"{queue}Queue"]["MessageRetentionPeriod"] < 14 * 24 * 3600
    source = dead_letters["RedriveAllowPolicy"]["sourceQueueArns"][0]["Fn::Sub"]
    assert source.endswith(queues[f"{queue}Queue"]["QueueName"]["Fn::Sub"])


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_takes_messages_from_its_topics_alone(of_type: OfType, queue: str) -> None:
    policy = of_type("SQS::QueuePolicy")[f"{queue}QueuePolicy"]
    allowed = [statement for statement in statements(policy) if statement["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [{"Service": "sns.amazonaws.com"}]
    topics = allowed[0]["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert {topic["Ref"] for topic in topics} == {f"{topic}Topic" for topic in QUEUES[queue]}


def test_everything_with_a_policy_refuses_what_is_not_encrypted(of_type: OfType, template: Resource) -> None:
    guarded = set()
    for kind, field in (
        ("SQS::QueuePolicy", "Queues"),
        ("SNS::TopicPolicy", "Topics"),
        ("S3::BucketPolicy", "Bucket"),
    ):
        for policy in of_type(kind).values():
            refused = [s for s in statements(policy) if s["Effect"] == "Deny"]
            assert [s["Condition"] for s in refused] == [{"Bool": {"aws:SecureTransport": "false"}}]
            targets = policy[field] if isinstance(policy[field], list) else [policy[field]]
            guarded |= {target["Ref"] for target in targets}
    kinds = {"AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"}
    assert guarded == {name for name, r in template["Resources"].items() if r["Type"] in kinds}


def test_subscriptions_are_raw_and_complete(of_type: OfType) -> None:
    heard: dict[str, set[str]] = {queue: set() for queue in QUEUES}
    for subscription in of_type("SNS::Subscription").values():
        assert subscription["RawMessageDelivery"] is True
        queue = subscription["Endpoint"]["Fn::GetAtt"].removesuffix("Queue.Arn")
        heard[queue].add(subscription["TopicArn"]["Ref"].removesuffix("Topic"))
    assert heard == QUEUES


def test_filters_name_events_that_exist(of_type: OfType) -> None:
    filters = {
        name: set(subscription["FilterPolicy"]["event"])
        for name, subscription in of_type("SNS::Subscription").items()
        if "FilterPolicy" in subscription
    }
    assert filters == {
        "JobResultsToNotifications": set(JobEvent) - {JobEvent.DUE},
        "JobResultsToArchives": {"due"},
    }


def test_message_stays_hidden_as_long_as_the_workers_think(of_type: OfType) -> None:
    visibility = WorkerSettings.model_fields["visibility_seconds"].default
    poll = WorkerSettings.model_fields["poll_seconds"].default
    for queue in QUEUES:
        properties = of_type("SQS::Queue")[f"{queue}Queue"]
        assert properties["VisibilityTimeout"] == visibility
        assert properties["ReceiveMessageWaitTimeSeconds"] == poll
    assert visibility == JobsSettings.model_fields["lease_seconds"].default + 15


def test_no_queue_holds_messages_back(of_type: OfType) -> None:
    """One delay would hold deletions back as well; the due index knows when each window ends."""
    assert not [name for name, properties in of_type("SQS::Queue").items() if "DelaySeconds" in properties]


def test_tables_are_on_demand_recoverable_and_outlive_the_stack(of_type: OfType, template: Resource) -> None:
    tables = of_type("DynamoDB::Table")
    assert set(tables) == {"JobsTable", "UsersTable"}
    for name, table in tables.items():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert template["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_indexes_are_those_of_the_design_and_give_no_more_than_it_says(of_type: OfType) -> None:
    tables = of_type("DynamoDB::Table")

    def shape(table: str) -> dict[str, list[tuple[str, str]]]:
        keys = {a["AttributeName"]: a["AttributeType"] for a in tables[table]["AttributeDefinitions"]}
        return {
            index["IndexName"]: [(k["AttributeName"], keys[k["AttributeName"]]) for k in index["KeySchema"]]
            for index in tables[table]["GlobalSecondaryIndexes"]
        }

    due = [("due_shard", "N"), ("due_time", "N")]
    assert shape("JobsTable") == {
        "user_id_index": [("user_id", "S"), ("submit_time", "N")],
        "due_index": due,
        "queue_index": [("queue_shard", "S"), ("queue_time", "N")],
        "failed_index": [("failed_day", "N"), ("complete_time", "N")],
    }
    assert shape("UsersTable") == {"due_index": due}
    # What decides is read from rows. The line decides nothing, and its estimates are made of the index alone.
    told = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["start_time", "input_bytes"]}
    for table in tables.values():
        for index in table["GlobalSecondaryIndexes"]:
            line = index["IndexName"] == "queue_index"
            assert index["Projection"] == (told if line else {"ProjectionType": "KEYS_ONLY"})


def test_buckets_are_private_encrypted_and_outlive_the_stack(of_type: OfType, template: Resource) -> None:
    buckets = of_type("S3::Bucket")
    assert set(buckets) == {"InputsBucket", "ResultsBucket", "ArchiveBucket"}
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "Id" in rule}
        aborted = rules["abort-incomplete-uploads"]
        assert aborted["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
        assert template["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_queued_job_does_not_lose_the_version_of_its_input(of_type: OfType) -> None:
    inputs = of_type("S3::Bucket")["InputsBucket"]
    assert inputs["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule["Id"]: rule for rule in inputs["LifecycleConfiguration"]["Rules"] if "Id" in rule}
    kept_days = rules["forget-noncurrent-versions"]["NoncurrentVersionExpiration"]["NoncurrentDays"]
    waits_seconds = of_type("SQS::Queue")["JobRequestsQueue"]["MessageRetentionPeriod"]
    assert kept_days * 24 * 3600 > waits_seconds


def test_browsers_reach_the_buckets_from_our_origin_alone(of_type: OfType) -> None:
    cors = {
        name: bucket["CorsConfiguration"]["CorsRules"]
        for name, bucket in of_type("S3::Bucket").items()
        if "CorsConfiguration" in bucket
    }
    assert set(cors) == {"InputsBucket", "ResultsBucket"}
    for rules in cors.values():
        assert [rule["AllowedOrigins"] for rule in rules] == [[{"Ref": "WebOrigin"}]]
    assert cors["InputsBucket"][0]["AllowedMethods"] == ["POST", "PUT"]
    assert cors["ResultsBucket"][0]["AllowedMethods"] == ["GET", "HEAD"]


def test_policies_of_services_name_actions_and_resources(of_type: OfType) -> None:
    policies = of_type("IAM::ManagedPolicy")
    assert set(policies) == {f"{name}Policy" for name in [*SERVICES, "Encryption", "Keda"]}
    for policy in policies.values():
        for statement in statements(policy):
            assert not [action for action in statement["Action"] if "*" in action]
            resources = (
                statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            )
            # Metrics are no resources: all may be read or none.
            assert "*" not in resources or statement["Action"] == ["cloudwatch:GetMetricData"]


def test_only_sweeper_and_archiver_delete_jobs_and_inputs_and_only_the_restorer_users(
    of_type: OfType,
) -> None:
    def allowed(action: str, table: str = "") -> set[str]:
        return {
            name.removesuffix("Policy")
            for name, policy in of_type("IAM::ManagedPolicy").items()
            for statement in statements(policy)
            if action in statement["Action"]
            and table in json.dumps(statement["Resource"])
            and (action != "s3:DeleteObject" or "InputsBucket" in json.dumps(statement["Resource"]))
        }

    assert allowed("dynamodb:DeleteItem", "JobsTable") == {"Sweeper", "Archiver"}
    assert allowed("dynamodb:DeleteItem", "UsersTable") == {"Restorer"}
    assert allowed("s3:DeleteObject") == {"Sweeper", "Archiver"}
    assert allowed("s3:RestoreObject") == {"Restorer"}
    assert allowed("ses:SendEmail") == {"Notifier"}


def test_key_of_the_operators_own_encrypts_all_buckets_and_tables(of_type: OfType) -> None:
    for bucket in of_type("S3::Bucket").values():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        condition, own, otherwise = rule["Fn::If"]
        assert condition == "Encrypts"
        assert own["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Ref": "KmsKeyArn"}
        assert otherwise == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    for table in of_type("DynamoDB::Table").values():
        condition, own, _ = table["SSESpecification"]["Fn::If"]
        assert (condition, own["KMSMasterKeyId"]) == ("Encrypts", {"Ref": "KmsKeyArn"})
    encryption = of_type("IAM::ManagedPolicy")["EncryptionPolicy"]
    # The operators' page, where there is one, reads tables too.
    readers = {name for name in of_type("IAM::Role") if name != "KedaRole"}
    assert {role["Ref"] for role in encryption["Roles"]} == readers
    (statement,) = statements(encryption)
    assert "kms:ViaService" in statement["Condition"]["StringEquals"]


@pytest.mark.parametrize("queue", QUEUES)
def test_dead_letters_and_old_messages_raise_an_alarm(of_type: OfType, queue: str) -> None:
    alarms = of_type("CloudWatch::Alarm")
    watched = {
        name: alarm["Dimensions"][0]["Value"]["Fn::GetAtt"]
        for name, alarm in alarms.items()
        if name.startswith(queue)
    }
    assert watched[f"{queue}DeadLettersAlarm"] == f"{queue}DeadLetterQueue.QueueName"
    assert watched[f"{queue}AgeAlarm"] == f"{queue}Queue.QueueName"
    assert alarms[f"{queue}DeadLettersAlarm"]["Threshold"] == 0


def test_keda_may_look_at_queues_and_do_nothing_else(of_type: OfType) -> None:
    (statement,) = statements(of_type("IAM::ManagedPolicy")["KedaPolicy"])
    assert statement["Action"] == ["sqs:GetQueueAttributes"]


@pytest.mark.parametrize("service", SERVICES)
def test_role_is_for_its_own_service_account(of_type: OfType, service: str) -> None:
    trust = of_type("IAM::Role")[f"{service}Role"]["AssumeRolePolicyDocument"]
    condition, by_web_identity, by_pod_identity = trust["Fn::If"]
    assert condition == "ByWebIdentity"

    values = {"AWS::Partition": "aws", "AWS::AccountId": "1", "OidcProvider": "oidc.example/id/A"}
    values["ServiceAccountNamespace"] = "genomics"
    text = re.sub(r"\$\{([^}]+)\}", lambda match: values[match[1]], by_web_identity["Fn::Sub"])
    (statement,) = json.loads(text)["Statement"]
    assert statement["Principal"] == {"Federated": "arn:aws:iam::1:oidc-provider/oidc.example/id/A"}
    account = f"gas-{service.lower()}"
    assert statement["Condition"]["StringEquals"] == {
        "oidc.example/id/A:aud": "sts.amazonaws.com",
        "oidc.example/id/A:sub": f"system:serviceaccount:genomics:{account}",
    }

    (statement,) = by_pod_identity["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"] == account


def test_outputs_give_every_resource_that_a_service_reads(
    template: Resource, deploy_module: ModuleType
) -> None:
    outputs = [{"OutputKey": name, "OutputValue": "x"} for name in template["Outputs"]]
    environment = deploy_module.service_environment({"Outputs": outputs})
    groups = (JobsSettings, UsersSettings, InputsSettings, ResultsSettings, TopicsSettings)
    read = {
        f"GAS_{name.upper()}"
        for group in groups
        for name, field in group.model_fields.items()
        if field.is_required()
    }
    assert read <= set(environment)
    assert {f"GAS_{name}_QUEUE_URL" for name in ("JOB_REQUESTS", "JOB_NOTIFICATIONS")} <= set(environment)


def test_environment_names_follow_the_outputs(deploy_module: ModuleType) -> None:
    outputs = [
        {"OutputKey": "JobRequestsTopicArn", "OutputValue": "arn"},
        {"OutputKey": "JobRequestsDlqUrl", "OutputValue": "url"},
    ]
    assert deploy_module.service_environment({"Outputs": outputs}, "http://there") == {
        "GAS_JOB_REQUESTS_TOPIC_ARN": "arn",
        "GAS_JOB_REQUESTS_DLQ_URL": "url",
        "GAS_AWS_ENDPOINT_URL": "http://there",
    }
