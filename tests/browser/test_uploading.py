"""From choosing a file to its job: what the page says before, and large files in parts over a bad line."""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from tests.browser.reader import JOB_PAGE
from tests.browser.slow_line import SlowLine

from gas_engine import default_bundle
from gas_local.ports import HOST, free_port
from gas_local.services import service_programs
from gas_local.supervisor import Program, Supervisor
from gas_local.world import ADA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Response, Route
    from tests.browser.reader import Reader

    from gas_local.fixtures import Site

pytestmark = pytest.mark.slow

MIB = 1024**2
PART_BYTES = 5 * MIB
RECORDS, INFO_BYTES = 600, 100_000
BYTES_A_SECOND = 8 * MIB
HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
REFERENCE = default_bundle().sequence("NC_012920.1", 0, 16_569)
END_MS = 90_000
SECONDS_TO_THE_TABLE = 5
LOST = "Connection lost; what arrived is safe."
DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const event = new DragEvent("drop", {dataTransfer: data, bubbles: true});
  document.querySelector("[data-drop]").dispatchEvent(event);
}"""


def record(pos: int, *, info: str = ".") -> str:
    ref = REFERENCE[pos - 1]
    return f"MT\t{pos}\t.\t{ref}\t{'G' if ref == 'A' else 'A'}\t.\t.\t{info}\n"


@pytest.fixture(scope="module")
def slow_line(site: Site) -> Iterator[SlowLine]:
    line = SlowLine(site.stack.aws_url, bytes_a_second=BYTES_A_SECOND)
    yield line
    line.close()


@pytest.fixture(scope="module")
def parts_url(site: Site, slow_line: SlowLine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web process of the site whose free plan takes large files, in the smallest parts that S3 knows."""
    port = free_port()
    base_url = f"http://{HOST}:{port}"
    environment = {
        **site.stack.environment,
        "GAS_BASE_URL": base_url,
        "GAS_HTTP_PORT": str(port),
        "GAS_S3_PUBLIC_ENDPOINT_URL": slow_line.url,
        "GAS_FREE_MAX_BYTES": "200000000",
        "GAS_PART_BYTES": str(PART_BYTES),
    }
    web: Program = next(program for program in service_programs(environment) if program.name == "web")
    with Supervisor(tmp_path_factory.mktemp("parts")) as supervisor:
        supervisor.start(web)
        yield base_url


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 MB in 600 records, of which no two parts are alike."""
    path = tmp_path_factory.mktemp("large") / "large ~ genöme.vcf"
    noise = random.Random(7)
    with path.open("w") as file:
        file.write(HEADER)
        for pos in range(1, RECORDS + 1):
            file.write(record(pos, info=f"X={noise.randbytes(INFO_BYTES // 2).hex()}"))
    return path


@dataclass
class Line:
    """The line between a browser's tab and the world, cut and mended, and its parts counted."""

    page: Page
    sent: Counter[int] = field(default_factory=Counter)
    """How often the store took each part."""

    def __post_init__(self) -> None:
        self._devtools = self.page.context.new_cdp_session(self.page)
        self._devtools.send("Network.enable")
        self.page.on("response", self._note)

    def _note(self, answer: Response) -> None:
        if answer.request.method == "PUT" and answer.status == 200:
            self.sent[int(parse_qs(urlsplit(answer.url).query)["partNumber"][0])] += 1

    def set(self, *, offline: bool) -> None:
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self._devtools.send("Network.emulateNetworkConditions", conditions)

    def until_sent(self, parts: int) -> None:
        end = time.monotonic() + END_MS / 1000
        while len(self.sent) < parts:
            assert time.monotonic() < end, f"{len(self.sent)} parts sent"
            self.page.wait_for_timeout(50)


@pytest.fixture
def sender(reader: Reader, parts_url: str, slow_line: SlowLine) -> Reader:
    """Ada, signed in where large files go in parts, over a slow line."""
    reader.may_ask(slow_line.url)
    reader.sign_in(ADA)
    reader.base_url = parts_url
    return reader


def begin(sender: Reader, file: Path) -> Line:
    line = Line(sender.page)
    sender.choose_file(file)
    expect(sender.page.locator("[data-checks]")).to_contain_text("Ready: VCF 4.2, about")
    sender.page.get_by_role("button", name="Annotate").click()
    return line


def told(sender: Reader) -> Locator:
    """How far the upload is, in words."""
    return sender.page.locator("[data-checks] [data-text]")


def stored(site: Site, job_url: str) -> str:
    """SHA-256 of what stands in the store for a job."""
    key = {"job_id": {"S": job_url.rpartition("/")[2]}}
    row = site.stack.client("dynamodb").get_item(TableName=site.stack["GAS_JOBS_TABLE"], Key=key)["Item"]
    ref = {"Bucket": row["s3_inputs_bucket"]["S"], "Key": row["s3_key_input_file"]["S"]}
    body = site.stack.client("s3").get_object(**ref)["Body"]
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(MIB):
        digest.update(chunk)
    return digest.hexdigest()


