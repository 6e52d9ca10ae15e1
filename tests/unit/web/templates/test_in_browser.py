"""What the scripts do, in Chromium, under the strict Content-Security-Policy, against scripted answers."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Response, redirect, render_template, request
from playwright.sync_api import expect, sync_playwright
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STEP_MS = 5_000
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


class Site:
    """The gallery served on a port. ``asked`` is what was asked for; views can be replaced by a test."""

    def __init__(self, gallery: Any, store: str = "") -> None:
        self.gallery = gallery
        self.app = gallery.make_gallery(store)
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.app.before_request(self._note)
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _note(self) -> None:
        self.asked.append((request.method, request.path, dict(request.headers)))

    def answer(self, endpoint: str, view: Any) -> None:
        self.app.view_functions[endpoint] = view

    def panel(self, job: SimpleNamespace, *, etag: str = "", status: int = 200) -> Response:
        response = Response(render_template("jobs/_now.html", job=job), status=status)
        if etag:
            response.headers["ETag"] = etag
        return response

    def count(self, ending: str) -> int:
        return sum(path.endswith(ending) for _, path, _ in self.asked)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site(gallery: Any) -> Iterator[Site]:
    site = Site(gallery)
    yield site
    site.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab whose console has to stay silent, but for failed requests that a test causes on purpose.

    What scripts made of the page by the end of a test has to be as accessible as the page was.
    """
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(STEP_MS)
    spoken: list[str] = []
    tab.on("pageerror", lambda error: spoken.append(str(error)))
    tab.on("console", lambda message: spoken.append(message.text))
    yield tab
    told = Axe().run(tab, options=WCAG).response["violations"] if tab.locator("#main").count() else []
    context.close()
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in told] == []
    expected = ("Failed to load resource", "Response Status Error Code")
    assert [text for text in spoken if not text.startswith(expected)] == []


def test_the_page_follows_a_job_to_its_end_and_then_asks_no_more(site: Site, tab: Page, gallery: Any) -> None:
    answers = iter([gallery.job(headline=[("300 of about 350 records.",)], poll_seconds=1), gallery.DONE])
    site.answer("jobs.status", lambda **_: site.panel(next(answers)))
    site.answer("jobs.show", lambda **_: gallery.render("job-done"))
    tab.goto(f"{site.url}/gallery/job-running")
    expect(tab.get_by_text("300 of about 350 records.")).to_be_visible()
    expect(tab.get_by_role("link", name="Download")).to_be_visible()
    expect(tab).to_have_title("Ready: test.vcf · GAS")
    expect(tab.get_by_role("heading", name="What was found")).to_be_visible()
    expect(tab.get_by_text("This page follows the job")).to_be_hidden()
    assert tab.locator("[data-announcer]").text_content() == "Ready"
    tab.wait_for_timeout(1_500)
    assert site.count("/status") == 2


AWAY = """
  // The reader is in another window; what is shown by the desktop is noted, and shown.
  window.told = [];
  Object.defineProperty(document, "hidden", { get: () => window.away ?? false });
  document.hasFocus = () => !document.hidden;
  const Real = Notification;
  window.Notification = class extends Real {
    constructor(title, more) {
      super(title, more);
      window.told.push(title);
    }
  };
"""


def test_the_end_is_told_by_title_icon_and_for_who_asks_by_the_desktop(
    site: Site, tab: Page, gallery: Any
) -> None:
    go = threading.Event()
    site.answer("jobs.status", lambda **_: site.panel(gallery.FAILED if go.is_set() else gallery.RUNNING))
    tab.context.grant_permissions(["notifications"])
    tab.add_init_script(AWAY)
    tab.goto(f"{site.url}/gallery/job-running")
    icon = tab.locator("link[rel=icon]")
    expect(icon).to_have_attribute("href", "/assets/icons/favicon-working.svg")
    assert tab.evaluate("localStorage.length") == 0
    tab.get_by_role("button", name="Notify me when jobs end").click()
    expect(tab.get_by_role("button", name="Stop notifying me")).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("button", name="Stop notifying me")).to_be_visible()
    tab.evaluate("window.away = true")
    go.set()
    expect(icon).to_have_attribute("href", "/assets/icons/favicon-failed.svg")
    expect(tab).to_have_title("Failed: test.vcf · GAS")
    assert tab.evaluate("window.told") == ["Failed: test.vcf"]


