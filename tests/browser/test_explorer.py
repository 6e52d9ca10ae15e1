"""A researcher finds the variants that matter: the explorer in Chromium, on results of the real engine."""

from __future__ import annotations

import gzip
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.browser.reader import END_MS

from gas_local.environment import ROOT
from gas_local.world import ADA, GREGOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Frame, Page
    from tests.browser.reader import Reader

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "sample.vcf"
COUNT = re.compile(r"^([\d,]+) of ([\d,]+) variant alleles")
MARKUP = "<img src=x onerror=alert(1)>"


def count(page: Page) -> int:
    """How many alleles the page says that its view has."""
    found = COUNT.match(page.locator("p.count").inner_text())
    assert found
    return int(found[1].replace(",", ""))


FRESH_SECONDS = 100
"""Results of the free plan go to the archive after 300."""
_example: list[tuple[str, float]] = []


def explore(reader: Reader, file: Path = EXAMPLE) -> str:
    """Open the variants of a file of Ada's; the path of their page. The example's job serves many tests."""
    if file == EXAMPLE and _example and time.monotonic() < _example[-1][1] + FRESH_SECONDS:
        job = _example[-1][0]
        reader.open(job)
    else:
        job = reader.submit(file)
        _example.extend([(job, time.monotonic())] if file == EXAMPLE else [])
    reader.sees_state("COMPLETED AVAILABLE")
    reader.page.get_by_role("link", name="Explore").click()
    expect(reader.page.get_by_role("heading", level=1)).to_have_text(f"Variants of {file.name}")
    return f"{job}/results"


def assert_accessible(page: Page | Frame) -> None:
    found = Axe().run(page)  # type: ignore[arg-type]  # it evaluates scripts, as frames do
    told = [(each["id"], [node["target"] for node in each["nodes"]]) for each in found.response["violations"]]
    assert told == []


def test_from_a_bar_to_the_variant_and_its_download(reader: Reader, tmp_path: Path) -> None:
    reader.sign_in(ADA)
    explore(reader)
    page = reader.page
    assert count(page) == 288

    page.locator("#summary > summary").click()
    figure = page.get_by_role("figure", name="Coding consequences")
    told = int(
        figure.get_by_role("listitem").filter(has_text="frameshift").locator(".number").first.inner_text()
    )
    figure.get_by_role("link", name="frameshift variant").click()
    assert count(page) == told
    expect(page.get_by_role("list", name="Filters", exact=True)).to_contain_text(
        "Consequence is frameshift variant"
    )

    page.get_by_label("Gene or region").fill("mt-nd5")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("list", name="Filters", exact=True)).to_contain_text("Gene is MT-ND5")
    assert 0 < count(page) < told
    shown = count(page)

    # The address holds the view: for another tab, for Back, for a reload.
    page.reload()
    assert count(page) == shown
    page.go_back()
    assert count(page) == told
    page.go_forward()

    name = page.locator("a[data-drawer]").first.inner_text()
    page.locator("a[data-drawer]").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=1)).to_have_text(name)
    expect(drawer).to_contain_text("Shifts the reading frame")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.locator("a[data-drawer]").first).to_be_focused()

    page.get_by_text(f"Export these {shown}").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="VCF whole records").click()
    saved = tmp_path / "part.vcf.gz"
    coming.value.save_as(saved)
    assert coming.value.suggested_filename == "sample.filtered.vcf.gz"
    records = [line for line in gzip.decompress(saved.read_bytes()).splitlines() if not line.startswith(b"#")]
    assert len(records) == shown


def test_every_view_is_reached_without_javascript(visit: Callable[..., Reader]) -> None:
    with_script, without = visit(), visit(java_script_enabled=False)
    with_script.sign_in(ADA)
    path = explore(with_script)
    without.sign_in(ADA)
    page = without.page
    without.open(path)
    page.get_by_label("Filter", exact=True).select_option("Quality at least")
    page.get_by_label("Value").fill("2000")
    page.get_by_role("button", name="Add").click()
    some = count(page)
    assert 0 < some < 288
    page.get_by_role("link", name="Consequence", exact=True).click()
    assert count(page) == some
    page.get_by_role("link", name="Next").click()
    expect(page.locator("p.count")).to_contain_text("rows 101–")
    page.locator("tbody th a").first.click()
    expect(page.get_by_role("heading", name="Consequences")).to_be_visible()
    page.get_by_role("link", name="Back to the variants").click()
    expect(page.locator("p.count")).to_contain_text("rows 101–")
    page.get_by_role("link", name=re.compile("remove this filter")).click()
    assert count(page) == 288


