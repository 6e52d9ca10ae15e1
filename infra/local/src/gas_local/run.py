"""What ``make run`` does: start everything, do the main job through the front door, serve until Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from gas_local.emulators import aws_emulator, globus_emulator
from gas_local.environment import ROOT, aws_environment, base_environment
from gas_local.errors import LocalStackError
from gas_local.journey import Browser, count
from gas_local.mailbox import mails
from gas_local.ports import HOST, require_free
from gas_local.provision import MAIL_SENDER, deploy, verify_sender
from gas_local.supervisor import Program, Supervisor
from gas_local.world import ADA, CLIENT_ID, GREGOR, Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

PROCFILE = ROOT / "infra" / "local" / "Procfile"
SAMPLE = ROOT / "examples" / "sample.vcf"
EXPECTED = ROOT / "examples" / "expected.json"

STACK = "gas-local"
SWEEP_SECONDS = 60
MAIL_SECONDS = 20
GUARDIAN_SECONDS = 15
"""How long a killed run's guardian may need to stop what it left."""
LINES_SHOWN = 3
LINE_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens, with the make variable that moves it."""

    web: int
    aws: int
    globus: int
    mail: int

    def require_free(self, patience_seconds: float) -> None:
        """Refuse to start where another program listens."""
        for name in ("web", "aws", "globus", "mail"):
            require_free(
                getattr(self, name), variable=f"{name.upper()}_PORT", patience_seconds=patience_seconds
            )


def run(ports: Ports, state: Path, *, once: bool) -> int:
    """Run until Ctrl-C, or once; 0 when the main job ended as it should."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    state.mkdir(parents=True, exist_ok=True)
    with _only_one(state), Supervisor(state / "log") as supervisor:
        try:
            _start(supervisor, ports, state)
            right = _main_job(ports)
            if once:
                return 0 if right else 1
            _say(f"Open http://{HOST}:{ports.web}/ and sign in as {ADA.name} or {GREGOR.name}. Ctrl-C stops.")
            while True:
                supervisor.check()
                for line in supervisor.warnings():
                    _say(line)
                time.sleep(0.5)
        except KeyboardInterrupt:
            _say("\nStopping: services finish or hand back what they do, then the emulators save.")
            return 0


def _start(supervisor: Supervisor, ports: Ports, state: Path) -> None:
    begun = time.monotonic()
    marker = state / "running"
    ports.require_free(GUARDIAN_SECONDS if marker.exists() else 0)
    _tidy(state)
    marker.touch()
    secrets = Secrets.of(state / "secrets.json")
    aws_url, globus_url = f"http://{HOST}:{ports.aws}", f"http://{HOST}:{ports.globus}"
    base_url = f"http://{HOST}:{ports.web}"
    _say("Starting the emulators of AWS and Globus")
    supervisor.start(
        aws_emulator(port=ports.aws, state=state / "aws"),
        globus_emulator(
            port=ports.globus,
            state=state / "globus",
            client_secret=secrets.globus_client_secret,
            redirect_uris=[f"{base_url}/authcallback"],
        ),
    )
    _say("Deploying infra/aws")
    resources = deploy(
        stack=STACK,
        endpoint_url=aws_url,
        parameters={"WebOrigin": base_url, "MailSender": MAIL_SENDER},
        env_file=state / "stack.env",
    )
    verify_sender(endpoint_url=aws_url, address=MAIL_SENDER)
    environment = {
        # A setting of ours in the caller's environment (GAS_FREE_MAX_BYTES=...) reaches the services.
        **{name: value for name, value in os.environ.items() if name.startswith("GAS_")},
        **base_environment(),
        **aws_environment(aws_url),
        **resources,
        "GAS_S3_PUBLIC_ENDPOINT_URL": aws_url,
        "GAS_BASE_URL": base_url,
        "GAS_HTTP_PORT": str(ports.web),
        "GAS_HEALTH_PORT": "0",
        "GAS_SECRET_KEY": secrets.web_secret_key,
        "GAS_GLOBUS_CLIENT_ID": CLIENT_ID,
        "GAS_GLOBUS_CLIENT_SECRET": secrets.globus_client_secret,
        "GAS_GLOBUS_URL": globus_url,
        "GAS_GLOBUS_PUBLIC_URL": globus_url,
        "GAS_SWEEP_INTERVAL_SECONDS": str(SWEEP_SECONDS),
        "GAS_LOG_FORMAT": "json",
    }
    services = procfile(environment, web_ready_url=f"{base_url}/healthz")
    _say(f"Starting {', '.join(service.name for service in services)} (logs: {state / 'log'})")
    mailbox = (sys.executable, "-m", "gas_local.mailbox", "--port", str(ports.mail), "--aws-url", aws_url)
    supervisor.start(Program("mailbox", mailbox, base_environment()), *services)
    _say(f"Ready after {time.monotonic() - begun:.1f} s")


def procfile(environment: dict[str, str], *, web_ready_url: str) -> list[Program]:
    """The services as the Procfile names them."""
    programs = []
    for line in PROCFILE.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, command = line.partition(":")
            ready = web_ready_url if name == "web" else None
            programs.append(Program(name, tuple(shlex.split(command)), environment, ready))
    return programs


def _main_job(ports: Ports) -> bool:
    """Sign in, submit the sample, and tell how it ended; whether it ended as expected."""
    _say(f"\nThe main job, through the front door of http://{HOST}:{ports.web}/")
    browser = Browser(f"http://{HOST}:{ports.web}")
    browser.sign_in(ADA)
    _say(f"  signed in over Globus as {ADA.name} <{ADA.email}>")
    job_url = browser.submit(SAMPLE)
    _say(f"  submitted {SAMPLE.name}, {SAMPLE.stat().st_size:,} bytes: {job_url}")
    outcome = browser.follow(job_url)
    _say(f"  {outcome.status} after {outcome.seconds:.1f} s: {' '.join(outcome.sentences)}")
    if outcome.status != "COMPLETED":
        return False
    vcf = browser.download(outcome)
    records = [line for line in vcf.splitlines() if not line.startswith("#")]
    for line in records[:LINES_SHOWN]:
        text = line.replace("\t", "  ")
        _say(f"    {text if len(text) <= LINE_WIDTH else text[: LINE_WIDTH - 1] + '…'}")
    mail = _mail_about(outcome.job_id, f"http://{HOST}:{ports.aws}")
    _say(f"  mail: {mail or 'none came'} (read it at http://{HOST}:{ports.mail}/)")
    right = _as_expected(vcf)
    _say("  the annotations are those expected\n" if right else "  THE ANNOTATIONS ARE NOT THOSE EXPECTED\n")
    return right and mail is not None


def _mail_about(job_id: str, aws_url: str) -> str | None:
    end = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < end:
        for mail in mails(aws_url):
            if job_id in mail.text:
                return mail.subject
        time.sleep(0.2)
    return None


def _as_expected(vcf: str) -> bool:
    expected, counted = json.loads(EXPECTED.read_text()), count(vcf)
    for name, value in expected.items():
        if counted.get(name) != value:
            _say(f"  {name}: {value} expected, {counted.get(name)} found")
    return all(counted.get(name) == value for name, value in expected.items())


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
