"""What thaw makes of events and of rows whose time has come; checked by the world it happens in."""

from __future__ import annotations

import json
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from tests.stateful.world import TIMINGS, World, output

from gas_core import packing
from gas_core.adapters.archive import tiers
from gas_core.domain import keys, retention
from gas_core.domain.errors import AccessRefusedError, StoreUnavailableError, UnreadableError
from gas_core.domain.job import Due, Job
from gas_core.domain.messages import JobEvent
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results
from gas_core.ports import Tier
from gas_core.testing import Crash, Fault, Faults, Moment
from gas_core.testing.store import RESULTS_BUCKET
from gas_restorer.retrievals import GIVEN_UP
from gas_restorer.thaw import Thawed


@pytest.fixture
def world() -> World:
    return World()


def row(world: World, job_id: str) -> Job:
    return world.jobs.get(job_id)


def counted(event: str) -> float:
    return REGISTRY.get_sample_value("gas_results_total", {"event": event}) or 0


def event(world: World, key: str) -> None:
    world.thaws.send(json.dumps({"Records": [{"s3": {"object": {"key": key}}}]}))


def call_number(stage: str, call: str, occurrence: int = 0) -> int:
    """Where thaw makes this call when nothing disturbs it."""
    world, faults = World(), Faults()
    world.job_at(stage)
    world.thaw(faults)
    return [number for number, name in enumerate(faults.calls) if name == call][occurrence]


def test_retrieved_results_come_back_byte_for_byte_and_the_archive_goes(world: World) -> None:
    job_id = world.job_at("retrieved")
    restored = counted("restored")
    assert world.thaw() == Thawed(settled=1)
    job = row(world, job_id)
    assert job.results is Results.AVAILABLE
    stored = world.store.objects[RESULTS_BUCKET, job.s3_key_result_file]
    assert stored.data == output(world.inputs[job_id], "vcf")
    assert stored.content_type == "application/gzip"
    assert world.archive.archives == {}
    assert (job.restore_message, job.results_file_archive_id) == ("", "")
    assert world.publisher.published[-1].event is JobEvent.RESTORED  # type: ignore[union-attr]
    assert counted("restored") == restored + 1
    assert world.thaws.messages == []


def test_job_whose_event_was_lost_is_found_by_its_time(world: World) -> None:
    job_id = world.job_at("retrieved")
    world._tell_events = lambda: None  # type: ignore[method-assign]
    assert world.thaw() == Thawed(settled=1)
    assert row(world, job_id).results is Results.AVAILABLE


def test_event_that_comes_early_is_acted_on_at_once(world: World) -> None:
    job_id = world.job_at("restoring")
    job = row(world, job_id)
    archive = world.archive.archives[job.results_file_archive_id]
    for retrieval in archive.retrievals.values():
        retrieval.ready = world.clock.now()
    world.thaw()
    assert row(world, job_id).results is Results.AVAILABLE


@pytest.mark.parametrize("times", [1, 2])
def test_event_of_an_unknown_job_is_dropped(world: World, times: int) -> None:
    for _ in range(times):
        event(world, "0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11/2/results.tar")
    world.thaw()
    assert world.thaws.messages == []


def test_event_that_comes_twice_restores_once(world: World) -> None:
    job_id = world.job_at("retrieved")
    world._tell_events()
    world.thaws.duplicate_for_test()
    world.thaw()
    assert row(world, job_id).generation == 3
    assert world.thaws.messages == []


def test_event_before_our_own_write_is_made_good_by_the_time(world: World) -> None:
    job_id = world.job_at("archived")
    event(world, keys.archive_key(job_id, 2))
    before = row(world, job_id)
    world.thaw()
    assert row(world, job_id) == before
    world.set_plan(Plan.PREMIUM)
    world.settle()
    assert row(world, job_id).results is Results.AVAILABLE


def test_unreadable_event_ends_as_a_dead_letter_and_stops_no_other(world: World) -> None:
    job_id = world.job_at("retrieved")
    world.thaws.send("garbage")
    for _ in range(7):
        world.thaw()
        world.clock.advance(76)
    assert row(world, job_id).results is Results.AVAILABLE
    assert [letter.body for letter in world.thaws.dead_letters] == ["garbage"]


def test_queue_out_of_reach_does_not_keep_thaw_from_what_is_due(world: World) -> None:
    job_id = world.job_at("retrieved")
    thawed = world.thaw(Faults(Fault(0, Moment.BEFORE, AccessRefusedError())))
    assert thawed == Thawed(settled=1, failed=1)
    assert row(world, job_id).results is Results.AVAILABLE


