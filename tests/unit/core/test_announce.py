"""News of a row, and the debt that it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gas_core.announce import announce
from gas_core.domain.errors import StaleError
from gas_core.domain.job import Due, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobRequested, Message
from gas_core.domain.states import Status
from gas_core.testing import FakeClock, FakeJobs, FakePublisher, FakeQueue
from gas_core.update import TRIES, update

JOB = Job(
    job_id="0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11",
    user_id="u",
    user_email="ada@lab.example",
    s3_inputs_bucket="inputs",
    s3_key_input_file="k",
    created_time=1,
    submit_time=1,
    status=Status.PENDING,
    due={Due.ANNOUNCE.value: 5},
)
TIMINGS = Timings()


class Rig:
    def __init__(self, job: Job) -> None:
        self.clock = FakeClock()
        self.jobs = FakeJobs()
        self.jobs.add(job)
        self.published: list[Message] = []

    def announce(self, job: Job) -> Job:
        return announce(job, jobs=self.jobs, publisher=self, clock=self.clock, timings=TIMINGS)

    def publish(self, message: Message) -> None:
        self.published.append(message)


def test_waiting_job_is_announced_and_remembered_for_later() -> None:
    rig = Rig(JOB)
    job = rig.announce(JOB)
    assert [type(message) for message in rig.published] == [JobRequested]
    assert job.due == {Due.ANNOUNCE: rig.clock.now() + TIMINGS.repeat_seconds}


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED])
def test_end_is_announced_and_owed_no_more(status: Status) -> None:
    ended = replace(JOB, status=status)
    rig = Rig(ended)
    assert rig.announce(ended).due == {}
    (message,) = rig.published
    assert isinstance(message, JobChanged)
    assert message.event == status.lower()


def test_row_that_owes_no_news_is_silent() -> None:
    quiet = replace(JOB, due={})
    rig = Rig(quiet)
    rig.announce(quiet)
    assert rig.published == []


def test_late_payer_does_not_swallow_the_news_of_a_later_state() -> None:
    rig = Rig(JOB)

    def publish(_message: Message) -> None:
        ended = replace(JOB, status=Status.COMPLETED, attempt=1, due={Due.ANNOUNCE.value: 9})
        rig.jobs.commit(rig.jobs.get(JOB.job_id), ended)

    rig.publish = publish  # type: ignore[method-assign]  somebody annotates it meanwhile
    assert rig.announce(JOB).due == {Due.ANNOUNCE: 9}


def test_fake_publisher_fans_out_as_the_subscriptions_do() -> None:
    clock = FakeClock()
    requests, notifications = FakeQueue(clock), FakeQueue(clock)
    publisher = FakePublisher(job_requests=requests, job_notifications=notifications)
    publisher.publish(JobRequested(job_id=JOB.job_id, user_id="u"))
    assert (len(requests.messages), len(notifications.messages)) == (1, 0)


def test_update_decides_anew_on_what_another_wrote() -> None:
    rig = Rig(JOB)
    decided: list[int] = []

    def decide(row: Job) -> Job:
        if not decided:
            rig.jobs.commit(row, replace(row, failures=7))
        decided.append(row.failures)
        return replace(row, failures=row.failures + 1)

    assert update(rig.jobs, JOB.job_id, decide).failures == 8
    assert decided == [0, 7]


def test_update_that_changes_nothing_writes_nothing() -> None:
    rig = Rig(JOB)
    assert update(rig.jobs, JOB.job_id, lambda row: row).revision == rig.jobs.get(JOB.job_id).revision == 0


def test_update_gives_up_after_losing_every_time() -> None:
    rig = Rig(JOB)
    tries: list[None] = []

    def decide(row: Job) -> Job:
        tries.append(None)
        rig.jobs.commit(row, replace(row, failures=row.failures + 1))
        return replace(row, failures=100)

    with pytest.raises(StaleError):
        update(rig.jobs, JOB.job_id, decide)
    assert len(tries) == TRIES
