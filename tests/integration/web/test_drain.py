"""A pod that has to go, while an ingress that has not heard of it yet goes on sending visitors."""

from __future__ import annotations

import http.client
import signal
import time
from contextlib import closing, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
from tests.integration.test_expired_credentials import service

from gas_local.ports import HOST, free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from gas_local.fixtures import Stack

LINGER_SECONDS, DRAIN_SECONDS = 2, 12


class Pages:
    """A running web service, asked on connections of its own or on a kept one."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self._port = port

    @contextmanager
    def connected(self) -> Iterator[http.client.HTTPConnection]:
        with closing(http.client.HTTPConnection(HOST, self._port, timeout=10)) as connection:
            yield connection

    def ask(self, path: str = "/help") -> str | None:
        """What an answer that comes says of its connection."""
        with self.connected() as connection:
            return got(connection, path)

    def keep_asking(self, path: str) -> None:
        while True:
            self.ask(path)
            time.sleep(0.1)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def seconds_to_its_end(self) -> float:
        began = time.monotonic()
        assert self.process.wait(30) == 0
        return time.monotonic() - began


def got(connection: http.client.HTTPConnection, path: str = "/help") -> str | None:
    connection.request("GET", path)
    with connection.getresponse() as answer:
        answer.read()
        assert answer.status == HTTPStatus.OK
        return answer.getheader("Connection")


@contextmanager
def running(stack: Stack, log: Path, **settings: str) -> Iterator[Pages]:
    port = free_port()
    environment = stack.environment | settings | {"GAS_HTTP_PORT": str(port), "GAS_HEALTH_PORT": "0"}
    with service("gas_web", environment, log) as process:
        pages = Pages(process, port)
        end = time.monotonic() + 60
        while True:
            try:
                pages.ask()
            except OSError:
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            else:
                break
        yield pages


@pytest.fixture
def pages(stack: Stack, tmp_path: Path) -> Iterator[Pages]:
    """As the chart sets it, with shorter times."""
    times = {"GAS_LINGER_SECONDS": str(LINGER_SECONDS), "GAS_DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with running(stack, tmp_path / "log", **times) as pages:
        yield pages


def test_visitors_are_answered_until_none_have_come_for_a_while(pages: Pages) -> None:
    with pages.connected() as kept:
        assert got(kept) != "close"
        pages.end()
        time.sleep(0.5)
        assert got(kept) == "close"
    for _ in range(12):
        assert pages.ask() == "close"
        time.sleep(0.3)
    assert LINGER_SECONDS - 1 < pages.seconds_to_its_end() < LINGER_SECONDS + 2


def test_probes_are_no_visitors(pages: Pages) -> None:
    pages.end()
    began = time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011 - refused, or reset by the end
        pages.keep_asking("/readyz")
    assert time.monotonic() - began < LINGER_SECONDS + 2


def test_visitors_who_never_stop_coming_do_not_hold_it_for_ever(pages: Pages) -> None:
    pages.end()
    began = time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011 - refused, or reset by the end
        pages.keep_asking("/help")
    assert time.monotonic() - began < DRAIN_SECONDS
    pages.seconds_to_its_end()


def test_without_an_ingress_it_ends_at_once(stack: Stack, tmp_path: Path) -> None:
    with running(stack, tmp_path / "log") as pages:
        pages.end()
        assert pages.seconds_to_its_end() < LINGER_SECONDS
