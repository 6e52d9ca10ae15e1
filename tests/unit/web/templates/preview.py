"""Take pictures of every sample page, wide, narrow and dark: ``python preview.py FOLDER [SAMPLE ...]``.

Ends with 1 if the browser's console spoke under the strict Content-Security-Policy, or a page was wider than
the screen.
"""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

from gallery import SAMPLES, make_gallery
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOOKS = {
    "wide": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light", "has_touch": True},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}


def photograph(page: Page, address: str, picture: Path) -> list[str]:
    """Open a page and take its picture; return what is wrong with it."""
    spoken: list[str] = []
    page.on("console", lambda message: spoken.append(f"{picture.stem}: console: {message.text}"))
    page.on("pageerror", lambda error: spoken.append(f"{picture.stem}: script: {error}"))
    page.goto(address, wait_until="networkidle")
    page.screenshot(path=picture, full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if overflow > 0:
        spoken.append(f"{picture.stem}: {overflow} pixels too wide")
    return spoken


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, make_gallery(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for look, settings in LOOKS.items():
            context = browser.new_context(**settings)
            for sample in sys.argv[2:] or SAMPLES:
                page = context.new_page()
                found += photograph(
                    page, f"http://127.0.0.1:{server.port}/gallery/{sample}", folder / f"{sample}-{look}.png"
                )
                page.close()
            context.close()
        browser.close()
    server.shutdown()
    sys.stderr.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
