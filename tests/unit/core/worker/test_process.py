"""A worker as a process: its port, its signals, its end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gas_core.worker.drain import Drain
from gas_core.worker.health import serving_health
from gas_core.worker.pulse import Pulse

WORKER = """
import sys, time
from gas_core.adapters.clock import SystemClock
from gas_core.config import WorkerSettings
from gas_core.domain.messages import JobRequested
from gas_core.telemetry import logs
from gas_core.testing import FakeQueue
from gas_core.worker import run_worker

work_seconds, drain_seconds = float(sys.argv[1]), int(sys.argv[2])
settings = WorkerSettings(health_port=0, poll_seconds=1, drain_seconds=drain_seconds)
logs.configure(settings, service="test")
queue = FakeQueue(SystemClock(), "q")
queue.send(JobRequested(job_id="0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11", user_id="u").model_dump_json())

def handle(message, hold):
    ends = time.monotonic() + work_seconds
    while time.monotonic() < ends:
        hold.check()
        time.sleep(0.01)

run_worker(queue, {JobRequested: handle}, settings)
print("left", len(queue.messages), "visible", queue.receive(wait_seconds=0) is not None)
"""


@contextmanager
def worker(work_seconds: float, drain_seconds: int) -> Iterator[subprocess.Popen[str]]:
    """A worker with one message that takes so long; gone at the end."""
    command = [sys.executable, "-c", WORKER, str(work_seconds), str(drain_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    assert process.stdout
    for line in process.stdout:
        if line.startswith("{"):
            entry: dict[str, object] = json.loads(line)
            if entry["event"] == event:
                return entry
    raise AssertionError(f"{event} never came")


def test_sigterm_lets_work_finish_that_ends_in_time() -> None:
    with worker(work_seconds=0.5, drain_seconds=30) as process:
        read_until(process, "message_received")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
    assert out.splitlines()[-1] == "left 0 visible False"
    assert process.returncode == 0


def test_sigterm_hands_back_within_two_seconds_what_takes_longer() -> None:
    with worker(work_seconds=60, drain_seconds=0) as process:
        read_until(process, "message_received")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=5)
    assert out.splitlines()[-1] == "left 1 visible True"
    assert process.returncode == 0


def test_idle_worker_ends_when_its_poll_does() -> None:
    with worker(work_seconds=0, drain_seconds=30) as process:
        read_until(process, "message_settled")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=5)
    assert process.returncode == 0


def answer(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("path", "seconds", "stopping", "status"),
    [
        ("/healthz", 0, False, 200),
        ("/healthz", 61, False, 503),
        ("/healthz", 0, True, 200),
        ("/readyz", 0, False, 200),
        ("/readyz", 0, True, 503),
        ("/nothing", 0, False, 404),
    ],
)
def test_probe_tells_what_is_so(*, path: str, seconds: float, stopping: bool, status: int) -> None:
    now = [0.0]
    pulse, drain = Pulse(60, monotonic=lambda: now[0]), Drain(30)
    with serving_health(0, pulse=pulse, drain=drain) as port:
        now[0] = seconds
        if stopping:
            drain.request()
        assert answer(port, path)[0] == status


def test_metrics_are_served() -> None:
    with serving_health(0, pulse=Pulse(60), drain=Drain(30)) as port:
        status, body = answer(port, "/metrics")
    assert status == 200
    assert "# TYPE gas_messages_total counter" in body
