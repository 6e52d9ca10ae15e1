"""Whatever is overdue is settled or told again, and one bad row stops nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from gas_core.domain import billing, plans
from gas_core.domain.billing import Letter, Standing, Subscription
from gas_core.domain.errors import JobNotFoundError, StoreUnavailableError
from gas_core.domain.job import Due, Job, ObjectRef, PartsUpload
from gas_core.domain.keys import input_key
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobEvent, JobRequested, UserChanged
from gas_core.domain.plans import Plan, UserDue
from gas_core.domain.states import Results, Status
from gas_core.testing import (
    Crash,
    FakeClock,
    FakeJobs,
    FakePublisher,
    FakeQueue,
    FakeStore,
    FakeUsers,
    Fault,
    Faults,
    Moment,
)
from gas_core.testing.store import INPUTS_BUCKET, RESULTS_BUCKET
from gas_sweeper.handlers import Swept, sweep

USER_ID = "a1b2c3d4-0000-4000-8000-000000000001"
TIMINGS = Timings()


class World:
    """The sweeper with fakes around it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.jobs = FakeJobs()
        self.store = FakeStore(self.clock)
        self.publisher = FakePublisher(
            job_requests=FakeQueue(self.clock, "job-requests"),
            job_notifications=FakeQueue(self.clock, "job-notifications"),
        )
        self.users = FakeUsers()

    def add(self, number: int = 1, *, due: dict[Due, int], **fields: object) -> Job:
        job_id = f"{number:08x}-6f6e-4d49-8a3f-3f8a5f5d7c11"
        job = Job(
            job_id=job_id,
            user_id=USER_ID,
            user_email="ada@lab.example",
            s3_inputs_bucket=INPUTS_BUCKET,
            s3_key_input_file=input_key(USER_ID, job_id),
            s3_results_bucket=RESULTS_BUCKET,
            created_time=1,
            due={kind.value: self.clock.now() + seconds for kind, seconds in due.items()},
        )
        self.jobs.add(replace(job, **fields))
        return self.jobs.get(job_id)

    def upload(self, job: Job) -> None:
        self.store.put_for_test(ObjectRef(INPUTS_BUCKET, job.s3_key_input_file), b"x", name="a.vcf")

    def sweep(self, faults: Faults | None = None) -> Swept:
        faults = faults or Faults()
        return sweep(
            jobs=faults.wrap(self.jobs, "jobs"),
            users=faults.wrap(self.users, "users"),
            store=faults.wrap(self.store, "store"),
            publisher=faults.wrap(self.publisher, "publisher"),
            clock=self.clock,
            timings=TIMINGS,
            limit=100,
        )


@pytest.fixture
def world() -> World:
    return World()


def test_upload_whose_parts_never_all_came_is_given_up_and_what_came_goes(world: World) -> None:
    ref = ObjectRef(INPUTS_BUCKET, "in-parts")
    upload = PartsUpload(world.store.begin_parts(ref), "a.vcf", 20 << 20, 10 << 20)
    job = world.add(due={Due.UPLOAD: -1}, upload=upload, s3_key_input_file=ref.key)
    assert world.sweep() == Swept(settled=1)
    assert world.jobs.get(job.job_id).status is Status.CANCELLED
    assert world.store.uploads == {}


def test_file_that_arrived_without_its_owner_is_submitted(world: World) -> None:
    job = world.add(due={Due.UPLOAD: -1})
    world.upload(job)
    assert world.sweep() == Swept(settled=1)
    assert world.jobs.get(job.job_id).status is Status.PENDING
    assert [type(message) for message in world.publisher.published] == [JobRequested]


def test_upload_that_never_arrives_is_cancelled_and_its_row_goes_a_day_later(world: World) -> None:
    job = world.add(due={Due.UPLOAD: -1})
    world.sweep()
    assert world.jobs.get(job.job_id).status is Status.CANCELLED
    world.upload(job)
    world.clock.advance(TIMINGS.abandoned_seconds)
    world.sweep()
    with pytest.raises(JobNotFoundError):
        world.jobs.get(job.job_id)
    assert world.store.objects == {}


def test_form_that_is_still_good_is_left_alone(world: World) -> None:
    job = world.add(due={Due.UPLOAD: 1})
    world.upload(job)
    assert world.sweep() == Swept()
    assert world.jobs.get(job.job_id).status is Status.UPLOADING


def test_waiting_job_is_announced_again_ever_more_seldom(world: World) -> None:
    job = world.add(due={Due.ANNOUNCE: 0}, status=Status.PENDING, submit_time=1)
    pauses = []
    for _ in range(4):
        world.sweep()
        pauses.append(world.jobs.get(job.job_id).due[Due.ANNOUNCE] - world.clock.now())
        world.clock.advance(pauses[-1])
    assert pauses == [600, 1200, 2400, 4800]
    assert len(world.publisher.published) == 4


def test_running_job_whose_lease_is_over_is_offered_to_another_worker(world: World) -> None:
    world.add(due={Due.LEASE: -1}, status=Status.RUNNING, attempt=1, submit_time=1)
    world.sweep()
    (message,) = world.publisher.published
    assert isinstance(message, JobRequested)


