"""Starts the web service."""

from __future__ import annotations

from gas_core.telemetry import logs
from gas_web.app import create_app
from gas_web.bootstrap import build
from gas_web.config import WebSettings
from gas_web.server import Server


def main() -> None:
    """Serve until SIGTERM."""
    settings = WebSettings.from_environment()
    logs.configure(settings, service="web")
    Server(create_app(build(settings)), settings).run()


if __name__ == "__main__":
    main()
