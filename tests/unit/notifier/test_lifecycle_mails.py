"""Mails about windows that end and results that come back: one each, to who wants it, never about nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gas_core.domain import lifecycle, retention
from gas_core.domain.errors import MailRefusedError, MailUnderWayError, StoreUnavailableError
from gas_core.domain.job import Asked, Due, Job, Progress
from gas_core.domain.keys import result_keys
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobEvent, UserChanged
from gas_core.domain.plans import Plan, UserDue
from gas_core.owed import announce_again, announce_user_again
from gas_core.testing import Crash, FakeClock, FakeJobs, FakeMailer, FakeUsers, Fault, Faults, Moment
from gas_notifier.handlers import Notifier
from gas_notifier.letters import LetterBox

if TYPE_CHECKING:
    from gas_core.domain.messages import Message

USER_ID = "a1b2c3d4-0000-4000-8000-000000000001"
HOUR = 3600
TIMINGS = Timings(free_window_seconds=HOUR)
WARNING = HOUR // 5


class Heard:
    """A publisher that keeps what it was told."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def publish(self, message: Message) -> None:
        self.messages.append(message)


class World:
    """A notifier on fakes, a sweeper that tells it what is overdue, and a researcher's jobs."""

    def __init__(self, timings: Timings = TIMINGS) -> None:
        self.timings = timings
        self.clock = FakeClock()
        self.users = FakeUsers()
        self.jobs = FakeJobs(self.users)
        self.mailer = FakeMailer()
        self.letters = LetterBox(sender="GAS <gas@lab.example>", base_url="https://gas.example/")
        self.users.sign_in(identity_id=USER_ID, name="Ada", email="ada@lab.example", now=1)

    def notifier(self, faults: Faults | None = None) -> Notifier:
        faults = faults or Faults()
        return Notifier(
            jobs=faults.wrap(self.jobs, "jobs"),
            users=faults.wrap(self.users, "users"),
            mailer=faults.wrap(self.mailer, "mailer"),
            clock=self.clock,
            timings=self.timings,
            letters=self.letters,
        )

    def completed(self) -> Job:
        """A job of Ada's that has just been annotated, announced and mailed about."""
        now, timings = self.clock.now(), self.timings
        number = len(self.jobs.rows) + 1
        job_id = f"{number:08x}-0000-4000-8000-000000000000"
        keys = result_keys(job_id, 1)
        job = Job(job_id, USER_ID, "ada@lab.example", "inputs", "k", created_time=now)
        job = lifecycle.submit(
            job, file_name="a.vcf", version_id="v", size_bytes=1, traceparent="", now=now, timings=timings
        )
        job = lifecycle.claim(job, results_bucket="results", now=now, timings=timings)
        job = lifecycle.complete(
            job,
            attempt=1,
            result_key=keys.vcf,
            log_key=keys.log,
            summary={"records": 7},
            checksums={"annot.vcf.gz": "5a" * 32},
            progress=Progress(),
            now=now,
            timings=timings,
        )
        self.jobs.add(lifecycle.without(job, Due.ANNOUNCE))
        return self.jobs.get(job_id)

    def archived(self) -> Job:
        job = self.completed()
        self.clock.advance(max(job.window_ends - self.clock.now(), 0))
        now, timings = self.clock.now(), self.timings
        moving = self.jobs.commit(job, retention.archive_begin(job, now=now, timings=timings))
        return self.jobs.commit(
            moving, retention.archive_commit(moving, generation=2, archive_id="a", now=now, timings=timings)
        )

    def restored(self, job: Job | None = None) -> Job:
        """A job that has just come back, and the news of it."""
        job = self.jobs.get((job or self.archived()).job_id)
        now, timings = self.clock.now(), self.timings
        asked = Asked("Expedited", "", started=now, ready=now, tries=1)
        for step in (
            lambda row: retention.restore_begin(row, asked=asked, message="", now=now),
            lambda row: retention.copy_back(row, now=now, timings=timings),
            lambda row: retention.restore_commit(
                row,
                generation=row.generation,
                result_key=result_keys(row.job_id, row.generation).vcf,
                now=now,
                timings=timings,
            ),
        ):
            job = self.jobs.commit(job, step(job))
        self.notifier().about_job(JobChanged(job_id=job.job_id, user_id=USER_ID, event=JobEvent.RESTORED))
        return job

    def sweep(self, faults: Faults | None = None) -> None:
        """What is overdue is told as the sweeper tells it: the debt moves on first."""
        heard = Heard()
        ports = {"publisher": heard, "clock": self.clock, "timings": self.timings}
        for row in self.jobs.rows.values():
            announce_again(row, jobs=self.jobs, **ports)
        user = self.users.get(USER_ID)
        if user.due_time is not None and user.due_time <= self.clock.now():
            announce_user_again(user, users=self.users, **ports)
        for message in heard.messages:
            notifier = self.notifier(faults)
            if isinstance(message, JobChanged):
                notifier.about_job(message)
            elif isinstance(message, UserChanged):
                notifier.about_user(message)

    def save_choice(self, window_mails: str) -> None:
        self.users.save_profile(
            USER_ID,
            name="Ada",
            email="ada@lab.example",
            institution="",
            window_mails=window_mails == "wanted",
            now=1,
        )

    @property
    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mailer.outbox]


