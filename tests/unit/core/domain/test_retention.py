"""Every decision about where results are, held against the table and against what DESIGN says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gas_core.domain import lifecycle, retention
from gas_core.domain.errors import MoveRefusedError
from gas_core.domain.job import MOVES_KEPT, Asked, Due, Job, Moved
from gas_core.domain.lifecycle import LeaseHeldError, Timings
from gas_core.domain.retention import CopyLostError, ExtensionsSpentError
from gas_core.domain.states import RESULTS_MOVES, Results, Status

NOW = 1_790_000_000
TIMINGS = Timings(
    lease_seconds=60,
    announce_grace_seconds=50,
    cleanup_seconds=900,
    free_window_seconds=300,
    links_seconds=120,
    thaw_seconds=310,
    thaw_lease_seconds=800,
    max_extensions=3,
)
LONG = replace(TIMINGS, free_window_seconds=10 * 86_400)
ASKED = Asked("Expedited", "r", NOW - 300, NOW, tries=1)
NEXT = Asked("Standard", "r2", NOW, NOW + 18_000, tries=2)
OLDER = {Due.ANNOUNCE.value: NOW - 7, Due.CLEANUP.value: NOW - 5}
"""What a row still owes from before."""


def completed(results: Results = Results.AVAILABLE, **fields: Any) -> Job:
    """A COMPLETED job whose window, lease and retrieval are over at NOW."""
    standing = results in {Results.AVAILABLE, Results.ARCHIVING}
    frozen = results in {Results.ARCHIVED, Results.RESTORING, Results.LOST}
    told: dict[str, Any] = {
        "job_id": "0f0e0d0c-0b0a-4908-8706-050403020100",
        "user_id": "user",
        "user_email": "ada@research.example",
        "s3_inputs_bucket": "inputs",
        "s3_key_input_file": "user/job/input",
        "created_time": NOW - 1000,
        "submit_time": NOW - 900,
        "complete_time": NOW - 800,
        "status": Status.COMPLETED,
        "results": results,
        "attempt": 1,
        "generation": 4,
        "s3_results_bucket": "results",
        "s3_key_log_file": "log",
        "s3_key_result_file": "vcf" if standing else "",
        "results_since": NOW - 700,
        "results_generation": 1 if standing else 0,
        "window_ends": NOW if standing else 0,
        "results_file_archive_id": "archive" if frozen else "",
        "archive_generation": 3 if frozen else 0,
        "retrieval": ASKED if results is Results.RESTORING else Asked(),
        "restore_message": "soon" if results is Results.RESTORING else "",
        "due_tries": 3,
        "due": OLDER
        | {
            Results.AVAILABLE: {Due.WINDOW.value: NOW},
            Results.ARCHIVING: {Due.LEASE.value: NOW},
            Results.ARCHIVED: {Due.ANNOUNCE_RESULTS.value: NOW},
            Results.RESTORING: {Due.RETRIEVAL.value: NOW},
        }.get(results, {}),
    }
    return Job(**(told | fields))


def archive_begin(job: Job, now: int = NOW) -> Job:
    return retention.archive_begin(job, now=now, timings=TIMINGS)


def archive_commit(job: Job, generation: int = 4) -> Job:
    return retention.archive_commit(job, generation=generation, archive_id="new", now=NOW, timings=TIMINGS)


def restore_begin(job: Job) -> Job:
    return retention.restore_begin(job, asked=ASKED, message="soon", now=NOW)


def retrieve_again(job: Job) -> Job:
    return retention.retrieve_again(job, asked=NEXT, message="later", now=NOW)


def copy_back(job: Job, now: int = NOW) -> Job:
    return retention.copy_back(job, now=now, timings=TIMINGS)


def restore_commit(job: Job, generation: int = 4, timings: Timings = TIMINGS) -> Job:
    return retention.restore_commit(job, generation=generation, result_key="back", now=NOW, timings=timings)


MOVES: dict[str, Callable[[Job], Job]] = {
    "archive_begin": archive_begin,
    "archive_again": archive_begin,
    "archive_commit": archive_commit,
    "archive_stop": lambda job: retention.archive_stop(job, now=NOW),
    "restore_begin": restore_begin,
    "retrieve_again": retrieve_again,
    "copy_back": copy_back,
    "restore_commit": restore_commit,
    "restore_stop": lambda job: retention.restore_stop(job, message="given up", now=NOW),
    "lose": lambda job: retention.lose(job, message="gone", now=NOW),
    "delete": lambda job: retention.delete(job, now=NOW, timings=TIMINGS),
}
DECIDED_TOGETHER = {"archive_begin": "archive_again", "archive_again": "archive_begin"}
"""One decision makes both moves, by where the results are."""


def test_every_move_of_the_table_is_decided_by_a_function_here() -> None:
    assert set(MOVES) == set(RESULTS_MOVES)


@pytest.mark.parametrize("results", Results)
@pytest.mark.parametrize("name", MOVES)
def test_decision_moves_from_the_states_of_its_arrow_and_from_no_other(name: str, results: Results) -> None:
    moves = [RESULTS_MOVES[name], RESULTS_MOVES[DECIDED_TOGETHER.get(name, name)]]
    targets = [move.target for move in moves if results in move.sources]
    if targets:
        assert MOVES[name](completed(results)).results is targets[0]
    else:
        with pytest.raises((MoveRefusedError, CopyLostError)):
            MOVES[name](completed(results))


@pytest.mark.parametrize("status", set(Status) - {Status.COMPLETED})
@pytest.mark.parametrize("name", set(MOVES) - {"delete"})
def test_results_move_only_of_a_completed_job(name: str, status: Status) -> None:
    for source in RESULTS_MOVES[name].sources:
        with pytest.raises(MoveRefusedError):
            MOVES[name](completed(source, status=status))


@pytest.mark.parametrize("name", set(MOVES) - {"delete", "lose"})
def test_no_move_forgets_what_the_row_owes_from_before(name: str) -> None:
    for source in RESULTS_MOVES[name].sources:
        moved = MOVES[name](completed(source))
        assert moved.due[Due.ANNOUNCE] == OLDER[Due.ANNOUNCE]
        assert Due.CLEANUP in moved.due
        assert moved.due_tries == (3 if name == "copy_back" else 0)


@pytest.mark.parametrize("name", ["archive_again", "retrieve_again", "copy_back"])
def test_time_of_a_state_is_that_of_its_beginning(name: str) -> None:
    (source,) = RESULTS_MOVES[name].sources
    moved = MOVES[name](completed(source))
    assert (moved.results_since, moved.moves) == (NOW - 700, ())


@pytest.mark.parametrize("name", set(MOVES) - {"archive_again", "retrieve_again", "copy_back"})
def test_new_state_begins_now(name: str) -> None:
    source = next(iter(RESULTS_MOVES[name].sources))
    moved = MOVES[name](completed(source))
    assert moved.results_since == NOW
    assert moved.moves == (Moved(moved.results, NOW),)


def test_row_remembers_where_its_results_have_been_and_not_for_ever() -> None:
    job = completed(Results.ARCHIVED)
    for at in range(NOW, NOW + MOVES_KEPT):
        job = retention.restore_begin(job, asked=ASKED, message="", now=at)
        job = retention.restore_stop(job, message="", now=at)
    assert len(job.moves) == MOVES_KEPT
    assert job.moves[-2:] == (Moved(Results.RESTORING, at), Moved(Results.ARCHIVED, at))


# Windows


def test_extension_begins_the_window_anew_and_is_counted() -> None:
    longer = retention.keep_longer(completed(), now=NOW, timings=TIMINGS)
    assert (longer.window_ends, longer.extensions, longer.due_tries) == (NOW + 300, 1, 0)
    assert longer.due == OLDER | {Due.WINDOW.value: NOW + 300}


def test_window_may_be_begun_anew_so_often_and_no_more() -> None:
    job = completed()
    for _ in range(TIMINGS.max_extensions):
        job = retention.keep_longer(job, now=NOW, timings=TIMINGS)
    with pytest.raises(ExtensionsSpentError):
        retention.keep_longer(job, now=NOW, timings=TIMINGS)


@pytest.mark.parametrize("results", set(Results) - {Results.AVAILABLE})
def test_once_archiving_has_begun_nothing_is_kept_longer(results: Results) -> None:
    with pytest.raises(MoveRefusedError):
        retention.keep_longer(completed(results), now=NOW, timings=TIMINGS)


def test_results_without_a_window_need_no_extension() -> None:
    with pytest.raises(MoveRefusedError):
        retention.keep_longer(completed(window_ends=0), now=NOW, timings=TIMINGS)


def test_long_window_is_warned_of_in_its_last_fifth_at_most_a_day_before() -> None:
    hour = replace(TIMINGS, free_window_seconds=3600)
    assert hour.window(NOW) == {Due.WINDOW: NOW + 3600, Due.WARNING: NOW + 3600 - 720}
    assert LONG.window(NOW)[Due.WARNING] == NOW + 9 * 86_400
    assert replace(TIMINGS, free_window_seconds=3599).window(NOW) == {Due.WINDOW: NOW + 3599}


def test_extension_moves_the_warning_too() -> None:
    job = completed(due={Due.WINDOW.value: NOW, Due.WARNING.value: NOW - 9})
    longer = retention.keep_longer(job, now=NOW, timings=LONG)
    assert longer.due == {
        Due.WINDOW.value: NOW + 10 * 86_400,
        Due.WARNING.value: NOW + 9 * 86_400,
    }


def test_end_of_premium_opens_a_window_for_results_without_one() -> None:
    kept = completed(window_ends=0, due={}, extensions=2)
    opened = retention.open_window(kept, since=NOW - 5, now=NOW, timings=TIMINGS)
    assert (opened.window_ends, opened.extensions) == (NOW + 300, 0)
    assert opened.due == {Due.WINDOW.value: NOW + 300}


def test_end_of_premium_begins_a_window_from_before_anew() -> None:
    running = completed(window_ends=NOW + 20)
    assert retention.open_window(running, since=NOW, now=NOW, timings=TIMINGS).window_ends == NOW + 300


def test_window_that_began_after_premium_is_left_alone() -> None:
    """So that working a change through once more grants nothing."""
    after = completed(window_ends=NOW + 295, extensions=1)
    assert retention.open_window(after, since=NOW - 10, now=NOW, timings=TIMINGS) is after


@pytest.mark.parametrize("results", set(Results) - {Results.AVAILABLE})
def test_only_available_results_have_windows_opened_and_closed(results: Results) -> None:
    job = completed(results)
    assert retention.open_window(job, since=NOW, now=NOW, timings=TIMINGS) is job
    assert retention.close_window(job) is job
    assert not retention.window_over(job, now=NOW)


def test_closed_window_is_owed_no_more() -> None:
    closed = retention.close_window(completed(due=OLDER | {Due.WINDOW.value: 1, Due.WARNING.value: 1}))
    assert (closed.window_ends, closed.due) == (0, OLDER)
    assert not retention.window_over(closed, now=NOW)


@pytest.mark.parametrize(("ends", "over"), [(0, False), (NOW, True), (NOW + 1, False), (NOW - 1, True)])
def test_window_is_over_at_its_end(ends: int, over: bool) -> None:  # noqa: FBT001  drawn
    assert retention.window_over(completed(window_ends=ends), now=NOW) is over


# Into the archive


def test_archiving_begins_with_a_lease_and_a_generation_of_its_own() -> None:
    begun = archive_begin(completed())
    assert (begun.generation, begun.results_generation, begun.lease_expires) == (5, 1, NOW + 60)
    assert begun.due == OLDER | {Due.LEASE.value: NOW + 60}
    assert begun.s3_key_result_file == "vcf"


def test_archiving_does_not_begin_before_the_window_is_over() -> None:
    with pytest.raises(MoveRefusedError):
        archive_begin(completed(window_ends=NOW + 1))
    with pytest.raises(MoveRefusedError):
        archive_begin(completed(window_ends=0))


def test_archiver_at_work_is_left_alone_until_its_lease_is_over() -> None:
    with pytest.raises(LeaseHeldError):
        archive_begin(completed(Results.ARCHIVING, lease_expires=NOW + 1))
    assert archive_begin(completed(Results.ARCHIVING, lease_expires=NOW)).generation == 5


def test_archiving_that_begins_anew_owes_the_removal_of_what_the_first_one_stored() -> None:
    again = archive_begin(completed(Results.ARCHIVING, due={Due.LEASE.value: NOW}))
    assert again.due == {Due.LEASE.value: NOW + 60, Due.CLEANUP.value: NOW}


@pytest.mark.parametrize(
    "act",
    [
        archive_commit,
        lambda job: retention.archive_renew(job, generation=4, now=NOW, timings=TIMINGS),
        lambda job: retention.archive_release(job, generation=4, now=NOW),
    ],
)
def test_archiver_that_lost_its_copy_changes_nothing(act: Callable[[Job], Job]) -> None:
    act(completed(Results.ARCHIVING))
    for job in completed(Results.ARCHIVING, generation=5), completed(), completed(Results.DELETING):
        with pytest.raises(CopyLostError):
            act(job)


def test_heartbeat_of_the_archiver_moves_its_lease_and_its_debt() -> None:
    renewed = retention.archive_renew(completed(Results.ARCHIVING), generation=4, now=NOW, timings=TIMINGS)
    assert (renewed.lease_expires, renewed.due[Due.LEASE]) == (NOW + 60, NOW + 60)


def test_released_archive_may_be_begun_by_another_at_once() -> None:
    held = completed(Results.ARCHIVING, lease_expires=NOW + 60)
    released = retention.archive_release(held, generation=4, now=NOW)
    assert released.due[Due.LEASE] == NOW
    assert archive_begin(released).generation == 5


def test_committed_archive_is_named_and_the_originals_have_to_go_once_links_are_dead() -> None:
    archived = archive_commit(completed(Results.ARCHIVING, extensions=2, lease_expires=NOW + 9))
    assert (archived.results_file_archive_id, archived.archive_generation) == ("new", 4)
    assert (archived.s3_key_result_file, archived.results_generation, archived.window_ends) == ("", 0, 0)
    assert (archived.extensions, archived.lease_expires) == (0, 0)
    assert archived.due == {
        Due.ANNOUNCE.value: OLDER[Due.ANNOUNCE],
        Due.ANNOUNCE_RESULTS.value: NOW + 50,
        Due.CLEANUP.value: NOW + 120,
    }


def test_stopped_archiving_leaves_the_results_and_no_window() -> None:
    stopped = retention.archive_stop(completed(Results.ARCHIVING), now=NOW)
    assert (stopped.s3_key_result_file, stopped.results_generation, stopped.window_ends) == ("vcf", 1, 0)
    assert stopped.retired_archives == ()
    assert stopped.due == OLDER | {Due.CLEANUP.value: NOW}


def test_archive_that_was_stored_when_archiving_stopped_is_retired() -> None:
    job = completed(Results.ARCHIVING, retired_archives=("old",))
    assert retention.archive_stop(job, now=NOW, archive_id="new").retired_archives == ("old", "new")


# Back from the archive


def test_results_asked_back_are_for_thaw() -> None:
    asked = retention.ask_back(completed(Results.ARCHIVED), now=NOW)
    assert asked.waits_for_thaw
    assert asked.due[Due.RETRIEVAL] == NOW
    assert asked.results is Results.ARCHIVED
    forgotten = retention.forget_asking(asked)
    assert not forgotten.waits_for_thaw


@pytest.mark.parametrize("results", set(Results) - {Results.ARCHIVED})
def test_only_archived_results_are_asked_back(results: Results) -> None:
    with pytest.raises(MoveRefusedError):
        retention.ask_back(completed(results), now=NOW)
    job = completed(results)
    assert retention.forget_asking(job) is job


def test_started_retrieval_is_on_the_row_with_its_message() -> None:
    restoring = restore_begin(completed(Results.ARCHIVED))
    assert (restoring.retrieval, restoring.restore_message) == (ASKED, "soon")
    assert restoring.due == OLDER | {Due.RETRIEVAL.value: ASKED.ready}
    assert restoring.results_file_archive_id == "archive"


def test_retrieval_that_is_started_again_replaces_the_first() -> None:
    again = retrieve_again(completed(Results.RESTORING, lease_expires=5))
    assert (again.retrieval, again.restore_message, again.lease_expires) == (NEXT, "later", 0)
    assert again.due[Due.RETRIEVAL] == NEXT.ready


def test_late_retrieval_is_looked_at_again_and_says_so() -> None:
    job = completed(Results.RESTORING)
    late = retention.retrieval_late(job, message="late", now=NOW, timings=TIMINGS)
    assert (late.due[Due.RETRIEVAL], late.restore_message) == (NOW + 310, "late")
    assert retention.look_again(job, at=NOW + 5).due[Due.RETRIEVAL] == NOW + 5


@pytest.mark.parametrize("results", set(Results) - {Results.RESTORING})
def test_nothing_is_late_that_is_not_under_way(results: Results) -> None:
    job = completed(results)
    assert retention.look_again(job, at=NOW) is job
    assert retention.retrieval_late(job, message="late", now=NOW, timings=TIMINGS) is job


def test_copy_begins_with_a_lease_and_a_generation_of_its_own() -> None:
    begun = copy_back(completed(Results.RESTORING))
    assert (begun.generation, begun.archive_generation, begun.lease_expires) == (5, 3, NOW + 800)
    assert begun.due == OLDER | {Due.RETRIEVAL.value: NOW + 800}


def test_second_thaw_leaves_the_copy_to_the_first_until_its_lease_is_over() -> None:
    begun = copy_back(completed(Results.RESTORING))
    with pytest.raises(LeaseHeldError):
        copy_back(begun, now=NOW + 799)
    assert copy_back(begun, now=NOW + 800).generation == 6


@pytest.mark.parametrize(
    "act",
    [
        restore_commit,
        lambda job: retention.copy_renew(job, generation=4, now=NOW, timings=TIMINGS),
        lambda job: retention.copy_postponed(job, generation=4, now=NOW, timings=TIMINGS),
    ],
)
def test_thaw_that_lost_its_copy_changes_nothing(act: Callable[[Job], Job]) -> None:
    act(completed(Results.RESTORING))
    for job in completed(Results.RESTORING, generation=5), completed(), completed(Results.ARCHIVED):
        with pytest.raises(CopyLostError):
            act(job)


def test_sign_of_life_of_thaw_moves_its_lease_and_its_debt() -> None:
    renewed = retention.copy_renew(completed(Results.RESTORING), generation=4, now=NOW, timings=TIMINGS)
    assert (renewed.lease_expires, renewed.due[Due.RETRIEVAL]) == (NOW + 800, NOW + 800)


def test_copy_that_cannot_be_made_is_tried_ever_more_seldom() -> None:
    job = completed(Results.RESTORING, due_tries=0)
    pauses = []
    for _ in range(4):
        job = retention.copy_postponed(
            replace(job, lease_expires=NOW + 800), generation=4, now=NOW, timings=TIMINGS
        )
        assert job.lease_expires == 0
        pauses.append(job.due[Due.RETRIEVAL] - NOW)
    assert pauses == [310, 620, 1240, 2480]


def test_restored_results_stand_under_their_generation_and_the_archive_is_retired() -> None:
    back = restore_commit(completed(Results.RESTORING, retired_archives=("old",), lease_expires=NOW + 9))
    assert (back.s3_key_result_file, back.results_generation, back.window_ends) == ("back", 4, NOW + 300)
    assert (back.results_file_archive_id, back.archive_generation) == ("", 0)
    assert back.retired_archives == ("old", "archive")
    assert (back.retrieval, back.restore_message, back.lease_expires) == (Asked(), "", 0)
    assert back.due == {
        Due.ANNOUNCE.value: OLDER[Due.ANNOUNCE],
        Due.ANNOUNCE_RESULTS.value: NOW + 50,
        Due.CLEANUP.value: NOW,
        Due.WINDOW.value: NOW + 300,
    }
    assert Due.WARNING in restore_commit(completed(Results.RESTORING), timings=LONG).due


def test_restore_that_was_given_up_waits_in_the_archive_for_its_owner_to_ask_again() -> None:
    stopped = MOVES["restore_stop"](completed(Results.RESTORING))
    assert (stopped.retrieval, stopped.restore_message) == (Asked(), "given up")
    assert stopped.results_file_archive_id == "archive"
    assert stopped.due == OLDER
    assert retention.ask_back(stopped, now=NOW).waits_for_thaw


@pytest.mark.parametrize("results", [Results.ARCHIVED, Results.RESTORING])
def test_of_lost_results_nothing_is_deleted_any_more(results: Results) -> None:
    lost = retention.lose(completed(results), message="gone", now=NOW)
    assert (lost.restore_message, lost.results_file_archive_id) == ("gone", "archive")
    assert lost.due == {Due.ANNOUNCE.value: OLDER[Due.ANNOUNCE]}


# Leftovers and deletion


def test_originals_stay_until_links_to_them_are_dead_whatever_became_of_the_results() -> None:
    job = archive_commit(completed(Results.ARCHIVING))
    back = restore_commit(copy_back(restore_begin(job)), generation=5)
    for row in job, restore_begin(job), back, archive_begin(replace(back, window_ends=1)):
        assert not retention.may_clean(row, now=NOW + 119)
        assert retention.may_clean(row, now=NOW + 120)


def test_leftovers_of_losing_attempts_may_go_at_once() -> None:
    assert retention.may_clean(completed(), now=NOW)


def test_debt_that_was_paid_early_is_paid_once_more_when_zombies_are_quiet() -> None:
    early = retention.cleaned(completed(results_since=NOW - 899, complete_time=1), now=NOW, timings=TIMINGS)
    assert early.due[Due.CLEANUP] == NOW + 1
    assert Due.CLEANUP not in retention.cleaned(early, now=NOW + 1, timings=TIMINGS).due


def test_archive_that_was_retired_meanwhile_is_still_owed() -> None:
    job = completed(retired_archives=("one", "two"), results_since=1, complete_time=1)
    cleaned = retention.cleaned(job, now=NOW, timings=TIMINGS, archives=("one",))
    assert cleaned.retired_archives == ("two",)
    assert cleaned.due[Due.CLEANUP] == NOW


@pytest.mark.parametrize("results", set(Results) - {Results.DELETING})
def test_deletion_leaves_one_debt_and_all_that_names_what_has_to_go(results: Results) -> None:
    job = completed(results, retired_archives=("old",))
    deleting = MOVES["delete"](job)
    assert deleting.due == {Due.CLEANUP.value: NOW + TIMINGS.announce_grace_seconds}
    assert deleting.results_file_archive_id == job.results_file_archive_id
    assert deleting.retired_archives == ("old",)
    assert deleting.generation == job.generation


def test_deletion_waits_until_whoever_is_at_work_has_found_out() -> None:
    busy = completed(Results.RESTORING, lease_expires=NOW + 500)
    assert MOVES["delete"](busy).due == {Due.CLEANUP.value: NOW + 560}
    ended = completed(Results.NONE, status=Status.CANCELLED, lease_expires=NOW + 10)
    assert MOVES["delete"](ended).due == {Due.CLEANUP.value: NOW + 70}


@pytest.mark.parametrize("status", [Status.UPLOADING, Status.PENDING, Status.RUNNING])
def test_job_that_has_not_ended_is_cancelled_not_deleted(status: Status) -> None:
    with pytest.raises(MoveRefusedError):
        MOVES["delete"](completed(Results.NONE, status=status))


def test_sweeper_never_moves_the_debt_of_thaw() -> None:
    job = completed(Results.RESTORING)
    postponed = lifecycle.postpone(job, now=NOW, timings=TIMINGS)
    assert postponed.due[Due.RETRIEVAL] == NOW
    assert postponed.due[Due.CLEANUP] > NOW