def test_second_thaw_leaves_the_first_ones_copy_alone(world: World) -> None:
    job_id = world.job_at("retrieved")
    begun = row(world, job_id)
    world.jobs.commit(begun, retention.copy_back(begun, now=world.clock.now(), timings=TIMINGS))
    assert world.thaw() == Thawed(settled=1)
    assert row(world, job_id).generation == begun.generation + 1
    world.clock.advance(TIMINGS.thaw_lease_seconds)
    world.thaw()
    assert row(world, job_id).results is Results.AVAILABLE


@pytest.mark.parametrize("call", ["jobs.commit", "archive.open", "store.put"])
def test_of_two_thaws_at_once_both_end_well(world: World, call: str) -> None:
    job_id = world.job_at("retrieved")
    sleeper = world.asleep(world.thaw, Fault(call_number("retrieved", call), Moment.BEFORE, Crash()))
    assert sleeper
    thawed = world.thaw()
    assert thawed
    assert thawed.failed == 0
    sleeper.wake()
    world.settle()
    world.check_at_rest()
    assert row(world, job_id).results is Results.AVAILABLE


def test_thaw_that_lost_the_race_for_a_job_reports_no_failure(world: World) -> None:
    job_id = world.job_at("retrieved")
    at = call_number("retrieved", "archive.state")
    told: list[Any] = []
    sleeper = world.asleep(lambda faults: told.append(world.thaw(faults)), Fault(at, Moment.AFTER, Crash()))
    assert sleeper
    world.clock.advance(76)
    world.thaw()
    assert row(world, job_id).results is Results.AVAILABLE
    sleeper.wake()
    assert [thawed.failed for thawed in told] == [0]


@pytest.mark.parametrize("remove", [True, False])
def test_unusable_archive_is_lost_with_an_alarm_and_nothing_is_deleted(world: World, *, remove: bool) -> None:
    bad, good = world.job_at("archived"), world.job_at("restoring")
    lost, archive_id = counted("lost"), row(world, bad).results_file_archive_id
    world.clock.advance(300)
    stored = world.everything_stored() - {archive_id}
    world.harm_archive(archive_id, remove=remove)
    world.thaw()
    job = row(world, bad)
    assert job.results is Results.LOST
    assert job.due.keys() <= {Due.ANNOUNCE}
    assert counted("lost") == lost + 1
    assert row(world, good).results is Results.AVAILABLE
    assert {key for key in stored if key.startswith(bad)} <= world.everything_stored()
    world.settle()
    world.check_at_rest()
    assert (archive_id in world.archive.archives) is not remove


def test_archive_of_another_job_is_not_taken_for_this_ones(world: World, tmp_path: Path) -> None:
    job_id = world.job_at("retrieved")
    files = {name: tmp_path / name for name in ("annot.vcf.gz", "annot.vcf.gz.tbi", "table.parquet")}
    for path in files.values():
        path.write_bytes(b"somebody else's")
    packing.pack(files, tmp_path / "tar", job_id="somebody else", generation=1)
    replace_archive(world, job_id, (tmp_path / "tar").read_bytes())
    world.thaw()
    assert row(world, job_id).results is Results.LOST


def replace_archive(world: World, job_id: str, data: bytes) -> None:
    archive_id = row(world, job_id).results_file_archive_id
    archive = world.archive.archives[archive_id]
    world.harmed.add(archive_id)
    archive.data = data
    archive.checksum = zlib.crc32(data)