@pytest.fixture
def world() -> World:
    return World()


def expiring(job: Job) -> JobChanged:
    return JobChanged(job_id=job.job_id, user_id=USER_ID, event=JobEvent.EXPIRING)


# Windows


def test_end_of_a_long_window_is_told_once_in_its_last_fifth(world: World) -> None:
    job = world.completed()
    world.clock.advance(HOUR - WARNING - 1)
    world.sweep()
    assert world.subjects == []
    world.clock.advance(1)
    world.sweep()
    [mail] = world.mailer.outbox
    assert mail.subject == "Archive at 23:13 UTC on 14 Nov 2023: a.vcf"
    for body in (mail.text, mail.html):
        assert "until 23:13 UTC on 14 Nov 2023" in body
        assert f"https://gas.example/annotations/{job.job_id}" in body
    assert Due.WARNING not in world.jobs.get(job.job_id).due
    world.notifier().about_job(expiring(job))
    assert len(world.mailer.outbox) == 1


def test_window_of_minutes_is_over_before_a_mail_is_read_and_has_none() -> None:
    world = World(Timings(free_window_seconds=300))
    job = world.completed()
    assert Due.WARNING not in job.due
    world.notifier().about_job(expiring(job))
    assert world.subjects == []


def test_window_begun_anew_has_a_mail_of_its_own(world: World) -> None:
    job = world.completed()
    world.clock.advance(HOUR - WARNING)
    world.sweep()
    row = world.jobs.get(job.job_id)
    kept = world.jobs.commit(row, retention.keep_longer(row, now=world.clock.now(), timings=TIMINGS))
    # The news of the old window once more: the new one is not about to end.
    world.notifier().about_job(expiring(job))
    assert len(world.subjects) == 1
    assert world.jobs.get(job.job_id) == kept
    world.clock.advance(HOUR - WARNING)
    world.sweep()
    assert len(world.subjects) == 2
    assert len({mail.message_id for mail in world.mailer.outbox}) == 2


@pytest.mark.parametrize("case", ["unwanted", "premium", "archiving", "over"])
def test_end_that_is_not_to_be_told_is_paid_without_a_mail(world: World, case: str) -> None:
    job = world.completed()
    world.clock.advance(HOUR - WARNING)
    if case == "unwanted":
        world.save_choice("unwanted")
    elif case == "premium":
        world.users.set_plan_for_test(USER_ID, Plan.PREMIUM, now=1)
    else:
        world.clock.advance(WARNING)
    if case == "archiving":
        begun = retention.archive_begin(job, now=world.clock.now(), timings=TIMINGS)
        job = world.jobs.commit(job, replace(begun, due=begun.due | {Due.WARNING.value: 1}))
    world.notifier().about_job(expiring(job))
    assert world.subjects == []
    assert Due.WARNING not in world.jobs.get(job.job_id).due


