"""Take the pictures of the documentation: the sample's way through the real pages, in Chromium.

    python tools/screenshots.py [FOLDER]

Starts emulators and services of its own on free ports, so nothing of ``make run`` is touched.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from gas_local.environment import ROOT
from gas_local.fixtures import running_stack
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor
from gas_local.world import ADA, OLIVIA

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page

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


def walk(page: Page, base_url: str, folder: Path) -> None:
    """Sign in, choose the sample, submit it, and see it done."""
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

    page.goto(f"{page.url}/results?f=gene:is:MT-ND1&f=impact:is:HIGH,MODERATE&sort=impact")
    take(page, folder / "explorer.png", down_to=".rows tbody tr:nth-child(4)")


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
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
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
        walk(page, stack.base_url, folder)
        look_after(page, operator, stack, folder)
        browser.close()


if __name__ == "__main__":
    main()
