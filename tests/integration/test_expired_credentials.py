"""AWS takes our credentials no more: services wait and say so, and begin again by themselves.

No emulator asks who is there, so AWS is played here by a server that answers as AWS does then.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import requests

from gas_local.ports import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gas_local.fixtures import Stack


class Refusal(BaseHTTPRequestHandler):
    """Answers everything with 403, in the protocol of DynamoDB and SQS."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(
            {
                "__type": "com.amazon.coral.service#ExpiredTokenException",
                "message": "The security token included in the request is expired",
            }
        ).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nobody reads that."""


@pytest.fixture
def refusing_url() -> Iterator[str]:
    with ThreadingHTTPServer((HOST, 0), Refusal) as server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()


@contextmanager
def service(module: str, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", module], env=environment, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def events(log: Path, name: str) -> list[dict[str, object]]:
    lines = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return [line for line in lines if line.get("event") == name]


def until(true: Callable[[], object], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize("module", ["gas_annotator", "gas_archiver", "gas_restorer", "gas_notifier"])
def test_worker_waits_and_names_what_aws_said(
    stack: Stack, refusing_url: str, tmp_path: Path, module: str
) -> None:
    log = tmp_path / "log"
    with service(module, stack.environment | {"GAS_AWS_ENDPOINT_URL": refusing_url}, log) as process:
        until(lambda: events(log, "receive_failed"))
        (told, *_) = events(log, "receive_failed")
        assert (told["error"], told["error_code"]) == ("AccessRefusedError", "ExpiredTokenException")
        assert told["pause"] == 10, "the pause that keeps a restart or a storm of requests away"
        assert process.poll() is None
    assert process.returncode == 0, "it stops in order while it waits"


def test_web_is_alive_and_not_ready_and_says_why(stack: Stack, refusing_url: str, tmp_path: Path) -> None:
    port = str(free_port())
    environment = stack.environment | {"GAS_AWS_ENDPOINT_URL": refusing_url, "GAS_HTTP_PORT": port}

    def answer(path: str) -> requests.Response | None:
        try:
            return requests.get(f"http://{HOST}:{port}{path}", timeout=30)
        except requests.ConnectionError:
            return None

    with service("gas_web", environment, tmp_path / "log"):
        until(lambda: answer("/healthz"))
        ready = answer("/readyz")
        assert ready is not None
        assert (ready.status_code, ready.text) == (
            503,
            "the jobs table does not answer: AccessRefusedError ExpiredTokenException\n",
        )
