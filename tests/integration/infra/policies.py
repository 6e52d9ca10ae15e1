"""The policies of infra/aws as AWS would read them: actions, and resources with their names filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

ACCOUNT, REGION = "000000000000", "us-east-1"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one statement allows; resources may hold ``*``."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


Policy = list[Statement]


class _Loader(yaml.SafeLoader):
    """Short forms of CloudFormation as (name, value)."""


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> tuple[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return name, loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return name, loader.construct_sequence(node, deep=True)
    return name, loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _short_form)


def policies_of(template: str, *, stack: str, parameters: dict[str, str]) -> dict[str, Policy]:
    """Policy of each service, by its name in lower case; every condition of a statement holds."""
    resources: dict[str, Any] = yaml.load(template, _Loader)["Resources"]  # noqa: S506  a SafeLoader

    def name_of(logical: str) -> str:
        properties = resources[logical]["Properties"]
        key = next(key for key in properties if key in {"TableName", "BucketName", "QueueName", "TopicName"})
        return filled(properties[key])

    def arn_of(logical: str) -> str:
        kind = resources[logical]["Type"]
        name = name_of(logical)
        return {
            "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}",
            "AWS::S3::Bucket": f"arn:aws:s3:::{name}",
            "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
            "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}",
        }[kind]

    def filled(value: Any) -> str:
        if isinstance(value, str):
            return value
        form, inner = value
        if form == "Ref":
            return parameters[inner] if inner in parameters else arn_of(inner)
        if form == "GetAtt":
            return arn_of(inner.removesuffix(".Arn"))
        assert form == "Sub", form
        known = {
            "AWS::StackName": stack,
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": REGION,
            "AWS::Partition": "aws",
        }
        return re.sub(
            r"\$\{([^}]+)\}",
            lambda found: known.get(found[1]) or arn_of(found[1].removesuffix(".Arn")),
            inner,
        )

    def statement(plain: dict[str, Any] | tuple[str, Any]) -> Statement:
        if isinstance(plain, tuple):
            _if, (_condition, plain, _otherwise) = plain
        several = isinstance(plain["Resource"], list)
        return Statement(
            tuple(plain["Action"]),
            tuple(filled(each) for each in (plain["Resource"] if several else [plain["Resource"]])),
        )

    return {
        logical.removesuffix("Policy").lower(): [
            statement(each) for each in resource["Properties"]["PolicyDocument"]["Statement"]
        ]
        for logical, resource in resources.items()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
    }