@pytest.mark.parametrize(
    ("status", "event"), [(Status.COMPLETED, JobEvent.COMPLETED), (Status.FAILED, JobEvent.FAILED)]
)
def test_end_that_nobody_heard_of_is_told_once(world: World, status: Status, event: JobEvent) -> None:
    job = world.add(due={Due.ANNOUNCE: -1}, status=status, submit_time=1)
    world.sweep()
    world.clock.advance(100_000)
    world.sweep()
    (message,) = world.publisher.published
    assert isinstance(message, JobChanged)
    assert message.event is event
    assert world.jobs.get(job.job_id).due == {}


def test_leftovers_of_a_job_without_results_are_the_annotators_to_remove(world: World) -> None:
    world.add(due={Due.CLEANUP: -1}, status=Status.FAILED, submit_time=1, generation=2)
    world.sweep()
    (message,) = world.publisher.published
    assert isinstance(message, JobRequested)


@pytest.mark.parametrize(
    ("due", "fields"),
    [
        (Due.CLEANUP, {"results": Results.DELETING, "status": Status.FAILED}),
        (Due.CLEANUP, {"results": Results.ARCHIVED}),
        (Due.WINDOW, {"results": Results.AVAILABLE}),
        (Due.LEASE, {"results": Results.ARCHIVING}),
    ],
)
def test_what_the_archiver_owes_is_told_to_it(world: World, due: Due, fields: dict[str, Any]) -> None:
    world.add(due={due: -1}, **({"status": Status.COMPLETED, "submit_time": 1} | fields))
    assert world.sweep() == Swept(settled=1)
    (message,) = world.publisher.published
    assert isinstance(message, JobChanged)
    assert message.event is JobEvent.DUE


def test_window_that_ends_soon_is_told_for_a_mail(world: World) -> None:
    world.add(
        due={Due.WARNING: -1, Due.WINDOW: 700},
        status=Status.COMPLETED,
        results=Results.AVAILABLE,
        submit_time=1,
    )
    world.sweep()
    (message,) = world.publisher.published
    assert isinstance(message, JobChanged)
    assert message.event is JobEvent.EXPIRING


def test_job_that_waits_for_thaw_is_left_to_it(world: World) -> None:
    world.add(
        due={Due.RETRIEVAL: -1, Due.CLEANUP: -1},
        status=Status.COMPLETED,
        results=Results.RESTORING,
        submit_time=1,
    )
    assert world.sweep() == Swept()
    assert world.publisher.published == []


def test_change_of_plan_that_nobody_heard_of_is_told_again(world: World) -> None:
    world.users.sign_in(identity_id=USER_ID, name="Ada", email="ada@lab.example", now=1)
    user = world.users.get(USER_ID)
    changed = plans.change_plan(user, Plan.PREMIUM, source="operator", now=1, timings=TIMINGS)
    world.users.commit(user, changed)
    assert world.sweep() == Swept(settled=1)
    assert world.sweep() == Swept()
    assert world.publisher.published == [UserChanged(user_id=USER_ID)]


def in_grace(world: World) -> int:
    """A premium user whose payment failed; when the grace period ends."""
    world.users.sign_in(identity_id=USER_ID, name="Ada", email="ada@lab.example", now=1)
    user = world.users.get(USER_ID)
    for standing in (Standing.PAID, Standing.OVERDUE):
        followed = billing.follow(
            user, Subscription(standing, 0), grace_seconds=1000, now=world.clock.now(), timings=TIMINGS
        )
        # What else is owed was settled long ago.
        grace = {kind: time for kind, time in followed.due.items() if kind == UserDue.PAYMENT_GRACE}
        user = world.users.commit(user, replace(followed, due=grace, payment_letter=""))
    return user.payment_grace_ends


def test_grace_period_that_is_over_ends_premium_and_tells_so(world: World) -> None:
    ends = in_grace(world)
    world.clock.advance(ends - world.clock.now() - 1)
    assert world.sweep() == Swept(0, 0)
    assert world.users.get(USER_ID).plan is Plan.PREMIUM
    world.clock.advance(1)
    assert world.sweep() == Swept(1, 0)
    user = world.users.get(USER_ID)
    assert (user.plan, user.payment_letter) == (Plan.FREE, Letter.PREMIUM_ENDED)
    assert world.publisher.published == [UserChanged(user_id=USER_ID)]
    assert world.sweep() == Swept(0, 0)


def test_sweeper_that_dies_at_the_end_of_a_grace_period_tells_it_later(world: World) -> None:
    calls = Faults()
    ends = in_grace(world)
    world.clock.advance(ends - world.clock.now())
    world.sweep(calls)
    for at in range(len(calls.calls)):
        for moment in Moment:
            crashed = World()
            crashed.clock.advance(in_grace(crashed) - crashed.clock.now())
            with suppress(Crash):
                crashed.sweep(Faults(Fault(at, moment, Crash())))
            for _ in range(2):
                crashed.clock.advance(TIMINGS.announce_grace_seconds)
                crashed.sweep()
            user = crashed.users.get(USER_ID)
            assert (user.plan, user.plan_changes) == (Plan.FREE, 2)
            assert UserChanged(user_id=USER_ID) in crashed.publisher.published


def test_one_bad_row_stops_no_other(world: World) -> None:
    bad = world.add(1, due={Due.UPLOAD: -2})
    good = world.add(2, due={Due.UPLOAD: -1})
    world.upload(good)
    swept = world.sweep(Faults(Fault(at=1, moment=Moment.BEFORE, error=StoreUnavailableError())))
    assert swept == Swept(settled=1, failed=1)
    assert world.jobs.get(bad.job_id).status is Status.UPLOADING
    assert world.jobs.get(good.job_id).status is Status.PENDING
