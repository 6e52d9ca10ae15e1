"""Everything at once, in any order: messages lost, late, twice; processes killed, asleep; owners in a hurry.

Hypothesis draws the order and shortens what fails: few lives in ``make test``, always the same ones, and in
the slow tier 2,000 that nobody has seen. ``GAS_STATEFUL_EXAMPLES`` makes these more or fewer.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.stateful.world import BAD, GOOD, LONG_WINDOW, STAGES, TIMINGS, Sleeper, World

from gas_core.domain.errors import StoreUnavailableError
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan
from gas_core.ports import Tier
from gas_core.testing import Crash, FakeHold, Fault, Faults, Moment

FEW = 150
MANY = int(os.environ.get("GAS_STATEFUL_EXAMPLES", "2000"))
STEPS = 50
JOBS = 3
SLEEPERS = 2

calls = st.integers(0, 45)
moments = st.sampled_from(Moment)
dying = st.builds(Fault, calls, moments, st.builds(Crash))
refused = st.builds(Fault, calls, moments, st.builds(StoreUnavailableError))
no_fault = st.none()
faults = st.one_of(no_fault, dying, refused).map(Faults)
which = st.integers(0, 1000)
ahead = st.sampled_from([0, 0, 60])
"""Seconds by which a service's clock is ahead of the others."""