def test_a_browser_that_refuses_notifications_is_told_of(site: Site, tab: Page, gallery: Any) -> None:
    site.answer("jobs.status", lambda **_: site.panel(gallery.RUNNING))
    tab.add_init_script(
        "Notification.requestPermission = async () => 'denied';"
        "Object.defineProperty(Notification, 'permission', { get: () => 'denied' });"
    )
    tab.goto(f"{site.url}/gallery/job-running")
    tab.get_by_role("button", name="Notify me when jobs end").click()
    expect(tab.get_by_text("Your browser refuses notifications of this site")).to_be_visible()
    expect(tab.get_by_role("button", name="Notify me when jobs end")).to_be_visible()


def test_an_unchanged_job_costs_a_304_and_leaves_the_page_alone(site: Site, tab: Page, gallery: Any) -> None:
    def status(**_: str) -> Response:
        if request.headers.get("If-None-Match") == '"one"':
            return Response(status=304, headers={"ETag": '"one"'})
        return site.panel(gallery.RUNNING, etag='"one"')

    site.answer("jobs.status", status)
    tab.goto(f"{site.url}/gallery/job-running")
    tab.wait_for_timeout(3_600)
    assert site.count("/status") >= 3
    expect(tab.get_by_text("212 of about 350 records")).to_be_visible()
    expect(tab.get_by_role("alert")).to_be_hidden()


def test_a_failed_poll_keeps_the_content_and_offers_retry(site: Site, tab: Page, gallery: Any) -> None:
    answers = iter([Response(status=503), None])
    site.answer("jobs.status", lambda **_: next(answers) or site.panel(gallery.DONE))
    site.answer("jobs.show", lambda **_: gallery.render("job-done"))
    tab.goto(f"{site.url}/gallery/job-running")
    expect(tab.get_by_text("The latest state did not arrive.")).to_be_visible()
    expect(tab.get_by_text("212 of about 350 records")).to_be_visible()
    tab.get_by_role("button", name="Retry").click()
    expect(tab.get_by_role("link", name="Download")).to_be_visible()
    expect(tab.get_by_text("The latest state did not arrive.")).to_be_hidden()


def test_a_slow_answer_is_waited_for_and_not_asked_for_twice(site: Site, tab: Page, gallery: Any) -> None:
    asked = threading.Semaphore(0)
    go = threading.Event()

    def status(**_: Any) -> Response:
        asked.release()
        go.wait(STEP_MS / 1000)
        return site.panel(gallery.DONE)

    site.answer("jobs.status", status)
    site.answer("jobs.show", lambda **_: gallery.render("job-done"))
    tab.goto(f"{site.url}/gallery/job-running")
    assert asked.acquire(timeout=STEP_MS / 1000)
    # More than twice as long as the page waits between two questions.
    tab.wait_for_timeout(2_500)
    assert site.count("/status") == 1
    expect(tab.get_by_text("212 of about 350 records")).to_be_visible()
    expect(tab.get_by_role("alert")).to_be_hidden()
    go.set()
    expect(tab.get_by_role("link", name="Download")).to_be_visible()


def test_a_job_that_is_gone_stops_the_asking_and_offers_a_reload(site: Site, tab: Page) -> None:
    site.answer("jobs.status", lambda **_: Response(status=404))
    tab.goto(f"{site.url}/gallery/job-running")
    expect(tab.get_by_text("This page is out of date.")).to_be_visible()
    expect(tab.get_by_role("button", name="Reload")).to_be_visible()
    tab.wait_for_timeout(1_500)
    assert site.count("/status") == 1


def test_a_page_of_another_kind_does_not_take_the_place_of_the_panel(
    site: Site, tab: Page, gallery: Any
) -> None:
    site.answer("jobs.status", lambda **_: gallery.render("landing"))
    tab.goto(f"{site.url}/gallery/job-running")
    expect(tab.get_by_text("This page is out of date.")).to_be_visible()
    expect(tab.get_by_text("212 of about 350 records")).to_be_visible()


