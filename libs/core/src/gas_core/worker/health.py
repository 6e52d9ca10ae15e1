"""``/healthz``, ``/readyz`` and ``/metrics`` on a port of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gas_core.worker.drain import Drain
from gas_core.worker.pulse import Pulse

_PLAIN = "text/plain; charset=utf-8"

_log = structlog.get_logger()


@contextmanager
def serving_health(port: int, *, pulse: Pulse, drain: Drain) -> Iterator[int]:
    """Serve on all interfaces, which is where Kubernetes asks. Yields the port; 0 takes any free one."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/healthz":
                    self._say(ok=not pulse.stalled, good="alive", bad="no sign of life for too long")
                case "/readyz":
                    self._say(ok=not drain.requested, good="ready", bad="stopping")
                case "/metrics":
                    self._answer(HTTPStatus.OK, generate_latest(), CONTENT_TYPE_LATEST)
                case _:
                    self._answer(HTTPStatus.NOT_FOUND, b"/healthz, /readyz or /metrics\n", _PLAIN)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
            """Probes ask every few seconds; nobody wants to read that."""

        def _say(self, *, ok: bool, good: str, bad: str) -> None:
            status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, f"{good if ok else bad}\n".encode(), _PLAIN)

        def _answer(self, status: HTTPStatus, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("", port), Answers) as server:
        # How often serve_forever looks whether it shall stop; it delays nothing else.
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="health", daemon=True)
        thread.start()
        _log.info("health_served", port=server.server_port)
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
