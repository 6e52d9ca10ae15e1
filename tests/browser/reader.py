"""A researcher at a browser: Chromium on the site's real pages, with everything the page does noted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Download, Page

    from gas_local.fixtures import Stack
    from gas_local.world import Researcher

STEP_MS = 10_000
END_MS = 30_000
"""How long a job may take on a machine that does other things beside."""

JOB_PAGE = re.compile(r"/annotations/[0-9a-f-]{36}$")

GOOD_CARD, REFUSED_CARD, UNPAYING_CARD = "4242424242424242", "4000000000000002", "4000000000000341"
"""Test cards of Stripe: one that pays, one that is refused at once, one that is taken and does not pay."""


class Reader:
    """One person in one browser profile, on one site.

    ``leave`` holds the pages to their promises: the console stayed silent, and nobody was asked but us, the
    store and Globus. ``expected`` are beginnings of console messages that a test provokes on purpose.
    """

    def __init__(self, context: BrowserContext, stack: Stack, base_url: str) -> None:
        self._context = context
        self._own = {
            urlsplit(url).netloc for url in (base_url, stack.aws_url, stack.globus_url, stack.stripe_url)
        }
        self._others = (stack.globus_url, stack.stripe_url)
        self.base_url = base_url
        self.expected: list[str] = []
        self._spoken: list[str] = []
        self._strangers: set[str] = set()
        context.set_default_timeout(STEP_MS)
        context.on("request", lambda request: self._note(request.url))
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._spoken.append(str(error.error)))
        self.page: Page = context.new_page()

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc not in self._own:
            self._strangers.add(parts.netloc)

    def _hear(self, message: ConsoleMessage) -> None:
        place = message.location["url"]
        if not place.startswith(self._others):  # What Globus' pages and Stripe's script say is not ours.
            self._spoken.append(f"{message.text} ({place})")

    def leave(self) -> None:
        self._context.close()
        # A test may have gone over to a second web process of the site.
        strangers = self._strangers - {urlsplit(self.base_url).netloc}
        assert strangers == set(), strangers
        unexpected = [text for text in self._spoken if not text.startswith(tuple(self.expected))]
        assert unexpected == [], unexpected

    def redirected(self, path: str) -> str:
        """Where a path of the site sends this browser at first; empty if nowhere."""
        answer = self._context.request.get(self.base_url + path, max_redirects=0)
        return answer.headers.get("location", "")

    def open(self, path: str) -> int:
        """Go to a path of the site; the answer's status."""
        answer = self.page.goto(self.base_url + path)
        assert answer is not None
        return answer.status

    def sign_in(self, who: Researcher) -> None:
        """From the landing page over Globus' account picker; a profile asked for is confirmed as it is."""
        self.open("/")
        self.page.get_by_role("link", name="Sign in with Globus").click()
        self.choose_account(who)
        if "/profile" in self.page.url:
            self.page.get_by_role("button", name="Confirm").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Jobs")

    def choose_account(self, who: Researcher) -> None:
        expect(self.page.get_by_role("button", name=who.name)).to_be_visible()
        self.page.get_by_role("button", name=who.name).click()
        self.page.wait_for_url(f"{self.base_url}/**")

    def choose_file(self, file: Path) -> None:
        """Open the submit page and choose a file on it."""
        self.open("/annotate")
        self.page.get_by_label("VCF file").set_input_files(file)

    def submit(self, file: Path) -> str:
        """Send a file; the path of its job's page, where the browser is then."""
        self.choose_file(file)
        self.page.get_by_role("button", name="Annotate").click()
        self.page.wait_for_url(JOB_PAGE)
        return urlsplit(self.page.url).path

    def sees_state(self, state: str) -> None:
        """The job's panel comes to show this state, by itself."""
        expect(self.page.locator(f"#now[data-state^='{state}']")).to_be_visible(timeout=END_MS)

    def said(self) -> list[str]:
        """The sentences of the job's panel."""
        return self.page.locator("#now .now-body > p").all_inner_texts()

    def download(self, target: Path) -> tuple[str, Path]:
        """Press Download; the name that the browser saves it under, and where it is."""
        with self.page.expect_download() as coming:
            self.page.get_by_role("link", name="Download").click()
        saved: Download = coming.value
        saved.save_as(target)
        return saved.suggested_filename, target

    def give_card(self, number: str) -> None:
        """Fill in Stripe's fields on the plan page, and pay."""
        for field, value in (
            ("number", number),
            ("exp_month", "12"),
            ("exp_year", "40"),
            ("cvc", "123"),
            ("postal_code", "60637"),
        ):
            self.page.locator(f"[data-card] input[placeholder={field}]").fill(value)
        self.page.get_by_role("button", name="Pay").click()