def test_details_stay_when_their_page_cannot_be_had(site: Site, tab: Page, gallery: Any) -> None:
    site.answer("jobs.status", lambda **_: site.panel(gallery.DONE))
    tab.goto(f"{site.url}/gallery/job-running")
    expect(tab.get_by_role("link", name="Download")).to_be_visible()
    tab.wait_for_timeout(300)
    expect(tab.locator("#timeline")).to_be_visible()


def test_286_ends_the_polling(site: Site, tab: Page, gallery: Any) -> None:
    site.answer("jobs.status", lambda **_: site.panel(gallery.RUNNING, status=286))
    tab.goto(f"{site.url}/gallery/job-running")
    tab.wait_for_timeout(3_000)
    assert site.count("/status") == 1


def test_what_the_reader_opened_stays_open_and_focus_stays(site: Site, tab: Page, gallery: Any) -> None:
    go = threading.Event()
    site.answer("jobs.status", lambda **_: site.panel(gallery.DONE if go.is_set() else gallery.RUNNING))
    site.answer("jobs.show", lambda **_: gallery.render("job-done"))
    tab.goto(f"{site.url}/gallery/job-running")
    tab.locator("#timeline summary").click()
    go.set()
    expect(tab.get_by_role("heading", name="What was found")).to_be_visible()
    assert tab.evaluate("document.querySelector('#timeline').open")
    assert tab.evaluate("document.activeElement.closest('#timeline') !== null")


def test_a_state_change_moves_nothing_below_the_panel(site: Site, tab: Page, gallery: Any) -> None:
    go = threading.Event()
    site.answer("jobs.status", lambda **_: site.panel(gallery.DONE if go.is_set() else gallery.RUNNING))
    tab.goto(f"{site.url}/gallery/job-running")
    expect(tab.get_by_text("This page follows the job")).to_be_visible()
    before = tab.locator("#details").bounding_box()
    go.set()
    expect(tab.get_by_role("link", name="Download")).to_be_visible()
    after = tab.locator("#details").bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] == before["y"]


def opened(site: Site, tab: Page, gallery: Any, name: str) -> None:
    """Open the page of a sample of ``LIFE``, made to ask again every second."""
    view = replace(gallery.LIFE[name][0], poll_seconds=1)
    context = {"nav": "jobs", "job": view, "timeline": [], "current_user": gallery.ADA}
    site.answer("jobs.show", lambda **_: render_template("jobs/show.html", **context))
    tab.goto(f"{site.url}/annotations/1")


def countdown(tab: Page) -> int:
    """Seconds that the page says are left."""
    text = tab.locator("time[data-countdown]").inner_text()
    found = re.fullmatch(r"\((?:(\d+) min ?)?(?:(\d+) s )?left\)", text.strip())
    assert found, text
    return int(found[1] or 0) * 60 + int(found[2] or 0)


def test_a_window_is_counted_down_by_the_servers_clock(site: Site, tab: Page) -> None:
    # The reader's clock is an hour ahead, and jumps two hours more while the page is open.
    tab.add_init_script("const real = Date.now; window.ahead = 3600e3; Date.now = () => real() + ahead")
    site.answer("jobs.status", lambda **_: Response(status=304))
    tab.goto(f"{site.url}/gallery/job-window")
    first = countdown(tab)
    assert 245 <= first <= 250
    tab.evaluate("window.ahead = 3 * 3600e3")
    tab.wait_for_timeout(2_200)
    assert 2 <= first - countdown(tab) <= 3


def test_a_window_begun_anew_is_counted_anew(site: Site, tab: Page, gallery: Any) -> None:
    view, _ = gallery.with_results(gallery.Results.AVAILABLE, window_ends=gallery.READ_AT + 300)
    site.answer("jobs.status", lambda **_: site.panel(view))
    opened(site, tab, gallery, "last-fifth")
    assert countdown(tab) <= 48
    expect(tab.locator("#now")).to_have_attribute("data-announce", "Ready")
    assert 298 <= countdown(tab) <= 300