def test_crash_at_any_call_of_a_warning_leads_to_one_mail_but_for_the_one_window() -> None:
    def last_fifth() -> World:
        world = World()
        world.completed()
        world.clock.advance(HOUR - WARNING)
        return world

    clean = Faults()
    last_fifth().sweep(clean)
    sending = clean.calls.index("mailer.send")
    for at in range(len(clean.calls)):
        for moment in Moment:
            world = last_fifth()
            with pytest.raises(Crash):
                world.sweep(Faults(Fault(at, moment, Crash())))
            world.clock.advance(TIMINGS.repeat_seconds)
            world.sweep()
            recorded = (at, moment) == (len(clean.calls) - 1, Moment.AFTER)
            unrecorded = (at, moment) == (sending, Moment.AFTER) or at > sending
            assert len(world.mailer.outbox) == 1 + (unrecorded and not recorded), (clean.calls[at], moment)
            assert len({mail.message_id for mail in world.mailer.outbox}) == 1


# Results that came back


def collect(world: World) -> None:
    world.clock.advance(world.timings.restored_mail_seconds)
    world.sweep()


def test_all_that_came_back_is_told_by_one_mail(world: World) -> None:
    archived = [world.archived() for _ in range(3)]
    world.archived()
    world.completed()
    for job in archived:
        world.clock.advance(10)
        world.restored(job)
    world.sweep()
    assert world.subjects == []
    collect(world)
    [mail] = world.mailer.outbox
    assert mail.subject == "3 results are back"
    assert mail.to == "ada@lab.example"
    assert "https://gas.example/annotations" in mail.text
    user = world.users.get(USER_ID)
    assert user.due == {}
    assert user.restored_mail_begun == user.restored_since == 0
    for _ in range(3):
        collect(world)
    assert len(world.subjects) == 1


def test_next_batch_is_counted_for_itself(world: World) -> None:
    world.restored()
    collect(world)
    world.restored()
    world.restored()
    collect(world)
    collect(world)
    assert world.subjects == ["1 result is back", "2 results are back"]
    assert len({mail.message_id for mail in world.mailer.outbox}) == 2


def test_more_than_a_page_of_results_is_counted_to_the_end(world: World) -> None:
    archived = [world.archived() for _ in range(250)]
    for job in archived:
        world.restored(job)
    collect(world)
    assert world.subjects == ["250 results are back"]


def test_what_comes_back_while_the_mail_is_counted_is_told_by_the_next(world: World) -> None:
    class Thawing(FakeMailer):
        def send(self, mail: object) -> None:
            if not self.outbox:
                world.clock.advance(2)
                world.restored(late)
            super().send(mail)  # type: ignore[arg-type]  # a mail

    late = world.archived()
    world.restored()
    world.mailer = Thawing()
    collect(world)
    collect(world)
    assert world.subjects == ["1 result is back", "1 result is back"]
    assert world.users.get(USER_ID).due == {}


def test_what_comes_back_in_the_second_of_the_counting_is_told_once(world: World) -> None:
    first, second = world.archived(), world.archived()
    world.restored(first)
    world.clock.advance(TIMINGS.restored_mail_seconds)
    world.restored(second)
    world.sweep()
    collect(world)
    collect(world)
    assert world.subjects == ["1 result is back", "1 result is back"]
    assert world.users.get(USER_ID).due == {}


def test_change_of_plan_hurries_no_mail(world: World) -> None:
    world.restored()
    world.notifier().about_user(UserChanged(user_id=USER_ID))
    assert world.subjects == []
    assert UserDue.RESTORED_MAIL in world.users.get(USER_ID).due


