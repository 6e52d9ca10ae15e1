r"""Create or update a GAS stack in AWS, and tell what services need to know of it.

    python infra/aws/deploy.py --stack gas-dev --parameter WebOrigin=https://gas.example.org \
        --parameter MailSender=gas@example.org --env-file gas-dev.env

Account, region and endpoint are those of boto3: AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL and so on.
The embedded stack is deployed by this very command. Parameters not given keep the value they have.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import ChangeSetTypeType
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackEventTypeDef, StackTypeDef

T = TypeVar("T")

TEMPLATE = Path(__file__).with_name("gas.yaml")

STACK_NAME = re.compile(r"[a-z][a-z0-9-]{1,23}")
"""Buckets carry the stack's name, so it has to be lower case and leave room for account and purpose."""

CHANGE_SET_SECONDS = 120
DEPLOY_SECONDS = 30 * 60

NOTHING_CHANGED = ("didn't contain changes", "No updates are to be performed")
DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
UPDATABLE = {*DONE, "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
NEVER_BUILT = {"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"}
"""What a first deployment that failed leaves: a stack without resources, which can only be started over."""


class DeployError(Exception):
    """The stack is not as asked for; the message says why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Deploy as the command line says; 0 when the stack is as asked for."""
    options = _parser().parse_args(arguments)
    try:
        parameters = _parameters(options.parameter)
        client = boto3.client("cloudformation")
        deploy(client, options.stack, as_sent(options.template.read_text()), parameters)
        environment = service_environment(_stack(client, options.stack), os.environ.get("AWS_ENDPOINT_URL"))
    except (DeployError, BotoCoreError, ClientError, OSError) as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    lines = "".join(f"{name}={value}\n" for name, value in sorted(environment.items()))
    if options.values_file is not None:
        options.values_file.write_text(chart_values(environment))
    if options.env_file is not None:
        options.env_file.write_text(lines)
    if options.values_file is None and options.env_file is None:
        sys.stdout.write(lines)
    return 0


def as_sent(template: str) -> str:
    """The template as JSON: CloudFormation takes 51,200 bytes; comments and indentation are for people."""
    return json.dumps(yaml.load(template, _Loader), separators=(",", ":"))  # noqa: S506 - a SafeLoader


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms (``!Ref``) as the long ones, which JSON has too."""


def _long_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        plain = loader.construct_scalar(node)
        # Text that is JSON itself, such as the trust of a role, needs no lines either.
        text = "".join(map(str.strip, plain.splitlines())) if plain.startswith("{") else plain
        inner: Any = text.split(".", 1) if name == "GetAtt" else text
    elif isinstance(node, yaml.SequenceNode):
        inner = loader.construct_sequence(node, deep=True)
    else:
        inner = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # there is no fourth kind
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": inner}


_Loader.add_multi_constructor("!", _long_form)


def deploy(client: CloudFormationClient, stack: str, template: str, parameters: Mapping[str, str]) -> None:
    """Bring a stack to the template by a change set, and wait until it is there.

    Raises
    ------
    DeployError
        The template or a parameter was refused, or a resource could not be made; names the first cause.
    """
    if not STACK_NAME.fullmatch(stack):
        raise DeployError(
            f"'{stack}' cannot name a stack: 2 to 24 of a-z, 0-9 and '-', starting with a letter."
        )
    existing = _settled(client, stack)
    kind: ChangeSetTypeType = "UPDATE" if existing else "CREATE"
    declared = {p["ParameterKey"] for p in client.validate_template(TemplateBody=template)["Parameters"]}
    if unknown := sorted(set(parameters) - declared):
        raise DeployError(f"no parameter {', '.join(unknown)}; there are {', '.join(sorted(declared))}.")
    known = {p["ParameterKey"] for p in existing.get("Parameters", [])} if existing else set()
    settings: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
    ]
    settings += [
        {"ParameterKey": key, "UsePreviousValue": True}
        for key in sorted((known & declared) - set(parameters))
    ]
    change_set = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"deploy-{uuid.uuid4().hex}",
        ChangeSetType=kind,
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=settings,
    )["Id"]
    if not _change_set_ready(client, change_set):
        client.delete_change_set(ChangeSetName=change_set)
        _say(f"{stack}: nothing to change")
        return
    _say(f"{stack}: {'updating' if existing else 'creating'}")
    # Events carry the token, which tells this deployment's failures from those of an earlier one.
    token = f"deploy-{uuid.uuid4()}"
    client.execute_change_set(ChangeSetName=change_set, ClientRequestToken=token)
    status = _wait(lambda: _finished(client, stack), DEPLOY_SECONDS, f"{stack} to be deployed")
    if status not in DONE:
        raise DeployError(_failure(client, stack, status, token))
    _say(f"{stack}: {status}")


def service_environment(stack: StackTypeDef, endpoint_url: str | None = None) -> dict[str, str]:
    """Environment of the services: output JobsTable becomes GAS_JOBS_TABLE."""
    environment = {
        "GAS_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", output["OutputKey"]).upper(): output["OutputValue"]
        for output in stack.get("Outputs", [])
    }
    if endpoint_url:
        environment["GAS_AWS_ENDPOINT_URL"] = endpoint_url
    return environment


def chart_values(environment: Mapping[str, str]) -> str:
    """Values of the Helm chart: the environment under ``stack``. JSON's strings are YAML's too."""
    lines = [f"  {name}: {json.dumps(value)}\n" for name, value in sorted(environment.items())]
    return "# Written by infra/aws/deploy.py: helm install gas charts/gas -f ...\nstack:\n" + "".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Create or update a GAS stack from its template.")
    parser.add_argument("--stack", required=True, help="name of the stack, and prefix of all that it names")
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the template; repeatable",
    )
    parser.add_argument(
        "--env-file", type=Path, help="where to write the services' environment (default: standard output)"
    )
    parser.add_argument("--values-file", type=Path, help="where to write it as values of the Helm chart")
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="what to deploy (default: gas.yaml)")
    return parser


def _parameters(given: list[str]) -> dict[str, str]:
    parameters = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise DeployError(f"write a parameter as NAME=VALUE; '{text}' has no '='.")
        parameters[name] = value
    return parameters


def _stack(client: CloudFormationClient, name: str) -> StackTypeDef:
    return client.describe_stacks(StackName=name)["Stacks"][0]


def _settled(client: CloudFormationClient, name: str) -> StackTypeDef | None:
    """The stack as it can be updated, or None where it is still to be created."""
    try:
        stack = _stack(client, name)
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    status = stack["StackStatus"]
    if status in NEVER_BUILT:
        _say(f"{name}: removing what an earlier attempt left ({status})")
        client.delete_stack(StackName=name)
        waiter = client.get_waiter("stack_delete_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 60})
        return None
    if status not in UPDATABLE:
        raise DeployError(
            f"{name} is {status}: wait until it is done, or see its events in the console, then deploy again."
        )
    return stack


def _change_set_ready(client: CloudFormationClient, change_set: str) -> bool:
    """Whether there is anything to change."""

    def settled() -> tuple[str, str] | None:
        answer = client.describe_change_set(ChangeSetName=change_set)
        if answer["Status"] in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
            return None
        return answer["Status"], answer.get("StatusReason", "")

    status, reason = _wait(settled, CHANGE_SET_SECONDS, "the change set")
    if status == "CREATE_COMPLETE":
        return True
    if any(text in reason for text in NOTHING_CHANGED):
        return False
    raise DeployError(f"the change set is {status}: {reason}")


def _finished(client: CloudFormationClient, stack: str) -> str | None:
    status = _stack(client, stack)["StackStatus"]
    return None if status.endswith("_IN_PROGRESS") else status


def _failure(client: CloudFormationClient, stack: str, status: str, token: str) -> str:
    """Tell what went wrong, the first cause first; what was cancelled because of it is left out."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = [event for page in pages for event in page["StackEvents"]]
    failed = [e for e in reversed(events) if e.get("ClientRequestToken") == token and _is_cause(e)]
    causes = "".join(
        f"\n  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
        for event in failed
    )
    return f"{stack} is {status}.{causes or ' Its events name no cause.'}"


def _is_cause(event: StackEventTypeDef) -> bool:
    cancelled = "cancelled" in event.get("ResourceStatusReason", "")
    return event.get("ResourceStatus", "").endswith("_FAILED") and not cancelled


def _wait(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Look until there is something, at first often (the embedded stack is quick), then every 5 seconds."""
    end = time.monotonic() + seconds
    pause = 0.1
    while (found := look()) is None:
        if time.monotonic() > end:
            raise DeployError(f"gave up waiting for {what} after {seconds:.0f} s; see the console.")
        time.sleep(pause)
        pause = min(pause * 1.5, 5)
    return found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
