"""gunicorn, set up from our settings: one process, threads for requests, logs by structlog."""

from __future__ import annotations

import time
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker
from prometheus_client import start_http_server

from gas_web.config import WebSettings

KEEPALIVE_SECONDS = 620
"""Longer than proxies keep idle connections (nginx 60 s, Traefik 90 s, Google's 600 s): where the server is
the first to close, a form sent at that moment is lost, and no proxy may send it twice."""

_PROBES = frozenset({"/healthz", "/readyz"})

log = structlog.get_logger()


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's messages go the way of all our log lines; requests are logged by the application."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's own type
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True


class LingeringWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Takes connections after SIGTERM for as long as somebody sends them, within bounds.

    An ingress hears late that a pod has to go, how late nobody knows, and what it sends to a closed port is
    an error for a visitor. So the pod stays until nobody but probes has asked for ``linger_seconds``, at most
    half of the time to drain; the rest is for requests under way. Each answer closes its connection, so that
    the next comes to another pod.
    """

    linger_seconds = 0

    _stops_by = 0.0
    _asked = 0.0

    def handle_exit(self, sig: int, frame: object) -> None:
        if not self.linger_seconds:
            super().handle_exit(sig, frame)
        elif not self._stops_by:
            self._asked = time.monotonic()
            self._stops_by = self._asked + self.cfg.graceful_timeout / 2
            # No room for a connection to be kept.
            self.max_keepalived = 0

    def handle_request(self, req: Any, conn: Any) -> Any:  # noqa: ANN401 - gunicorn's own types
        if req.path not in _PROBES:
            self._asked = time.monotonic()
        return super().handle_request(req, conn)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(timeout)
        if self._stops_by and time.monotonic() > min(self._stops_by, self._asked + self.linger_seconds):
            self.alive = False


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Serves an application until SIGTERM and, behind an ingress, until that has heard of it.

    Requests under way have to end within ``drain_seconds``.
    """

    def __init__(self, app: Flask, settings: WebSettings) -> None:
        self._app = app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        options = {
            "bind": f"{settings.http_host}:{settings.http_port}",
            "worker_class": LingeringWorker,
            "workers": 1,
            "threads": settings.http_threads,
            "graceful_timeout": settings.drain_seconds,
            "timeout": 60,
            "keepalive": KEEPALIVE_SECONDS,
            # The most there can be: a list of genes stands in the address of its view.
            "limit_request_line": 8190,
            "logger_class": QuietLogger,
            "post_worker_init": self._begin,
            # Heartbeats of the worker on memory, not on a disk that may stall it.
            "worker_tmp_dir": "/dev/shm",  # noqa: S108 - a name of gunicorn's own choosing below it
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app

    def _begin(self, worker: LingeringWorker) -> None:
        worker.linger_seconds = self._settings.linger_seconds
        server, _thread = start_http_server(self._settings.health_port)
        log.info("metrics_served", port=server.server_port)
