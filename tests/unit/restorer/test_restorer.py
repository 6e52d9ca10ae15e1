"""What the restorer makes of a change of plan, whatever fails; checked by the world it happens in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from tests.stateful.world import GOOD, TIMINGS, USER_ID, World

from gas_core.domain import keys, plans
from gas_core.domain.errors import AccessRefusedError, StoreUnavailableError
from gas_core.domain.job import Due, Job
from gas_core.domain.messages import UserChanged
from gas_core.domain.plans import Plan, UserDue
from gas_core.domain.states import Results, Status
from gas_core.ports import Tier
from gas_core.testing import Crash, FakeHold, Fault, Faults, Moment
from gas_restorer import handlers


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "PAGE_JOBS", 2)


def archived_jobs(world: World, count: int) -> list[str]:
    """So many jobs, each archived, oldest first."""
    return [world.job_at("archived") for _ in range(count)]


def states(world: World) -> set[Results]:
    return {row.results for row in world.jobs.rows.values()}


def counted(event: str) -> float:
    return REGISTRY.get_sample_value("gas_results_total", {"event": event}) or 0


def refusing(world: World, archive_ids: set[str], error: Exception) -> None:
    """Retrievals of these archives fail."""
    whole = world.archive.retrieve

    def retrieve(archive_id: str, tier: Tier) -> Any:
        if archive_id in archive_ids:
            raise error
        return whole(archive_id, tier)

    world.archive.retrieve = retrieve  # type: ignore[method-assign]


@pytest.mark.usefixtures("small_pages")
def test_upgrade_starts_a_retrieval_for_every_archived_job(world: World) -> None:
    archived_jobs(world, 5)
    world.set_plan(Plan.PREMIUM)
    world.restore()
    assert states(world) == {Results.RESTORING}
    assert world.archive.retrievals_started == 5
    assert not world.users.get(USER_ID).due
    for row in world.jobs.rows.values():
        assert row.retrieval.tier == "Expedited"
        assert row.retrieval.ready == row.due[Due.RETRIEVAL] == world.clock.now() + 300
        assert row.restore_message == "Being restored from the archive, within minutes."


def test_short_capacity_takes_the_slower_tier_and_says_so(world: World) -> None:
    job_id = world.job_at("archived")
    world.archive.short_for_test = {Tier.EXPEDITED}
    world.set_plan(Plan.PREMIUM)
    world.restore()
    row = world.jobs.get(job_id)
    assert (row.retrieval.tier, row.retrieval.ready) == ("Standard", world.clock.now() + 5 * 3600)
    assert row.restore_message == "Being restored from the archive, within hours."
    world.settle()
    world.check_at_rest()


def test_no_capacity_at_all_is_tried_again_later(world: World) -> None:
    job_id = world.job_at("archived")
    world.archive.short_for_test = {Tier.EXPEDITED, Tier.STANDARD}
    world.set_plan(Plan.PREMIUM)
    world.restore()
    user = world.users.get(USER_ID)
    assert user.due[UserDue.PLAN_CHANGE] == world.clock.now() + TIMINGS.repeat_seconds
    assert world.jobs.get(job_id).results is Results.ARCHIVED
    world.archive.short_for_test = set()
    world.settle()
    world.check_at_rest()
    assert world.jobs.get(job_id).results is Results.AVAILABLE


@pytest.mark.usefixtures("small_pages")
def test_one_bad_job_is_looked_at_again_and_stops_no_other(world: World) -> None:
    first, bad, *others = archived_jobs(world, 5)
    refusing(world, {world.jobs.get(bad).results_file_archive_id}, AccessRefusedError())
    world.set_plan(Plan.PREMIUM)
    world.restore()
    for job_id in (first, *others):
        assert world.jobs.get(job_id).results is Results.RESTORING
    assert world.jobs.get(bad).results is Results.ARCHIVED
    assert world.users.get(USER_ID).plan_settling
    del world.archive.retrieve  # the policy is mended
    world.settle()
    world.check_at_rest()
    assert states(world) == {Results.AVAILABLE}


def test_archive_that_is_missing_is_lost_with_an_alarm_and_stops_no_other(world: World) -> None:
    bad, good = archived_jobs(world, 2)
    lost = counted("lost")
    world.harm_archive(world.jobs.get(bad).results_file_archive_id, remove=True)
    world.set_plan(Plan.PREMIUM)
    world.restore()
    assert world.jobs.get(bad).results is Results.LOST
    assert world.jobs.get(good).results is Results.RESTORING
    assert counted("lost") == lost + 1
    assert not world.users.get(USER_ID).due


def test_archive_that_went_because_its_results_came_back_is_no_loss(world: World) -> None:
    """Two restorers: one reads the row, the other has all of it brought back meanwhile."""
    job_id = world.job_at("upgraded")
    undisturbed = Faults()
    other = World()
    other.job_at("upgraded")
    other.restore(undisturbed)
    at = undisturbed.calls.index("archive.retrieve")
    lost = counted("lost")
    sleeper = world.asleep(world.restore, Fault(at, Moment.BEFORE, Crash()))
    assert sleeper
    world.clock.advance(100)
    world.publisher.publish(UserChanged(user_id=USER_ID))
    world.settle()
    assert world.jobs.get(job_id).results is Results.AVAILABLE
    sleeper.wake()
    world.settle()
    world.check_at_rest()
    assert counted("lost") == lost


@pytest.mark.parametrize("stage", ["pending", "available", "over", "archived", "restoring", "restored"])
def test_upgrade_at_any_stage_ends_with_results_that_stay(world: World, stage: str) -> None:
    job_id = world.job_at(stage)
    world.set_plan(Plan.PREMIUM)
    world.settle()
    world.check_at_rest()
    assert world.jobs.get(job_id).results is Results.AVAILABLE


def test_upgrade_while_the_file_is_on_its_way_is_told_to_the_job_that_comes_of_it(world: World) -> None:
    job_id = world.new_job()
    world.set_plan(Plan.PREMIUM)
    while world.restore():
        pass
    world.upload(job_id, GOOD)
    world.submit(job_id)
    world.settle()
    world.check_at_rest()
    assert world.jobs.get(job_id).results is Results.AVAILABLE


@pytest.mark.parametrize(
    ("stage", "service"), [("pending", "annotate"), ("over", "archive_one"), ("retrieved", "thaw")]
)
def test_upgrade_at_any_call_of_a_service_at_work_ends_with_results_that_stay(
    stage: str, service: str
) -> None:
    """RUNNING, ARCHIVING and RESTORING, and all that lies between them and the states beside."""
    for at in range(100):
        world = World()
        job_id = world.job_at(stage)
        world.set_plan(Plan.FREE)  # who is premium cannot upgrade
        sleeper = world.asleep(getattr(world, service), Fault(at, Moment.BEFORE, Crash()))
        world.set_plan(Plan.PREMIUM)
        if sleeper is None:
            break
        world.restore()
        sleeper.wake()
        world.settle()
        world.check_at_rest()
        assert world.jobs.get(job_id).results is Results.AVAILABLE
    else:
        pytest.fail("the sweep did not reach the last call")


def test_upgrade_stops_the_move_of_an_archiver_that_died_at_once(world: World) -> None:
    """Nobody waits for the lease of the dead: downloads open again with the restorer's look."""
    job_id = world.job_at("over")
    world.archive_one(Faults(Fault(10, Moment.BEFORE, Crash())))
    assert world.jobs.get(job_id).results is Results.ARCHIVING
    world.set_plan(Plan.PREMIUM)
    world.restore()
    assert world.jobs.get(job_id).results is Results.AVAILABLE
    world.settle()
    world.check_at_rest()


