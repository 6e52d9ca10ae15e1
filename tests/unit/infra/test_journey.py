from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from gas_local.journey import Browser
from gas_local.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

asked: list[tuple[str | None, str]] = []


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked.append((self.headers["Host"], self.path))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def address() -> Iterator[str]:
    asked.clear()
    with HTTPServer((HOST, 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"{HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


def test_name_that_only_browsers_outside_can_look_up_is_asked_at_the_address_given(address: str) -> None:
    browser = Browser("http://gas.example.invalid", connect_to={"http://gas.example.invalid": address})
    answer = browser._get("http://gas.example.invalid/annotate", "a page")
    assert asked == [("gas.example.invalid", "/annotate")]
    assert answer.url == "http://gas.example.invalid/annotate"
