"""``python -m gas_local``: GAS on this machine. ``make run`` calls it, with the ports of its variables."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gas_local.environment import ROOT
from gas_local.errors import LocalStackError
from gas_local.ports import Ports
from gas_local.run import run


def main() -> int:
    """Read the command line and run; a problem is one sentence and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m gas_local", description="Run GAS on this machine.")
    parser.add_argument("--web-port", type=int, default=8080)
    parser.add_argument("--aws-port", type=int, default=4566)
    parser.add_argument("--globus-port", type=int, default=9800)
    parser.add_argument("--mail-port", type=int, default=8025)
    parser.add_argument("--stripe-port", type=int, default=8420)
    parser.add_argument("--state", type=Path, default=ROOT / ".local", help="where everything is kept")
    parser.add_argument(
        "--once", action="store_true", help="do the main job and leave: 0 if it went as expected"
    )
    options = parser.parse_args()
    ports = Ports(
        web=options.web_port,
        aws=options.aws_port,
        globus=options.globus_port,
        mail=options.mail_port,
        stripe=options.stripe_port,
    )
    try:
        return run(ports, options.state.resolve(), once=options.once)
    except LocalStackError as error:
        print(f"gas: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