def test_keys_move_about_and_can_be_turned_off(reader: Reader) -> None:
    reader.sign_in(ADA)
    explore(reader)
    page = reader.page
    # The script shows what its keys are when it listens to them.
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("a[data-drawer]").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.locator("p.count")).to_contain_text("rows 101–200")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Gene or region")).to_be_focused()
    page.keyboard.type("MT:3300-3400")
    page.keyboard.press("Enter")
    expect(page.locator(".chip").first).to_contain_text("Region overlaps MT:3300-3400")

    page.locator("#keys > summary").click()
    page.get_by_label("Use these keys").uncheck()
    page.reload()
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("a[data-drawer]").first).not_to_be_focused()


def test_a_term_explains_itself(reader: Reader) -> None:
    reader.sign_in(ADA)
    reader.open(f"{explore(reader)}?f=consequence:is:stop_gained")
    page = reader.page
    page.get_by_role("button", name="stop gained").first.click()
    expect(page.locator("#term-stop_gained")).to_be_visible()
    expect(page.locator("#term-stop_gained")).to_contain_text("SO:0001587")
    page.keyboard.press("Escape")
    expect(page.locator("#term-stop_gained")).not_to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_is_accessible_and_fits(visit: Callable[..., Reader], theme: str, width: int) -> None:
    reader = visit(viewport={"width": width, "height": 740}, color_scheme=theme)
    reader.sign_in(ADA)
    path = explore(reader)
    page = reader.page
    reader.expected.append("Failed to load resource: the server responded with a status of 400")
    for query in (
        "",
        "?f=gene:is:MT-ND1&f=impact:is:HIGH,MODERATE",
        "?f=gene:is:a&f=gene:is:b",
        "?columns=distance,regions,consequence,hgvs_g,cdna_position,id,biotype,impact",
        "?f=gene:is:no-such-gene&f=impact:is:HIGH",
        "/30/1",
        "/30/1/genotypes",
        "?f=gene:is:MT-ND5&f1=impact:is:HIGH&f1=known:is:no",
        "/summary?f=gene:is:MT-ND1",
        "?f=x:y:z",
    ):
        reader.open(f"{path}{query}")
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        if page.locator("#summary").count():
            expect(page.get_by_role("figure").first).to_be_visible()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, query


def test_the_genome_browser_draws_the_variant_and_asks_nobody_else(reader: Reader) -> None:
    reader.sign_in(ADA)
    explore(reader)
    page = reader.page
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.locator("a[data-drawer]").nth(10).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=1)).to_be_visible()
    assert not any("igv" in path or path.endswith("/browser") for path in asked)

    drawer.get_by_text("Genome browser", exact=True).click()
    frame = drawer.frame_locator("iframe")
    expect(frame.locator("[data-browser]")).to_have_attribute("data-state", "drawn", timeout=END_MS)
    # Ranges of the VCF from the store, each by a link of its own, and the reference from us.
    assert any(path.endswith("/annot.vcf.gz") and "/annotations/" not in path for path in asked)
    assert any(path.endswith("/annot.vcf.gz.tbi") and "/annotations/" not in path for path in asked)
    assert any(path.endswith("/sequence.fa") for path in asked)
    assert any(path.endswith("/genes.gff3") for path in asked)
    drawn = frame.locator("[data-browser]").evaluate(
        """async (place) => {
            const root = place.shadowRoot ?? place;
            return [...root.querySelectorAll("canvas")].filter((canvas) => {
              if (!canvas.width || !canvas.height) return false;
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              return new Set(new Uint32Array(data.buffer)).size > 2;
            }).length;
        }"""
    )
    assert drawn >= 3, "ruler, sequence, variants and genes"
    # What axe is told of the page says nothing of the frame in it.
    assert_accessible(next(each for each in page.frames if each.url.endswith("/browser")))


