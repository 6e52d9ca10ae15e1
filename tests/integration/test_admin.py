"""gas-admin as an operator runs it, on the embedded stack."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.dynamodb.users import DynamoUsers

if TYPE_CHECKING:
    from gas_local.fixtures import Stack

GAS_ADMIN = Path(sys.executable).with_name("gas-admin")


def run(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GAS_ADMIN, *words], env=stack.environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_operator_gives_premium_and_finds_it_in_the_table(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, stack[name])
    clients = AwsClients(region="us-east-1", endpoint_url=stack.aws_url)
    users = DynamoUsers(clients.dynamodb, table=stack["GAS_USERS_TABLE"])
    identity_id = str(uuid.uuid4())
    users.sign_in(identity_id=identity_id, name="Ada", email=f"{identity_id}@lab.example", now=1)

    done = run(stack, "plan", "set", f"{identity_id}@lab.example", "premium")
    assert (done.returncode, done.stdout) == (0, f"{identity_id}: free → premium\n"), done.stderr
    audit = [json.loads(line) for line in done.stderr.splitlines()]
    (line,) = [line for line in audit if line["event"] == "plan_set_by_operator"]
    assert line["user_id"] == identity_id
    assert line["operator"]
    assert line["timestamp"]

    shown = json.loads(run(stack, "plan", "show", identity_id, "--json").stdout)
    assert (shown["plan"], shown["plan_source"], shown["plan_settling"]) == ("premium", "operator", True)
    status = run(stack, "lifecycle", "status", "--json")
    assert json.loads(status.stdout)["changing_plans"] >= 1
    assert run(stack, "job", "show", str(uuid.uuid4())).returncode == 1
    # Nobody works the change through here, and other tests must not find it.
    user = users.get(identity_id)
    clients.dynamodb.delete_item(
        TableName=stack["GAS_USERS_TABLE"], Key={"identity_id": {"S": user.identity_id}}
    )


def test_setting_that_is_missing_is_named(stack: Stack) -> None:
    environment = {name: value for name, value in stack.environment.items() if name != "GAS_USERS_TABLE"}
    done = subprocess.run(
        [GAS_ADMIN, "plan", "show", "x"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "GAS_USERS_TABLE: Field required" in done.stderr
