"""A worker process from start to end."""

from __future__ import annotations

import structlog

from gas_core.config import WorkerSettings
from gas_core.ports import Delivery, Hold, Queue
from gas_core.worker.drain import Drain
from gas_core.worker.health import serving_health
from gas_core.worker.hold import Grip
from gas_core.worker.loop import Handler, Handlers, Loop
from gas_core.worker.pulse import Pulse

__all__ = ["Handler", "Handlers", "run_worker"]

_log = structlog.get_logger()


def run_worker(queue: Queue, handlers: Handlers, settings: WorkerSettings) -> None:
    """Take messages until SIGTERM or SIGINT; returns when the last one is settled."""
    drain = Drain(settings.drain_seconds)
    drain.install()
    pulse = Pulse(settings.stall_seconds)

    def hold(delivery: Delivery) -> Hold:
        return Grip(
            queue,
            delivery,
            heartbeat_seconds=settings.heartbeat_seconds,
            visibility_seconds=settings.visibility_seconds,
            drain=drain,
            pulse=pulse,
        )

    loop = Loop(queue, handlers, hold=hold, poll_seconds=settings.poll_seconds, drain=drain, pulse=pulse)
    with serving_health(settings.health_port, pulse=pulse, drain=drain):
        _log.info("worker_started", queue=queue.name)
        loop.run()
    _log.info("worker_stopped", queue=queue.name)
