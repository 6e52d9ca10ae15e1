"""The main job by keyboard alone: no pointer, and the focus is seen all the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from gas_local.environment import ROOT
from gas_local.world import ADA

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page
    from tests.browser.reader import Reader

pytestmark = pytest.mark.slow

MOST_STOPS = 60
"""Tab stops on the way to anything; a page that needs more is not for keyboards."""

RING = """element => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus; every stop on the way shows its ring inside the window."""
    expect(target).to_be_visible()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        # Between the last stop and the first the focus is the browser's own.
        if not focused.count():
            continue
        # The browser scrolls to it with the next frame.
        expect(focused).to_be_in_viewport()
        assert focused.evaluate(RING), focused.evaluate("element => element.outerHTML")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} is not reached within {MOST_STOPS} stops")


def choose(page: Page, words: str) -> None:
    """Go down the list that has the focus to the option that begins with these words."""
    chosen = "list => list.selectedOptions[0].text"
    for _ in range(MOST_STOPS):
        if page.locator(":focus").evaluate(chosen).startswith(words):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no option begins with {words}")


def test_from_signing_in_to_the_variant_the_download_and_the_deletion(reader: Reader) -> None:
    page = reader.page
    reader.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Sign in with Globus"))
    page.keyboard.press("Enter")
    # Globus' own page is not ours to hold to anything.
    reader.choose_account(ADA)
    if "/profile" in page.url:
        tab_to(page, page.get_by_role("button", name="Confirm"))
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")

    tab_to(page, page.get_by_role("main").get_by_role("link", name="Annotate a VCF").first)
    page.keyboard.press("Enter")
    field = page.get_by_label("VCF file")
    tab_to(page, field)
    # What the system's file dialog does after Enter is the system's.
    field.set_input_files(ROOT / "examples/sample.vcf")
    tab_to(page, page.get_by_role("button", name="Annotate", exact=True))
    page.keyboard.press("Enter")
    reader.sees_state("COMPLETED AVAILABLE")
    job_url = page.url

    tab_to(page, page.get_by_role("link", name="Explore"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Variants of sample.vcf")
    tab_to(page, page.get_by_label("Gene or region"))
    page.keyboard.type("MT-ND5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Filters", exact=True)).to_contain_text("Gene is MT-ND5")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)

    # A filter by the form, one that joins it, and the file of what is left.
    page.keyboard.press("f")
    expect(page.get_by_label("Filter", exact=True)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    joined = {"Joined by": "or with “Impact is MODERATE”", "Filter": "Impact is"}
    for choices, value in (({"Filter": "Impact is"}, "MODERATE"), (joined, "HIGH")):
        for label, words in choices.items():
            tab_to(page, page.get_by_label(label, exact=True))
            choose(page, words)
        tab_to(page, page.get_by_label("Value"))
        page.keyboard.type(value)
        page.keyboard.press("Enter")
        expect(page.get_by_role("list", name="Filters", exact=True)).to_contain_text(f"Impact is {value}")
    expect(page.get_by_role("list", name="Any of these")).to_contain_text("Impact is HIGH")
    tab_to(page, page.locator("summary", has_text="Export these"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="TSV"))
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    assert coming.value.suggested_filename == "sample.filtered.tsv"
    page.keyboard.press("Escape")

    page.goto(job_url)
    link = page.get_by_role("link", name="Download")
    tab_to(page, link)
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    assert coming.value.suggested_filename == "sample.annot.vcf.gz"

    delete = page.get_by_role("link", name="Delete")
    tab_to(page, delete)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(delete).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Keep it")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
