"""Every page of the gallery, light and dark, at a desk and on a phone, held to WCAG 2.2 AA by axe."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def gallery_url() -> Iterator[str]:
    from tests.unit.web.templates.conftest import GALLERY

    server = make_server("127.0.0.1", 0, GALLERY.make_gallery(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser.new_page(reduced_motion="reduce")
        browser.close()


STILL = """() => [...document.querySelectorAll("*")].filter((element) => {
    const { transitionDuration, animationDuration, scrollBehavior } = getComputedStyle(element);
    const seconds = `${transitionDuration}, ${animationDuration}`.split(", ").map(parseFloat);
    return seconds.some((each) => each > 0) || scrollBehavior === "smooth";
}).map((element) => element.outerHTML.slice(0, 200))"""
"""Elements that move though the reader asked for less motion."""


def test_page_is_accessible_in_both_themes_and_fits_a_phone(
    page: Page, gallery_url: str, each_sample: str
) -> None:
    found: list[Any] = []
    for theme, size in (("light", DESK), ("dark", PHONE)):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of its literals
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a dict of its shape
        page.goto(f"{gallery_url}/gallery/{each_sample}")
        # What is folded is part of the page.
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        told = Axe().run(page, options=RULES).response
        assert told["passes"], "axe looked at nothing"
        found += [(theme, each["id"], [n["target"] for n in each["nodes"]]) for each in told["violations"]]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            found.append((theme, "wider than its window", width))
        found += [(theme, "moves", element) for element in page.evaluate(STILL)]
    assert found == []
