"""An operator at the operators' page, in Chromium, on the whole site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from gas_local.world import ADA, OLIVIA

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.reader import Reader

    from gas_local.fixtures import Site

pytestmark = pytest.mark.slow


def come_as_operator(reader: Reader) -> None:
    """Straight to the page: over Globus, the profile that it asks for at first, and back."""
    reader.open("/admin")
    reader.choose_account(OLIVIA)
    if "/profile" in reader.page.url:
        reader.page.get_by_role("button", name="Confirm").click()
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Operations")


def test_dead_letter_is_seen_asked_about_and_sent_back(reader: Reader, site: Site) -> None:
    sqs = site.stack.client("sqs")
    sqs.send_message(
        QueueUrl=site.stack["GAS_RESTORES_DLQ_URL"], MessageBody="nothing that a worker can read"
    )
    come_as_operator(reader)
    page = reader.page
    expect(page.get_by_text("This GAS does not run in a cluster")).to_be_visible()
    link = page.get_by_role("link", name="Send back the dead letters of restores")
    link.click()
    dialog = page.get_by_role("dialog", name="Send the dead letters of restores back?")
    expect(dialog.get_by_role("link", name="Leave it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Send back").click()
    expect(page.get_by_role("status")).to_have_text("1 dead letter is a message of restores again.")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []


def test_without_script_the_same_step_asks_on_a_page(visit: Callable[..., Reader], site: Site) -> None:
    reader = visit(java_script_enabled=False)
    sqs = site.stack.client("sqs")
    sqs.send_message(QueueUrl=site.stack["GAS_JOB_ARCHIVES_DLQ_URL"], MessageBody="nothing")
    come_as_operator(reader)
    reader.page.get_by_role("link", name="Send back the dead letters of job-archives").click()
    expect(reader.page.get_by_role("heading", level=1)).to_have_text(
        "Send the dead letters of job-archives back?"
    )
    reader.page.get_by_role("button", name="Send back").click()
    expect(reader.page.get_by_role("status")).to_contain_text("of job-archives again")


def test_researcher_is_shown_no_way_and_finds_no_page(reader: Reader) -> None:
    reader.expected.append("Failed to load resource: the server responded with a status of 404")
    reader.sign_in(ADA)
    expect(reader.page.get_by_role("link", name="Operations")).to_have_count(0)
    assert reader.open("/admin") == 404
