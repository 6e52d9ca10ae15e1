"""Where results are, in words: every state, plan and moment, the same on page, list and poll."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from gas_core.domain import plans, retention
from gas_core.domain.errors import StoreUnavailableError
from gas_core.domain.job import Asked, Due, ObjectRef
from gas_core.domain.keys import result_keys
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobEvent
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_core.testing.store import RESULTS_BUCKET
from gas_web import handlers, results
from gas_web.globus import Identity
from gas_web.results import Reading

if TYPE_CHECKING:
    from conftest import World
    from gas_core.domain.job import Job

FREE, PREMIUM = Plan.FREE, Plan.PREMIUM
COMING = "Coming back"
WINDOW = Timings().free_window_seconds


class Reads(NamedTuple):
    """How results in a state read under a plan: what the panel says, its buttons, and if it asks again."""

    state: str
    plan: Plan
    changed: str
    """Settling: the plan changed just now, and nobody has looked at the jobs yet."""
    badge: str
    sentence: str
    buttons: set[str]
    polling: str


UPGRADE = "Premium brings back these results"
CLOSED = "downloads are closed meanwhile"
ABOUT_TO = "We are about to ask the archive"
EXPECTED = "by expedited retrieval; expected by"

READS = [
    Reads("COMPLETED", FREE, "settled", "Ready", "Download until", {"Download", "Keep longer"}, "asks"),
    Reads("COMPLETED", FREE, "settling", "Ready", "in a moment 5 min begin", {"Download"}, "asks"),
    Reads("COMPLETED", PREMIUM, "settled", "Ready", "Your plan keeps the results", {"Download"}, "rests"),
    Reads("COMPLETED", PREMIUM, "settling", "Ready", "Your plan keeps the results", {"Download"}, "rests"),
    Reads("ARCHIVING", FREE, "settled", "Moving to archive", CLOSED, set(), "asks"),
    Reads("ARCHIVING", FREE, "settling", "Moving to archive", CLOSED, set(), "asks"),
    Reads("ARCHIVING", PREMIUM, "settling", COMING, "Your upgrade stops the move", set(), "asks"),
    Reads("ARCHIVING", PREMIUM, "settled", COMING, "Your upgrade stops the move", set(), "asks"),
    Reads("ARCHIVED", FREE, "settled", "Archived", UPGRADE, {"Upgrade"}, "rests"),
    Reads("ARCHIVED", FREE, "settling", "Archived", UPGRADE, {"Upgrade"}, "rests"),
    Reads("ARCHIVED", PREMIUM, "settling", COMING, ABOUT_TO, set(), "asks"),
    Reads("ARCHIVED", PREMIUM, "settled", "Archived", "Bring the results back", {"Bring back"}, "rests"),
    Reads("ASKED_BACK", FREE, "settled", "Archived", UPGRADE, {"Upgrade"}, "rests"),
    Reads("ASKED_BACK", PREMIUM, "settling", COMING, ABOUT_TO, set(), "asks"),
    Reads("ASKED_BACK", PREMIUM, "settled", COMING, ABOUT_TO, set(), "asks"),
    Reads("RESTORING", FREE, "settled", COMING, EXPECTED, set(), "asks"),
    Reads("RESTORING", FREE, "settling", COMING, EXPECTED, set(), "asks"),
    Reads("RESTORING", PREMIUM, "settled", COMING, EXPECTED, set(), "asks"),
    Reads("RESTORING", PREMIUM, "settling", COMING, EXPECTED, set(), "asks"),
    Reads("GIVEN_UP", PREMIUM, "settled", "Archived", "Bringing them back failed", {"Bring back"}, "rests"),
    Reads("GIVEN_UP", FREE, "settled", "Archived", UPGRADE, {"Upgrade"}, "rests"),
    Reads("RESTORED", PREMIUM, "settled", "Ready", "Came back", {"Download"}, "rests"),
    Reads("RESTORED", FREE, "settled", "Ready", "Came back", {"Download", "Keep longer"}, "asks"),
    Reads("LOST", FREE, "settled", "Lost", "an operator knows", {"Run again"}, "rests"),
    Reads("LOST", PREMIUM, "settling", "Lost", "an operator knows", {"Run again"}, "rests"),
    Reads("DELETING", FREE, "settled", "Being deleted", "file, results, archive and log", set(), "asks"),
    Reads("DELETING", PREMIUM, "settling", "Being deleted", "file, results, archive and log", set(), "asks"),
]
BUTTONS = ("Download", "Keep longer", "Upgrade", "Bring back", "Submit again", "Run again")


def panel(html: str) -> str:
    """The words of the panel that changes, roughly as a reader sees them."""
    found = re.search(r'<section id="now".*?</section>', html, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def buttons(html: str) -> set[str]:
    found = re.findall(r'class="btn[^>]*>(?:<svg.*?</svg>)?([^<]+)<', html.split("</section>", maxsplit=1)[0])
    return {text.strip() for text in found} & set(BUTTONS)


def badges(html: str) -> list[str]:
    return [
        " ".join(re.sub(r"<[^>]+>", " ", inner).split())
        for inner in re.findall(r'<span class="mark [^"]*">(.*?)</span>', html)
    ]


def reading(world: World, **changes: object) -> Reading:
    now = world.clock.now()
    return Reading(world.users.get("ada-id"), now, replace(world.timings, **changes))


@pytest.mark.parametrize("reads", READS, ids=lambda reads: "-".join(reads[:3]))
def test_results_read_the_same_on_page_list_and_poll(world: World, ada: Any, reads: Reads) -> None:
    path = f"/annotations/{world.job(reads.state).job_id}"
    world.plan(reads.plan, settling=reads.changed == "settling")
    page, poll, listed = ada.get(path), ada.get(f"{path}/status"), ada.get("/annotations")
    asks = reads.polling == "asks"
    for answer in (page, poll):
        assert reads.sentence in panel(answer.text)
        assert buttons(answer.text) == reads.buttons
        assert badges(answer.text) == [reads.badge]
        assert ("data-poll-seconds" in answer.text) is asks
    assert badges(listed.text) == [reads.badge]
    assert poll.status_code == (200 if asks else 286)
    if reads.plan is PREMIUM:
        assert not re.search("Download until|Keep longer|data-countdown", page.text + listed.text)
    # What is offered is there, and what is not offered answers with the page of its state.
    download = ada.get(f"{path}/download")
    assert download.status_code == (303 if "Download" in reads.buttons else 409)
    assert "Download" in reads.buttons or reads.sentence in panel(download.text)


@pytest.mark.parametrize("restorer", ["stopped", "slow", "fast"])
def test_from_the_upgrade_on_every_archived_job_reads_as_coming_back(
    world: World, ada: Any, restorer: str
) -> None:
    """The original's bug: right after an upgrade its pages took the new role for results that are there."""
    jobs = [world.job("ARCHIVED") for _ in range(4)]
    world.plan(PREMIUM, settling=True)
    now, timings = world.clock.now(), world.timings
    looked_at = {"stopped": 0, "slow": 2, "fast": 4}[restorer]
    for number, job in enumerate(jobs[:looked_at]):
        row = world.jobs.commit(job, retention.ask_back(job, now=now))
        if number % 2:
            asked = Asked("Standard", "", started=now, ready=now + 18_000, tries=1)
            world.jobs.commit(row, retention.restore_begin(row, asked=asked, message="Coming.", now=now))
    if restorer == "fast":
        user = world.users.get("ada-id")
        done = plans.plan_worked_through(user, change=user.plan_changes, failed=0, now=now, timings=timings)
        world.users.commit(user, done)
    for job in jobs:
        path = f"/annotations/{job.job_id}"
        for answer in (ada.get(path), ada.get(f"{path}/status")):
            assert badges(answer.text) == [COMING]
            assert buttons(answer.text) == set()
            assert "data-poll-seconds" in answer.text
        answer = ada.get(f"{path}/download")
        assert answer.status_code == 409
        assert badges(answer.text) == [COMING]
    assert badges(ada.get("/annotations").text) == [COMING] * 4