def test_seconds_are_not_announced_and_the_last_minute_is(site: Site, tab: Page, gallery: Any) -> None:
    go = threading.Event()
    soon, first = (gallery.LIFE[name][0] for name in ("last-fifth", "window"))
    site.answer(
        "jobs.status", lambda **_: site.panel(replace(soon if go.is_set() else first, poll_seconds=1))
    )
    opened(site, tab, gallery, "window")
    tab.wait_for_timeout(2_500)
    assert tab.locator("[data-announcer]").text_content() == ""
    assert tab.locator("[role=status] time, [aria-live] time").count() == 0
    go.set()
    expect(tab.locator("[data-announcer]")).to_have_text("Ready, less than a minute left")


def test_a_window_that_ends_moves_nothing_below_the_panel(site: Site, tab: Page, gallery: Any) -> None:
    go = threading.Event()
    window = replace(gallery.LIFE["window"][0], poll_seconds=1)
    site.answer("jobs.status", lambda **_: site.panel(gallery.LIFE["archived"][0] if go.is_set() else window))
    opened(site, tab, gallery, "window")
    before = tab.locator("#details").bounding_box()
    go.set()
    expect(tab.get_by_role("link", name="Upgrade")).to_be_visible()
    after = tab.locator("#details").bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] == before["y"]


def test_without_script_the_end_of_a_window_stands_in_utc(site: Site, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site.url}/gallery/job-window")
    said = tab.locator("#now .now-body").inner_text()
    assert re.search(r"Download until \d+ \w{3} \d{4}, \d\d:\d\d UTC, then the results move", said)
    expect(tab.locator("time[data-countdown]")).to_be_hidden()
    context.close()


def test_the_log_is_fetched_when_it_is_opened(site: Site, tab: Page, gallery: Any) -> None:
    site.answer("jobs.log", lambda **_: gallery.render("log"))
    tab.goto(f"{site.url}/gallery/job-done")
    assert site.count("/log") == 0
    tab.locator("#log summary").click()
    expect(tab.get_by_role("region", name="Annotation log")).to_contain_text("GAS annotation log")
    assert site.count("/log") == 1


def test_deleting_asks_in_a_dialog_with_the_focus_on_the_safe_answer(
    site: Site, tab: Page, gallery: Any
) -> None:
    site.answer("jobs.confirm_delete", lambda **_: gallery.render("confirm-delete"))
    tab.goto(f"{site.url}/gallery/job-done")
    tab.get_by_role("link", name="Delete").click()
    dialog = tab.get_by_role("dialog", name="Delete test.vcf?")
    expect(dialog).to_be_visible()
    expect(tab.get_by_role("link", name="Keep it")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tab.get_by_role("link", name="Delete")).to_be_focused()
    tab.get_by_role("link", name="Delete").click()
    tab.get_by_role("button", name="Delete job").click()
    tab.wait_for_url("**/delete")
    assert ("POST", "/annotations/0123456789abcdef0123456789abcdef/delete") in [
        asked[:2] for asked in site.asked
    ]


def test_without_an_answer_the_link_opens_the_page_that_asks(site: Site, tab: Page) -> None:
    site.answer("jobs.confirm_delete", lambda **_: ("not now", 503))
    tab.goto(f"{site.url}/gallery/job-done")
    tab.get_by_role("link", name="Delete").click()
    tab.wait_for_url("**/delete")


