"""gunicorn, set up from our settings: one process, threads for requests, logs by structlog."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from prometheus_client import start_http_server

from gas_web.config import WebSettings

log = structlog.get_logger()


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's messages go the way of all our log lines; requests are logged by the application."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's own type
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Serves an application until SIGTERM; requests under way have ``drain_seconds`` to end."""

    def __init__(self, app: Flask, settings: WebSettings) -> None:
        self._app = app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        options = {
            "bind": f"{settings.http_host}:{settings.http_port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": settings.http_threads,
            "graceful_timeout": settings.drain_seconds,
            "timeout": 60,
            "keepalive": 75,
            # The most there can be: a list of genes stands in the address of its view.
            "limit_request_line": 8190,
            "logger_class": QuietLogger,
            "post_worker_init": self._serve_metrics,
            # Heartbeats of the worker on memory, not on a disk that may stall it.
            "worker_tmp_dir": "/dev/shm",  # noqa: S108 - a name of gunicorn's own choosing below it
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app

    def _serve_metrics(self, _worker: object) -> None:
        server, _thread = start_http_server(self._settings.health_port)
        log.info("metrics_served", port=server.server_port)
