"""Starts the notifier."""

from __future__ import annotations

from gas_core.telemetry import logs
from gas_core.worker import run_worker
from gas_notifier.bootstrap import build
from gas_notifier.config import NotifierSettings


def main() -> None:
    """Mail until SIGTERM."""
    settings = NotifierSettings.from_environment()
    logs.configure(settings, service="notifier")
    queue, handlers = build(settings)
    run_worker(queue, handlers, settings)


if __name__ == "__main__":
    main()