class LifeOfJobs(RuleBasedStateMachine):
    """One researcher, a few jobs, and everything that may go wrong with them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.sleepers: list[Sleeper] = []

    def _job(self, number: int) -> str:
        jobs = list(self.world.inputs)
        return jobs[number % len(jobs)]

    @initialize(
        stages=st.lists(st.sampled_from(STAGES), max_size=JOBS - 1),
        timings=st.sampled_from([TIMINGS, LONG_WINDOW]),
        before_the_end=st.booleans(),
    )
    def jobs_that_have_come_some_way(
        self,
        stages: list[str],
        timings: Timings,
        before_the_end: bool,  # noqa: FBT001  drawn
    ) -> None:
        self.world = World(timings)
        self.world.choose_mails(before_the_end=before_the_end)
        for stage in stages:
            self.world.job_at(stage)

    @precondition(lambda self: len(self.world.inputs) < JOBS)
    @rule(data=st.sampled_from([GOOD, GOOD, GOOD, BAD, None]), at_once=st.booleans())
    def submit_page(self, data: bytes | None, at_once: bool) -> None:  # noqa: FBT001  drawn
        job_id = self.world.new_job()
        if data is not None:
            self.world.upload(job_id, data)
            if at_once:
                self.world.submit(job_id)

    @precondition(lambda self: self.world.inputs)
    @rule(number=which, faults=faults)
    def submit(self, number: int, faults: Faults) -> None:
        self.world.submit(self._job(number), faults)

    @precondition(lambda self: self.world.inputs)
    @rule(number=which)
    def cancel(self, number: int) -> None:
        self.world.cancel(self._job(number))

    @precondition(lambda self: self.world.inputs)
    @rule(number=which)
    def delete(self, number: int) -> None:
        self.world.delete(self._job(number))

    @precondition(lambda self: self.world.inputs)
    @rule(number=which, wish=st.sampled_from(["download", "keep_longer", "bring_back"]))
    def page(self, number: int, wish: str) -> None:
        getattr(self.world, wish)(self._job(number))

    @rule(plan=st.sampled_from(Plan), faults=faults)
    def set_plan(self, plan: Plan, faults: Faults) -> None:
        self.world.set_plan(plan, faults)

    @rule(before_the_end=st.booleans())
    def profile(self, before_the_end: bool) -> None:  # noqa: FBT001  drawn
        self.world.choose_mails(before_the_end=before_the_end)

    @precondition(lambda self: self.world.job_archives.messages)
    @rule(faults=faults, ahead=ahead)
    def archive(self, faults: Faults, ahead: int) -> None:
        self.world.archive_one(faults, ahead_seconds=ahead)

    @precondition(lambda self: self.world.job_archives.messages)
    @rule()
    def archive_until_the_drain_time_is_over(self) -> None:
        hold = FakeHold()
        hold.stopping_for_test = True
        self.world.archive_one(hold=hold)

    @precondition(lambda self: self.world.restores.messages)
    @rule(faults=faults, ahead=ahead)
    def restore(self, faults: Faults, ahead: int) -> None:
        self.world.restore(faults, ahead_seconds=ahead)

    @rule(faults=faults, ahead=ahead)
    def thaw(self, faults: Faults, ahead: int) -> None:
        self.world.thaw(faults, ahead_seconds=ahead)

    @precondition(lambda self: self.world.archive.archives)
    @rule(number=which, remove=st.booleans())
    def archive_is_harmed(self, number: int, remove: bool) -> None:  # noqa: FBT001  drawn
        if number % 4 == 0:  # now and then, or nothing would ever come back
            archives = sorted(self.world.archive.archives)
            self.world.harm_archive(archives[number % len(archives)], remove=remove)

    @rule(short=st.booleans(), late_seconds=st.sampled_from([0, 0, 4000]))
    def archive_store_has_a_bad_day(self, short: bool, late_seconds: int) -> None:  # noqa: FBT001  drawn
        self.world.archive.short_for_test = {Tier.EXPEDITED} if short else set()
        self.world.archive.late_seconds_for_test = late_seconds

    @rule(faults=faults)
    def everybody_is_quick(self, faults: Faults) -> None:
        """Time goes to what is owed next, and all do their work, one of them with a fault."""
        self.world.hurry(faults)

    @precondition(lambda self: len(self.sleepers) < SLEEPERS)
    @rule(
        service=st.sampled_from(["archive_one", "restore", "thaw"]),
        at=calls,
        moment=moments,
    )
    def keeper_of_results_falls_asleep(self, service: str, at: int, moment: Moment) -> None:
        self._asleep(getattr(self.world, service), at, moment)

    @precondition(lambda self: self.world.job_requests.messages)
    @rule(faults=faults)
    def annotate(self, faults: Faults) -> None:
        self.world.annotate(faults)

    @precondition(lambda self: self.world.job_requests.messages)
    @rule()
    def annotate_until_the_drain_time_is_over(self) -> None:
        hold = FakeHold()
        hold.stopping_for_test = True
        self.world.annotate(hold=hold)

    @precondition(lambda self: self.world.job_requests.messages and len(self.sleepers) < SLEEPERS)
    @rule(at=calls, moment=moments)
    def annotator_falls_asleep(self, at: int, moment: Moment) -> None:
        self._asleep(self.world.annotate, at, moment)

    @precondition(lambda self: len(self.sleepers) < SLEEPERS)
    @rule(at=calls, moment=moments)
    def sweeper_falls_asleep(self, at: int, moment: Moment) -> None:
        self._asleep(self.world.sweep, at, moment)

    @precondition(lambda self: self.sleepers)
    @rule(number=which, dies=st.one_of(st.none(), moments))
    def wake(self, number: int, dies: Moment | None) -> None:
        self.sleepers.pop(number % len(self.sleepers)).wake(dies=dies)

    @precondition(lambda self: self.world.job_notifications.messages)
    @rule(faults=faults)
    def notify(self, faults: Faults) -> None:
        self.world.notify(faults)

    @rule(faults=faults, ahead=ahead)
    def sweep(self, faults: Faults, ahead: int) -> None:
        self.world.sweep(faults, ahead_seconds=ahead)

    @rule(seconds=st.sampled_from([1, 16, 61, 76, 300, 700, 1000, 5000, 3 * 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @precondition(lambda self: any(queue.messages for queue in self.world.queues))
    @rule(
        number=which,
        what=st.sampled_from(["lose", "twice", "late", "overtake"]),
        seconds=st.integers(1, 1000),
    )
    def queue_misbehaves(self, number: int, what: str, seconds: int) -> None:
        queues = [queue for queue in self.world.queues if queue.messages]
        queue = queues[number % len(queues)]
        index = number % len(queue.messages)
        match what:
            case "lose":
                self.world.lose(queue, index)
            case "twice":
                queue.duplicate_for_test(index)
            case "late":
                queue.delay_for_test(seconds, index)
            case "overtake":
                queue.reorder_for_test(index)

    @invariant()
    def contract(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        """Let everybody finish, and look at what is left."""
        for sleeper in self.sleepers:
            sleeper.wake()
        self.world.settle()
        self.world.check_at_rest()

    def _asleep(self, act, at: int, moment: Moment) -> None:  # noqa: ANN001  two methods of the world
        sleeper = self.world.asleep(act, Fault(at, moment, Crash()))
        if sleeper:
            self.sleepers.append(sleeper)


LIFE = settings(
    max_examples=FEW,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    print_blob=True,
)


@pytest.mark.timeout(600)
def test_life_of_jobs() -> None:
    run_state_machine_as_test(LifeOfJobs, settings=LIFE)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_lives_of_jobs() -> None:
    run_state_machine_as_test(LifeOfJobs, settings=settings(LIFE, max_examples=MANY, derandomize=False))