def test_what_goes_wrong_under_way_costs_neither_the_view_nor_the_way_on(reader: Reader) -> None:
    reader.expected += [
        "Failed to load resource: the server responded with a status of 503",
        "Response Status Error Code 503",
        # Signed out, a script's question is led to Globus, where it may not go.
        "Connecting to",
        "Refused to connect",
        "Fetch API cannot load",
        "Failed to load resource: net::ERR",
    ]
    reader.sign_in(ADA)
    path = explore(reader)
    reader.open(f"{path}?f=gene:is:MT-ND5")
    page = reader.page
    shown = count(page)
    broken = [f"**{path}/summary?*", f"**{path}/*/*?*"]
    for each in broken:
        page.route(each, lambda route: route.fulfill(status=503), times=1)

    # A part that does not arrive leaves the way to its page; a variant opens on a page of its own.
    page.locator("#summary > summary").click()
    expect(page.get_by_role("link", name="Open the summary")).to_be_visible()
    assert count(page) == shown
    link = page.locator("a[data-drawer]").first
    name = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.go_back()
    assert count(page) == shown

    # Signed out meanwhile: signing in leads on to what was asked for.
    page.context.clear_cookies(name="gas")
    page.locator("a[data-drawer]").first.click()
    heading, account = page.get_by_role("heading", level=1), page.get_by_role("button", name=ADA.name)
    expect(account.or_(heading.filter(has_text=name))).to_be_visible()
    if account.is_visible():
        reader.choose_account(ADA)
    expect(heading).to_have_text(name)
    page.get_by_role("link", name="Back to the variants").click()
    assert count(page) == shown


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_genotypes_and_a_saved_view_by_keyboard(visit: Callable[..., Reader], theme: str) -> None:
    reader = visit(viewport={"width": 1280, "height": 800}, color_scheme=theme)
    reader.sign_in(ADA)
    path = explore(reader)
    page = reader.page
    page.get_by_text("Gene list", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Genes, up to 200")).to_be_focused()
    page.keyboard.type("mt-nd1, mt-nd5")
    assert_accessible(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".chip").first).to_contain_text("Gene is MT-ND1 or MT-ND5")
    shown = count(page)

    page.get_by_text("Saved views").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    while not page.get_by_label("Save these filters as").evaluate(
        "field => field === document.activeElement"
    ):
        page.keyboard.press("Tab")
    name = f"ND {theme}"
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"Saved views \("))).to_be_visible()
    reader.open(path)
    page.get_by_text("Saved views").press("Enter")
    assert_accessible(page)
    page.get_by_role("link", name=name).press("Enter")
    expect(page.locator(".chip").first).to_contain_text("Gene is MT-ND1 or MT-ND5")
    assert count(page) == shown

    page.locator("a[data-drawer]").first.press("Enter")
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("link", name="Genotypes of the samples").press("Enter")
    expect(drawer.get_by_role("heading", name="Genotypes")).to_be_focused()
    expect(drawer.get_by_role("rowheader")).to_have_text("ADA01")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


@pytest.mark.parametrize("script", [True, False])
def test_columns_are_moved_and_hidden_by_keyboard_and_remembered(
    visit: Callable[..., Reader], *, script: bool
) -> None:
    with_script = visit()
    with_script.sign_in(ADA)
    path = explore(with_script)
    reader = visit(viewport={"width": 1280, "height": 800}, java_script_enabled=script)
    reader.sign_in(ADA)
    reader.open(f"{path}?columns=gene,consequence,id")
    page = reader.page
    headings = page.get_by_role("columnheader")
    expect(headings).to_have_text(["Variant ↑", "Gene", "Consequence", "ID"])
    page.get_by_text("Columns", exact=True).press("Enter")
    page.get_by_role("button", name="ID, of the file and known ones: up").press("Enter")
    expect(headings).to_have_text(["Variant ↑", "Gene", "ID", "Consequence"])
    # The menu is open again, at the same button.
    expect(page.get_by_role("button", name="ID, of the file and known ones: up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(headings).to_have_text(["Variant ↑", "ID", "Gene", "Consequence"])
    page.get_by_label("Gene", exact=True).uncheck()
    page.get_by_label("Exon, of how many").check()
    page.get_by_role("button", name="Show ticked").press("Enter")
    expect(headings).to_have_text(["Variant ↑", "ID", "Consequence", "Exon"])

    reader.open(path)
    expect(headings).to_have_text(["Variant ↑", "ID", "Consequence", "Exon"])
    page.get_by_text("Columns", exact=True).press("Enter")
    page.get_by_role("button", name="Usual columns").press("Enter")
    expect(headings).to_have_count(10)
    reader.open(path)
    expect(headings).to_have_count(10)


def test_hostile_names_are_text_and_call_nobody(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / f"{MARKUP[:4]}=1+1.vcf"
    file.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"MT\t73\t{MARKUP.replace(' ', '/')}\tA\tG\t10\t{MARKUP.replace(' ', '/')}\t.\n"
    )
    reader.sign_in(ADA)
    path = explore(reader, file)
    page = reader.page
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.locator("a[data-drawer]").first.click()
    expect(page.get_by_role("dialog")).to_contain_text(MARKUP.replace(" ", "/"))
    reader.open(f"{path}?f=gene:is:{MARKUP}")
    expect(page.locator(".chip").first).to_contain_text(f"Gene is {MARKUP}")
    assert page.locator("main img").count() == 0


def test_another_researcher_finds_no_such_page(visit: Callable[..., Reader]) -> None:
    ada, gregor = visit(), visit()
    ada.sign_in(ADA)
    path = explore(ada)
    gregor.sign_in(GREGOR)
    gregor.expected.append("Failed to load resource: the server responded with a status of 404")
    assert gregor.open(path) == 404
    assert gregor.open(f"{path}/1/1") == 404