def test_list_is_kept_true_in_place_and_tells_of_rows_that_came(site: Site, tab: Page, gallery: Any) -> None:
    running, done, new = (
        SimpleNamespace(**{**vars(job), "job_id": n, "name": f"{n}.vcf"})
        for n, job in zip("abc", (gallery.RUNNING, gallery.DONE, gallery.RUNNING), strict=True)
    )
    ended = SimpleNamespace(**{**vars(gallery.FAILED), "job_id": "a", "name": "a.vcf"})
    lists = {"first": [running, done], "ended": [ended, done], "more": [new, ended, done]}
    now = "first"

    def index() -> str:
        template, context = gallery.jobs_page(*lists[now], poll_seconds=1)
        return render_template(template, current_user=gallery.ADA, **context)

    site.answer("jobs.index", index)
    tab.context.grant_permissions(["notifications"])
    tab.add_init_script("localStorage.setItem('gas-notify', 'on');")
    tab.add_init_script(f"{AWAY} window.away = true;")
    tab.clock.install()  # A hidden tab asks every half a minute.
    tab.goto(f"{site.url}/annotations")
    rows = tab.locator("tr[data-job]")
    expect(tab).to_have_title("Jobs, 1 under way · GAS")
    tab.get_by_label("Choose b.vcf").check()
    tab.evaluate("window.kept = document.querySelector('[data-job=b]').cells[1]")
    now = "ended"
    tab.clock.run_for(31_000)
    expect(rows.first).to_contain_text("Failed")
    expect(tab).to_have_title("Jobs · GAS")
    assert tab.evaluate("window.told") == ["Failed: a.vcf"]
    # The row that stayed as it is was not touched, nor was the reader's tick.
    assert tab.evaluate("window.kept.isConnected")
    expect(tab.get_by_label("Choose b.vcf")).to_be_checked()
    now = "more"
    tab.clock.run_for(31_000)
    told = tab.get_by_role("link", name="1 changed. Show")
    expect(told).to_be_visible()
    expect(rows).to_have_count(2)
    told.click()
    expect(rows).to_have_count(3)


UNFINISHED = {
    "job_id": "7",
    "name": "exome.vcf.gz",
    "size_bytes": 50 * 1024**2,
    "fingerprint": "0" * 16,
    "part_bytes": 8 * 1024**2,
    "arrived": [{"number": 1, "size_bytes": 8 * 1024**2, "crc32": "AAAAAA=="}],
}


def test_list_tells_of_uploads_that_did_not_end_and_discards_them(site: Site, tab: Page) -> None:
    given_up: list[str] = []

    def give_up(job_id: str) -> dict[str, str]:
        given_up.append(f"{job_id} {request.headers['X-CSRFToken']}")
        return {}

    site.app.add_url_rule("/annotate/uploads/<job_id>", "standing", lambda **_: UNFINISHED)
    site.app.add_url_rule("/annotate/uploads/<job_id>/give-up", "give_up", give_up, methods=["POST"])
    tab.add_init_script("localStorage.setItem('gas-uploads', JSON.stringify({ 7: Date.now() }))")
    tab.goto(f"{site.url}/gallery/jobs")
    said = tab.get_by_text("exome.vcf.gz: 8 MiB of 50 MiB have arrived, and the job is not submitted yet.")
    expect(said).to_be_visible()
    expect(tab.get_by_role("link", name="Resume")).to_have_attribute("href", "/annotate")
    tab.get_by_role("button", name="Discard").click()
    expect(said).to_have_count(0)
    expect(tab.locator("main")).to_be_focused()
    assert given_up == ["7 a-csrf-token"]


COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
VCF = f"##fileformat=VCFv4.2\n{COLUMNS}MT\t73\t.\tA\tG\t.\t.\t.\n"
READY = "1 record on rCRS, no samples, about 1 s of work."


def write(path: Path, size: int = 0, text: str = VCF) -> Path:
    path.write_text(text.ljust(size, "#"))
    return path


def test_a_large_file_is_told_at_the_field_and_not_sent(site: Site, tab: Page, tmp_path: Path) -> None:
    tab.goto(f"{site.url}/gallery/new")
    tab.get_by_label("VCF file").set_input_files(write(tmp_path / "big.vcf", size=153_601))
    sentence = "big.vcf is 150 KiB (153,601 bytes); your plan takes 150 KiB (153,600 bytes)."
    expect(tab.get_by_text(sentence)).to_be_visible()
    tab.get_by_role("button", name="Annotate").click()
    expect(tab.get_by_label("VCF file")).to_be_focused()
    assert "POST" not in [method for method, _, _ in site.asked]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.vcf", "BAM\1", "BAM alignment file"),
        ("A.XLSX", "PK\3\4 xl/workbook.xml", "spreadsheet (Excel)"),
        ("x.fastq", "@read\nACGT\n+\n!!!!\n", "FASTQ read file"),
    ],
)
def test_another_kind_of_file_is_named(
    site: Site, tab: Page, tmp_path: Path, *, name: str, text: str, kind: str
) -> None:
    tab.goto(f"{site.url}/gallery/new")
    tab.get_by_label("VCF file").set_input_files(write(tmp_path / name, text=text))
    expect(tab.get_by_text(f"{name} looks like a {kind}. Choose the .vcf or .vcf.gz.")).to_be_visible()


