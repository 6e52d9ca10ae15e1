"""Everything at once, in any order: messages lost, late, twice; processes killed, asleep; owners in a hurry.

Hypothesis draws the order and shortens what fails. ``GAS_STATEFUL_EXAMPLES`` makes it draw more.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.stateful.world import BAD, GOOD, Sleeper, World

from gas_core.domain.errors import StoreUnavailableError
from gas_core.testing import Crash, FakeHold, Fault, Faults, Moment

EXAMPLES = int(os.environ.get("GAS_STATEFUL_EXAMPLES", "300"))
STEPS = 40
JOBS = 3
SLEEPERS = 2

calls = st.integers(0, 45)
moments = st.sampled_from(Moment)
dying = st.builds(Fault, calls, moments, st.builds(Crash))
refused = st.builds(Fault, calls, moments, st.builds(StoreUnavailableError))
no_fault = st.none()
faults = st.one_of(no_fault, dying, refused).map(Faults)
which = st.integers(0, 1000)


class LifeOfJobs(RuleBasedStateMachine):
    """One researcher, a few jobs, and everything that may go wrong with them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.sleepers: list[Sleeper] = []

    def _job(self, number: int) -> str:
        jobs = list(self.world.inputs)
        return jobs[number % len(jobs)]

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

    @rule(faults=faults)
    def sweep(self, faults: Faults) -> None:
        self.world.sweep(faults)

    @rule(seconds=st.sampled_from([1, 16, 61, 76, 700, 1000, 5000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @precondition(lambda self: self.world.job_requests.messages or self.world.job_notifications.messages)
    @rule(
        number=which,
        what=st.sampled_from(["lose", "twice", "late", "overtake"]),
        seconds=st.integers(1, 1000),
    )
    def queue_misbehaves(self, number: int, what: str, seconds: int) -> None:
        queues = [
            queue for queue in (self.world.job_requests, self.world.job_notifications) if queue.messages
        ]
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


TestLifeOfJobs = LifeOfJobs.TestCase
TestLifeOfJobs.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize="GAS_STATEFUL_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    print_blob=True,
)