def test_upgrade_of_one_user_brings_nothing_back_of_another(world: World) -> None:
    mine = world.job_at("archived")
    other = "b1b2c3d4-0000-4000-8000-000000000002"
    world.users.sign_in(identity_id=other, name="Bo", email="bo@lab.example", now=world.clock.now())
    row = world.jobs.get(mine)
    theirs = replace(row, job_id=row.job_id.replace("00000001", "0000000f"), user_id=other, revision=0)
    world.jobs.add(theirs)
    world.inputs[theirs.job_id] = world.inputs[mine]
    world.check = lambda: None  # type: ignore[method-assign]  # the second row has no archive of its own
    world.set_plan(Plan.PREMIUM)
    world.restore()
    assert world.jobs.get(mine).results is Results.RESTORING
    assert world.jobs.get(theirs.job_id) == theirs


@pytest.mark.usefixtures("small_pages")
def test_restorer_that_dies_goes_on_where_it_was(world: World) -> None:
    jobs = archived_jobs(world, 6)
    world.set_plan(Plan.PREMIUM)
    undisturbed = Faults()
    other = World()
    archived_jobs(other, 6)
    other.set_plan(Plan.PREMIUM)
    other.restore(undisturbed)
    second_page = [at for at, call in enumerate(undisturbed.calls) if call == "jobs.page_of_user"][1]
    world.restore(Faults(Fault(second_page, Moment.AFTER, Crash())))
    user = world.users.get(USER_ID)
    assert user.plan_cursor
    assert user.plan_settling
    world.clock.advance(TIMINGS.lease_seconds + 15)
    looked_at: list[str] = []
    pages = world.jobs.page_of_user

    def page_of_user(*args: Any, **kwargs: Any) -> Any:
        page = pages(*args, **kwargs)
        looked_at.extend(row.job_id for row in page.jobs)
        return page

    world.jobs.page_of_user = page_of_user  # type: ignore[method-assign]
    world.restore()
    assert states(world) == {Results.RESTORING}
    assert not set(looked_at) & set(jobs[-2:])  # newest first: they were settled before it died


