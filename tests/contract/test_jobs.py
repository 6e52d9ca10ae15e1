"""What every jobs table does: conditions that hold, lists that miss nothing."""

from __future__ import annotations

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from gas_core.domain import lifecycle, plans
from gas_core.domain.errors import JobNotFoundError, PlanChangedError, StaleError, UserNotFoundError
from gas_core.domain.job import Asked, Due, Failure, Job, MailRecord, Progress
from gas_core.domain.lifecycle import LeaseLostError, Timings
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_core.domain.waiting import Running, Served, Waiting
from gas_core.ports import JobCursor, Jobs

NOW = 1_790_000_000
TIMINGS = Timings()


def new_job(**fields: Any) -> Job:
    job_id = str(uuid.uuid4())
    told: dict[str, Any] = {
        "job_id": job_id,
        "user_id": str(uuid.uuid4()),
        "user_email": "ada@research.example",
        "s3_inputs_bucket": "inputs",
        "s3_key_input_file": f"user/{job_id}/input",
        "created_time": NOW,
    }
    return Job(**(told | fields))


def pending(**fields: Any) -> Job:
    return new_job(**({"status": Status.PENDING, "submit_time": NOW} | fields))


def claim(job: Job, now: int = NOW) -> Job:
    return lifecycle.claim(job, results_bucket="results", now=now, timings=TIMINGS)


def complete(job: Job, attempt: int, now: int = NOW) -> Job:
    return lifecycle.complete(
        job,
        attempt=attempt,
        result_key="result",
        log_key="log",
        summary={"variants": 3},
        checksums={"annot.vcf.gz": "5a" * 32},
        progress=Progress(records=3),
        now=now,
        timings=TIMINGS,
    )


@pytest.fixture
def jobs(jobs_bench: Any) -> Jobs:
    port: Jobs = jobs_bench.port
    return port


def test_row_is_read_as_it_was_written(jobs: Jobs) -> None:
    job = new_job(
        status=Status.FAILED,
        results=Results.ARCHIVED,
        input_file_name='naïve ~"名前".vcf',
        input_version_id="v1",
        input_bytes=2**40,
        submit_time=NOW + 1,
        start_time=NOW + 2,
        complete_time=NOW + 3,
        attempt=4,
        generation=5,
        failures=6,
        lease_expires=NOW + 60,
        progress=Progress(records=7, bytes_read=8, bytes_total=9),
        failure=Failure("not_vcf", "The file is not a VCF.", "Choose another.", line=3, column=5),
        summary={"variants": 0, "known": 12},
        s3_results_bucket="results",
        s3_key_result_file="a/1/annot.vcf.gz",
        s3_key_log_file="a/log/1/count.log",
        results_since=NOW + 4,
        results_generation=3,
        window_ends=NOW + 300,
        links_dead=NOW + 120,
        extensions=2,
        results_file_archive_id="archive",
        archive_generation=2,
        retired_archives=("first", "second"),
        retrieval=Asked("Standard", "retrieval", NOW + 5, NOW + 18_005, tries=2),
        restore_message="soon",
        traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        due={Due.CLEANUP.value: NOW + 900, Due.ANNOUNCE.value: NOW + 60},
        due_tries=2,
        mails={"failed": MailRecord(begun=NOW, sent=NOW + 1, message_id="<x@gas>")},
    )
    jobs.add(job)
    assert jobs.get(job.job_id) == job


def test_row_that_tells_nothing_yet_is_read_as_it_was_written(jobs: Jobs) -> None:
    job = new_job()
    jobs.add(job)
    assert jobs.get(job.job_id) == job


def test_job_that_is_not_there_is_not_found(jobs: Jobs) -> None:
    with pytest.raises(JobNotFoundError):
        jobs.get(str(uuid.uuid4()))


def test_second_job_of_the_same_id_is_refused_and_changes_nothing(jobs: Jobs) -> None:
    job = new_job()
    jobs.add(job)
    with pytest.raises(StaleError):
        jobs.add(replace(job, user_id="somebody else"))
    assert jobs.get(job.job_id) == job


def test_commit_gives_what_a_reader_then_reads(jobs: Jobs) -> None:
    job = pending(due={Due.ANNOUNCE.value: NOW})
    jobs.add(job)
    written = jobs.commit(job, claim(job))
    assert written == jobs.get(job.job_id)
    assert (written.status, written.attempt, written.revision) == (Status.RUNNING, 1, 1)