def test_archive_of_a_later_version_is_left_alone_and_tried_ever_more_seldom(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = world.job_at("retrieved")

    def later(*_: object) -> None:
        raise UnreadableError("A later version of GAS packed this archive.")

    monkeypatch.setattr(packing, "unpack", later)
    pauses = []
    for _ in range(3):
        thawed = world.thaw()
        assert thawed
        assert thawed.failed == 1
        job = row(world, job_id)
        pauses.append(job.due[Due.RETRIEVAL] - world.clock.now())
        world.clock.advance(pauses[-1])
    assert pauses[0] >= TIMINGS.thaw_seconds
    assert all(later >= 2 * earlier for earlier, later in pairwise(pauses))
    assert job.results is Results.RESTORING
    assert job.results_file_archive_id in world.archive.archives
    monkeypatch.undo()
    world.settle()
    assert row(world, job_id).results is Results.AVAILABLE


def test_expired_copy_is_asked_for_again(world: World) -> None:
    job_id = world.job_at("restoring")
    world.clock.advance(3 * 86_400)
    world.thaw()
    job = row(world, job_id)
    assert (job.results, job.retrieval.tries) == (Results.RESTORING, 2)
    assert world.archive.retrievals_started == 2
    world.settle()
    assert row(world, job_id).results is Results.AVAILABLE


def test_retrieval_that_fails_every_time_is_given_up_with_an_alarm(world: World) -> None:
    job_id = world.job_at("restoring")
    given_up = counted("given_up")
    starts: list[int] = []
    for _ in range(40):
        if row(world, job_id).results is not Results.RESTORING:
            break
        archive = world.archive.archives[row(world, job_id).results_file_archive_id]
        archive.retrievals.clear()  # it failed
        before = world.archive.retrievals_started
        world.thaw()
        if world.archive.retrievals_started > before:
            starts.append(world.clock.now())
        world.clock.advance(60)
        due = row(world, job_id).due_time
        if due:
            world.clock.advance(max(due - world.clock.now(), 0))
    job = row(world, job_id)
    assert (job.results, job.restore_message) == (Results.ARCHIVED, GIVEN_UP)
    assert world.archive.retrievals_started == TIMINGS.max_retrievals
    assert counted("given_up") == given_up + 1
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= TIMINGS.thaw_seconds
    world.bring_back(job_id)
    world.settle()
    assert row(world, job_id).results is Results.AVAILABLE


def test_late_retrieval_is_waited_for_and_says_so(world: World) -> None:
    world.archive.late_seconds_for_test = 4000
    job_id = world.job_at("restoring")
    world.clock.advance(300)
    world.thaw()
    job = row(world, job_id)
    assert job.restore_message.endswith("it takes longer than expected, and we keep trying.")
    assert job.due[Due.RETRIEVAL] == world.clock.now() + TIMINGS.thaw_seconds
    world.settle()
    assert row(world, job_id).results is Results.AVAILABLE
    assert world.archive.retrievals_started == 1


def test_results_brought_back_by_press_of_a_button(world: World) -> None:
    job_id = world.job_at("archived")
    user = world.users.get(row(world, job_id).user_id)
    world.users.set_plan_for_test(user.identity_id, Plan.PREMIUM, now=world.clock.now())
    world.bring_back(job_id)
    world.thaw()
    assert row(world, job_id).results is Results.RESTORING
    world.settle()
    assert row(world, job_id).results is Results.AVAILABLE


def test_wish_of_who_has_left_premium_is_forgotten(world: World) -> None:
    job_id = world.job_at("archived")
    user = world.users.get(row(world, job_id).user_id)
    world.users.set_plan_for_test(user.identity_id, Plan.PREMIUM, now=world.clock.now())
    world.bring_back(job_id)
    world.users.set_plan_for_test(user.identity_id, Plan.FREE, now=world.clock.now())
    world.thaw()
    job = row(world, job_id)
    assert (job.results, job.waits_for_thaw) == (Results.ARCHIVED, False)
    assert world.archive.retrievals_started == 0


def test_who_left_premium_during_a_restore_gets_a_window(world: World) -> None:
    job_id = world.job_at("retrieved")
    world.set_plan(Plan.FREE)
    world.restore()
    world.thaw()
    assert row(world, job_id).window_ends == world.clock.now() + TIMINGS.free_window_seconds
    world.settle()
    world.check_at_rest()
    assert row(world, job_id).results is Results.ARCHIVED


@pytest.mark.parametrize("port", ["archive", "store"])
@pytest.mark.parametrize("error", [AccessRefusedError, StoreUnavailableError])
def test_trouble_with_a_bucket_is_reported_and_tried_again(
    world: World, port: str, error: type[Exception]
) -> None:
    job_id = world.job_at("retrieved")
    call = "archive.open" if port == "archive" else "store.put"
    thawed = world.thaw(Faults(Fault(call_number("retrieved", call), Moment.BEFORE, error())))
    assert thawed
    assert thawed.failed == 1
    job = row(world, job_id)
    assert (job.results, job.lease_expires) == (Results.RESTORING, 0)
    assert job.results_file_archive_id in world.archive.archives
    world.settle()
    world.check_at_rest()
    assert row(world, job_id).results is Results.AVAILABLE


@pytest.mark.parametrize("occurrence", [0, 1, 2])
def test_deletion_while_thaw_copies_leaves_nothing(world: World, occurrence: int) -> None:
    job_id = world.job_at("retrieved")
    at = call_number("retrieved", "store.put", occurrence)
    sleeper = world.asleep(world.thaw, Fault(at, Moment.AFTER, Crash()))
    world.delete(job_id)
    world.settle()
    assert sleeper
    sleeper.wake()
    assert world.jobs.rows == {}
    assert world.archive.archives == {}
    assert world.store.objects == {}


def test_store_that_freezes_nothing_brings_results_back_in_the_next_pass(world: World) -> None:
    world.archive._seconds = tiers.INSTANT_SECONDS
    job_id = world.job_at("restoring")
    assert row(world, job_id).retrieval.tier == Tier.INSTANT.value
    world.thaw()
    assert row(world, job_id).results is Results.AVAILABLE