def test_countdown_is_told_with_the_clock_it_was_told_by(world: World, ada: Any) -> None:
    job = world.job("COMPLETED")
    world.clock.advance(100)
    page = ada.get(f"/annotations/{job.job_id}").text
    found = re.search(r'<time datetime="([^"]+)" data-countdown data-now="([^"]+)" hidden></time>', page)
    assert found
    ends, now = (results.moment(time).isoformat() for time in (job.window_ends, world.clock.now()))
    assert found.groups() == (ends, now)


def test_last_fifth_marks_when_it_ends_and_the_last_minute_is_announced(world: World, ada: Any) -> None:
    job = world.job("COMPLETED")
    path = f"/annotations/{job.job_id}"

    def at(left: int) -> str:
        world.clock.advance(job.window_ends - left - world.clock.now())
        text: str = ada.get(path).text
        return text

    assert 'class="mark is-good"' in at(WINDOW // 5 + 1)
    page = at(WINDOW // 5)
    assert 'class="mark is-warn"' in page
    assert re.search(r"Until\s*<time", page)
    assert 'data-announce="Ready, less than a minute left"' in page
    assert 'class="mark is-warn"' in ada.get("/annotations").text
    page = at(0)
    assert "The time to download is over" in panel(page)
    assert buttons(page) == {"Download", "Keep longer"}
    assert ada.get(f"{path}/download").status_code == 303


def test_list_tells_until_when_results_stay(world: World, ada: Any) -> None:
    world.job("COMPLETED")
    assert re.search(r"until <time datetime=", ada.get("/annotations").text)
    world.plan(PREMIUM)
    assert "until <time" not in ada.get("/annotations").text


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(300, 60), (65, 5), (61, 1), (60, 60), (30, 30), (1, 1), (0, 1), (-9, 1), (-30, 2), (-700, 15)],
)
def test_page_asks_again_at_the_moments_of_a_window(world: World, ada: Any, left: int, seconds: int) -> None:
    assert ada
    job = world.job("COMPLETED")
    world.clock.advance(2000)
    moved = replace(job, window_ends=world.clock.now() + left)
    assert results.poll_seconds(moved, reading(world)) == seconds