def test_a_good_file_is_said_to_be_ready_compressed_or_not(site: Site, tab: Page, tmp_path: Path) -> None:
    import gzip

    tab.goto(f"{site.url}/gallery/new")
    field = tab.get_by_label("VCF file")
    field.set_input_files(write(tmp_path / "plain.vcf"))
    expect(tab.get_by_text(f"Ready: VCF 4.2, {READY}").first).to_be_visible()
    packed = tmp_path / "packed.VCF.gz"
    packed.write_bytes(gzip.compress(VCF.replace("4.2", "4.3").encode()))
    field.set_input_files(packed)
    expect(tab.get_by_text(f"Ready: VCF 4.3, {READY}").first).to_be_visible()


def test_sending_goes_to_the_store_and_then_to_the_job(tab: Page, gallery: Any, tmp_path: Path) -> None:
    received: dict[str, Any] = {}

    def take() -> Any:
        received.update(request.form, file=request.files["file"].read(), name=request.files["file"].filename)
        response = redirect(request.form["success_action_redirect"], 303)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    # The store is another origin, so the script may not follow the redirect that it answers with.
    store = Site(gallery)
    store.app.add_url_rule("/store", "store", take, methods=["POST"])
    site = Site(gallery, store.url)
    fields = {"key": "k", "success_action_redirect": f"{site.url}/annotate/job?job_id=1"}
    upload = SimpleNamespace(**{**vars(gallery.UPLOAD), "url": f"{store.url}/store", "fields": fields})
    context = {**gallery.NEW, "current_user": gallery.ADA, "upload": upload}
    site.answer("jobs.new", lambda: render_template("jobs/new.html", **context))
    tab.goto(f"{site.url}/annotate")
    tab.get_by_label("VCF file").set_input_files(write(tmp_path / "my ~ ü.vcf"))
    tab.get_by_role("button", name="Annotate").click()
    tab.wait_for_url("**/annotate/job?job_id=1")
    chosen = {"x-amz-meta-bundle": "rCRS"}
    assert received == {**fields, **chosen, "file": VCF.encode(), "name": "my ~ ü.vcf"}
    site.close()
    store.close()


def test_pressed_before_the_verdict_is_there_it_waits_for_it(site: Site, tab: Page, tmp_path: Path) -> None:
    site.app.add_url_rule("/store", "store", lambda: redirect("/annotations", 303), methods=["POST"])
    tab.add_init_script(
        """const read = Blob.prototype.arrayBuffer;
        Blob.prototype.arrayBuffer = async function () {
          await new Promise((resolve) => setTimeout(resolve, 500));
          return read.call(this);
        };"""
    )
    tab.goto(f"{site.url}/gallery/new")
    tab.get_by_label("VCF file").set_input_files(write(tmp_path / "a.vcf"))
    tab.get_by_role("button", name="Annotate").click()
    tab.wait_for_url("**/annotations/*")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("EntityTooLarge", "a.vcf is 78 bytes; your plan takes 150 KiB"),
        ("AccessDenied", "The store did not take a.vcf (AccessDenied)."),
    ],
)
def test_what_the_store_refuses_is_said_at_the_field(
    site: Site, tab: Page, tmp_path: Path, code: str, sentence: str
) -> None:
    refusal = Response(f"<Error><Code>{code}</Code></Error>", status=403, mimetype="application/xml")
    site.app.add_url_rule("/store", "store", lambda: refusal, methods=["POST"])
    tab.goto(f"{site.url}/gallery/new")
    tab.get_by_label("VCF file").set_input_files(write(tmp_path / "a.vcf"))
    tab.get_by_role("button", name="Annotate").click()
    expect(tab.get_by_text(sentence)).to_be_visible()
    expect(tab.get_by_role("button", name="Annotate")).to_be_enabled()


