"""What ``make run`` does: start everything, do the main job through the front door, serve until Ctrl-C."""

from __future__ import annotations

import fcntl
import secrets
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from gas_local.emulators import aws_emulator, globus_emulator, stripe_emulator
from gas_local.environment import base_environment
from gas_local.errors import LocalStackError
from gas_local.journey import Browser
from gas_local.main_job import do_main_job
from gas_local.ports import HOST
from gas_local.provision import MAIL_SENDER, deploy, verify_sender
from gas_local.services import service_environment, service_programs
from gas_local.stripe import TEST_CARD, seed_stripe, stripe_environment
from gas_local.supervisor import Program, Supervisor
from gas_local.world import ADA, GREGOR, OLIVIA, Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from gas_local.ports import Ports

STACK = "gas-local"
GUARDIAN_SECONDS = 15
"""How long a killed run's guardian may need to stop what it left."""


def run(ports: Ports, state: Path, *, once: bool) -> int:
    """Run until Ctrl-C, or once; 0 when the main job ended as it should."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    state.mkdir(parents=True, exist_ok=True)
    with _only_one(state), Supervisor(state / "log") as supervisor:
        try:
            resources = _start(supervisor, ports, state)
            right = do_main_job(
                Browser(f"http://{HOST}:{ports.web}", watch=supervisor.check),
                aws_url=f"http://{HOST}:{ports.aws}",
                results_bucket=resources["GAS_RESULTS_BUCKET"],
            )
            if once:
                return 0 if right else 1
            _say(f"Premium costs nothing here: card {TEST_CARD}, any date to come, any three digits.")
            _say(f"Open http://{HOST}:{ports.web}/ and sign in as {ADA.name} or {GREGOR.name}. Ctrl-C stops.")
            _say(f"Operations: http://{HOST}:{ports.web}/admin, as {OLIVIA.name}.")
            _say(f"All mails: http://{HOST}:{ports.mail}/")
            while True:
                supervisor.check()
                for line in supervisor.warnings():
                    _say(line)
                time.sleep(0.5)
        except KeyboardInterrupt:
            _say("\nStopping: services finish or hand back what they do, then the emulators save.")
            return 0


def _start(supervisor: Supervisor, ports: Ports, state: Path) -> dict[str, str]:
    begun = time.monotonic()
    marker = state / "running"
    ports.require_free(GUARDIAN_SECONDS if marker.exists() else 0)
    _tidy(state)
    marker.touch()
    kept = Secrets.of(state / "secrets.json")
    aws_url, globus_url = f"http://{HOST}:{ports.aws}", f"http://{HOST}:{ports.globus}"
    stripe_url, webhook_secret = f"http://{HOST}:{ports.stripe}", f"whsec_{secrets.token_urlsafe(32)}"
    base_url = f"http://{HOST}:{ports.web}"
    _say("Starting the emulators of AWS, Globus and Stripe")
    supervisor.start(
        aws_emulator(port=ports.aws, state=state / "aws"),
        globus_emulator(
            port=ports.globus,
            state=state / "globus",
            client_secret=kept.globus_client_secret,
            redirect_uris=[f"{base_url}/authcallback"],
        ),
        stripe_emulator(port=ports.stripe, state=state / "stripe"),
    )
    seed_stripe(stripe_url, webhook_url=f"{base_url}/webhooks/stripe", webhook_secret=webhook_secret)
    _say("Deploying infra/aws")
    resources = deploy(
        stack=STACK,
        endpoint_url=aws_url,
        parameters={"WebOrigin": base_url, "MailSender": MAIL_SENDER},
        env_file=state / "stack.env",
    )
    verify_sender(endpoint_url=aws_url, address=MAIL_SENDER)
    services = service_programs(
        service_environment(
            resources,
            aws_url=aws_url,
            globus_url=globus_url,
            base_url=base_url,
            globus_client_secret=kept.globus_client_secret,
            secret_key=kept.web_secret_key,
            stripe=stripe_environment(stripe_url, webhook_secret=webhook_secret),
        )
    )
    _say(f"Starting {', '.join(service.name for service in services)} (logs: {state / 'log'})")
    mailbox = (sys.executable, "-m", "gas_local.mailbox", "--port", str(ports.mail), "--aws-url", aws_url)
    supervisor.start(Program("mailbox", mailbox, base_environment()), *services)
    _say(f"Ready after {time.monotonic() - begun:.1f} s")
    return resources


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Hold the state directory; the lock goes with the process, however it ends."""
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LocalStackError(
                f"GAS already runs from {state}: stop that run first (Ctrl-C where it runs)."
            ) from None
        try:
            yield
        finally:
            if _saved(state):
                (state / "running").unlink(missing_ok=True)


def _tidy(state: Path) -> None:
    """Tell what a run that was killed lost, and remove what it left behind."""
    if not _saved(state):
        _say("The last run was killed before the AWS emulator could save: the jobs of that run are gone.")
    objects = state / "aws" / "objects"
    if not _tables(state).exists() and objects.exists():
        # Nothing names these objects any more, and their buckets are about to be made anew.
        shutil.rmtree(objects)


def _saved(state: Path) -> bool:
    """Whether the AWS emulator saved its tables after the last run began."""
    marker, tables = state / "running", _tables(state)
    return not marker.exists() or (tables.exists() and tables.stat().st_mtime >= marker.stat().st_mtime)


def _tables(state: Path) -> Path:
    return state / "aws" / "saved" / "dynamodb.json"


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Leave once; a second Ctrl-C must not cut the saving short."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)
