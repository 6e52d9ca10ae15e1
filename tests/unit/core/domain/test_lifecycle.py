"""Every decision about a job, held against the tables and against what DESIGN says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gas_core.domain import lifecycle, retention
from gas_core.domain.errors import MoveRefusedError
from gas_core.domain.job import Due, Failure, Job, MailRecord, Progress
from gas_core.domain.lifecycle import LeaseHeldError, LeaseLostError, Timings
from gas_core.domain.states import RESULTS_MOVES, STATUS_MOVES, TERMINAL, Results, Status

NOW = 1_790_000_000
TIMINGS = Timings(
    lease_seconds=60,
    announce_grace_seconds=50,
    repeat_seconds=600,
    cleanup_seconds=900,
    mail_claim_seconds=75,
    max_failures=5,
)
LATER = NOW + 1000
"""After the lease of every job made here."""

FAILURE = Failure("not_vcf", "The file is not a VCF.")


def submit(job: Job, now: int = NOW) -> Job:
    return lifecycle.submit(
        job,
        file_name="a.vcf",
        version_id="v1",
        size_bytes=21,
        traceparent="trace",
        now=now,
        timings=TIMINGS,
    )


def claim(job: Job, now: int = NOW) -> Job:
    return lifecycle.claim(job, results_bucket="results", now=now, timings=TIMINGS)


def renew(job: Job, now: int = NOW, attempt: int = 1) -> Job:
    return lifecycle.renew(job, attempt=attempt, progress=Progress(records=5), now=now, timings=TIMINGS)


def hand_back(job: Job, now: int = NOW, attempt: int = 1, *, blame: bool = False) -> Job:
    return lifecycle.hand_back(job, attempt=attempt, blame=blame, now=now, timings=TIMINGS)


def complete(job: Job, now: int = NOW, attempt: int = 1) -> Job:
    return lifecycle.complete(
        job,
        attempt=attempt,
        result_key="result",
        log_key="log",
        summary={"variants": 5},
        checksums={"annot.vcf.gz": "5a" * 32},
        progress=Progress(records=5),
        now=now,
        timings=TIMINGS,
    )


def fail(job: Job, now: int = NOW, attempt: int = 1) -> Job:
    return lifecycle.fail(job, attempt=attempt, failure=FAILURE, now=now, timings=TIMINGS)


def give_up(job: Job, now: int = NOW) -> Job:
    return lifecycle.give_up(job, failure=FAILURE, now=now, timings=TIMINGS)


def abandon(job: Job, now: int = NOW) -> Job:
    return lifecycle.abandon(job, now=now, timings=TIMINGS)


def cancel(job: Job, now: int = NOW) -> Job:
    return lifecycle.cancel(job, now=now, timings=TIMINGS)


def delete(job: Job, now: int = NOW) -> Job:
    return retention.delete(job, now=now, timings=TIMINGS)


def fail_either_way(job: Job, now: int = NOW) -> Job:
    """The arrow "fail" has two decisions: of the attempt that runs, and of whoever finds tries ran out."""
    return fail(job, now) if job.status is Status.RUNNING else give_up(job, now)


MOVES: dict[str, tuple[Callable[[Job], Job], int]] = {
    "submit": (submit, NOW),
    "abandon": (abandon, NOW),
    "cancel": (cancel, NOW),
    "claim": (claim, NOW),
    "reclaim": (claim, LATER),
    "renew": (renew, NOW),
    "hand_back": (hand_back, NOW),
    "complete": (complete, NOW),
    "fail": (fail_either_way, NOW),
}
"""The decision behind each arrow of the status machine, and when it is taken."""


def test_every_arrow_of_the_status_machine_has_its_decision() -> None:
    assert set(MOVES) == set(STATUS_MOVES)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("name", STATUS_MOVES)
def test_status_changes_where_the_table_has_an_arrow_and_nowhere_else(
    job: Any, name: str, status: Status
) -> None:
    decide, now = MOVES[name]
    before = job(status=status)
    arrow = STATUS_MOVES[name]
    # claim and reclaim are one decision, told apart by where the job is.
    taken = {"claim": {"claim", "reclaim"}, "reclaim": {"claim", "reclaim"}}.get(name, {name})
    if name == "claim" and status is Status.RUNNING:
        with pytest.raises(LeaseHeldError):
            decide(before, now)
    elif any(status in STATUS_MOVES[each].sources for each in taken):
        after = decide(before, now)
        assert after.status is arrow.target
        assert after.results is (arrow.results or before.results)
        assert after.due_tries == 0
    else:
        with pytest.raises((MoveRefusedError, LeaseLostError)):
            decide(before, now)


@pytest.mark.parametrize("results", Results)
@pytest.mark.parametrize("status", Status)
def test_deletion_is_for_jobs_that_ended_and_are_not_being_deleted(
    job: Any, status: Status, results: Results
) -> None:
    before = job(status=status, results=results)
    if status in TERMINAL and results in RESULTS_MOVES["delete"].sources:
        after = delete(before)
        assert (after.status, after.results) == (status, Results.DELETING)
        assert set(after.due) == {Due.CLEANUP}
    else:
        with pytest.raises(MoveRefusedError):
            delete(before)


def test_submitted_job_waits_and_owes_its_announcement(job: Any) -> None:
    after = submit(job(due={Due.UPLOAD: NOW + 900}))
    assert (after.status, after.submit_time) == (Status.PENDING, NOW)
    assert (after.input_file_name, after.input_version_id, after.input_bytes) == ("a.vcf", "v1", 21)
    assert after.traceparent == "trace"
    assert after.due == {Due.ANNOUNCE: NOW + 50}


def test_claim_is_a_new_attempt_and_a_new_generation_under_a_lease(job: Any) -> None:
    after = claim(job(status=Status.PENDING, attempt=2, generation=3, failures=1, due={"announce": NOW}))
    assert (after.attempt, after.generation, after.failures) == (3, 4, 1)
    assert (after.lease_expires, after.start_time) == (NOW + 60, NOW)
    assert after.due == {Due.LEASE: NOW + 60}
    assert after.s3_results_bucket == "results"


def test_claim_after_a_lease_is_over_counts_the_attempt_that_died(job: Any) -> None:
    running = job(status=Status.RUNNING, lease_expires=NOW, failures=1, progress=Progress(records=9))
    after = claim(running)
    assert (after.attempt, after.generation, after.failures) == (2, 2, 2)
    assert after.progress == Progress()


def test_lease_is_over_at_its_last_second_and_not_before(job: Any) -> None:
    running = job(status=Status.RUNNING, lease_expires=NOW)
    assert not lifecycle.lease_over(running, now=NOW - 1)
    assert lifecycle.lease_over(running, now=NOW)
    assert not lifecycle.lease_over(job(status=Status.PENDING, lease_expires=0), now=NOW)


@pytest.mark.parametrize("decide", [renew, hand_back, complete, fail], ids=lambda each: each.__name__)
def test_attempt_that_lost_the_job_can_decide_nothing(job: Any, decide: Callable[..., Job]) -> None:
    with pytest.raises(LeaseLostError):
        decide(job(status=Status.RUNNING, attempt=2), NOW, attempt=1)
    with pytest.raises(LeaseLostError):
        decide(job(status=Status.CANCELLED, attempt=1), NOW, attempt=1)


def test_heartbeat_moves_the_lease_on_and_tells_progress(job: Any) -> None:
    after = renew(job(status=Status.RUNNING), now=NOW + 20)
    assert after.lease_expires == NOW + 80
    assert after.due == {Due.LEASE: NOW + 80}
    assert after.progress == Progress(records=5)


@pytest.mark.parametrize(("blame", "failures"), [(False, 2), (True, 3)])
def test_job_handed_back_waits_again_and_only_a_blamed_try_counts(
    job: Any, *, blame: bool, failures: int
) -> None:
    after = hand_back(job(status=Status.RUNNING, failures=2), blame=blame)
    assert (after.status, after.failures, after.lease_expires) == (Status.PENDING, failures, 0)
    assert after.due == {Due.ANNOUNCE: NOW + 50}
    assert after.attempt == 1


def test_completed_job_has_results_and_owes_its_announcement(job: Any) -> None:
    after = complete(job(status=Status.RUNNING))
    assert (after.status, after.results) == (Status.COMPLETED, Results.AVAILABLE)
    assert (after.s3_key_result_file, after.s3_key_log_file) == ("result", "log")
    assert (after.summary, after.complete_time, after.lease_expires) == ({"variants": 5}, NOW, 0)
    assert after.due == {Due.ANNOUNCE: NOW + 50, Due.WINDOW: NOW + 300}
    assert (after.results_since, after.results_generation, after.window_ends) == (NOW, 1, NOW + 300)


def test_completed_job_with_earlier_attempts_owes_a_cleanup_too(job: Any) -> None:
    after = complete(job(status=Status.RUNNING, attempt=3, generation=3), attempt=3)
    assert after.due == {Due.ANNOUNCE: NOW + 50, Due.WINDOW: NOW + 300, Due.CLEANUP: NOW + 900}


def test_failed_job_tells_why_and_owes_announcement_and_cleanup(job: Any) -> None:
    after = fail(job(status=Status.RUNNING))
    assert (after.status, after.results, after.failure) == (Status.FAILED, Results.NONE, FAILURE)
    assert after.due == {Due.ANNOUNCE: NOW + 50, Due.CLEANUP: NOW + 900}


def test_job_that_was_never_claimed_leaves_nothing_to_clean_up(job: Any) -> None:
    assert cancel(job(status=Status.PENDING, due={"announce": NOW})).due == {}
    assert give_up(job(status=Status.PENDING)).due == {Due.ANNOUNCE: NOW + 50}


def test_cancelled_job_that_ran_owes_a_cleanup(job: Any) -> None:
    after = cancel(job(status=Status.RUNNING))
    assert (after.status, after.complete_time) == (Status.CANCELLED, NOW)
    assert after.due == {Due.CLEANUP: NOW + 900}


def test_giving_up_waits_for_a_live_lease_to_end(job: Any) -> None:
    running = job(status=Status.RUNNING, failures=4, lease_expires=NOW + 1)
    with pytest.raises(LeaseHeldError):
        give_up(running)
    after = give_up(running, now=NOW + 1)
    assert (after.status, after.failures) == (Status.FAILED, 5)


def test_fifth_bad_ending_is_the_last(job: Any) -> None:
    assert [lifecycle.exhausted(job(failures=n), timings=TIMINGS) for n in range(6)] == [
        *[False] * 4,
        *[True] * 2,
    ]


def test_announced_end_owes_nothing_more_but_what_else_it_owed(job: Any) -> None:
    done = job(status=Status.COMPLETED, due={"announce": NOW, "cleanup": NOW + 900})
    assert lifecycle.announced(done, now=NOW, timings=TIMINGS).due == {"cleanup": NOW + 900}


def test_waiting_job_is_announced_again_later_for_its_message_may_be_lost(job: Any) -> None:
    waiting = job(status=Status.PENDING, due={"announce": NOW})
    assert lifecycle.announced(waiting, now=NOW, timings=TIMINGS).due == {"announce": NOW + 600}


def test_debt_that_is_paid_forgets_how_often_the_row_was_told(job: Any) -> None:
    told = job(due={Due.WARNING.value: 5, Due.WINDOW.value: 9}, due_tries=2)
    assert lifecycle.without(told, Due.CLEANUP) == told
    paid = lifecycle.without(told, Due.WARNING)
    assert (paid.due, paid.due_tries) == ({Due.WINDOW.value: 9}, 0)


def test_announcing_brings_no_debt_nearer_that_was_moved_on(job: Any) -> None:
    waiting = job(status=Status.PENDING, due={"announce": NOW + 9000})
    assert lifecycle.announced(waiting, now=NOW, timings=TIMINGS).due == {"announce": NOW + 9000}


def test_announcing_a_job_that_owes_no_announcement_changes_nothing(job: Any) -> None:
    running = job(status=Status.RUNNING, due={"lease": NOW + 60})
    assert lifecycle.announced(running, now=NOW, timings=TIMINGS) == running


def test_overdue_debts_move_on_further_each_time_and_others_stay(job: Any) -> None:
    owing = job(status=Status.COMPLETED, due={"announce": NOW - 5, "cleanup": NOW, "window": NOW + 1})
    once = lifecycle.postpone(owing, now=NOW, timings=TIMINGS)
    assert once.due == {"announce": NOW + 600, "cleanup": NOW + 600, "window": NOW + 1}
    twice = lifecycle.postpone(once, now=NOW + 600, timings=TIMINGS)
    assert twice.due["announce"] == NOW + 600 + 1200
    assert twice.due_tries == 2


def test_pauses_between_announcements_stop_growing_within_two_weeks(job: Any) -> None:
    owing, now = job(status=Status.COMPLETED, due={"announce": NOW}), NOW
    pauses = []
    for _ in range(20):
        owing = lifecycle.postpone(owing, now=now, timings=TIMINGS)
        pauses.append(owing.due["announce"] - now)
        now = owing.due["announce"]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2] <= 14 * 86400


def test_progress_between_states_forgets_how_often_it_was_announced(job: Any) -> None:
    assert claim(job(status=Status.PENDING, due_tries=4)).due_tries == 0


def test_deletion_waits_for_an_attempt_that_may_still_be_writing(job: Any) -> None:
    cancelled = cancel(job(status=Status.RUNNING, lease_expires=NOW + 40))
    assert delete(cancelled).due == {Due.CLEANUP: NOW + 100}
    assert delete(job(status=Status.COMPLETED)).due == {Due.CLEANUP: NOW + 50}


def test_zombies_have_had_their_time_a_while_after_the_end(job: Any) -> None:
    ended = job(status=Status.COMPLETED, complete_time=NOW)
    assert not lifecycle.quiet(ended, now=NOW + 899, timings=TIMINGS)
    assert lifecycle.quiet(ended, now=NOW + 900, timings=TIMINGS)
    assert not lifecycle.quiet(job(status=Status.RUNNING), now=LATER, timings=TIMINGS)


def test_upload_that_never_arrived_is_forgotten_a_day_later(job: Any) -> None:
    after = abandon(job(due={Due.UPLOAD: NOW}))
    assert after.status is Status.CANCELLED
    assert after.due == {Due.CLEANUP: NOW + 86_400}
    assert after.never_arrived


def test_cleaned_job_owes_no_cleanup(job: Any) -> None:
    owing = job(status=Status.COMPLETED, due={"announce": NOW, "cleanup": NOW})
    assert lifecycle.cleaned(owing).due == {"announce": NOW}


def begin(job: Job, now: int) -> Job | None:
    return lifecycle.begin_mail(job, "completed", message_id="<m@gas>", now=now, timings=TIMINGS)


def test_mail_is_recorded_before_and_after_it_is_sent(job: Any) -> None:
    begun = begin(job(status=Status.COMPLETED), NOW)
    assert begun is not None
    assert begun.mails == {"completed": MailRecord(begun=NOW, message_id="<m@gas>")}
    ended = lifecycle.end_mail(begun, "completed", now=NOW + 2)
    assert ended.mails == {"completed": MailRecord(begun=NOW, sent=NOW + 2, message_id="<m@gas>")}


def test_mail_that_was_sent_is_never_begun_again(job: Any) -> None:
    sent = {"completed": MailRecord(begun=NOW, sent=NOW + 1, message_id="<m@gas>")}
    assert begin(job(mails=sent), NOW + 10**6) is None


def test_mail_just_being_sent_is_left_to_whoever_began_it_for_a_while(job: Any) -> None:
    begun = begin(job(), NOW)
    assert begun is not None
    assert begin(begun, NOW + 74) is None
    again = begin(begun, NOW + 75)
    assert again is not None
    assert again.mails["completed"].begun == NOW + 75


def test_mails_about_different_events_do_not_stand_in_each_others_way(job: Any) -> None:
    sent = {"failed": MailRecord(begun=NOW, sent=NOW, message_id="<f@gas>")}
    begun = begin(job(mails=sent), NOW)
    assert begun is not None
    assert set(begun.mails) == {"failed", "completed"}


def test_no_decision_touches_the_revision_or_the_row_it_was_given(job: Any) -> None:
    waiting = job(status=Status.PENDING, revision=7, due={"announce": NOW})
    copy = replace(waiting, due=dict(waiting.due))
    assert claim(waiting).revision == 7
    lifecycle.postpone(waiting, now=NOW, timings=TIMINGS)
    assert waiting == copy