def test_a_form_that_lay_open_too_long_is_renewed_and_the_file_kept(
    site: Site, tab: Page, gallery: Any, tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    received: dict[str, str] = {}

    def new(**upload: object) -> str:
        fresh = SimpleNamespace(**{**vars(gallery.UPLOAD), **upload})
        return render_template(
            "jobs/new.html", **{**gallery.NEW, "current_user": gallery.ADA, "upload": fresh}
        )

    def store() -> Any:
        received.update(request.form)
        return redirect("/annotations", 303)

    pages = iter(
        [{"expires_at": datetime.now(UTC)}, {"fields": {**gallery.UPLOAD.fields, "policy": "fresh"}}]
    )
    site.answer("jobs.new", lambda: new(**next(pages)))
    site.app.add_url_rule("/store", "store", store, methods=["POST"])
    tab.goto(f"{site.url}/annotate")
    tab.get_by_label("VCF file").set_input_files(write(tmp_path / "a.vcf"))
    tab.get_by_role("button", name="Annotate").click()
    tab.wait_for_url(f"**{gallery.UPLOAD.fields['success_action_redirect']}")
    assert received["policy"] == "fresh"


def test_dropped_files_are_checked_each_for_itself(site: Site, tab: Page) -> None:
    drop = """texts => {
      const data = new DataTransfer();
      texts.forEach((text, n) => data.items.add(new File([text], `${n}.vcf`)));
      const event = new DragEvent("drop", {dataTransfer: data, bubbles: true});
      document.querySelector("[data-drop]").dispatchEvent(event);
    }"""
    tab.goto(f"{site.url}/gallery/new")
    tab.evaluate(drop, [VCF, "%PDF-1.7", VCF.replace("4.2", "4.1")])
    checks = tab.locator("[data-checks] > li")
    expect(checks).to_have_count(3)
    expect(checks.nth(0)).to_contain_text("Ready: VCF 4.2")
    expect(checks.nth(1)).to_contain_text("1.vcf looks like a PDF document.")
    expect(checks.nth(2)).to_contain_text("Ready: VCF 4.1")
    expect(tab.get_by_role("button", name="Annotate 2 files")).to_be_enabled()
    expect(tab.get_by_role("status")).to_have_text("2 of 3 files are ready.")


def test_pasted_records_are_checked_with_the_header_that_they_get(site: Site, tab: Page) -> None:
    tab.goto(f"{site.url}/gallery/new")
    tab.get_by_text("Paste VCF lines").click()
    tab.get_by_label("VCF lines", exact=True).fill("MT 73 . A G . . .\nMT 263 . A G . . .")
    tab.get_by_role("button", name="Use these lines").click()
    expect(tab.locator("[data-checks]")).to_contain_text("Ready: VCF 4.2, 2 records on rCRS")
    expect(tab.locator("[data-checks]")).to_contain_text("pasted.vcf")
    tab.get_by_label("VCF lines", exact=True).fill("MT 73")
    tab.get_by_role("button", name="Use these lines").click()
    expect(tab.locator("[data-checks]")).to_contain_text("Line 3")


def test_lines_of_a_failed_job_are_edited_with_the_one_at_fault_selected(site: Site, tab: Page) -> None:
    tab.goto(f"{site.url}/gallery/new-edit")
    lines = tab.get_by_label("VCF lines", exact=True)
    expect(lines).to_be_focused()
    expect(tab.get_by_text("Its lines are below, the one at fault selected.")).to_be_visible()
    selected = "e => e.value.slice(e.selectionStart, e.selectionEnd)"
    assert lines.evaluate(selected) == "chrM\tx\t.\tA\tG\t.\t.\tL=412"
    # In the middle of what is seen of 600.
    shown = "e => [e.scrollTop, e.clientHeight].map(pixels => pixels / e.scrollHeight * 600)"
    first, count = lines.evaluate(shown)
    assert first < 411 < first + count
    tab.keyboard.type("chrM\t412\t.\tA\tG\t.\t.\tL=412")
    tab.get_by_role("button", name="Use these lines").click()
    expect(tab.locator("[data-checks]")).to_contain_text("Ready: VCF 4.2, 600 records on rCRS")
    expect(tab.locator("[data-checks]")).to_contain_text("test.vcf")


def test_sample_is_taken_without_a_file_at_hand(site: Site, tab: Page) -> None:
    tab.goto(f"{site.url}/gallery/new")
    tab.get_by_role("link", name="Try our sample").click()
    expect(tab.locator("[data-checks]")).to_contain_text("Ready: VCF 4.2, 287 records on rCRS")
    expect(tab.get_by_role("button", name="Annotate")).to_be_focused()


def test_reference_is_found_in_the_file_and_can_be_chosen(site: Site, tab: Page, tmp_path: Path) -> None:
    sent: list[str] = []

    def take() -> Any:
        sent.append(request.form["x-amz-meta-bundle"])
        return redirect("/annotations", 303)

    site.app.add_url_rule("/store", "store", take, methods=["POST"])
    tab.goto(f"{site.url}/gallery/new")
    checks, reference = tab.locator("[data-checks]"), tab.get_by_label("Reference", exact=True)
    text = VCF.replace("MT\t", "NC_045512.2\t")
    tab.get_by_label("VCF file").set_input_files(write(tmp_path / "a.vcf", text=text))
    expect(checks).to_contain_text("on SARS-CoV-2")
    expect(checks).to_contain_text("SARS-CoV-2, as records lie on its contigs.")
    reference.select_option("rCRS")
    expect(checks).to_contain_text("No record lies on a contig of rCRS: found NC_045512.2.")
    expect(checks).to_contain_text(
        "It fits SARS-CoV-2, as records lie on its contigs: choose that reference."
    )
    reference.select_option("SARS-CoV-2")
    expect(checks).to_contain_text("on SARS-CoV-2")
    tab.get_by_role("button", name="Annotate").click()
    tab.wait_for_url("**/annotations/*")
    assert sent == ["SARS-CoV-2"]


def test_a_chosen_theme_holds_on_the_next_page(site: Site, tab: Page) -> None:
    canvas = "getComputedStyle(document.body).backgroundColor"
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"{site.url}/gallery/help")
    assert tab.evaluate(canvas) == "rgb(16, 21, 28)"
    tab.get_by_label("Appearance").select_option("Light")
    assert tab.evaluate(canvas) == "rgb(255, 255, 255)"
    tab.goto(f"{site.url}/gallery/jobs")
    assert tab.evaluate(canvas) == "rgb(255, 255, 255)"
    tab.get_by_label("Appearance").select_option("As the system")
    assert tab.evaluate(canvas) == "rgb(16, 21, 28)"


