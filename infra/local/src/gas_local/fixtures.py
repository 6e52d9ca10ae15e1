"""Pytest fixtures over the embedded stack; the conftest.py of a folder of tests imports what it needs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gas_local.emulators import aws_emulator, globus_emulator, stripe_emulator
from gas_local.ports import HOST, free_port
from gas_local.provision import MAIL_SENDER, deploy, emulator_client, verify_sender
from gas_local.services import service_environment, service_programs
from gas_local.stripe import seed_stripe, stripe_environment
from gas_local.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Secrets of emulators that live as long as the tests.
CLIENT_SECRET = "the secret of a test's client"  # noqa: S105
SECRET_KEY = "the key that signs a test's sessions"  # noqa: S105
WEBHOOK_SECRET = "whsec_that_signs_a_tests_events"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Stack:
    """Emulators that run, with infra/aws deployed: what a service's environment would say, and clients."""

    name: str
    environment: dict[str, str]
    """All that services read: GAS_* as deploy.py wrote them, the other GAS_*, and AWS_* credentials."""
    aws_url: str
    globus_url: str
    stripe_url: str
    base_url: str
    """Where the web belongs: nobody listens there, and Globus redirects to it."""

    def __getitem__(self, variable: str) -> str:
        return self.environment[variable]

    def client(self, service: str) -> Any:  # noqa: ANN401  boto3 makes clients of any service
        """A boto3 client that talks to the emulator."""
        return emulator_client(service, self.aws_url)


@dataclass(frozen=True, slots=True)
class Site:
    """All services of the Procfile, running on a stack."""

    stack: Stack
    supervisor: Supervisor
    """Tells process IDs, for tests that stop one for a while."""

    @property
    def base_url(self) -> str:
        return self.stack.base_url


@contextmanager
def running_stack(state: Path) -> Iterator[Stack]:
    """Emulators on free ports, which keep what they have in ``state``, for as long as the block lasts."""
    aws_port, globus_port = free_port(), free_port()
    aws_url, globus_url = f"http://{HOST}:{aws_port}", f"http://{HOST}:{globus_port}"
    base_url, stripe_port = f"http://{HOST}:{free_port()}", free_port()
    stripe_url = f"http://{HOST}:{stripe_port}"
    with Supervisor(state / "log") as supervisor:
        supervisor.start(
            aws_emulator(port=aws_port, state=state / "aws"),
            globus_emulator(
                port=globus_port,
                state=state / "globus",
                client_secret=CLIENT_SECRET,
                redirect_uris=[f"{base_url}/authcallback"],
            ),
            stripe_emulator(port=stripe_port, state=state / "stripe"),
        )
        seed_stripe(stripe_url, webhook_url=f"{base_url}/webhooks/stripe", webhook_secret=WEBHOOK_SECRET)
        resources = deploy(
            stack="gas-test",
            endpoint_url=aws_url,
            parameters={"WebOrigin": base_url, "MailSender": MAIL_SENDER},
            env_file=state / "stack.env",
        )
        verify_sender(endpoint_url=aws_url, address=MAIL_SENDER)
        environment = service_environment(
            resources,
            aws_url=aws_url,
            globus_url=globus_url,
            base_url=base_url,
            globus_client_secret=CLIENT_SECRET,
            secret_key=SECRET_KEY,
            stripe=stripe_environment(stripe_url, webhook_secret=WEBHOOK_SECRET),
        )
        yield Stack("gas-test", environment, aws_url, globus_url, stripe_url, base_url)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The embedded stack on free ports, for as long as the tests run."""
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def site(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """GAS as a whole on the embedded stack, for as long as the tests run."""
    with Supervisor(tmp_path_factory.mktemp("site")) as supervisor:
        supervisor.start(*service_programs(stack.environment))
        yield Site(stack, supervisor)