def test_late_retrieval_is_said_to_be_late(world: World, ada: Any, words: Any) -> None:
    job = world.job("RESTORING")
    path = f"/annotations/{job.job_id}"
    world.clock.advance(job.retrieval.ready + world.timings.thaw_seconds - world.clock.now())
    page = ada.get(path)
    assert "expected by" in panel(page.text)
    # The timeline and the list tell it, too.
    assert "Expected back from the archive" in words(page)
    assert re.search(r"Coming back expected by \d", words(ada.get("/annotations")))
    world.clock.advance(1)
    page = ada.get(path)
    assert "later than expected; we keep trying" in panel(page.text)
    assert "Expected back" not in words(page)
    assert "expected by" not in words(ada.get("/annotations"))


def test_keep_longer_begins_the_window_anew_and_leads_back_to_the_job(world: World, ada: Any) -> None:
    job = world.job("COMPLETED")
    path = f"/annotations/{job.job_id}"
    world.clock.advance(200)
    question = ada.get(f"{path}/keep-longer")
    assert question.status_code == 200
    assert "5 min from now" in question.text
    assert "10 times more" in question.text
    assert world.jobs.get(job.job_id) == job
    answer = ada.post(f"{path}/keep-longer")
    assert (answer.status_code, answer.location) == (303, path)
    row = world.jobs.get(job.job_id)
    assert (row.window_ends, row.extensions) == (world.clock.now() + WINDOW, 1)
    assert row.due[Due.WINDOW] == row.window_ends


def test_window_begins_anew_only_so_often_and_the_page_says_so(world: World, ada: Any) -> None:
    path = f"/annotations/{world.job('COMPLETED').job_id}"
    for _ in range(world.timings.max_extensions):
        assert ada.post(f"{path}/keep-longer").status_code == 303
    spent = world.jobs.rows
    for answer in (ada.post(f"{path}/keep-longer"), ada.get(f"{path}/keep-longer")):
        assert answer.status_code == 409
        assert "begun anew 10 times, as often as it can be" in panel(answer.text)
        assert buttons(answer.text) == {"Download"}
    assert world.jobs.rows == spent


@pytest.mark.parametrize(
    ("state", "said"), [("ARCHIVING", "Moving"), ("ARCHIVED", "Archived"), ("RUNNING", "A worker")]
)
def test_keep_longer_is_refused_once_there_is_no_window(
    world: World, ada: Any, state: str, said: str
) -> None:
    job = world.job(state)
    path = f"/annotations/{job.job_id}/keep-longer"
    for answer in (ada.post(path), ada.get(path)):
        assert answer.status_code == 409
        assert said in panel(answer.text)
    assert world.jobs.get(job.job_id) == job


def test_keep_longer_of_a_premium_user_opens_no_window(world: World, ada: Any) -> None:
    job = world.job("COMPLETED")
    world.plan(PREMIUM)
    assert ada.post(f"/annotations/{job.job_id}/keep-longer").status_code == 303
    assert world.jobs.get(job.job_id) == job


