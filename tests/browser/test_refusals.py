"""Files that GAS cannot take: who refuses, when, and in which words."""

from __future__ import annotations

import re
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.reader import END_MS, JOB_PAGE

from gas_local.environment import ROOT
from gas_local.world import ADA

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.reader import Reader

    from gas_local.fixtures import Site

pytestmark = pytest.mark.slow

SENTENCE = "No record lies on a contig of rCRS or SARS-CoV-2: found {contigs}"


def post_with_curl(reader: Reader, file: Path) -> tuple[int, str]:
    """Send a file to the store with the fields of a form of ours, but past our page."""
    reader.open("/annotate")
    form = reader.page.locator("form[data-upload]")
    fields = form.locator("input[type=hidden], select").evaluate_all(
        "all => all.map(one => [one.name, one.value])"
    )
    texts = [part for name, value in fields for part in ("--form-string", f"{name}={value}")]
    action = form.get_attribute("action")
    assert action is not None
    answer = subprocess.run(
        [
            "curl",
            "--silent",
            "--noproxy",
            "*",
            "--write-out",
            "\n%{http_code}",
            *texts,
            "--form",
            f"file=@{file}",
            action,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    body, _, status = answer.stdout.rpartition("\n")
    return int(status), body


def submit_all_the_same(reader: Reader, file: Path, said: str) -> None:
    """Have the page refuse a file, and send its form as if there were no script."""
    reader.choose_file(file)
    expect(reader.page.locator("[data-checks]")).to_contain_text(said)
    reader.page.locator("form[data-upload]").evaluate("form => form.submit()")
    reader.page.wait_for_url(JOB_PAGE)


def test_a_file_without_a_record_on_the_reference_fails_naming_its_contigs(
    reader: Reader, sample: Callable[[str], Path]
) -> None:
    reader.sign_in(ADA)
    submit_all_the_same(reader, sample("free_2.vcf"), SENTENCE.format(contigs="Y"))
    reader.sees_state("FAILED")
    assert reader.said()[0].rstrip(".") == SENTENCE.format(contigs="Y")
    expect(reader.page.get_by_role("link", name="Download")).to_have_count(0)
    expect(reader.page.get_by_role("link", name="Submit again")).to_be_visible()


def test_a_file_that_failed_is_edited_on_the_page_and_submitted_again(reader: Reader, tmp_path: Path) -> None:
    bad = tmp_path / "family.vcf"
    bad.write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\tx\t.\tA\tG\t.\t.\t.\n"
    )
    page = reader.page
    reader.sign_in(ADA)
    submit_all_the_same(reader, bad, "Line 3, column 2 (POS)")
    reader.sees_state("FAILED")
    page.get_by_text("About this job").click()
    page.get_by_role("link", name="Rename or write notes").click()
    page.get_by_label("Notes").fill("from the second run")
    page.get_by_role("button", name="Save").click()
    failed = page.url
    page.get_by_role("link", name="Edit and submit again").click()
    expect(page.get_by_label("VCF lines", exact=True)).to_be_focused()
    page.keyboard.type("MT\t73\t.\tA\tG\t.\t.\t.".replace("\t", " "))
    page.get_by_role("button", name="Use these lines").click()
    expect(page.locator("[data-checks]")).to_contain_text("Ready: VCF 4.2, 1 record on rCRS")
    page.get_by_role("button", name="Annotate").click()
    reader.sees_state("COMPLETED AVAILABLE")
    assert page.url != failed
    expect(page.get_by_role("heading", level=1)).to_have_text("family.vcf")
    expect(page.get_by_text("from the second run")).to_be_visible()


def test_a_file_of_another_reference_is_submitted_again_with_the_one_that_it_fits(
    visit: Callable[..., Reader], site: Site
) -> None:
    """Without script nothing looks at the file before the worker does."""
    plain = visit(java_script_enabled=False)
    plain.sign_in(ADA)
    plain.open("/annotate")
    plain.page.get_by_label("Reference", exact=True).select_option("rCRS")
    plain.page.get_by_label("VCF file").set_input_files(ROOT / "examples/sars-cov-2.vcf")
    plain.page.get_by_role("button", name="Annotate").click()
    plain.page.wait_for_url(JOB_PAGE)
    failed = plain.page.url
    until(plain, "FAILED")
    assert plain.said() == [
        "No record lies on a contig of rCRS: found NC_045512.2.",
        "It fits SARS-CoV-2: submit it again with that reference.",
    ]
    plain.page.get_by_role("button", name="Submit again with SARS-CoV-2").click()
    plain.page.wait_for_url(JOB_PAGE)
    assert plain.page.url != failed
    until(plain, "COMPLETED AVAILABLE")
    provenance = plain.page.locator("#provenance")
    provenance.locator("summary").click()
    expect(provenance).to_contain_text("SARS-CoV-2 1.0 (NC_045512.2), as it was chosen")
    expect(provenance).to_contain_text("--bundle SARS-CoV-2")
    del site


def until(plain: Reader, state: str) -> None:
    """Reload until the job's panel shows this state: without script it does not follow by itself."""
    end = time.monotonic() + END_MS / 1000
    while not plain.page.locator(f"#now[data-state^='{state}']").is_visible():
        assert time.monotonic() < end, plain.said()
        plain.page.wait_for_timeout(300)
        plain.page.reload()


def test_a_file_over_the_limit_is_refused_by_the_page_and_by_the_store(
    reader: Reader, sample: Callable[[str], Path]
) -> None:
    reader.sign_in(ADA)
    large = sample("premium_1.vcf")
    reader.choose_file(large)
    refusal = reader.page.locator("[data-checks]")
    said = "premium_1.vcf is 171.6 KiB (175,701 bytes); your plan takes 150 KiB (153,600 bytes)."
    expect(refusal).to_contain_text(said)
    reader.page.get_by_role("button", name="Annotate").click()
    expect(reader.page.get_by_label("VCF file")).to_be_focused()
    assert reader.page.url == f"{reader.base_url}/annotate"

    status, body = post_with_curl(reader, large)
    assert (status, re.findall("<Code>(.*?)</Code>", body)) == (400, ["EntityTooLarge"])


def test_the_same_file_fails_for_its_contigs_once_the_limit_allows_it(
    reader: Reader, generous_url: str, sample: Callable[[str], Path]
) -> None:
    reader.sign_in(ADA)
    reader.base_url = generous_url
    submit_all_the_same(reader, sample("premium_1.vcf"), SENTENCE.format(contigs="1, 2, 3, 4, 5"))
    reader.sees_state("FAILED")
    assert reader.said()[0].rstrip(".") == SENTENCE.format(contigs="1, 2, 3, 4, 5")


def test_the_store_itself_refuses_200_kilobytes(reader: Reader, tmp_path: Path) -> None:
    reader.sign_in(ADA)
    large = tmp_path / "large.vcf"
    large.write_bytes(b"##fileformat=VCFv4.2\n".ljust(200_000, b"#"))
    status, body = post_with_curl(reader, large)
    assert (status, re.findall("<Code>(.*?)</Code>", body)) == (400, ["EntityTooLarge"])

    at_the_limit = tmp_path / "limit.vcf"
    at_the_limit.write_bytes(large.read_bytes()[:153_600])
    status, _body = post_with_curl(reader, at_the_limit)
    assert status == 303
