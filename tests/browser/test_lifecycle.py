"""The life of results as a researcher sees it: window, archive, upgrade and thaw, within seconds."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.browser.reader import GOOD_CARD

from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.sns import SnsPublisher
from gas_core.announce import set_plan
from gas_core.domain.job import Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan
from gas_local.environment import ROOT
from gas_local.fixtures import Site, running_stack
from gas_local.mailbox import mails
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor
from gas_local.world import ADA, GREGOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.browser.reader import Reader

    from gas_local.world import Researcher

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EXAMPLE = ROOT / "examples" / "sample.vcf"
CONFLICT = "Failed to load resource: the server responded with a status of 409"
WINDOW_SECONDS = 5
LINKS_SECONDS = 70
"""Links that were handed out before are dead by then, with a minute for clocks that differ."""
STEP_SECONDS = 30
LEFT = re.compile(r"^ ?\([1-5] s left\)$")
SETTINGS = {
    "GAS_FREE_WINDOW_SECONDS": str(WINDOW_SECONDS),
    "GAS_DOWNLOAD_URL_SECONDS": "5",
    "GAS_SWEEP_INTERVAL_SECONDS": "1",
    "GAS_THAW_INTERVAL_SECONDS": "1",
    "GAS_THAW_SECONDS": "1",
    "GAS_RESTORED_MAIL_SECONDS": "5",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """GAS with a short window, on emulators of its own: the queues of others are not for these workers."""
    state = tmp_path_factory.mktemp("short-window")
    with running_stack(state) as stack, Supervisor(state / "services") as supervisor:
        supervisor.start(*service_programs(stack.environment | SETTINGS))
        yield Site(stack, supervisor)


class Behind:
    """What stands behind the pages: rows, buckets and mails."""

    def __init__(self, site: Site) -> None:
        self._stack = site.stack
        dynamodb = site.stack.client("dynamodb")
        self._users = DynamoUsers(dynamodb, table=site.stack["GAS_USERS_TABLE"])
        self._jobs = DynamoJobs(dynamodb, table=site.stack["GAS_JOBS_TABLE"])
        topics = ("job_requests", "job_results", "plan_changes")
        self._publisher = SnsPublisher(
            site.stack.client("sns"),
            **{f"{name}_topic_arn": site.stack[f"GAS_{name.upper()}_TOPIC_ARN"] for name in topics},
        )
        self._s3 = site.stack.client("s3")

    def plan(self, who: Researcher, plan: Plan) -> None:
        """What an operator does."""
        set_plan(
            who.identity_id,
            plan,
            source="operator",
            users=self._users,
            publisher=self._publisher,
            clock=SystemClock(),
            timings=Timings(),
        )

    def job(self, path: str) -> Job:
        return self._jobs.get(path.rpartition("/")[2])

    def results(self, path: str) -> list[str]:
        """Keys of the results of any generation that stand in the results bucket."""
        prefix = path.rpartition("/")[2] + "/"
        keys = self._keys("GAS_RESULTS_BUCKET", prefix)
        return [key for key in keys if not key.startswith(f"{prefix}log/")]

    def archives(self, path: str) -> dict[str, str]:
        """Archives of a job: key → storage class."""
        bucket = self._stack["GAS_ARCHIVE_BUCKET"]
        keys = self._keys("GAS_ARCHIVE_BUCKET", path.rpartition("/")[2] + "/")
        return {key: self._s3.head_object(Bucket=bucket, Key=key)["StorageClass"] for key in keys}

    def subjects(self, who: Researcher) -> list[str]:
        return [mail.subject for mail in mails(self._stack.aws_url) if mail.to == (who.email,)]

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._stack[bucket], Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]


@pytest.fixture
def behind(site: Site) -> Behind:
    return Behind(site)


def wait_for(true: Callable[[], Any], seconds: int = STEP_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def badge(reader: Reader) -> str:
    return reader.page.locator("#now .mark").inner_text()


def in_list(reader: Reader, path: str) -> str:
    """What the list that is open says of a job."""
    row = reader.page.locator("table.jobs tbody tr")
    return row.filter(has=reader.page.locator(f"a[href='{path}']")).locator(".mark").inner_text()


def offers(reader: Reader) -> set[str]:
    panel = reader.page.locator("#now .now-body")
    return {text.strip() for text in panel.locator(".btn").all_inner_texts()}


def test_results_go_into_the_archive_and_all_of_them_come_back(
    reader: Reader, behind: Behind, hold: Any, tmp_path: Path
) -> None:
    page = reader.page
    reader.expected.append(CONFLICT)
    reader.sign_in(ADA)
    other = reader.submit(EXAMPLE)
    reader.sees_state("COMPLETED")

    # The window, counted down; what was downloaded in it is kept to compare.
    path = reader.submit(EXAMPLE)
    reader.sees_state("COMPLETED AVAILABLE")
    expect(page.locator("time[data-countdown]")).to_have_text(LEFT)
    name, first = reader.download(tmp_path / "first.vcf.gz")
    assert name == "sample.annot.vcf.gz"
    assert {"Download", "Keep longer"} <= offers(reader)

    # It ends by itself, on the open page.
    reader.sees_state("COMPLETED ARCHIVED")
    assert badge(reader) == "Archived"
    assert offers(reader) == {"Upgrade", "Log"}
    expect(page.get_by_role("heading", name="What was found")).to_be_visible()
    assert reader.open(f"{path}/download") == 409
    assert badge(reader) == "Archived"
    job = behind.job(path)
    assert behind.archives(path) == {job.results_file_archive_id: "GLACIER"}
    wait_for(lambda: behind.results(path) == [], LINKS_SECONDS)

    # Paid by card: the very next page says so, and every other, though nobody has looked at the jobs yet.
    with hold("restorer"):
        page.get_by_role("link", name="Upgrade").click()
        reader.give_card(GOOD_CARD)
        page.wait_for_url("**/annotations")
        assert [in_list(reader, each) for each in (path, other)] == ["Coming back", "Coming back"]
        for each in (path, other):
            reader.open(each)
            assert badge(reader) == "Coming back"
            assert offers(reader) == {"Log"}
            assert reader.open(f"{each}/download") == 409
            assert badge(reader) == "Coming back"
            reader.open("/annotations")
            assert in_list(reader, each) == "Coming back"
            assert behind.job(each).results.value == "ARCHIVED"
        reader.open(path)

    # Thawed: the open page shows it, and the file is what it was.
    reader.sees_state("COMPLETED AVAILABLE")
    assert badge(reader) == "Ready"
    assert "Your plan keeps the results until you delete the job." in reader.said()
    assert page.locator("time[data-countdown]").count() == 0
    _, again = reader.download(tmp_path / "again.vcf.gz")
    assert again.read_bytes() == first.read_bytes()
    wait_for(lambda: behind.archives(path) == {} == behind.archives(other))
    wait_for(lambda: told_back(behind, ADA) == 2)


def told_back(behind: Behind, who: Researcher) -> int:
    """How many results mails said were back, in one mail or two."""
    return sum(int(subject.split()[0]) for subject in behind.subjects(who) if subject.endswith("back"))


def test_results_are_kept_longer_by_one_press_and_go_when_premium_ends(
    reader: Reader, behind: Behind, hold: Any
) -> None:
    page = reader.page
    reader.sign_in(GREGOR)
    behind.plan(GREGOR, Plan.PREMIUM)
    path = reader.submit(EXAMPLE)
    reader.sees_state("COMPLETED AVAILABLE")
    wait_for(lambda: behind.job(path).window_ends == 0)
    page.reload()
    assert badge(reader) == "Ready"
    assert {"Download", "Keep longer"} & offers(reader) == {"Download"}

    # Leaving premium: a window begins.
    with hold("archiver"):
        with hold("restorer"):
            behind.plan(GREGOR, Plan.FREE)
            page.reload()
            assert any("You left premium" in said for said in reader.said())
        wait_for(lambda: behind.job(path).window_ends)
        before = behind.job(path).window_ends
        time.sleep(1)  # a window begun in the same second would end in the same
        page.reload()
        page.get_by_role("button", name="Keep longer").click()
        wait_for(lambda: behind.job(path).extensions == 1)
        assert behind.job(path).window_ends > before
        expect(page.locator("time[data-countdown]")).to_be_visible()

    reader.sees_state("COMPLETED ARCHIVED")
    assert offers(reader) == {"Upgrade", "Log"}
    expect(page.get_by_role("link", name="Upgrade")).to_have_attribute("href", "/subscribe")
