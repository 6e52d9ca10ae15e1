"""How the emulators of AWS, Globus and Stripe are started, and when they are ready."""

from __future__ import annotations

import json
from pathlib import Path

from gas_local.environment import ROOT, base_environment
from gas_local.errors import LocalStackError
from gas_local.ports import HOST
from gas_local.stripe import JS_PATH
from gas_local.supervisor import Program
from gas_local.world import globus_seed

EMULATORS = ROOT / ".venv-local" / "bin"
"""Their own environment: ministack pins a botocore that is not ours."""


def aws_emulator(*, port: int, state: Path) -> Program:
    """Ministack. It saves tables and queues when it is stopped by SIGTERM, and objects as they come."""
    for folder in ("saved", "objects", "tmp"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    return Program(
        name="aws",
        command=(_installed("ministack"),),
        environment={
            **base_environment(),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state / "saved"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "objects"),
            "TMPDIR": str(state / "tmp"),
            "LOG_LEVEL": "WARNING",
        },
        ready_url=f"http://{HOST}:{port}/_ministack/health",
    )


def globus_emulator(*, port: int, state: Path, client_secret: str, redirect_uris: list[str]) -> Program:
    """Fauxbus, with the people of world.py and our client. It keeps nothing: the seed is its whole state."""
    state.mkdir(parents=True, exist_ok=True)
    seed = state / "globus-seed.json"
    seed.touch(mode=0o600)
    seed.write_text(json.dumps(globus_seed(client_secret=client_secret, redirect_uris=redirect_uris)))
    url = f"http://{HOST}:{port}"
    return Program(
        name="globus",
        command=(
            *(_installed("fauxbus"), "serve", "--host", HOST, "--port", str(port), "--seed", str(seed)),
            *("--issuer", url, "--require-issued-tokens", "--control-loopback-only"),
        ),
        environment=base_environment(),
        ready_url=f"{url}/_fauxbus/",
    )


def stripe_emulator(*, port: int, state: Path) -> Program:
    """Localstripe. It keeps customers and subscriptions, and forgets whom it told of events."""
    state.mkdir(parents=True, exist_ok=True)
    server = Path(__file__).with_name("stripe_server.py")
    return Program(
        name="stripe",
        # -P: the server's neighbours are no modules of its own.
        command=(_installed("python"), "-P", str(server), "--port", str(port), "--state", str(state)),
        environment=base_environment(),
        ready_url=f"http://{HOST}:{port}{JS_PATH}",
    )


def _installed(program: str) -> str:
    path = EMULATORS / program
    if not path.exists():
        raise LocalStackError(
            f"The emulators are not installed ({program} is missing): run 'make .venv-local/installed'."
        )
    return str(path)