@pytest.mark.usefixtures("small_pages")
def test_restorer_that_dies_at_any_call_leaves_no_job_behind() -> None:
    """Three jobs are two pages: a page that was not done must not be behind the cursor."""
    for at in range(100):
        world = World()
        archived_jobs(world, 3)
        world.set_plan(Plan.PREMIUM)
        faults = Faults(Fault(at, Moment.BEFORE, Crash()))
        world.restore(faults)
        world.settle()
        world.check_at_rest()
        assert states(world) == {Results.AVAILABLE}
        if not faults.struck:
            break
    else:
        pytest.fail("the sweep did not reach the last call")


@pytest.mark.usefixtures("small_pages")
def test_drain_keeps_the_cursor_and_hands_the_message_back(world: World) -> None:
    archived_jobs(world, 3)
    world.set_plan(Plan.PREMIUM)
    hold = FakeHold()
    hold.stopping_for_test = True
    world.restore(hold=hold)
    (message,) = world.restores.messages
    assert message.visible == world.clock.now()
    assert world.users.get(USER_ID).lease_expires == 0
    world.restore()
    assert states(world) == {Results.RESTORING}


def test_second_message_about_a_change_under_way_is_dropped(world: World) -> None:
    world.job_at("archived")
    world.set_plan(Plan.PREMIUM)
    user = world.users.get(USER_ID)
    world.users.commit(user, plans.take_plan_change(user, now=world.clock.now(), timings=TIMINGS))
    world.restore()
    assert world.restores.messages == []
    assert states(world) == {Results.ARCHIVED}
    world.settle()  # its owner never came back
    assert states(world) == {Results.AVAILABLE}


def test_message_about_a_settled_or_unknown_user_is_dropped(world: World) -> None:
    for user_id in USER_ID, "nobody":
        world.publisher.publish(UserChanged(user_id=user_id))
        world.restore()
    assert world.restores.messages == []