def test_times_are_relative_with_the_full_form_at_hand(site: Site, tab: Page) -> None:
    tab.goto(f"{site.url}/gallery/jobs")
    moments = tab.locator("time")
    # Three minutes before the tests began, which may be a while ago by now.
    expect(moments.first).to_have_text(re.compile(r"^\d+ minutes ago$"))
    assert "UTC" in (moments.first.get_attribute("title") or "")


def test_without_script_the_journey_is_still_there(
    site: Site, browser: Browser, gallery: Any, tmp_path: Path
) -> None:
    target = gallery.UPLOAD.fields["success_action_redirect"]
    site.app.add_url_rule("/store", "store", lambda: redirect(target, 303), methods=["POST"])
    site.answer("jobs.confirm_delete", lambda **_: gallery.render("confirm-delete"))
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site.url}/gallery/new")
    tab.locator("#file").set_input_files(write(tmp_path / "a.vcf"))
    tab.get_by_role("button", name="Annotate").click()
    tab.wait_for_url(f"**{target}")
    tab.goto(f"{site.url}/gallery/job-running")
    expect(tab.get_by_role("link", name="Reload to see how far it is")).to_be_visible()
    tab.goto(f"{site.url}/gallery/job-done")
    tab.get_by_role("link", name="Delete").click()
    expect(tab.get_by_role("button", name="Delete job")).to_be_visible()
    context.close()
