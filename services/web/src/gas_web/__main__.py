"""Starts the web service."""

from __future__ import annotations

import sys

import structlog

from gas_core.domain.errors import TransientError
from gas_core.telemetry import logs
from gas_web.app import create_app
from gas_web.bootstrap import build
from gas_web.bundles import BundleUnreadableError
from gas_web.config import WebSettings
from gas_web.server import Server

log = structlog.get_logger()


def main() -> int:
    """Serve until SIGTERM; exit code 1 if a reference that is to be offered cannot be read."""
    settings = WebSettings.from_environment()
    logs.configure(settings, service="web")
    try:
        container = build(settings)
    except (BundleUnreadableError, TransientError) as error:
        # The pod is started again after a pause that grows; those that serve go on.
        log.error("bundles_not_read", error=str(error))  # noqa: TRY400 - one sentence tells all
        return 1
    Server(create_app(container), settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