def test_paid_debt_and_emptied_fields_are_gone_from_the_row(jobs: Jobs) -> None:
    job = pending(due={Due.ANNOUNCE.value: NOW}, restore_message="soon", lease_expires=NOW)
    jobs.add(job)
    jobs.commit(job, replace(job, due={}, restore_message="", lease_expires=0))
    read = jobs.get(job.job_id)
    assert (read.due, read.restore_message, read.lease_expires) == ({}, "", 0)


def test_decision_about_a_row_that_changed_meanwhile_is_stale(jobs: Jobs) -> None:
    job = pending()
    jobs.add(job)
    now_standing = jobs.commit(job, replace(job, restore_message="first"))
    with pytest.raises(StaleError):
        jobs.commit(job, replace(job, restore_message="second"))
    assert jobs.get(job.job_id) == now_standing


def test_decision_about_a_row_that_went_is_stale_and_does_not_bring_it_back(jobs: Jobs) -> None:
    job = pending()
    jobs.add(job)
    jobs.remove(job)
    with pytest.raises(StaleError):
        jobs.commit(job, claim(job))
    with pytest.raises(JobNotFoundError):
        jobs.get(job.job_id)


def test_late_attempt_cannot_complete_the_job(jobs: Jobs) -> None:
    job = pending()
    jobs.add(job)
    first = jobs.commit(job, claim(job))
    second = jobs.commit(first, claim(first, now=first.lease_expires))
    with pytest.raises(StaleError):
        jobs.commit(first, complete(first, attempt=1))
    with pytest.raises(LeaseLostError):
        complete(jobs.get(job.job_id), attempt=1)
    done = jobs.commit(second, complete(second, attempt=2))
    assert (done.status, done.attempt, done.generation) == (Status.COMPLETED, 2, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.CANCELLED},
        {"results": Results.DELETING},
        {"attempt": 9},
        {"revision": 9},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_row_changed_in_one_guarded_field_alone_refuses_the_write(
    jobs_bench: Any, changes: dict[str, Any]
) -> None:
    job = pending()
    jobs_bench.port.add(job)
    jobs_bench.tamper(job, **changes)
    with pytest.raises(StaleError):
        jobs_bench.port.commit(job, claim(job))
    with pytest.raises(StaleError):
        jobs_bench.port.remove(job)
    assert jobs_bench.port.get(job.job_id) == replace(job, **changes)


def test_of_16_claims_at_once_one_wins(jobs: Jobs) -> None:
    job = pending()
    jobs.add(job)

    def one_claim(_: int) -> bool:
        try:
            jobs.commit(job, claim(job))
        except StaleError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(one_claim, range(16)))
    assert won.count(True) == 1
    assert jobs.get(job.job_id).attempt == 1


def test_removing_a_row_that_changed_is_stale(jobs: Jobs) -> None:
    job = pending()
    jobs.add(job)
    jobs.commit(job, claim(job))
    with pytest.raises(StaleError):
        jobs.remove(job)
    assert jobs.get(job.job_id).status is Status.RUNNING


def test_removing_a_row_twice_is_no_error(jobs: Jobs) -> None:
    job = pending()
    jobs.add(job)
    jobs.remove(job)
    jobs.remove(job)
    with pytest.raises(JobNotFoundError):
        jobs.get(job.job_id)


def pages_of(jobs: Jobs, user_id: str, limit: int, *, oldest_first: bool = False) -> list[list[Job]]:
    pages, cursor = [], None
    for _ in itertools.count():
        page = jobs.page_of_user(user_id, after=cursor, limit=limit, oldest_first=oldest_first)
        pages.append(list(page.jobs))
        cursor = page.next
        if cursor is None:
            return pages
        assert len(pages) < 100, "the list does not end"
    raise AssertionError


