"""Withdrawing a job and deleting one, by the dialog that asks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.browser.reader import END_MS

from gas_local.environment import ROOT
from gas_local.world import ADA

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.reader import Reader

    from gas_local.fixtures import Site

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "sample.vcf"
ARCHIVER_SECONDS = 10
"""How soon a deletion is done; the sweeper would come later."""
MISSING = "Failed to load resource: the server responded with a status of 404"


def large_vcf(path: Path) -> Path:
    """Work for many seconds: the example's records, over and over."""
    lines = EXAMPLE.read_text().splitlines(keepends=True)
    header = [line for line in lines if line.startswith("#")]
    records = [line for line in lines if not line.startswith("#")]
    path.write_text("".join(header + [record for record in records for _ in range(500)]))
    return path


def objects(site: Site, job_id: str) -> list[str]:
    """Every object version that carries the job's ID in its key."""
    s3 = site.stack.client("s3")
    return [
        version["Key"]
        for bucket in (site.stack["GAS_INPUTS_BUCKET"], site.stack["GAS_RESULTS_BUCKET"])
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for version in page.get("Versions", [])
        if job_id in version["Key"]
    ]


def test_a_waiting_job_is_cancelled_through_the_dialog(reader: Reader, hold: Any) -> None:
    page = reader.page
    reader.sign_in(ADA)
    with hold("annotator"):
        job_path = reader.submit(EXAMPLE)
        reader.sees_state("PENDING")
        page.get_by_role("link", name="Cancel").click()
        dialog = page.get_by_role("dialog", name="Cancel sample.vcf?")
        expect(dialog.get_by_role("link", name="Let it go on")).to_be_focused()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        reader.sees_state("PENDING")
        other = page.context.new_page()
        other.goto(page.url)
        expect(other.locator("#now[data-state^='PENDING']")).to_be_visible()
        page.get_by_role("link", name="Cancel").click()
        dialog.get_by_role("button", name="Cancel job").click()
        reader.sees_state("CANCELLED")
        # A second tab of the same job hears of it by itself.
        expect(other.locator("#now[data-state^='CANCELLED']")).to_be_visible(timeout=END_MS)
        expect(other.get_by_role("link", name="Cancel")).to_have_count(0)
    assert reader.said()[0] == "You cancelled this; no results."
    expect(page.get_by_role("link", name="Submit again")).to_be_visible()
    # The worker is back and saw the message: the job stays as its owner left it.
    reader.submit(EXAMPLE)
    reader.sees_state("COMPLETED")
    reader.open(job_path)
    reader.sees_state("CANCELLED")


def test_a_running_job_is_cancelled_and_leaves_nothing(
    reader: Reader, site: Site, generous_url: str, hold: Any, tmp_path: Path
) -> None:
    page = reader.page
    reader.sign_in(ADA)
    reader.base_url = generous_url
    job_path = reader.submit(large_vcf(tmp_path / "large.vcf"))
    reader.sees_state("RUNNING")
    with hold("annotator"):
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel job").click()
        reader.sees_state("CANCELLED")
    assert reader.said()[0] == "You cancelled this; no results."
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    # Its worker takes the next job only once it has let go of this one.
    reader.submit(EXAMPLE)
    expect(page.locator("#now[data-state^='COMPLETED']")).to_be_visible(timeout=60_000)
    job_id = job_path.rpartition("/")[2]
    assert [key for key in objects(site, job_id) if not key.endswith("/input")] == []
    reader.open(job_path)
    reader.sees_state("CANCELLED")


def test_a_deleted_job_leaves_the_list_and_the_store(reader: Reader, site: Site, hold: Any) -> None:
    page = reader.page
    reader.sign_in(ADA)
    job_path = reader.submit(EXAMPLE)
    reader.sees_state("COMPLETED")
    job_id = job_path.rpartition("/")[2]
    assert len(objects(site, job_id)) >= 5
    page.get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete sample.vcf?")
    expect(dialog.get_by_role("link", name="Keep it")).to_be_focused()
    with hold("archiver"):
        dialog.get_by_role("button", name="Delete job").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
        row = page.locator("table.jobs tbody tr").filter(has=page.locator(f"a[href='{job_path}']"))
        expect(row).to_contain_text("Being deleted")

    # The page told the archiver, so nobody waits for the sweeper.
    reader.expected.append(MISSING)
    end = time.monotonic() + ARCHIVER_SECONDS
    while reader.open(job_path) != 404:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert objects(site, job_id) == []
    reader.open("/annotations")
    expect(row).to_have_count(0)


def test_a_page_left_open_says_that_its_job_is_gone(reader: Reader, hold: Any) -> None:
    page = reader.page
    reader.sign_in(ADA)
    job_path = reader.submit(EXAMPLE)
    reader.sees_state("COMPLETED")
    page.get_by_role("link", name="Delete").click()
    reader.expected += [
        "Failed to load resource: the server responded with a status of 404",
        "Response Status Error Code 404",
    ]
    with hold("archiver"):
        page.get_by_role("button", name="Delete job").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
        reader.open(job_path)
        expect(page.locator("#now")).to_contain_text("Being deleted")
    expect(page.get_by_role("alert")).to_contain_text("This page is out of date", timeout=15_000)