def test_bring_back_asks_once_and_reads_as_coming_back(world: World, ada: Any) -> None:
    job = world.job("ARCHIVED")
    world.plan(PREMIUM)
    path = f"/annotations/{job.job_id}"
    answer = ada.post(f"{path}/bring-back")
    assert (answer.status_code, answer.location) == (303, path)
    asked = world.jobs.get(job.job_id)
    assert asked.waits_for_thaw
    assert badges(ada.get(path).text) == [COMING]
    assert ada.post(f"{path}/bring-back").status_code == 303
    assert world.jobs.get(job.job_id) == asked


def test_bring_back_is_not_in_the_free_plan_and_the_page_says_what_is(world: World, ada: Any) -> None:
    job = world.job("ARCHIVED")
    answer = ada.post(f"/annotations/{job.job_id}/bring-back")
    assert answer.status_code == 403
    assert "Premium brings back these results" in panel(answer.text)
    assert buttons(answer.text) == {"Upgrade"}
    assert world.jobs.get(job.job_id) == job


def test_bring_back_pressed_as_premium_ends_asks_for_nothing(world: World, Visitor: Any) -> None:
    """The plan was read as premium, and is free as the row is written: the write names the plan."""

    class LeavingPremium:
        def __getattr__(self, name: str) -> Any:
            if name == "commit":
                world.plan(FREE)
            return getattr(world.jobs, name)

    job = world.job("ARCHIVED")
    ada = Visitor(world, world.app(ports={"jobs": LeavingPremium()}))
    ada.sign_in()
    world.plan(PREMIUM)
    answer = ada.post(f"/annotations/{job.job_id}/bring-back")
    assert answer.status_code == 403
    assert buttons(answer.text) == {"Upgrade"}
    assert world.jobs.get(job.job_id) == job


def test_there_is_nothing_to_bring_back_of_results_that_are_here(world: World, ada: Any) -> None:
    job = world.job("COMPLETED")
    world.plan(PREMIUM)
    answer = ada.post(f"/annotations/{job.job_id}/bring-back")
    assert answer.status_code == 409
    assert buttons(answer.text) == {"Download"}


class Archiver:
    """A store beside which an archiver works: as it is asked for the results, they have just moved."""

    def __init__(self, world: World, job: Job, *, moved: str) -> None:
        self.world, self.job, self.moved = world, job, moved

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world.store, name)

    def head(self, ref: ObjectRef) -> Any:
        world, row = self.world, self.world.jobs.get(self.job.job_id)
        if row.results_generation == 1:
            world.store.delete([ref])
            key = result_keys(row.job_id, 3).vcf
            world.store.put_for_test(ObjectRef(RESULTS_BUCKET, key), b"vcf")
            moved = replace(row, results=Results.ARCHIVED, s3_key_result_file="", results_generation=0)
            if self.moved == "and back":
                moved = replace(row, results=Results.AVAILABLE, s3_key_result_file=key, results_generation=3)
            world.jobs.commit(row, moved)
        return world.store.head(ref)


@pytest.mark.parametrize("moved", ["into the archive", "and back"])
def test_download_clicked_as_the_results_move_is_answered_by_their_new_state(
    world: World, Visitor: Any, moved: str
) -> None:
    job = world.job("COMPLETED")
    ada = Visitor(world, world.app(ports={"store": Archiver(world, job, moved=moved)}))
    ada.sign_in()
    answer = ada.get(f"/annotations/{job.job_id}/download")
    if moved == "and back":
        assert answer.status_code == 303
        assert result_keys(job.job_id, 3).vcf in answer.location
    else:
        assert answer.status_code == 409
        assert badges(answer.text) == ["Archived"]


def test_results_that_are_nowhere_are_a_fault_of_ours_and_no_page_of_the_store(
    world: World, ada: Any
) -> None:
    job = world.job("COMPLETED")
    world.store.delete([ObjectRef(RESULTS_BUCKET, job.s3_key_result_file)])
    answer = ada.get(f"/annotations/{job.job_id}/download")
    assert answer.status_code == 500
    assert "The fault is ours" in answer.text


def test_deletion_is_told_to_the_archiver_at_once(world: World, ada: Any) -> None:
    job = world.job("ARCHIVED")
    assert ada.post(f"/annotations/{job.job_id}/delete").status_code == 303
    [told] = world.publisher.published
    assert told == JobChanged(job_id=job.job_id, user_id="ada-id", event=JobEvent.DUE)


