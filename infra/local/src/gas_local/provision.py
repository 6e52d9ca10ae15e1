"""AWS resources in the emulator: by the deploy command that a real account is deployed with."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3

from gas_local.environment import REGION, ROOT, aws_environment, base_environment
from gas_local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEPLOY = ROOT / "infra" / "aws" / "deploy.py"
MAIL_SENDER = "gas@mail.example"
DEPLOY_SECONDS = 60


def deploy(*, stack: str, endpoint_url: str, parameters: Mapping[str, str], env_file: Path) -> dict[str, str]:
    """Deploy infra/aws and give the services' environment, which is in ``env_file`` too."""
    command = [sys.executable, str(DEPLOY), "--stack", stack, "--env-file", str(env_file)]
    for name, value in parameters.items():
        command += ["--parameter", f"{name}={value}"]
    done = subprocess.run(
        command,
        env=base_environment() | aws_environment(endpoint_url),
        capture_output=True,
        text=True,
        timeout=DEPLOY_SECONDS,
        check=False,
    )
    if done.returncode:
        raise LocalStackError(f"infra/aws could not be deployed into the emulator. {done.stderr.strip()}")
    return dict(line.split("=", 1) for line in env_file.read_text().splitlines())


def verify_sender(*, endpoint_url: str, address: str) -> None:
    """What an operator does once by hand: SES sends only for an address whose owner agreed."""
    emulator_client("ses", endpoint_url).verify_email_identity(EmailAddress=address)


def emulator_client(service: str, endpoint_url: str) -> Any:  # noqa: ANN401  boto3 makes clients of any service
    """A boto3 client of the emulator."""
    session: Any = boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  the emulator's, not a secret
        region_name=REGION,
    )
    return session.client(service, endpoint_url=endpoint_url)