def arrives(sender: Reader, site: Site, file: Path) -> None:
    """The upload ends at its job's page, and what the store has is the file."""
    sender.page.wait_for_url(JOB_PAGE, timeout=END_MS)
    assert stored(site, sender.page.url) == hashlib.sha256(file.read_bytes()).hexdigest()
    expect(sender.page.get_by_role("heading", level=1)).to_have_text(file.name)


def parts_of(file: Path) -> set[int]:
    return set(range(1, -(-file.stat().st_size // PART_BYTES) + 1))


def once_each(file: Path) -> dict[int, int]:
    return dict.fromkeys(parts_of(file), 1)


def test_upload_goes_on_by_itself_after_the_network_was_cut_twice(
    sender: Reader, site: Site, large: Path
) -> None:
    sender.expected = ["Failed to load resource"]
    line = begin(sender, large)
    for parts in (3, 7):
        line.until_sent(parts)
        line.set(offline=True)
        expect(told(sender)).to_contain_text(LOST)
        line.set(offline=False)
        expect(told(sender)).not_to_contain_text(LOST)
    arrives(sender, site, large)
    assert line.sent == once_each(large)
    sender.sees_state("COMPLETED AVAILABLE")


def test_upload_can_be_paused_and_cancelled(sender: Reader, site: Site, large: Path) -> None:
    line = begin(sender, large)
    line.until_sent(1)
    page = sender.page
    page.get_by_role("button", name="Pause").click()
    expect(told(sender)).to_have_text(re.compile(r"^Paused at [\d.]+ MiB of 57\.\d MiB\.$"))
    page.wait_for_timeout(500)  # What the store took may be told a moment later.
    paused = len(line.sent)
    page.wait_for_timeout(1000)
    assert len(line.sent) == paused
    page.get_by_role("button", name="Go on").click()
    line.until_sent(paused + 1)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled; nothing was submitted.")).to_be_visible()
    expect(page.get_by_role("button", name="Annotate")).to_be_enabled()
    left = site.stack.client("s3").list_multipart_uploads(Bucket=site.stack["GAS_INPUTS_BUCKET"])
    assert left.get("Uploads", []) == []
    sender.open("/annotate")
    expect(page.get_by_text("have arrived. Choose the same file again")).to_have_count(0)


def test_upload_goes_on_in_another_tab_with_the_same_file(sender: Reader, site: Site, large: Path) -> None:
    first = begin(sender, large)
    first.until_sent(4)
    context = sender.page.context
    sender.page.close()
    sender.page = context.new_page()
    second = Line(sender.page)
    sender.open("/annotate")
    waiting = sender.page.locator("[data-unfinished]")
    expect(waiting).to_contain_text(f"{large.name}: ")
    expect(waiting).to_contain_text("Choose the same file again, and only the rest is sent.")
    sender.page.get_by_label("VCF file").set_input_files(large)
    expect(told(sender)).to_contain_text("have arrived before; only the rest is sent.")
    sender.page.get_by_role("button", name="Annotate").click()
    arrives(sender, site, large)
    # A part whose answer was lost with the tab was sent, but not seen to be.
    assert set(second.sent.values()) == {1}
    assert not first.sent.keys() & second.sent.keys()
    assert len(second.sent) < len(parts_of(large)) - 3


def test_another_file_of_the_same_name_and_size_sends_the_parts_that_differ(
    sender: Reader, site: Site, large: Path, tmp_path: Path
) -> None:
    first = begin(sender, large)
    first.until_sent(6)
    context = sender.page.context
    sender.page.close()
    changed = tmp_path / large.name
    data = bytearray(large.read_bytes())
    place = data.index(b"X=", PART_BYTES + 1000) + 10
    data[place] ^= 1
    changed.write_bytes(data)
    sender.page = context.new_page()
    second = Line(sender.page)
    sender.open("/annotate")
    expect(sender.page.locator("[data-unfinished]")).to_be_visible()
    sender.page.get_by_label("VCF file").set_input_files(changed)
    expect(told(sender)).to_contain_text("have arrived before")
    sender.page.get_by_role("button", name="Annotate").click()
    arrives(sender, site, changed)
    assert second.sent[place // PART_BYTES + 1] == 1


def test_address_that_is_too_old_is_made_anew(sender: Reader, site: Site, large: Path) -> None:
    sender.expected = ["Failed to load resource: the server responded with a status of 403"]
    refused: list[str] = []

    def age(route: Route) -> None:
        if refused:
            route.continue_()
            return
        refused.append(route.request.url)
        # The emulator checks no signature, but the time.
        route.continue_(url=re.sub(r"X-Amz-Date=\d{8}", "X-Amz-Date=20200101", route.request.url))

    sender.page.route(re.compile(r"partNumber=2&"), age)
    line = begin(sender, large)
    arrives(sender, site, large)
    assert len(refused) == 1
    assert line.sent == once_each(large)


def test_sign_in_that_ends_mid_way_costs_nothing_that_arrived(
    sender: Reader, site: Site, large: Path
) -> None:
    sender.expected = ["Failed to load resource: the server responded with a status of 400"]
    line = begin(sender, large)
    line.until_sent(3)
    page = sender.page
    page.context.clear_cookies(name="gas")
    # It is told when the next part is to be signed.
    expect(told(sender)).to_contain_text("Your sign-in is over; what arrived is safe", timeout=END_MS)
    arrived = len(line.sent)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    tab = opened.value
    # The second process of the site is not where Globus sends back to; a session holds on both.
    tab.goto(f"{site.base_url}/login")
    jobs, account = tab.get_by_role("heading", name="Jobs"), tab.get_by_role("button", name=ADA.name)
    expect(jobs.or_(account)).to_be_visible()
    if account.is_visible():
        account.click()
    expect(jobs).to_be_visible()
    tab.close()
    page.get_by_role("button", name="Go on").click()
    arrives(sender, site, large)
    assert 3 <= arrived < len(parts_of(large))
    assert line.sent == once_each(large)


def records(count: int) -> str:
    return HEADER + "".join(record(1 + n * 16) for n in range(count))


def test_a_thousand_variants_are_a_table_to_explore_within_five_seconds_of_the_drop(reader: Reader) -> None:
    reader.sign_in(ADA)
    # The first job of a worker compiles nothing, but opens much.
    reader.open("/annotate")
    page = reader.page
    taken = []
    for name in ("warm.vcf", "thousand.vcf"):
        reader.open("/annotate")
        begun = time.monotonic()
        page.evaluate(DROP, [name, records(1000)])
        expect(page.locator("[data-checks]")).to_contain_text("Ready: VCF 4.2, 1,000 records on rCRS")
        page.get_by_role("button", name="Annotate").click()
        page.get_by_role("link", name="Explore").click(timeout=END_MS)
        expect(page.locator(".rows tbody tr").first).to_be_visible()
        taken.append(time.monotonic() - begun)
    assert taken[-1] < SECONDS_TO_THE_TABLE, taken


def test_several_files_make_several_jobs(reader: Reader, tmp_path: Path) -> None:
    reader.sign_in(ADA)
    files = {"one.vcf": records(3), "two.vcf": records(5), "letter.vcf": "Dear GAS,\n"}
    paths = [tmp_path / name for name in files]
    for path in paths:
        path.write_text(files[path.name])
    reader.open("/annotate")
    page = reader.page
    page.get_by_label("VCF file").set_input_files(paths)
    checks = page.locator("[data-checks] > li")
    expect(checks.nth(2)).to_contain_text("letter.vcf looks like a plain text file.")
    page.get_by_role("button", name="Annotate 2 files").click()
    expect(page.get_by_role("link", name="Open its job")).to_have_count(2)
    addresses = [
        link.get_attribute("href") or "" for link in page.get_by_role("link", name="Open its job").all()
    ]
    for name, address in zip(files, addresses, strict=False):
        page.goto(address)
        assert JOB_PAGE.search(page.url)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)

    reader.open("/annotate")
    page.get_by_label("VCF file").set_input_files(paths[:2])
    page.get_by_role("button", name="Annotate 2 files").click()
    page.wait_for_url("**/annotations")


def test_pasted_lines_and_the_sample_become_jobs(reader: Reader) -> None:
    reader.sign_in(ADA)
    page = reader.page
    reader.open("/annotate")
    page.get_by_text("Paste VCF lines").click()
    page.get_by_label("VCF lines", exact=True).fill("MT 73 . A G . . .")
    page.get_by_role("button", name="Use these lines").click()
    expect(page.locator("[data-checks]")).to_contain_text("Ready: VCF 4.2, 1 record on rCRS")
    page.get_by_role("button", name="Annotate").click()
    page.wait_for_url(JOB_PAGE)
    expect(page.get_by_role("heading", level=1)).to_have_text("pasted.vcf")
    reader.sees_state("COMPLETED AVAILABLE")
    reader.open("/annotate")
    page.get_by_role("link", name="Try our sample").click()
    page.get_by_role("button", name="Annotate").click()
    page.wait_for_url(JOB_PAGE)
    expect(page.get_by_role("heading", level=1)).to_have_text("sample.vcf")


def test_verdict_before_the_upload_is_the_verdict_of_the_job(reader: Reader, tmp_path: Path) -> None:
    bad = tmp_path / "sample.vcf"
    bad.write_text(records(3).replace("\t33\t", "\tabc\t"))
    reader.sign_in(ADA)
    reader.choose_file(bad)
    said = 'Line 5, column 2 (POS): "abc" where a position (a whole number) belongs.'
    expect(reader.page.locator("[data-checks]")).to_contain_text(said)
    reader.page.get_by_role("button", name="Annotate").click()
    expect(reader.page.get_by_label("VCF file")).to_be_focused()


def test_without_script_a_small_file_is_submitted(visit: Any, site: Site, tmp_path: Path) -> None:
    plain = visit(java_script_enabled=False)
    plain.sign_in(ADA)
    file = tmp_path / "plain.vcf"
    file.write_text(records(2))
    plain.submit(file)
    expect(plain.page.get_by_role("heading", level=1)).to_have_text("plain.vcf")
    del site