def test_list_has_every_submitted_job_once_newest_first_over_many_pages(jobs: Jobs) -> None:
    user_id = str(uuid.uuid4())
    # Large rows, two of which share each second, so that page ends fall between equals too.
    mine = [pending(user_id=user_id, submit_time=NOW + n // 2, restore_message="x" * 9000) for n in range(61)]
    for job in mine:
        jobs.add(job)
    jobs.add(pending(submit_time=NOW + 5))
    jobs.add(new_job(user_id=user_id))
    pages = pages_of(jobs, user_id, limit=15)
    assert [len(page) for page in pages] == [15, 15, 15, 15, 1]
    listed = [job for page in pages for job in page]
    assert [job.submit_time for job in listed] == sorted((job.submit_time for job in mine), reverse=True)
    assert {job.job_id for job in listed} == {job.job_id for job in mine}


def test_page_that_ends_with_the_last_job_has_no_next(jobs: Jobs) -> None:
    user_id = str(uuid.uuid4())
    for n in range(4):
        jobs.add(pending(user_id=user_id, submit_time=NOW + n))
    assert [len(page) for page in pages_of(jobs, user_id, limit=2)] == [2, 2]
    assert [len(page) for page in pages_of(jobs, user_id, limit=4)] == [4]


def test_list_goes_the_other_way_when_the_oldest_are_asked_for(jobs: Jobs) -> None:
    user_id = str(uuid.uuid4())
    mine = [pending(user_id=user_id, submit_time=NOW + n) for n in range(5)]
    for job in reversed(mine):
        jobs.add(job)
    pages = pages_of(jobs, user_id, limit=2, oldest_first=True)
    ids = [[job.job_id for job in page] for page in pages]
    assert ids == [[job.job_id for job in mine[n : n + 2]] for n in (0, 2, 4)]


def test_list_of_nobody_is_empty(jobs: Jobs) -> None:
    page = jobs.page_of_user(str(uuid.uuid4()), after=None, limit=10)
    assert (page.jobs, page.next) == ((), None)


def test_forged_cursor_shows_no_job_of_another_user(jobs: Jobs) -> None:
    mine, theirs = pending(submit_time=NOW), pending(submit_time=NOW - 10)
    jobs.add(mine)
    jobs.add(theirs)
    page = jobs.page_of_user(mine.user_id, after=JobCursor(NOW - 5, theirs.job_id), limit=10)
    assert page.jobs == ()


def test_list_goes_on_when_the_job_at_its_cursor_is_gone(jobs: Jobs) -> None:
    user_id = str(uuid.uuid4())
    mine = [pending(user_id=user_id, submit_time=NOW + n) for n in range(4)]
    for job in mine:
        jobs.add(job)
    first = jobs.page_of_user(user_id, after=None, limit=2)
    jobs.remove(mine[2])
    rest = jobs.page_of_user(user_id, after=first.next, limit=2)
    assert [job.job_id for job in rest.jobs] == [mine[1].job_id, mine[0].job_id]


_LONG_AGO = itertools.count(1000, 1000)
"""A time of its own for each test of debts, before all that others owe."""


def test_overdue_names_rows_of_every_shard_whose_time_has_come(jobs: Jobs) -> None:
    then = next(_LONG_AGO)
    due = [new_job(job_id=f"{n:02x}{uuid.uuid4().hex[2:]}", due={"announce": then}) for n in range(32)]
    later = new_job(due={"announce": then + 1, "cleanup": then + 100})
    free = new_job()
    for job in [*due, later, free]:
        jobs.add(job)
    found = set(jobs.overdue(now=then, limit=1000))
    assert {job.job_id for job in due} <= found
    assert not {later.job_id, free.job_id} & found
    assert later.job_id in set(jobs.overdue(now=then + 1, limit=1000))


def test_row_that_paid_its_debts_is_no_longer_overdue(jobs: Jobs) -> None:
    then = next(_LONG_AGO)
    job = new_job(due={"announce": then})
    jobs.add(job)
    assert job.job_id in set(jobs.overdue(now=then, limit=1000))
    jobs.commit(job, replace(job, due={}))
    assert job.job_id not in set(jobs.overdue(now=then, limit=1000))


def test_overdue_gives_at_most_the_limit_of_each_shard_the_longest_overdue_first(jobs: Jobs) -> None:
    then = next(_LONG_AGO)
    one_shard = [new_job(job_id=f"07{uuid.uuid4().hex[2:]}", due={"announce": then - n}) for n in range(20)]
    for job in one_shard:
        jobs.add(job)
    found = [job_id for job_id in jobs.overdue(now=then, limit=11) if job_id.startswith("07")]
    assert found == [job.job_id for job in reversed(one_shard)][:11]


def test_failed_names_what_failed_in_the_last_days_newest_first(jobs: Jobs) -> None:
    day = 86_400
    now = (20_000 + int(uuid.uuid4().hex[:6], 16)) * day + 7 * 3600  # days that are this test's own

    def failed(ended: int, **fields: Any) -> str:
        job = new_job(**({"status": Status.FAILED, "complete_time": ended} | fields))
        jobs.add(job)
        return job.job_id

    newest, earlier, yesterday = failed(now - 60), failed(now - 3600), failed(now - day)
    failed(now - 3 * day)
    failed(now - 30, status=Status.COMPLETED)
    found = list(jobs.failed(now=now, days=3, limit=10))
    assert found == [newest, earlier, yesterday]
    assert list(jobs.failed(now=now, days=3, limit=2)) == [newest, earlier]
    assert list(jobs.failed(now=now, days=1, limit=10)) == [newest, earlier]


def test_row_that_waits_for_thaw_is_overdue_for_it_alone(jobs: Jobs) -> None:
    then = next(_LONG_AGO)
    frozen = [
        new_job(job_id=f"{n:02x}{uuid.uuid4().hex[2:]}", due={Due.RETRIEVAL.value: then, "cleanup": then + 9})
        for n in range(16)
    ]
    other = new_job(due={"cleanup": then})
    for job in [*frozen, other]:
        jobs.add(job)
    for_sweeper, for_thaw = (
        set(jobs.overdue(now=then, limit=1000, for_thaw=for_thaw)) for for_thaw in (False, True)
    )
    assert {job.job_id for job in frozen} <= for_thaw - for_sweeper
    assert other.job_id in for_sweeper - for_thaw


def test_row_whose_retrieval_is_paid_is_the_sweepers_again(jobs: Jobs) -> None:
    then = next(_LONG_AGO)
    job = new_job(due={Due.RETRIEVAL.value: then, "cleanup": then})
    jobs.add(job)
    jobs.commit(job, replace(job, due={"cleanup": then}))
    assert job.job_id in set(jobs.overdue(now=then, limit=1000))
    assert job.job_id not in set(jobs.overdue(now=then, limit=1000, for_thaw=True))


def owner(jobs_bench: Any, plan: Plan = Plan.FREE) -> str:
    """A user on a plan; gives the ID."""
    users, user_id = jobs_bench.users, str(uuid.uuid4())
    user = users.sign_in(identity_id=user_id, name="Ada", email="ada@research.example", now=NOW)
    if plan is not user.plan:
        users.commit(user, plans.change_plan(user, plan, source="operator", now=NOW, timings=TIMINGS))
    return user_id


@pytest.mark.parametrize("plan", Plan)
def test_write_decided_for_the_plan_that_the_user_has_is_written(jobs_bench: Any, plan: Plan) -> None:
    jobs, job = jobs_bench.port, pending(user_id=owner(jobs_bench, plan))
    jobs.add(job)
    written = jobs.commit(job, claim(job), while_plan=plan)
    assert written == jobs.get(job.job_id)
    assert (written.status, written.revision) == (Status.RUNNING, 1)


@pytest.mark.parametrize("plan", Plan)
def test_write_decided_for_another_plan_is_refused_and_writes_nothing(jobs_bench: Any, plan: Plan) -> None:
    jobs, job = jobs_bench.port, pending(user_id=owner(jobs_bench, plan))
    jobs.add(job)
    (other,) = set(Plan) - {plan}
    with pytest.raises(PlanChangedError):
        jobs.commit(job, claim(job), while_plan=other)
    assert jobs.get(job.job_id) == job


def test_write_decided_for_a_plan_of_nobody_is_refused_and_makes_no_user(jobs_bench: Any) -> None:
    jobs, job = jobs_bench.port, pending()
    jobs.add(job)
    with pytest.raises(PlanChangedError):
        jobs.commit(job, claim(job), while_plan=Plan.FREE)
    assert jobs.get(job.job_id) == job
    with pytest.raises(UserNotFoundError):
        jobs_bench.users.get(job.user_id)


def test_stale_row_is_told_as_stale_whatever_the_plan(jobs_bench: Any) -> None:
    """Who lost a race reads again, and sees then whether the plan still allows it."""
    jobs, job = jobs_bench.port, pending(user_id=owner(jobs_bench))
    jobs.add(job)
    standing = jobs.commit(job, replace(job, restore_message="first"))
    for plan in Plan:
        with pytest.raises(StaleError):
            jobs.commit(job, replace(job, restore_message="second"), while_plan=plan)
    assert jobs.get(job.job_id) == standing


def test_row_that_went_is_stale_for_a_write_with_a_plan_too(jobs_bench: Any) -> None:
    jobs, job = jobs_bench.port, pending(user_id=owner(jobs_bench))
    jobs.add(job)
    jobs.remove(job)
    with pytest.raises(StaleError):
        jobs.commit(job, claim(job), while_plan=Plan.FREE)
    with pytest.raises(JobNotFoundError):
        jobs.get(job.job_id)


def test_of_8_writes_at_once_with_a_plan_one_wins(jobs_bench: Any) -> None:
    jobs, job = jobs_bench.port, pending(user_id=owner(jobs_bench))
    jobs.add(job)

    def one_claim(_: int) -> bool:
        try:
            jobs.commit(job, claim(job), while_plan=Plan.FREE)
        except StaleError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(one_claim, range(8)))
    assert won.count(True) == 1
    assert jobs.get(job.job_id).attempt == 1


def test_emptied_results_fields_are_gone_from_the_row(jobs_bench: Any) -> None:
    jobs = jobs_bench.port
    job = pending(
        user_id=owner(jobs_bench),
        retired_archives=("old",),
        retrieval=Asked("Expedited", "r", NOW, NOW, 1),
        window_ends=NOW,
        results_generation=1,
    )
    jobs.add(job)
    emptied = replace(job, retired_archives=(), retrieval=Asked(), window_ends=0, results_generation=0)
    written = jobs.commit(job, emptied, while_plan=Plan.FREE)
    assert jobs.get(job.job_id) == written == replace(emptied, revision=1)


def test_line_has_who_waits_runs_and_was_annotated_and_nobody_else(jobs: Jobs) -> None:
    """Of all users: the line is one."""
    waits = [pending(submit_time=NOW + number, input_bytes=100 + number) for number in range(6)]
    runs = claim(pending(input_bytes=50), NOW + 3)
    done = complete(claim(pending(input_bytes=70), NOW + 10), 1, NOW + 25)
    others = [new_job(), lifecycle.cancel(pending(), now=NOW, timings=TIMINGS)]
    for job in (*reversed(waits), runs, done, *others):
        jobs.add(job)
    ours = {job.job_id for job in waits}

    def looked() -> bool:
        line = jobs.line(limit=10_000)
        here = [each for each in line.waiting if each.job_id in ours]
        return (
            here == [Waiting(job.job_id, job.submit_time, job.input_bytes) for job in waits]
            and Running(NOW + 3, 50) in line.running
            and Served(NOW + 10, NOW + 25, 70) in line.served
            and line.known_until is None
            and not {job.job_id for job in others} & {each.job_id for each in line.waiting}
        )

    assert looked()


def test_job_moves_through_the_line(jobs: Jobs) -> None:
    before = pending(input_bytes=3_141_592)
    jobs.add(before)
    running = jobs.commit(before, claim(before, NOW + 7))
    assert before.job_id not in {each.job_id for each in jobs.line(limit=10_000).waiting}
    assert Running(NOW + 7, 3_141_592) in jobs.line(limit=10_000).running
    jobs.commit(running, lifecycle.cancel(running, now=NOW + 8, timings=TIMINGS))
    assert Running(NOW + 7, 3_141_592) not in jobs.line(limit=10_000).running


def test_line_that_is_too_long_tells_how_far_it_was_counted(jobs: Jobs) -> None:
    # Of one shard, and submitted before any other of these tests.
    waits = [
        pending(job_id=f"0{number}000000-0000-4000-8000-{uuid.uuid4().hex[:12]}", submit_time=number)
        for number in (0, 4, 8)
    ]
    for job in waits:
        jobs.add(job)
    line = jobs.line(limit=2)
    assert line.known_until == 4
    assert [each.job_id for each in line.waiting if each.submit_time < 9] == [job.job_id for job in waits[:2]]
