"""One log line and one measurement for each request, and an ID that ties them to an error page."""

from __future__ import annotations

import time
import uuid

import structlog
from flask import Flask, g, request
from prometheus_client import Histogram
from structlog.contextvars import bind_contextvars, unbind_contextvars
from werkzeug.wrappers import Response

REQUESTS = Histogram(
    "gas_http_request_duration_seconds",
    "From a request to its answer, by route (not by address) and status.",
    ["method", "route", "status"],
    buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)

_QUIET = {"static", "health.healthz", "health.readyz"}

log = structlog.get_logger()


def init(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex[:12]
        g.began = time.perf_counter()
        bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        route = request.endpoint or "none"
        method = request.method if request.method in {"GET", "POST", "HEAD"} else "other"
        REQUESTS.labels(method, route, str(response.status_code)).observe(seconds)
        if route not in _QUIET:
            # The path without its query: a code or a cursor is nothing for a log.
            log.info(
                "request_served",
                method=method,
                path=request.path,
                status=response.status_code,
                milliseconds=round(seconds * 1000, 1),
            )
        response.headers["X-Request-ID"] = g.get("request_id", "")
        return response

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        unbind_contextvars("request_id")
