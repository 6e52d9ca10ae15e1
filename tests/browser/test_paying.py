"""Buying premium and leaving it, with the emulator's own Stripe.js under our policy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import expect
from tests.browser.reader import GOOD_CARD, REFUSED_CARD, UNPAYING_CARD

from gas_local.stripe import SECRET_KEY
from gas_local.world import GREGOR

if TYPE_CHECKING:
    from tests.browser.reader import Reader

    from gas_local.fixtures import Site

pytestmark = pytest.mark.slow

SECONDS = 20


def end_subscription(site: Site) -> None:
    """Somebody ends it at Stripe, as its Dashboard does."""
    headers = {"Authorization": f"Bearer {SECRET_KEY}"}
    url = f"{site.stack.stripe_url}/v1/subscriptions"
    for one in requests.get(url, headers=headers, timeout=10).json()["data"]:
        requests.delete(f"{url}/{one['id']}", headers=headers, timeout=10).raise_for_status()


def test_premium_is_bought_left_kept_and_ended_by_stripe(reader: Reader, site: Site) -> None:
    page = reader.page
    reader.sign_in(GREGOR)
    reader.open("/subscribe")
    expect(page.locator(".price")).to_have_text("9.00 USD a month")

    # A card that Stripe refuses at once, and one that it takes and that does not pay.
    reader.expected.append("Failed to load resource: the server responded with a status of 4")
    reader.give_card(REFUSED_CARD)
    expect(page.locator("[data-problem]")).to_contain_text("Your card was declined. Nothing was paid.")
    reader.give_card(UNPAYING_CARD)
    expect(page.get_by_role("alert").first).to_contain_text("Nothing was paid, and your plan is as it was.")

    reader.give_card(GOOD_CARD)
    page.wait_for_url("**/annotations")
    reader.open("/subscribe")
    expect(page.locator("main")).to_contain_text("You have premium. The next payment is due on")
    page.get_by_text("Invoices", exact=True).click()
    expect(page.locator("#invoices tbody tr").first).to_contain_text("9.00 USD")

    # Leaving asks first, with the focus on the safe answer.
    page.get_by_role("link", name="Leave premium").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Stay")).to_be_focused()
    expect(dialog).to_contain_text("Leave premium on")
    dialog.get_by_role("button", name="Leave premium").click()
    expect(page.locator("main")).to_contain_text("You have premium until")
    page.get_by_role("button", name="Stay on premium").click()
    expect(page.locator("main")).to_contain_text("The next payment is due on")

    # Nobody presses anything here: the webhook alone ends premium.
    end_subscription(site)
    end = time.monotonic() + SECONDS
    while "You have premium" in page.locator("main").inner_text() and time.monotonic() < end:
        page.wait_for_timeout(200)
        reader.open("/subscribe")
    expect(page.get_by_role("button", name="Pay 9.00 USD a month")).to_be_visible()
