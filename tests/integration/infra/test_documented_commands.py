"""Commands of gas-admin in the operator's guides, each against the role of the pod that it is told for.

Emulators enforce no policies, so a guide could send an operator to a pod that AWS refuses.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest
from tests.integration.infra.policies import policies_of
from tests.integration.infra.test_permissions import RECORDER, allows, calls_of

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_local.environment import ROOT
from gas_local.fixtures import running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gas_local.fixtures import Stack

TOLD = re.compile(r"exec deploy(?:ment)?/gas-(\w+) -- gas-admin (.+)")
COMMANDS = sorted(
    {
        found
        for guide in (ROOT / "docs/operator").glob("*.md")
        for found in TOLD.findall(guide.read_text(encoding="utf-8"))
    }
)


def test_guides_tell_commands() -> None:
    assert {words.split()[0] for _, words in COMMANDS} >= {"plan", "job", "lifecycle"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One of our own: a change of the plan leaves messages that nobody takes."""
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def identity_id(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, stack[name])
    clients = AwsClients(region="us-east-1", endpoint_url=stack.aws_url)
    users = DynamoUsers(clients.dynamodb, table=stack["GAS_USERS_TABLE"])
    identity_id = str(uuid.uuid4())
    users.sign_in(identity_id=identity_id, name="Ada", email=f"{identity_id}@lab.example", now=1)
    return identity_id


@pytest.mark.parametrize(("service", "words"), COMMANDS)
def test_role_of_the_pod_allows_what_a_documented_command_reads(
    stack: Stack, tmp_path: Path, identity_id: str, service: str, words: str
) -> None:
    nobodys_job = str(uuid.uuid4())
    for name, value in {"IDENTITY_ID": identity_id, "JOB_ID": nobodys_job, '"$JOB"': nobodys_job}.items():
        words = words.replace(name, value)
    environment = stack.environment | {"PYTHONPATH": str(RECORDER), "RECORDED_CALLS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "gas_core.admin", *words.split()],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # 1: there is no such job. It has read, too.
    assert done.returncode in {0, 1}, done.stderr
    policy = policies_of(
        (ROOT / "infra/aws/gas.yaml").read_text(),
        stack=stack.name,
        parameters={"BundlesArn": "arn:aws:s3:::none/*", "KmsKeyArn": "arn:aws:kms:::key/none"},
    )[service]
    recorded = (tmp_path / "gas_core.admin.jsonl").read_text().splitlines()
    calls = [call for line in recorded for call in calls_of(json.loads(line), stack)]
    assert calls
    refused = {f"{call.action} on {call.resource}" for call in calls if not allows(policy, call)}
    assert refused == set(), f"gas-{service} may not"
