"""Pictures of every page and state, and the page that shows them: for tools/screenshots.py."""

from __future__ import annotations

import base64
import logging
import runpy
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from werkzeug.serving import make_server

from gas_local.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

SAMPLES = ROOT / "tests/unit/web/templates/gallery.py"
LOOKS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 720}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 640}, "color_scheme": "dark", "has_touch": True},
}
SCALES = {"desk": 0.6, "phone": 0.7}
QUALITY = 45
"""Of WebP: words can be read, and the folder stays below its bound."""
TALLEST = 1600
"""Pixels of a page that a picture has; what comes below looks like what is above."""
MOST_BYTES = 4_000_000
"""Of all pictures: everybody who clones the repository fetches them."""
INTRODUCTION = """# Every page and state

Each at a desk in light, and on a phone in dark. `make screenshots` takes the pictures anew and writes this
page; the tests hold the same pages to WCAG 2.2 AA (`tests/unit/web/templates`, `tests/browser`). Pages of the
explorer come from the real service with the sample annotated, the others from the samples in
`tests/unit/web/templates/gallery.py`.
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A state of a page: ``section`` is its template."""

    section: str
    name: str


def photograph(page: Page, look: str, picture: Path) -> None:
    """The page from its top, under a dialog its window alone, as WebP, which playwright does not write."""
    width, window, whole = page.evaluate("[innerWidth, innerHeight, document.documentElement.scrollHeight]")
    height = window if page.get_by_role("dialog").count() else min(whole, TALLEST)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": SCALES[look]}
    cdp = page.context.new_cdp_session(page)
    told = {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip}
    picture.write_bytes(base64.b64decode(cdp.send("Page.captureScreenshot", told)["data"]))
    cdp.detach()


def take_samples(browser: Browser, folder: Path) -> list[Shown]:
    """Every sample page in both looks."""
    # Tests are no package that could be imported from here.
    module = runpy.run_path(str(SAMPLES))
    samples: dict[str, tuple[str, Any]] = module["SAMPLES"]
    with _served(module["make_gallery"]()) as url:
        for look, settings in LOOKS.items():
            page = browser.new_page(**settings)
            for name in samples:
                page.goto(f"{url}/gallery/{name}", wait_until="networkidle")
                photograph(page, look, folder / f"{name}-{look}.webp")
            page.close()
    return [Shown(template, name) for name, (template, _) in samples.items()]


def write_page(shown: list[Shown], folder: Path, page: Path) -> int:
    """The page of the documentation that shows the pictures of a folder; their bytes together."""
    lines = [INTRODUCTION]
    ordered = sorted(shown, key=lambda each: each.section)
    for section, states in groupby(ordered, key=lambda each: each.section):
        lines += [f"## `{section}`", "", "| State | Desk | Phone |", "|---|---|---|"]
        for state in states:
            pictures = [
                f"![{state.name}, {look}](../images/gallery/{state.name}-{look}.webp)" for look in LOOKS
            ]
            lines.append(f"| {' | '.join([state.name, *pictures])} |")
        lines.append("")
    page.write_text("\n".join(lines))
    return sum(each.stat().st_size for each in folder.glob("*.webp"))


@contextmanager
def _served(app: Any) -> Iterator[str]:  # noqa: ANN401 - a Flask application
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