@pytest.mark.usefixtures("small_pages")
def test_downgrade_opens_a_window_for_every_available_job(world: World) -> None:
    world.set_plan(Plan.PREMIUM)
    for _ in range(5):
        world.job_at("available")
    world.settle()
    world.set_plan(Plan.FREE)
    world.restore()
    for row in world.jobs.rows.values():
        assert row.window_ends == row.due[Due.WINDOW] == world.clock.now() + 300
    world.settle()
    world.check_at_rest()
    assert states(world) == {Results.ARCHIVED}


def test_completion_that_races_a_downgrade_gets_its_window(world: World) -> None:
    world.set_plan(Plan.PREMIUM)
    world.job_at("pending")
    undisturbed = Faults()
    other = World()
    other.job_at("pending")
    other.annotate(undisturbed)
    commit = len(undisturbed.calls) - 1 - undisturbed.calls[::-1].index("jobs.commit")
    sleeper = world.asleep(world.annotate, Fault(commit - 2, Moment.BEFORE, Crash()))
    world.set_plan(Plan.FREE)
    world.restore()
    assert sleeper
    sleeper.wake()
    (row,) = world.jobs.rows.values()
    assert row.status is Status.COMPLETED
    assert row.window_ends == world.clock.now() + 300
    world.settle()
    world.check_at_rest()


@pytest.mark.usefixtures("small_pages")
def test_downgrade_during_an_upgrade_stops_it(world: World) -> None:
    archived_jobs(world, 4)
    world.set_plan(Plan.PREMIUM)
    hold = FakeHold()
    hold.before_beat_for_test = lambda: world.set_plan(Plan.FREE)
    world.restore(hold=hold)
    left = [row for row in world.jobs.rows.values() if row.results is Results.ARCHIVED]
    assert len(left) == 2
    world.settle()
    world.check_at_rest()
    assert states(world) == {Results.ARCHIVED}


@pytest.mark.parametrize("worked_through", [True, False])
def test_upgrade_cancel_upgrade_is_an_upgrade(world: World, *, worked_through: bool) -> None:
    archived_jobs(world, 2)
    for plan in (Plan.PREMIUM, Plan.FREE, Plan.PREMIUM):
        world.set_plan(plan)
        if worked_through:
            world.restore()
    world.settle()
    world.check_at_rest()
    assert states(world) == {Results.AVAILABLE}
    assert world.archive.retrievals_started == 2


def test_plan_written_but_not_announced_is_announced_by_the_sweeper(world: World) -> None:
    world.job_at("archived")
    world.set_plan(Plan.PREMIUM, Faults(Fault(2, Moment.BEFORE, Crash())))
    assert world.plan is Plan.PREMIUM
    assert world.restores.messages == []
    world.settle()
    world.check_at_rest()
    assert states(world) == {Results.AVAILABLE}


def test_retrieval_started_but_not_recorded_is_not_charged_twice(world: World) -> None:
    job_id = world.job_at("upgraded")
    undisturbed = Faults()
    other = World()
    other.job_at("upgraded")
    other.restore(undisturbed)
    at = undisturbed.calls.index("archive.retrieve")
    world.restore(Faults(Fault(at, Moment.AFTER, Crash())))
    assert world.jobs.get(job_id).results is Results.ARCHIVED
    world.settle()
    world.check_at_rest()
    assert world.archive.retrievals_started == 1


def test_throttled_table_is_waited_for(world: World) -> None:
    world.job_at("upgraded")
    world.restore(Faults(Fault(3, Moment.BEFORE, StoreUnavailableError())))
    world.settle()
    world.check_at_rest()
    assert states(world) == {Results.AVAILABLE}


def test_archive_keys_are_those_of_the_generation(world: World) -> None:
    job_id = world.job_at("archived")
    row: Job = world.jobs.get(job_id)
    assert row.results_file_archive_id.endswith(keys.archive_key(job_id, row.archive_generation))
