"""The services as the Procfile names them, with the environment that leads them to the emulators."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gas_local.environment import ROOT, aws_environment, base_environment
from gas_local.supervisor import Program
from gas_local.world import CLIENT_ID, OPERATOR_GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping

PROCFILE = ROOT / "infra" / "local" / "Procfile"
SWEEP_SECONDS = THAW_SECONDS = 10
"""Often, since whoever tries the service waits for it. CronJobs run every minute and every five."""


def service_environment(
    resources: Mapping[str, str],
    *,
    aws_url: str,
    globus_url: str,
    base_url: str,
    globus_client_secret: str,
    secret_key: str,
    stripe: Mapping[str, str],
) -> dict[str, str]:
    """What services read of their environment; ``resources`` is what deploy.py wrote."""
    return {
        # A setting of ours in the caller's environment (GAS_FREE_MAX_BYTES=...) reaches the services.
        **{name: value for name, value in os.environ.items() if name.startswith("GAS_")},
        **base_environment(),
        **aws_environment(aws_url),
        **resources,
        **stripe,
        "GAS_S3_PUBLIC_ENDPOINT_URL": aws_url,
        "GAS_BASE_URL": base_url,
        "GAS_HTTP_PORT": str(urlsplit(base_url).port),
        "GAS_HEALTH_PORT": "0",
        "GAS_SECRET_KEY": secret_key,
        "GAS_GLOBUS_CLIENT_ID": CLIENT_ID,
        "GAS_GLOBUS_CLIENT_SECRET": globus_client_secret,
        "GAS_GLOBUS_URL": globus_url,
        "GAS_GLOBUS_PUBLIC_URL": globus_url,
        "GAS_GLOBUS_GROUPS_URL": globus_url,
        # One process serves both kinds of pages, as there is no Ingress to lead /admin elsewhere.
        "GAS_PAGES": "all",
        "GAS_OPERATOR_GROUP": OPERATOR_GROUP,
        "GAS_SWEEP_INTERVAL_SECONDS": str(SWEEP_SECONDS),
        "GAS_THAW_INTERVAL_SECONDS": str(THAW_SECONDS),
        "GAS_LOG_FORMAT": "json",
        # A worker that is asked to stop waits for its poll to end, and whoever pressed Ctrl-C for the worker.
        "GAS_POLL_SECONDS": "2",
    }


def service_programs(environment: Mapping[str, str]) -> list[Program]:
    """Programs of the Procfile; the web is ready when it says it is healthy."""
    programs = []
    for line in PROCFILE.read_text().splitlines():
        name, colon, command = line.partition(":")
        if colon and not line.startswith("#"):
            ready_url = f"{environment['GAS_BASE_URL']}/healthz" if name == "web" else None
            programs.append(Program(name, tuple(shlex.split(command)), dict(environment), ready_url))
    return programs
