"""Take the pictures of the documentation: the sample's way, and every page and state, in Chromium.

    python tools/screenshots.py [DOCS]

Starts emulators and services of its own on free ports, so nothing of ``make run`` is touched.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gallery import LOOKS, Shown, photograph, take_samples, write_page
from gallery import MOST_BYTES as MOST_GALLERY_BYTES
from playwright.sync_api import expect, sync_playwright

from gas_local.environment import ROOT
from gas_local.fixtures import running_stack
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor
from gas_local.world import ADA, OLIVIA

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page

    from gas_local.fixtures import Stack

SAMPLE = ROOT / "examples" / "sample.vcf"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
WIDTH, MARGIN = 1100, 10
MOST_BYTES = 150_000
"""A README is read on slow lines too."""


def take(page: Page, picture: Path, *, down_to: str) -> None:
    """The page from its top to the end of an element; pointer and focus out of the way."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    end = page.locator(down_to).evaluate("element => element.getBoundingClientRect().bottom + window.scrollY")
    clip: FloatRect = {"x": 0, "y": 0, "width": WIDTH, "height": end + MARGIN}
    page.screenshot(path=picture, full_page=True, clip=clip, animations="disabled", caret="hide")
    size = picture.stat().st_size
    print(f"{picture}: {size:,} bytes")
    if size > MOST_BYTES:
        sys.exit(f"{picture} has more than {MOST_BYTES:,} bytes: make the window smaller.")


def walk(page: Page, base_url: str, folder: Path) -> str:
    """Sign in, choose the sample, submit it, and see it done; where its variants are."""
    page.goto(base_url)
    page.get_by_role("link", name="Sign in with Globus").click()
    page.get_by_role("button", name=ADA.name).click()
    page.get_by_role("button", name="Confirm").click()

    page.goto(f"{base_url}/annotate")
    page.get_by_label("VCF file").set_input_files(SAMPLE)
    expect(page.locator("[data-checks]")).to_contain_text("Ready")
    take(page, folder / "submit.png", down_to="form[data-upload]")

    page.get_by_role("button", name="Annotate").click()
    expect(page.locator("#now[data-state^='COMPLETED']")).to_be_visible(timeout=30_000)
    page.reload()  # as it looks to who comes back by the mail
    take(page, folder / "job.png", down_to="table.shares")

    variants = f"{page.url}/results"
    page.goto(f"{variants}?f=gene:is:MT-ND1&f=impact:is:HIGH,MODERATE&sort=impact")
    take(page, folder / "explorer.png", down_to=".rows tbody tr:nth-child(4)")
    return variants


def explore(browser: Browser, signed_in: Page, variants: str, folder: Path) -> list[Shown]:
    """The explorer's states: what they are called, and the template of each."""
    shown: dict[str, Shown] = {}
    for look, settings in LOOKS.items():
        context = browser.new_context(storage_state=signed_in.context.storage_state(), **settings)
        page = context.new_page()

        def keep(name: str, template: str, page: Page = page, look: str = look) -> None:
            photograph(page, look, folder / f"{name}-{look}.webp")
            shown[name] = Shown(template, name)

        for name, (template, rest) in EXPLORER.items():
            page.goto(variants + rest)
            keep(name, template)
        for name, words in MENUS.items():
            page.goto(f"{variants}?f=gene:is:MT-ND5")
            page.locator("summary", has_text=words).click()
            keep(name, "results/table.html")
        page.goto(f"{variants}?f=gene:is:MT-ND5")
        page.locator("a[data-drawer]").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        keep("results-drawer", "results/variant.html")
        page.goto(f"{variants}/30/1/browser")
        expect(page.locator("[data-browser]")).to_have_attribute("data-state", "drawn", timeout=30_000)
        keep("results-genome-browser", "results/browser.html")
        context.close()
    return list(shown.values())


EXPLORER = {
    "results": ("results/table.html", ""),
    "results-grouped": ("results/table.html", "?f=gene:is:MT-ND5&f1=impact:is:HIGH&f1=known:is:no"),
    "results-none": ("results/table.html", "?f=gene:is:no-such-gene&f=impact:is:HIGH"),
    "results-refused": ("results/refused.html", "?f=x:y:z"),
    "results-summary": ("results/summary.html", "/summary"),
    "results-variant": ("results/variant.html", "/30/1"),
    "results-genotypes": ("results/genotypes.html", "/30/1/genotypes"),
}
MENUS = {"results-export": "Export", "results-columns": "Columns", "results-gene-list": "Gene list"}
"""What is opened on the page of a view."""
_COLUMNS = ("##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")


def look_after(page: Page, operator: Page, stack: Stack, folder: Path) -> None:
    """The operators' page of a service with a failed job and a dead letter."""
    stack.client("sqs").send_message(QueueUrl=stack["GAS_RESTORES_DLQ_URL"], MessageBody="for the picture")
    page.goto(f"{stack.base_url}/annotate")
    # Of another sequence: what only the bases of the reference tell is not seen before the upload.
    lines = [*_COLUMNS, *(f"MT\t{at}\t.\t{ref}\tG\t.\t.\t." for at, ref in ((73, "C"), (74, "A"), (75, "C")))]
    other = {"name": "of-hg19.vcf", "mimeType": "text/plain", "buffer": "\n".join([*lines, ""]).encode()}
    page.get_by_label("VCF file").set_input_files(files=[other])  # type: ignore[list-item]  # a dict of its shape
    page.get_by_role("button", name="Annotate").click()
    expect(page.locator("#now[data-state^='FAILED']")).to_be_visible(timeout=30_000)
    operator.goto(f"{stack.base_url}/admin")
    operator.get_by_role("button", name=OLIVIA.name).click()
    operator.get_by_role("button", name="Confirm").click()
    take(operator, folder / "operations.png", down_to="main > *:last-child")


def main() -> None:
    docs = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    folder, gallery = docs / "images", docs / "images" / "gallery"
    gallery.mkdir(parents=True, exist_ok=True)
    for old in gallery.glob("*.webp"):
        old.unlink()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_stack(Path(scratch)) as stack,
        Supervisor(Path(scratch) / "log") as supervisor,
        sync_playwright() as playwright,
    ):
        supervisor.start(*service_programs(stack.environment))
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        # Two people with a browser profile each.
        page, operator = (
            browser.new_page(
                viewport={"width": WIDTH, "height": 620}, device_scale_factor=1.5, color_scheme="light"
            )
            for _ in range(2)
        )
        variants = walk(page, stack.base_url, folder)
        shown = explore(browser, page, variants, gallery)
        look_after(page, operator, stack, folder)
        shown += take_samples(browser, gallery)
        browser.close()
    size = write_page(shown, gallery, docs / "developer" / "gallery.md")
    print(f"{gallery}: {len(shown)} states, {size:,} bytes")
    if size > MOST_GALLERY_BYTES:
        sys.exit(f"{gallery} has more than {MOST_GALLERY_BYTES:,} bytes: make the pictures smaller.")


if __name__ == "__main__":
    main()
