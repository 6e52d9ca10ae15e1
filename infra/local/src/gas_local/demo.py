"""The demo's parts on Kubernetes, one command each; the chart's pods and jobs start them.

python -m gas_local.demo globus --public-url http://globus.gas.localhost --web-url http://gas.localhost
python -m gas_local.demo provision --stack gas-demo --aws-url http://gas-aws:4566 --web-url http://gas.localhost
python -m gas_local.demo journey --stack gas-demo --aws-url http://gas-aws:4566 --web-url http://gas.localhost
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from gas_local.errors import LocalStackError
from gas_local.journey import Browser
from gas_local.main_job import do_main_job
from gas_local.provision import MAIL_SENDER, deploy, emulator_client, verify_sender
from gas_local.world import globus_seed

CLIENT_SECRET = "GAS_GLOBUS_CLIENT_SECRET"  # noqa: S105 - the variable's name
"""Where the demo's client secret comes from: the same Secret that the web reads."""

PATIENCE_SECONDS = 120
"""How long a part waits for the AWS emulator: pods start in no order."""


def main(arguments: list[str] | None = None) -> int:
    """Do one part; a problem is one sentence and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.do(options))
    except LocalStackError as error:
        print(f"gas: {error}", file=sys.stderr)
        return 1


def _globus(options: argparse.Namespace) -> int:
    """Become fauxbus, with our researchers and our client."""
    seed = Path(tempfile.gettempdir()) / "globus-seed.json"
    seed.touch(mode=0o600)
    redirect_uris = [f"{options.web_url}/authcallback"]
    seed.write_text(
        json.dumps(globus_seed(client_secret=os.environ[CLIENT_SECRET], redirect_uris=redirect_uris))
    )
    command = ["fauxbus", "serve", "--host", "0.0.0.0", "--port", str(options.port), "--seed", str(seed)]  # noqa: S104 - a pod's
    # The account picker belongs to its control plane, so that is open to whoever reaches the demo.
    command += ["--issuer", options.public_url, "--require-issued-tokens"]
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def _provision(options: argparse.Namespace) -> int:
    """Deploy infra/aws into the emulator; nothing changes where it is there already."""
    _wait_for(options.aws_url)
    with tempfile.TemporaryDirectory() as folder:
        resources = deploy(
            stack=options.stack,
            endpoint_url=options.aws_url,
            parameters={
                "WebOrigin": options.web_url,
                "MailSender": MAIL_SENDER,
                **dict(parameter.split("=", 1) for parameter in options.parameter),
            },
            env_file=Path(folder) / "stack.env",
        )
    verify_sender(endpoint_url=options.aws_url, address=MAIL_SENDER)
    print(f"{options.stack} is there: {len(resources)} outputs")
    return 0


def _journey(options: argparse.Namespace) -> int:
    """The sample through the front door, as a researcher would; 0 if it ended as expected."""
    connect_to = dict(pair.split("=", 1) for pair in options.connect_to)
    account = emulator_client("sts", options.aws_url).get_caller_identity()["Account"]
    right = do_main_job(
        Browser(options.web_url, connect_to=connect_to),
        aws_url=options.aws_url,
        results_bucket=f"{options.stack}-{account}-results",
    )
    return 0 if right else 1


def _wait_for(aws_url: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{aws_url}/_ministack/health", timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            if time.monotonic() > end:
                raise LocalStackError(f"the AWS emulator at {aws_url} does not answer: {error}") from error
        time.sleep(0.5)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gas_local.demo", description="A part of the demo.")
    parts = parser.add_subparsers(required=True, metavar="PART")
    globus = parts.add_parser("globus", help="serve the Globus emulator")
    globus.set_defaults(do=_globus)
    globus.add_argument("--port", type=int, default=9800)
    globus.add_argument("--public-url", required=True, help="where browsers find it")
    provision = parts.add_parser("provision", help="deploy infra/aws into the AWS emulator")
    provision.set_defaults(do=_provision)
    provision.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    journey = parts.add_parser("journey", help="do the sample's job through the front door")
    journey.set_defaults(do=_journey)
    journey.add_argument(
        "--connect-to",
        action="append",
        default=[],
        metavar="ORIGIN=HOST:PORT",
        help="ask this address for that origin, where its name cannot be looked up",
    )
    for part in (globus, provision, journey):
        part.add_argument("--web-url", required=True, help="public address of the pages")
    for part in (provision, journey):
        part.add_argument("--aws-url", required=True)
        part.add_argument("--stack", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
