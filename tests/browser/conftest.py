"""Chromium, people who use it, and the samples they bring."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from tests.browser.reader import Reader

from gas_local.environment import ROOT
from gas_local.ports import HOST, free_port
from gas_local.services import service_programs
from gas_local.supervisor import Program, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from gas_local.fixtures import Site

SAMPLES = ROOT.parent / "shared" / "data"
"""The original service's own samples, which are not ours to ship."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: playwright's event loop must not outlive it, other tests have their own."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Reader]]:
    """Makes a reader with a profile of its own; keyword arguments are those of playwright's new_context."""
    readers: list[Reader] = []

    def make(base_url: str = "", **options: object) -> Reader:
        reader = Reader(browser.new_context(**options), site.stack, base_url or site.base_url)
        readers.append(reader)
        return reader

    yield make
    for reader in readers:
        reader.leave()


@pytest.fixture
def reader(visit: Callable[..., Reader]) -> Reader:
    """A reader at a desktop computer."""
    return visit(viewport={"width": 1280, "height": 800})


@pytest.fixture(scope="session")
def generous_url(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A second web process of the same site, whose free plan takes 20 MB. A session holds on both."""
    port = free_port()
    base_url = f"http://{HOST}:{port}"
    environment = {
        **site.stack.environment,
        "GAS_BASE_URL": base_url,
        "GAS_HTTP_PORT": str(port),
        "GAS_FREE_MAX_BYTES": "20000000",
    }
    web: Program = next(program for program in service_programs(environment) if program.name == "web")
    with Supervisor(tmp_path_factory.mktemp("generous")) as supervisor:
        supervisor.start(web)
        yield base_url


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Path]:
    """Finds one of the original service's samples."""

    def find(name: str) -> Path:
        path = SAMPLES / name
        if not path.exists():
            pytest.skip(f"the original service's sample {name} is not at {SAMPLES}")
        return path

    return find


@pytest.fixture
def hold(site: Site) -> Callable[[str], AbstractContextManager[None]]:
    """Stops a service in mid-step, as an overloaded machine would, for as long as the block lasts."""

    @contextmanager
    def hold(service: str) -> Iterator[None]:
        pid = site.supervisor.pid(service)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    return hold
