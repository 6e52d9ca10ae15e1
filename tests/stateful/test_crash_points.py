"""Every handler, struck at every port call in turn, before and after its effect: the same end in the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from tests.stateful.world import BAD, GOOD, TIMINGS, USER_ID, World

from gas_core.domain.errors import StoreUnavailableError
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_core.testing import Crash, FakeHold, Fault, Faults, Moment

Step = Callable[[World, Faults], object]
ERRORS = {"killed": Crash, "refused": StoreUnavailableError}


def submitted(data: bytes) -> World:
    world = World()
    job_id = world.new_job()
    world.upload(job_id, data)
    world.submit(job_id)
    return world


def uploaded() -> World:
    world = World()
    world.upload(world.new_job(), GOOD)
    return world


def never_uploaded() -> World:
    world = World()
    world.new_job()
    world.clock.advance(1000)
    return world


def uploaded_and_left() -> World:
    world = uploaded()
    world.clock.advance(1000)
    return world


def completed() -> World:
    world = submitted(GOOD)
    world.annotate()
    return world


def failed() -> World:
    world = submitted(BAD)
    world.annotate()
    return world


def die(world: World, call: str, occurrence: int = 0, moment: Moment = Moment.AFTER) -> None:
    """An annotator takes the job and is killed at a call, found by its name in an undisturbed run."""
    undisturbed = Faults()
    submitted(GOOD).annotate(undisturbed)
    at = [number for number, name in enumerate(undisturbed.calls) if name == call][occurrence]
    faults = Faults(Fault(at, moment, Crash()))
    world.annotate(faults)
    assert faults.calls[-1] == call


def died_once() -> World:
    """A second attempt is due, and the first one has left objects."""
    world = submitted(GOOD)
    die(world, "store.put", 2)
    world.clock.advance(TIMINGS.lease_seconds + 60)
    return world


def died_every_time() -> World:
    world = submitted(GOOD)
    for _ in range(TIMINGS.max_failures):
        die(world, "store.open")
        world.clock.advance(20_000)
        world.sweep()
    assert world.jobs.rows[one(world)].failures == TIMINGS.max_failures - 1
    return world


def completed_late() -> World:
    """Completed by the second attempt; the leftovers of the first have to be removed again."""
    world = died_once()
    world.sweep()
    world.annotate()
    assert world.jobs.rows[one(world)].status is Status.COMPLETED
    world.clock.advance(TIMINGS.cleanup_seconds)
    world.sweep()
    return world


def deleted() -> World:
    world = completed_late()
    world.delete(one(world))
    world.clock.advance(TIMINGS.announce_grace_seconds)  # the archiver did not hear of it
    return world


def unannounced() -> World:
    world = submitted(GOOD)
    die(world, "publisher.publish", moment=Moment.BEFORE)
    world.clock.advance(2000)
    return world


def one(world: World) -> str:
    (job_id,) = world.inputs
    return job_id


def at(stage: str, *then: Callable[[World], object]) -> Callable[[], World]:
    """A world whose one job has come so far, and what happened to it then."""

    def build() -> World:
        world = World()
        world.job_at(stage)
        for act in then:
            act(world)
        return world

    return build


def pass_by(seconds: int) -> Callable[[World], object]:
    """Time, and a pass of the sweeper."""

    def act(world: World) -> None:
        world.clock.advance(seconds)
        world.sweep()

    return act


def archiver_died(world: World) -> None:
    """It had stored the archive and not committed it."""
    undisturbed = Faults()
    at("over")().archive_one(undisturbed)
    world.archive_one(Faults(Fault(undisturbed.calls.index("archive.put"), Moment.AFTER, Crash())))
    pass_by(TIMINGS.lease_seconds + 1)(world)


def premium(world: World) -> None:
    world.set_plan(Plan.PREMIUM)


def free(world: World) -> None:
    world.set_plan(Plan.FREE)


def asked_back(world: World) -> None:
    """The owner was premium all the time, and presses the button."""
    world.users.set_plan_for_test(USER_ID, Plan.PREMIUM, now=world.clock.now())
    world.bring_back(one(world))


def owner_deletes(world: World) -> None:
    world.delete(one(world))
    world.clock.advance(TIMINGS.announce_grace_seconds)
    world.sweep()


def archive(world: World, faults: Faults) -> object:
    return world.archive_one(faults)


def restore(world: World, faults: Faults) -> object:
    return world.restore(faults)


def thaw(world: World, faults: Faults) -> object:
    return world.thaw(faults)


def pay(world: World, faults: Faults) -> None:
    """Whoever sees that it failed tries again."""
    world.set_plan(Plan.PREMIUM, faults)
    if world.plan is not Plan.PREMIUM:
        world.set_plan(Plan.PREMIUM)


KEEPING: dict[str, tuple[Callable[[], World], Step]] = {
    "archive": (at("over"), archive),
    "archive again": (at("over", archiver_died), archive),
    "stop archiving": (at("over", archiver_died, premium), archive),
    "keep for a premium user": (at("over", premium), archive),
    "remove originals": (at("archived", pass_by(TIMINGS.links_seconds)), archive),
    "work an upgrade through": (at("upgraded"), restore),
    "stop archives of an upgrade": (at("over", archiver_died, premium), restore),
    "work a downgrade through": (at("restored", premium, free), restore),
    "start what was asked for": (at("archived", asked_back), thaw),
    "thaw": (at("retrieved"), thaw),
    "remove leftovers": (at("restored", pass_by(TIMINGS.cleanup_seconds)), archive),
    "delete archived results": (at("archived", owner_deletes), archive),
    "delete what is restored": (at("restoring", owner_deletes), archive),
}
"""What archiver, restorer and thaw do."""

SCENES: dict[str, tuple[Callable[[], World], Step]] = KEEPING | {
    "set a plan": (at("archived"), pay),
    "sweep a window": (
        at("available", lambda world: world.clock.advance(TIMINGS.free_window_seconds)),
        lambda world, faults: world.sweep(faults),
    ),
    "sweep a change of plan": (
        at("upgraded", lambda world: world.restores.lose_for_test(), lambda world: world.clock.advance(60)),
        lambda world, faults: world.sweep(faults),
    ),
    "submit": (uploaded, lambda world, faults: world.submit(one(world), faults)),
    "annotate": (lambda: submitted(GOOD), lambda world, faults: world.annotate(faults)),
    "annotate a bad file": (lambda: submitted(BAD), lambda world, faults: world.annotate(faults)),
    "annotate again": (died_once, lambda world, faults: world.annotate(faults)),
    "give up": (died_every_time, lambda world, faults: world.annotate(faults)),
    "clean up": (completed_late, lambda world, faults: world.annotate(faults)),
    "notify of success": (completed, lambda world, faults: world.notify(faults)),
    "notify of failure": (failed, lambda world, faults: world.notify(faults)),
    "sweep an upload": (uploaded_and_left, lambda world, faults: world.sweep(faults)),
    "sweep a form": (never_uploaded, lambda world, faults: world.sweep(faults)),
    "sweep a lost worker": (died_once, lambda world, faults: world.sweep(faults)),
    "sweep an unheard end": (unannounced, lambda world, faults: world.sweep(faults)),
    "sweep a deletion": (deleted, lambda world, faults: world.sweep(faults)),
}


def test_scene_of_the_last_try_ends_with_the_sentence_for_it() -> None:
    world = died_every_time()
    world.annotate()
    failure = world.jobs.rows[one(world)].failure
    assert failure
    assert failure.sentence == "Five tries failed; the fault is ours. Your file is kept."


def end_of(world: World) -> tuple[object, ...]:
    """All that a researcher can see of the end."""
    rows = world.jobs.rows
    return (
        sorted((job_id, row.status, row.results, row.failure, row.summary) for job_id, row in rows.items()),
        sorted(key.rpartition("/")[2] for _, key in world.store.objects),
        len(world.archive.archives),
        {mail.message_id for mail in world.mailer.outbox if USER_ID not in mail.message_id},
    )


def crash_points(scene: str) -> Iterator[tuple[int, Moment]]:
    build, step = SCENES[scene]
    faults = Faults()
    step(build(), faults)
    return itertools.product(range(len(faults.calls)), Moment)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("scene", SCENES)
def test_fault_at_any_call_leads_to_the_same_end(scene: str, error: str) -> None:
    build, step = SCENES[scene]
    undisturbed = build()
    step(undisturbed, Faults())
    undisturbed.settle()
    undisturbed.check_at_rest()
    points = list(crash_points(scene))
    assert len(points) > 4
    for at, moment in points:
        world = build()
        faults = Faults(Fault(at, moment, ERRORS[error]()))
        step(world, faults)
        assert faults.struck
        world.settle()
        world.check_at_rest()
        assert end_of(world) == end_of(undisturbed), f"{moment} call {at}, {faults.calls[at]}"


@pytest.mark.parametrize("scene", ["notify of success", "notify of failure"])
def test_second_mail_goes_out_only_after_a_death_between_answer_and_record(scene: str) -> None:
    build, step = SCENES[scene]
    doubled = set()
    for at, moment in crash_points(scene):
        world = build()
        faults = Faults(Fault(at, moment, Crash()))
        step(world, faults)
        world.settle()
        first, *more = world.mailer.outbox
        assert all(mail == first for mail in more), "the same mail, by the same Message-ID"
        if more:
            doubled.add((faults.calls[at], moment))
    assert doubled == {
        ("mailer.send", Moment.AFTER),
        ("jobs.get", Moment.BEFORE),
        ("jobs.get", Moment.AFTER),
        ("jobs.commit", Moment.BEFORE),
    }


@pytest.mark.parametrize("error", ERRORS)
def test_fault_at_any_call_of_a_cancelled_attempt_leaves_nothing_behind(error: str) -> None:
    for at, moment in itertools.product(range(100), Moment):
        world = submitted(GOOD)
        job_id = one(world)
        puts_then = len(world.store.puts)
        faults = Faults(Fault(at, moment, ERRORS[error]()))
        hold = CancelsAfterPuts(world, job_id, puts_then + 2)
        world.annotate(faults, hold)
        world.cancel(job_id)
        world.settle()
        world.check_at_rest()
        assert world.jobs.rows[job_id].status in {Status.CANCELLED, Status.COMPLETED}
        if not faults.struck:
            break
    else:
        pytest.fail("the sweep did not reach the last call")


def test_worker_that_wakes_up_late_changes_nothing() -> None:
    for at, moment in itertools.product(range(100), Moment):
        world = submitted(GOOD)
        sleeper = world.asleep(world.annotate, Fault(at, moment, Crash()))
        if sleeper is None:
            break
        world.settle()
        before = end_of(world)
        sleeper.wake()
        world.settle()
        world.check_at_rest()
        assert end_of(world) == before
    else:
        pytest.fail("the sweep did not reach the last call")


def test_worker_that_wakes_up_for_one_last_call_leaves_nothing_behind() -> None:
    """It sleeps past its lease, another ends the job, it does the call that it slept at, and is killed."""
    for at in range(100):
        world = submitted(GOOD)
        sleeper = world.asleep(world.annotate, Fault(at, Moment.BEFORE, Crash()))
        if sleeper is None:
            break
        world.clock.advance(TIMINGS.lease_seconds + 700)
        world.sweep()
        world.annotate()
        sleeper.wake(dies=Moment.AFTER)
        world.settle()
        world.check_at_rest()
        assert world.jobs.rows[one(world)].status is Status.COMPLETED
    else:
        pytest.fail("the sweep did not reach the last call")


@pytest.mark.parametrize("first_wakes_first", [True, False])
def test_two_late_workers_end_a_job_once(*, first_wakes_first: bool) -> None:
    """One sleeps at any call, its lease runs out, another takes the job and sleeps at any call, too."""
    undisturbed = Faults()
    submitted(GOOD).annotate(undisturbed)
    writes = [at for at, name in enumerate(undisturbed.calls) if name.startswith(("jobs", "store"))]
    for first, second in itertools.product(writes, writes):
        world = submitted(GOOD)
        sleepers = [world.asleep(world.annotate, Fault(first, Moment.BEFORE, Crash()))]
        world.clock.advance(TIMINGS.lease_seconds + 700)
        world.sweep()
        sleepers.append(world.asleep(world.annotate, Fault(second, Moment.BEFORE, Crash())))
        for sleeper in sleepers if first_wakes_first else reversed(sleepers):
            if sleeper:
                sleeper.wake()
        world.settle()
        world.check_at_rest()
        assert world.jobs.rows[one(world)].status is Status.COMPLETED


def test_zombie_of_a_job_that_is_gone_leaves_nothing() -> None:
    for at, moment in itertools.product(range(100), Moment):
        world = submitted(GOOD)
        job_id = one(world)
        sleeper = world.asleep(world.annotate, Fault(at, moment, Crash()))
        world.cancel(job_id)
        world.delete(job_id)
        world.settle()
        if sleeper is None:
            break
        sleeper.wake()
        assert world.jobs.rows == {}
        assert world.store.objects == {}
    else:
        pytest.fail("the sweep did not reach the last call")


def test_deleting_a_job_at_any_moment_removes_everything() -> None:
    for at, moment in itertools.product(range(100), Moment):
        world = submitted(GOOD)
        job_id = one(world)
        sleeper = world.asleep(world.annotate, Fault(at, moment, Crash()))
        world.cancel(job_id)
        world.delete(job_id)
        if world.jobs.rows[job_id].results is not Results.DELETING:
            pytest.fail("a job that ended cannot be deleted")
        if sleeper is None:
            break
        sleeper.wake()
        world.settle()
        assert world.jobs.rows == {}
        assert world.store.objects == {}
    else:
        pytest.fail("the sweep did not reach the last call")


REST = World.settle
OTHERS: dict[str, tuple[Callable[[World], object], ...]] = {
    "others finish": (REST,),
    "its owner upgrades": (premium,),
    "its owner downgrades": (free,),
    "its owner deletes it": (owner_deletes,),
    "it goes there and back": (REST, premium, REST, free, REST, premium, REST),
    "it comes back and goes": (REST, free, REST, premium, REST, free, REST),
}
"""What the rest of the world does while a process sleeps."""


ZOMBIES = [
    pytest.param(others, dies, id=f"{others}, it {'dies' if dies else 'goes on'}", marks=marks)
    for others in OTHERS
    for dies in (None, Moment.AFTER)
    for marks in [() if dies is None and REST not in OTHERS[others][1:] else pytest.mark.slow]
]


@pytest.mark.parametrize(("others", "dies"), ZOMBIES)
@pytest.mark.parametrize("scene", KEEPING)
def test_zombie_harms_nothing_whatever_happened_meanwhile(
    scene: str, others: str, dies: Moment | None
) -> None:
    """It sleeps before each of its calls, deletions among them, and wakes up in another world."""
    build, step = KEEPING[scene]
    for number in range(100):
        world = build()
        sleeper = world.asleep(partial(step, world), Fault(number, Moment.BEFORE, Crash()))
        if sleeper is None:
            break
        for act in OTHERS[others]:
            act(world)
        sleeper.wake(dies=dies)
        world.check()
        world.settle()
        world.check_at_rest()
    else:
        pytest.fail("the sweep did not reach the last call")


class CancelsAfterPuts:
    """A hold under which the owner cancels as soon as so many objects were stored."""

    def __init__(self, world: World, job_id: str, puts: int) -> None:
        self._hold = FakeHold()
        self._hold.before_beat_for_test = self._cancel
        self._world, self._job_id, self._puts = world, job_id, puts
        self.keep = self._hold.keep
        self.check = self._hold.check

    def _cancel(self) -> None:
        if len(self._world.store.puts) >= self._puts:
            self._world.cancel(self._job_id)
