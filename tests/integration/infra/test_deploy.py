"""The deploy command, run as an operator runs it, against the emulator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from gas_local.fixtures import Stack

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = (ROOT / "infra/aws/gas.yaml").read_text()
NEEDED = ("WebOrigin=http://127.0.0.1:1", "MailSender=gas@mail.example")


class Deploy:
    """Runs the command with what it needs of the environment and nothing else."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.environment = {name: value for name, value in stack.environment.items() if "AWS_" in name}
        self.folder = folder

    def __call__(
        self,
        name: str,
        *parameters: str,
        template: str = TEMPLATE,
        values_file: Path | None = None,
        **changed: str,
    ) -> subprocess.CompletedProcess[str]:
        path = self.folder / "template.yaml"
        path.write_text(template)
        command = [sys.executable, ROOT / "infra/aws/deploy.py", "--stack", name, "--template", path]
        for parameter in parameters:
            command += ["--parameter", parameter]
        if values_file:
            command += ["--values-file", values_file]
        environment = {"PATH": os.environ["PATH"]} | self.environment | changed
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def deploy(stack: Stack, tmp_path: Path) -> Deploy:
    return Deploy(stack, tmp_path)


def stack_parameters(stack: Stack, name: str) -> dict[str, str]:
    (found,) = stack.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {p["ParameterKey"]: p["ParameterValue"] for p in found["Parameters"]}


def test_second_deployment_changes_nothing_and_tells_the_same(deploy: Deploy) -> None:
    first, second = deploy("gas-twice", *NEEDED), deploy("gas-twice", *NEEDED)
    assert (first.returncode, second.returncode) == (0, 0)
    assert second.stderr == "gas-twice: nothing to change\n"
    assert second.stdout == first.stdout
    assert "GAS_JOBS_TABLE=gas-twice-jobs\n" in first.stdout


def test_parameters_not_given_keep_their_values(deploy: Deploy, stack: Stack) -> None:
    deploy("gas-keeps", *NEEDED, "ServiceAccountNamespace=genomics")
    changed = deploy("gas-keeps", "InputRetentionDays=30")
    assert changed.stderr == "gas-keeps: updating\ngas-keeps: UPDATE_COMPLETE\n"
    kept = stack_parameters(stack, "gas-keeps")
    assert (kept["ServiceAccountNamespace"], kept["InputRetentionDays"]) == ("genomics", "30")
    assert kept["MailSender"] == "gas@mail.example"


def test_two_stacks_live_side_by_side(deploy: Deploy, stack: Stack) -> None:
    for name in ("gas-left", "gas-right"):
        assert deploy(name, *NEEDED).returncode == 0
    sns, sqs = stack.client("sns"), stack.client("sqs")
    topic = stack["GAS_PLAN_CHANGES_TOPIC_ARN"].replace(stack.name, "gas-left")
    sns.publish(TopicArn=topic, Message="for the left")
    left, right = (
        sqs.get_queue_url(QueueName=f"{name}-restores")["QueueUrl"] for name in ("gas-left", "gas-right")
    )
    assert sqs.receive_message(QueueUrl=left, WaitTimeSeconds=2)["Messages"][0]["Body"] == "for the left"
    assert "Messages" not in sqs.receive_message(QueueUrl=right, WaitTimeSeconds=0)


def test_bad_change_is_rolled_back_and_its_first_cause_told(deploy: Deploy) -> None:
    good = deploy("gas-change", *NEEDED)
    bad = deploy("gas-change", template=TEMPLATE.replace("VisibilityTimeout: 75", "VisibilityTimeout: 99999"))
    assert bad.returncode == 1
    told = bad.stderr.splitlines()
    assert told[1] == "deploy: gas-change is UPDATE_ROLLBACK_COMPLETE."
    assert re.fullmatch(r"  \w+Queue \(AWS::SQS::Queue\): .*VisibilityTimeout.*", told[2])
    assert deploy("gas-change").stdout == good.stdout


def test_first_deployment_that_failed_can_simply_be_repeated(deploy: Deploy) -> None:
    broken = TEMPLATE.replace("VisibilityTimeout: 75", "VisibilityTimeout: 99999", 1)
    bad = deploy("gas-again", *NEEDED, template=broken)
    assert bad.returncode == 1
    assert "JobRequestsQueue" in bad.stderr
    repeated = deploy("gas-again", *NEEDED)
    assert (repeated.returncode, "CREATE_COMPLETE" in repeated.stderr) == (0, True)


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("Gas_Dev", NEEDED, "cannot name a stack"),
        ("gas-dev", (*NEEDED, "WebOrgin=x"), "no parameter WebOrgin; there are .*WebOrigin"),
        ("gas-dev", (*NEEDED, "WebOrigin"), "'WebOrigin' has no '='"),
        ("gas-dev", ("WebOrigin=https://a.example/path", NEEDED[1]), "without a path"),
        ("gas-dev", (*NEEDED, "InputRetentionDays=-1"), "InputRetentionDays"),
    ],
)
def test_mistake_is_told_in_one_line(
    deploy: Deploy, name: str, parameters: tuple[str, ...], sentence: str
) -> None:
    refused = deploy(name, *parameters)
    assert refused.returncode == 1
    assert re.match(rf"deploy: .*{sentence}", refused.stderr)
    assert refused.stderr.count("\n") == 1


def test_unreachable_endpoint_is_told_in_one_line(deploy: Deploy) -> None:
    refused = deploy("gas-dev", *NEEDED, AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert refused.returncode == 1
    assert re.fullmatch(r"deploy: Could not connect to the endpoint URL.*\n", refused.stderr)


def test_values_file_gives_the_chart_the_services_environment(deploy: Deploy, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    told = deploy("gas-values", *NEEDED).stdout
    done = deploy("gas-values", *NEEDED, values_file=values)
    assert (done.returncode, done.stdout) == (0, "")
    assert yaml.safe_load(values.read_text()) == {
        "stack": dict(line.split("=", 1) for line in told.splitlines())
    }
