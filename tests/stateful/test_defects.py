"""Defects of earlier versions of GAS that must be impossible, by their names in DESIGN."""

from __future__ import annotations

import pytest
from tests.stateful.world import TIMINGS, USER_ID, World

from gas_core.domain.errors import StoreUnavailableError
from gas_core.domain.job import Action, Job
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results
from gas_core.testing import Crash, FakeHold, Fault, Faults, Moment
from gas_core.testing.store import RESULTS_BUCKET


@pytest.fixture
def world() -> World:
    return World()


def row(world: World, job_id: str) -> Job:
    return world.jobs.get(job_id)


@pytest.mark.parametrize("restorer", ["stopped", "slow", "fast"])
def test_download_button_for_results_that_are_not_there(world: World, restorer: str) -> None:
    """The original offered the download as soon as the plan was premium, hours before the thaw."""
    job_id = world.job_at("archived")
    world.set_plan(Plan.PREMIUM)
    sleeper = None
    if restorer == "slow":
        sleeper = world.asleep(world.restore, Fault(6, Moment.BEFORE, Crash()))
    elif restorer == "fast":
        world.restore()
    for _ in range(10):
        job = row(world, job_id)
        if Action.DOWNLOAD in job.actions:
            assert (RESULTS_BUCKET, job.s3_key_result_file) in world.store.objects
            break
        assert job.results in {Results.ARCHIVED, Results.RESTORING}
        world.clock.advance(60)
        world.thaw()
    if sleeper:
        sleeper.wake()
    world.settle()
    assert Action.DOWNLOAD in row(world, job_id).actions
    world.check_at_rest()


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("error", [Crash, StoreUnavailableError])
def test_deleted_result_whose_archive_failed(moment: Moment, error: type[BaseException]) -> None:
    """Whatever call of the archiver fails, no original is gone that is in no archive."""
    for at in range(100):
        world = World()
        world.job_at("over")
        faults = Faults(Fault(at, moment, error()))
        world.archive_one(faults)
        world.check()
        if not faults.struck:
            break
        world.clock.advance(TIMINGS.links_seconds)
        world.check()
    else:
        pytest.fail("the sweep did not reach the last call")


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("error", [Crash, StoreUnavailableError])
def test_deleted_archive_whose_restore_failed(moment: Moment, error: type[BaseException]) -> None:
    """Whatever call of thaw fails, no archive is gone whose results are not back."""
    for at in range(100):
        world = World()
        world.job_at("retrieved")
        faults = Faults(Fault(at, moment, error()))
        world.thaw(faults)
        world.check()
        if not faults.struck:
            break
    else:
        pytest.fail("the sweep did not reach the last call")


def test_premium_users_result_archived_because_the_upgrade_raced_the_archiver() -> None:
    """The upgrade comes before each call of the archiver in turn."""
    for at in range(100):
        world = World()
        job_id = world.job_at("over")
        sleeper = world.asleep(world.archive_one, Fault(at, Moment.BEFORE, Crash()))
        if sleeper is None:
            break
        world.set_plan(Plan.PREMIUM)
        archived_before = row(world, job_id).results is Results.ARCHIVED
        sleeper.wake()
        assert (row(world, job_id).results is Results.ARCHIVED) is archived_before
        world.settle()
        world.check_at_rest()
        assert row(world, job_id).results is Results.AVAILABLE
    else:
        pytest.fail("the sweep did not reach the last call")


@pytest.mark.parametrize("remove", [True, False])
def test_one_unarchived_job_that_kills_the_restore_of_all_others(world: World, *, remove: bool) -> None:
    first, bad, last = (world.job_at("archived") for _ in range(3))
    running = world.job_at("pending")
    world.harm_archive(row(world, bad).results_file_archive_id, remove=remove)
    world.set_plan(Plan.PREMIUM)
    world.settle()
    for job_id in (first, last, running):
        assert row(world, job_id).results is Results.AVAILABLE
    assert row(world, bad).results is Results.LOST
    world.check_at_rest()


def test_second_upgrade_within_five_minutes_dropped(world: World) -> None:
    job_id = world.job_at("archived")
    world.set_plan(Plan.PREMIUM)
    world.restore()
    world.set_plan(Plan.FREE)
    world.restore()
    late = world.job_at("available")
    world.clock.advance(TIMINGS.free_window_seconds - 1)
    world.set_plan(Plan.PREMIUM)
    assert world.users.get(USER_ID).plan_changes == 3
    world.settle()
    world.check_at_rest()
    for each in (job_id, late):
        assert row(world, each).results is Results.AVAILABLE


def test_job_list_that_stops_at_the_first_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gas_restorer.handlers.PAGE_JOBS", 3)
    jobs = [world.job_at("archived") for _ in range(10)]
    world.set_plan(Plan.PREMIUM)
    world.restore()
    assert {row(world, job_id).results for job_id in jobs} == {Results.RESTORING}


def test_stranded_file_of_an_upgrade_during_archiving(world: World) -> None:
    """The restorer has looked at the job already when the archiver commits."""
    job_id = world.job_at("over")
    hold = FakeHold()

    def upgrade() -> None:
        world.set_plan(Plan.PREMIUM)
        while world.restore():
            pass

    hold.before_beat_for_test = upgrade
    world.archive_one(hold=hold)
    world.settle()
    world.check_at_rest()
    assert row(world, job_id).results is Results.AVAILABLE
