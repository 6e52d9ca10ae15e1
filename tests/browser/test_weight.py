"""What pages weigh on the wire, fonts and all, to a browser that comes for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from gas_local.environment import ROOT
from gas_local.world import ADA

if TYPE_CHECKING:
    from tests.browser.reader import Reader

pytestmark = pytest.mark.slow

FIRST_PAGE_BYTES = 150 * 1024
RESULTS_BYTES = 400 * 1024


def weighed(reader: Reader, path: str) -> int:
    """Bytes that a page and everything it asks for take, headers included."""
    cdp = reader.page.context.new_cdp_session(reader.page)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    cdp.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    reader.open(path)
    reader.page.wait_for_load_state("networkidle")
    cdp.detach()
    assert len(sizes) > 5, "a page has styles, scripts and fonts"
    return sum(sizes)


def test_first_page_is_light(reader: Reader) -> None:
    weight = weighed(reader, "/")
    print(f"the first page weighs {weight:,} bytes")  # noqa: T201 - a figure to be told
    assert weight <= FIRST_PAGE_BYTES


def test_results_page_is_light(reader: Reader) -> None:
    reader.sign_in(ADA)
    path = reader.submit(ROOT / "examples/sample.vcf")
    reader.sees_state("COMPLETED AVAILABLE")
    weight = weighed(reader, f"{path}/results")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Variants of sample.vcf")
    print(f"the results page weighs {weight:,} bytes")  # noqa: T201 - a figure to be told
    assert weight <= RESULTS_BYTES
