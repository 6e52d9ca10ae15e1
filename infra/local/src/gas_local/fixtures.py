"""Pytest fixtures over the embedded stack; the conftest.py of a folder of tests imports what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gas_local.emulators import aws_emulator, globus_emulator
from gas_local.environment import aws_environment
from gas_local.ports import HOST, free_port
from gas_local.provision import MAIL_SENDER, deploy, emulator_client, verify_sender
from gas_local.supervisor import Supervisor
from gas_local.world import CLIENT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT_SECRET = "the secret of a test's client"  # noqa: S105  of an emulator that lives as long as the tests


@dataclass(frozen=True, slots=True)
class Stack:
    """Emulators that run, with infra/aws deployed: what a service's environment would say, and clients."""

    name: str
    environment: dict[str, str]
    """GAS_* as deploy.py wrote them, GAS_GLOBUS_* and GAS_BASE_URL, and AWS_* credentials."""
    aws_url: str
    globus_url: str
    web_port: int
    """A port that is free for the web, which Globus may redirect to."""

    def __getitem__(self, variable: str) -> str:
        return self.environment[variable]

    def client(self, service: str) -> Any:  # noqa: ANN401  boto3 makes clients of any service
        """A boto3 client that talks to the emulator."""
        return emulator_client(service, self.aws_url)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The embedded stack on free ports, for as long as the tests run."""
    state = tmp_path_factory.mktemp("stack")
    aws_port, globus_port, web_port = free_port(), free_port(), free_port()
    aws_url, globus_url = f"http://{HOST}:{aws_port}", f"http://{HOST}:{globus_port}"
    base_url = f"http://{HOST}:{web_port}"
    with Supervisor(state / "log") as supervisor:
        supervisor.start(
            aws_emulator(port=aws_port, state=state / "aws"),
            globus_emulator(
                port=globus_port,
                state=state / "globus",
                client_secret=CLIENT_SECRET,
                redirect_uris=[f"{base_url}/authcallback"],
            ),
        )
        resources = deploy(
            stack="gas-test",
            endpoint_url=aws_url,
            parameters={"WebOrigin": base_url, "MailSender": MAIL_SENDER, "ArchiveDelaySeconds": "0"},
            env_file=state / "stack.env",
        )
        verify_sender(endpoint_url=aws_url, address=MAIL_SENDER)
        environment = resources | aws_environment(aws_url)
        environment |= {
            "GAS_BASE_URL": base_url,
            "GAS_GLOBUS_URL": globus_url,
            "GAS_GLOBUS_PUBLIC_URL": globus_url,
            "GAS_GLOBUS_CLIENT_ID": CLIENT_ID,
            "GAS_GLOBUS_CLIENT_SECRET": CLIENT_SECRET,
        }
        yield Stack("gas-test", environment, aws_url, globus_url, web_port)