def test_deletion_waits_for_whoever_may_still_be_at_work(world: World, ada: Any) -> None:
    job = world.job("RUNNING")
    ada.post(f"/annotations/{job.job_id}/cancel")
    ada.post(f"/annotations/{job.job_id}/delete")
    assert world.jobs.get(job.job_id).results is Results.DELETING
    assert world.publisher.published == []


def test_deletion_that_cannot_be_told_is_left_to_the_sweeper(world: World, Visitor: Any) -> None:
    class Down:
        def publish(self, _message: object) -> None:
            raise StoreUnavailableError(action="publish")

    job = world.job("FAILED")
    ada = Visitor(world, world.app(ports={"publisher": Down()}))
    ada.sign_in()
    assert ada.post(f"/annotations/{job.job_id}/delete").status_code == 303
    row = world.jobs.get(job.job_id)
    assert (row.status, row.results) == (Status.FAILED, Results.DELETING)
    assert row.due_time == world.clock.now() + world.timings.announce_grace_seconds


@pytest.mark.parametrize("choice", [{}, {"window_mails": "y"}], ids=["no", "yes"])
def test_mails_about_windows_are_chosen_on_the_profile(
    world: World, ada: Any, choice: dict[str, str]
) -> None:
    profile = {"name": "Ada", "email": "ada@university.example"}
    answer = ada.post("/profile", **profile, **choice)
    assert answer.status_code == 302
    assert world.users.get("ada-id").window_mails is bool(choice)
    box = re.search(r'<input type="checkbox"[^>]*>', ada.get("/profile").text)
    assert box
    assert ("checked" in box[0]) is bool(choice)


def test_help_tells_how_long_results_stay_here(world: World, ada: Any, words: Any) -> None:
    assert world
    assert "On the free plan results can be downloaded for 5 min." in words(ada.get("/help"))
    assert "up to 10 times" in words(ada.get("/help"))
    assert "Yours to download for 5 min" in words(ada.get("/annotate"))
    world.plan(PREMIUM)
    assert "Yours to download" not in words(ada.get("/annotate"))


def test_timeline_tells_every_move_of_the_results(world: World, ada: Any) -> None:
    job, now, timings = world.job("ARCHIVED"), world.clock.now() + 600, world.timings
    asked = Asked("Expedited", "", started=now, ready=now, tries=1)
    job = world.jobs.commit(job, retention.restore_begin(job, asked=asked, message="", now=now))
    job = world.jobs.commit(job, retention.copy_back(job, now=now, timings=timings))
    job = world.jobs.commit(
        job,
        retention.restore_commit(
            job, generation=job.generation, result_key=job.s3_key_result_file, now=now + 60, timings=timings
        ),
    )
    page = ada.get(f"/annotations/{job.job_id}").text
    timeline = page.partition('<dl class="pairs timeline">')[2].partition("</dl>")[0]
    assert re.findall(r"<dd>(.*?)</dd>", timeline, re.DOTALL) == [
        "Upload form handed out",
        "Submitted, 9 bytes",
        "A worker took it",
        "Done",
        "Began to move to the archive",
        "Archived",
        "Asked back from the archive",
        "Back from the archive",
    ]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (0, "Premium brings back these results."),
        (1, "Premium brings back these results and 1 other."),
        (3, "Premium brings back these results and 3 others."),
    ],
)
def test_archived_results_tell_how_many_others_premium_brings_back(
    world: World, ada: Any, others: int, said: str
) -> None:
    path = f"/annotations/{world.job('ARCHIVED').job_id}"
    for state in ("COMPLETED", "RESTORING", *["ARCHIVED", "ARCHIVING", "ARCHIVED"][:others]):
        world.job(state)
    world.job("ARCHIVED", user=Identity("gregor-id", "Gregor Researcher", "gregor@abbey.example"))
    for answer in (ada.get(path), ada.get(f"{path}/status")):
        assert said in panel(answer.text)


def test_nobody_waits_while_thousands_are_counted(world: World, ada: Any) -> None:
    jobs = [world.job("ARCHIVED") for _ in range(handlers.COUNTED_JOBS + 1)]
    page = ada.get(f"/annotations/{jobs[0].job_id}")
    assert "Premium brings back these results and all others in the archive." in panel(page.text)