def test_results_that_left_or_went_before_the_mail_are_not_counted(world: World) -> None:
    gone, here = world.restored(), world.restored()
    world.jobs.commit(gone, retention.delete(gone, now=world.clock.now(), timings=TIMINGS))
    assert here
    collect(world)
    assert world.subjects == ["1 result is back"]


def test_nothing_that_came_back_is_still_there_so_nothing_is_mailed(world: World) -> None:
    gone = world.restored()
    world.jobs.commit(gone, retention.delete(gone, now=world.clock.now(), timings=TIMINGS))
    collect(world)
    assert world.subjects == []
    assert world.users.get(USER_ID).due == {}


def test_move_that_an_upgrade_stopped_is_not_told_as_a_return(world: World) -> None:
    job = world.completed()
    world.clock.advance(HOUR)
    moving = world.jobs.commit(job, retention.archive_begin(job, now=world.clock.now(), timings=TIMINGS))
    world.jobs.commit(moving, retention.archive_stop(moving, now=world.clock.now()))
    world.notifier().about_job(JobChanged(job_id=job.job_id, user_id=USER_ID, event=JobEvent.RESTORED))
    assert world.users.get(USER_ID).due == {}


def test_archived_results_are_no_news_for_a_mail(world: World) -> None:
    job = world.archived()
    world.notifier().about_job(JobChanged(job_id=job.job_id, user_id=USER_ID, event=JobEvent.ARCHIVED))
    assert world.subjects == []


def test_user_or_job_that_is_gone_is_no_fault(world: World) -> None:
    job = world.restored()
    message = JobChanged(job_id=job.job_id, user_id=USER_ID, event=JobEvent.RESTORED)
    world.users.remove_for_test(USER_ID)
    world.notifier().about_job(message)
    world.notifier().about_user(UserChanged(user_id=USER_ID))
    world.jobs.remove(world.jobs.get(job.job_id))
    world.notifier().about_job(message)
    assert world.subjects == []


def test_second_notifier_waits_while_the_first_counts_and_sends(world: World) -> None:
    world.restored()
    world.mailer.refuse_for_test = StoreUnavailableError()
    with pytest.raises(StoreUnavailableError):
        collect(world)
    world.mailer.refuse_for_test = None
    with pytest.raises(MailUnderWayError):
        world.notifier().about_user(UserChanged(user_id=USER_ID))
    world.clock.advance(TIMINGS.mail_claim_seconds)
    world.notifier().about_user(UserChanged(user_id=USER_ID))
    assert world.subjects == ["1 result is back"]


def test_mail_that_no_provider_takes_is_not_tried_for_ever(world: World) -> None:
    world.restored()
    world.mailer.refuse_for_test = MailRefusedError(reason="no such address")
    collect(world)
    assert world.users.get(USER_ID).due == {}


def test_crash_at_any_call_of_what_came_back_leads_to_one_mail_but_for_the_one_window() -> None:
    def collected() -> World:
        world = World()
        world.restored()
        world.clock.advance(TIMINGS.restored_mail_seconds)
        return world

    clean = Faults()
    collected().sweep(clean)
    sending = clean.calls.index("mailer.send")
    for at in range(len(clean.calls)):
        for moment in Moment:
            world = collected()
            with pytest.raises(Crash):
                world.sweep(Faults(Fault(at, moment, Crash())))
            for _ in range(3):
                world.clock.advance(TIMINGS.repeat_seconds * 4)
                world.sweep()
            recorded = (at, moment) == (len(clean.calls) - 1, Moment.AFTER)
            unrecorded = (at, moment) == (sending, Moment.AFTER) or at > sending
            assert len(world.mailer.outbox) == 1 + (unrecorded and not recorded), (clean.calls[at], moment)
            assert len({mail.message_id for mail in world.mailer.outbox}) == 1
            assert world.users.get(USER_ID).due == {}
