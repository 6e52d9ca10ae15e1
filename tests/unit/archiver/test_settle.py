"""What the archiver makes of a message, whatever fails; every step is checked by the world it happens in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from tests.stateful.world import TIMINGS, USER_ID, World

from gas_core.domain import keys, retention
from gas_core.domain.errors import AccessRefusedError, ArchiveCorruptError, StoreUnavailableError
from gas_core.domain.job import Due, Job, ObjectRef
from gas_core.domain.messages import JobChanged, JobEvent
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_core.testing import Crash, FakeHold, Fault, Faults, Moment
from gas_core.testing.store import INPUTS_BUCKET, RESULTS_BUCKET


@pytest.fixture
def world() -> World:
    return World()


def counted(event: str) -> float:
    return REGISTRY.get_sample_value("gas_results_total", {"event": event}) or 0


def row(world: World, job_id: str) -> Job:
    return world.jobs.get(job_id)


def call(world: World, job_id: str) -> None:
    """Somebody tells the archiver to look."""
    world.publisher.publish(JobChanged(job_id=job_id, user_id=USER_ID, event=JobEvent.DUE))


def results_of(world: World, job_id: str) -> set[str]:
    """Names of results that stand in the results bucket."""
    return {
        key.rpartition("/")[2]
        for bucket, key in world.store.objects
        if bucket == RESULTS_BUCKET and key.startswith(job_id) and "/log/" not in key
    }


THREE = {"annot.vcf.gz", "annot.vcf.gz.tbi", "table.parquet"}


def refusing(world: World, port: str, method: str, error: Exception, *, times: int = 1) -> None:
    """The next calls of a method fail."""
    whole = getattr(getattr(world, port), method)
    left = [error] * times

    def refuse(*args: Any, **kwargs: Any) -> Any:
        if left:
            raise left.pop()
        return whole(*args, **kwargs)

    setattr(getattr(world, port), method, refuse)


def test_results_whose_window_is_over_move_to_the_archive_and_are_told_of(world: World) -> None:
    job_id = world.job_at("over")
    archived_before = counted("archived")
    assert world.archive_one()
    job = row(world, job_id)
    assert (job.results, job.s3_key_result_file) == (Results.ARCHIVED, "")
    assert set(world.archive.archives) == {job.results_file_archive_id}
    assert world.publisher.published[-1].event is JobEvent.ARCHIVED  # type: ignore[union-attr]
    assert counted("archived") == archived_before + 1
    assert world.job_archives.messages == []


def test_originals_go_when_links_are_dead_and_not_before(world: World) -> None:
    job_id = world.job_at("over")
    world.download(job_id)
    world.archive_one()
    call(world, job_id)
    world.archive_one()
    assert results_of(world, job_id) == THREE
    world.clock.advance(TIMINGS.links_seconds)
    world.sweep()
    world.archive_one()
    assert results_of(world, job_id) == set()
    assert (RESULTS_BUCKET, row(world, job_id).s3_key_log_file) in world.store.objects


def test_download_clicked_in_the_windows_last_second_is_served_as_long_as_its_link_is_good(
    world: World,
) -> None:
    job_id = world.job_at("available")
    world.clock.advance(TIMINGS.free_window_seconds - 1)
    world.download(job_id)
    ((_, key, dies),) = world.links
    world.clock.advance(1)
    world.sweep()
    world.archive_one()
    assert row(world, job_id).results is Results.ARCHIVED
    while world.clock.now() < dies:
        assert world.store.head(ObjectRef(RESULTS_BUCKET, key))
        world.clock.advance(1)
        world.sweep()
        while world.archive_one():
            pass
    world.settle()
    assert results_of(world, job_id) == set()


def test_originals_stay_for_live_links_although_the_results_are_back_already(world: World) -> None:
    job_id = world.job_at("over")
    world.archive_one()
    world.archive._seconds = dict.fromkeys(world.archive._seconds, 0)  # a fast day
    world.set_plan(Plan.PREMIUM)
    world.restore()
    world.download(job_id)
    originals = ObjectRef(RESULTS_BUCKET, keys.result_keys(job_id, 1).vcf)
    world.thaw()
    assert row(world, job_id).results is Results.AVAILABLE
    assert world.store.head(originals)
    world.settle()
    assert not world.store.head(originals)


def test_message_that_comes_early_by_our_clock_waits_for_the_window(world: World) -> None:
    job_id = world.job_at("available")
    world.clock.advance(TIMINGS.free_window_seconds - 60)
    ahead = world.jobs.get(job_id)
    world.jobs.commit(ahead, replace(ahead, due={Due.WINDOW.value: ahead.window_ends + 600}))
    call(world, job_id)
    world.archive_one()
    (message,) = world.job_archives.messages
    assert message.visible == row(world, job_id).window_ends
    assert row(world, job_id).results is Results.AVAILABLE


def test_message_long_before_the_window_ends_is_dropped(world: World) -> None:
    job_id = world.job_at("available")
    call(world, job_id)
    world.archive_one()
    assert world.job_archives.messages == []
    assert row(world, job_id).due[Due.WINDOW] == row(world, job_id).window_ends


def test_premium_users_results_stay_and_their_window_is_closed(world: World) -> None:
    job_id = world.job_at("over")
    world.set_plan(Plan.PREMIUM)
    world.archive_one()
    job = row(world, job_id)
    assert (job.results, job.window_ends) == (Results.AVAILABLE, 0)
    assert Due.WINDOW not in job.due
    assert world.archive.archives == {}


def test_window_from_premium_times_begins_anew_although_the_restorer_has_not_come_yet(
    world: World,
) -> None:
    world.set_plan(Plan.PREMIUM)
    job_id = world.job_at("over")
    world.set_plan(Plan.FREE)
    world.archive_one()
    job = row(world, job_id)
    assert (job.results, job.window_ends) == (Results.AVAILABLE, world.clock.now() + 300)
    world.settle()
    assert row(world, job_id).results is Results.ARCHIVED


@pytest.mark.parametrize("port", ["store", "archive"])
@pytest.mark.parametrize("error", [AccessRefusedError, StoreUnavailableError])
def test_trouble_with_a_bucket_deletes_nothing_and_is_tried_again(
    world: World, port: str, error: type[Exception]
) -> None:
    job_id = world.job_at("over")
    refusing(world, port, "open" if port == "store" else "put", error())
    world.archive_one()
    job = row(world, job_id)
    assert (job.results, results_of(world, job_id)) == (Results.ARCHIVING, THREE)
    assert job.lease_expires <= world.clock.now()
    (message,) = world.job_archives.messages
    assert message.visible > world.clock.now()
    world.settle()
    world.check_at_rest()
    assert row(world, job_id).results is Results.ARCHIVED


def test_archive_that_is_not_what_was_sent_is_never_committed(world: World) -> None:
    job_id = world.job_at("over")
    refusing(world, "archive", "put", ArchiveCorruptError(archive_id="x"))
    world.archive_one()
    job = row(world, job_id)
    assert (job.results, job.results_file_archive_id) == (Results.ARCHIVING, "")
    assert results_of(world, job_id) == THREE
    world.settle()
    assert row(world, job_id).results is Results.ARCHIVED


def test_originals_that_somebody_removed_raise_an_alarm_and_commit_nothing(world: World) -> None:
    job_id = world.job_at("over")
    missing = counted("missing")
    world.check = lambda: None  # type: ignore[method-assign]  # the world is broken from here on
    world.store.delete([ObjectRef(RESULTS_BUCKET, keys.result_keys(job_id, 1).table)])
    world.archive_one()
    job = row(world, job_id)
    assert (job.results, job.results_file_archive_id) == (Results.ARCHIVING, "")
    assert Due.LEASE in job.due
    assert counted("missing") == missing + 1


def test_copy_stored_but_not_committed_is_made_anew_and_the_first_one_goes(world: World) -> None:
    job_id = world.job_at("over")
    undisturbed = Faults()
    other = World()
    other.job_at("over")
    other.archive_one(undisturbed)
    at = undisturbed.calls.index("archive.put")
    world.archive_one(Faults(Fault(at, Moment.AFTER, Crash())))
    (orphan,) = world.archive.archives
    world.settle()
    world.check_at_rest()
    job = row(world, job_id)
    assert job.results_file_archive_id != orphan
    assert set(world.archive.archives) == {job.results_file_archive_id}


def test_drain_hands_the_copy_back_at_once(world: World) -> None:
    job_id = world.job_at("over")
    hold = FakeHold()
    hold.stopping_for_test = True
    world.archive_one(hold=hold)
    (message,) = world.job_archives.messages
    assert message.visible == world.clock.now()
    assert row(world, job_id).lease_expires == world.clock.now()
    world.archive_one()
    assert row(world, job_id).results is Results.ARCHIVED


def during(world: World, act: Any) -> FakeHold:
    """Something happens at the last heartbeat of the work: the archive is stored by then."""
    hold = FakeHold()
    done: list[None] = []

    def beat() -> None:
        if world.archive.archives and not done:
            done.append(None)
            act()

    hold.before_beat_for_test = beat
    return hold


def test_upgrade_while_archiving_keeps_the_results_and_drops_the_archive(world: World) -> None:
    job_id = world.job_at("over")
    world.archive_one(hold=during(world, lambda: world.set_plan(Plan.PREMIUM)))
    job = row(world, job_id)
    assert (job.results, job.window_ends) == (Results.AVAILABLE, 0)
    assert world.archive.archives == {}
    assert results_of(world, job_id) == THREE


def test_upgrade_that_was_worked_through_while_archiving_stops_the_archiver(world: World) -> None:
    job_id = world.job_at("over")

    def upgrade() -> None:
        world.set_plan(Plan.PREMIUM)
        world.restore()

    world.archive_one(hold=during(world, upgrade))
    assert row(world, job_id).results is Results.AVAILABLE
    assert world.archive.archives == {}
    world.settle()
    world.check_at_rest()


def test_deletion_while_archiving_takes_the_archive_along(world: World) -> None:
    job_id = world.job_at("over")
    world.archive_one(hold=during(world, lambda: world.delete(job_id)))
    assert row(world, job_id).results is Results.DELETING
    world.settle()
    assert world.jobs.rows == {}
    assert world.archive.archives == {}
    assert world.store.objects == {}


def test_archiver_that_is_slow_loses_to_the_next_one_and_removes_its_copy(world: World) -> None:
    job_id = world.job_at("over")
    call(world, job_id)

    def next_one() -> None:
        world.clock.advance(TIMINGS.lease_seconds)
        world.archive_one()

    world.archive_one(hold=during(world, next_one))
    job = row(world, job_id)
    assert (job.results, job.archive_generation) == (Results.ARCHIVED, 3)
    assert set(world.archive.archives) == {job.results_file_archive_id}


@pytest.mark.parametrize("stage", ["pending", "available", "archived", "restoring", "restored"])
def test_clock_a_minute_ahead_does_no_harm(world: World, stage: str) -> None:
    job_id = world.job_at(stage)
    for _ in range(40):
        world.sweep()
        while world.annotate() or world.archive_one(ahead_seconds=60) or world.restore(ahead_seconds=60):
            pass
        world.thaw()
        world.download(job_id)
        world.clock.advance(30)
    world.settle()
    world.check_at_rest()


# Deletion


@pytest.mark.parametrize("stage", ["available", "over", "archived", "upgraded", "restoring", "restored"])
def test_deleted_job_loses_every_generation_its_archive_every_version_of_its_input_and_its_row(
    world: World, stage: str
) -> None:
    job_id = world.job_at(stage)
    stranger = ObjectRef(INPUTS_BUCKET, "somebody/else/input")
    world.store.put_for_test(stranger, b"other")
    world.upload(job_id, b"a second version")
    world.delete(job_id)
    world.settle()
    assert job_id not in world.jobs.rows
    assert set(world.store.objects) == {(INPUTS_BUCKET, stranger.key)}
    assert world.store.versions_for_test(INPUTS_BUCKET, keys.input_key(USER_ID, job_id)) == []
    assert world.archive.archives == {}


def test_deletion_waits_for_a_thaw_at_work(world: World) -> None:
    job_id = world.job_at("retrieved")
    begun = world.jobs.get(job_id)
    world.jobs.commit(begun, retention.copy_back(begun, now=world.clock.now(), timings=TIMINGS))
    world.delete(job_id)
    call(world, job_id)
    world.archive_one()
    (message,) = world.job_archives.messages
    assert message.visible == world.clock.now() + TIMINGS.thaw_lease_seconds + TIMINGS.lease_seconds
    assert world.archive.archives
    world.settle()
    assert world.jobs.rows == {}
    assert world.archive.archives == {}


@pytest.mark.parametrize("stage", ["available", "archived", "restored"])
@pytest.mark.parametrize("error", [Crash, StoreUnavailableError])
def test_deletion_that_dies_at_any_call_is_finished_by_the_next(
    stage: str, error: type[BaseException]
) -> None:
    for at in range(20):
        for moment in Moment:
            world = World()
            job_id = world.job_at(stage)
            world.delete(job_id)
            world.sweep()
            faults = Faults(Fault(at, moment, error()))
            world.archive_one(faults)
            world.settle()
            assert world.jobs.rows == {}
            assert world.store.objects == {}
            assert world.archive.archives == {}
        if not faults.struck:
            break
    else:
        pytest.fail("the sweep did not reach the last call")


def test_message_about_a_job_that_is_gone_is_dropped(world: World) -> None:
    call(world, "0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11")
    world.archive_one()
    assert world.job_archives.messages == []


def test_job_without_results_is_left_to_the_annotator(world: World) -> None:
    job_id = world.job_at("pending")
    before = row(world, job_id)
    call(world, job_id)
    world.archive_one()
    assert row(world, job_id) == before
    assert before.status is Status.PENDING
