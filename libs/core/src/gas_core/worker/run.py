"""A worker process from start to end."""

from __future__ import annotations

import structlog

from gas_core.config import WorkerSettings
from gas_core.ports import Queue
from gas_core.worker.drain import Drain
from gas_core.worker.health import serving_health
from gas_core.worker.loop import Handler, Handlers, Loop
from gas_core.worker.pulse import Pulse

__all__ = ["Handler", "Handlers", "run_worker"]

_log = structlog.get_logger()


def run_worker(queue: Queue, handlers: Handlers, settings: WorkerSettings) -> None:
    """Take messages until SIGTERM or SIGINT; returns when the last one is settled."""
    drain = Drain(settings.drain_seconds)
    drain.install()
    pulse = Pulse(settings.stall_seconds)
    with serving_health(settings.health_port, pulse=pulse, drain=drain):
        _log.info("worker_started", queue=queue.name)
        Loop(queue, handlers, settings, drain=drain, pulse=pulse).run()
    _log.info("worker_stopped", queue=queue.name)
