"""Mails about a job's end: once, to the right address, with nothing of the file in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gas_core.domain.errors import MailUnderWayError, StoreUnavailableError
from gas_core.domain.job import Failure, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobEvent
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_core.ports import Mail
from gas_core.testing import Crash, FakeClock, FakeJobs, FakeMailer, FakeUsers, Fault, Faults, Moment
from gas_notifier.handlers import Notifier
from gas_notifier.letters import LetterBox

JOB_ID = "0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11"
USER_ID = "a1b2c3d4-0000-4000-8000-000000000001"
COMPLETED = JobChanged(job_id=JOB_ID, user_id=USER_ID, event=JobEvent.COMPLETED)
FAILED = JobChanged(job_id=JOB_ID, user_id=USER_ID, event=JobEvent.FAILED)
TIMINGS = Timings()


class World:
    """The notifier with fakes around it, and one finished job."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.jobs = FakeJobs()
        self.users = FakeUsers()
        self.mailer = FakeMailer()
        self.letters = LetterBox(sender="GAS <gas@lab.example>", base_url="https://gas.example/")
        self.users.sign_in(identity_id=USER_ID, name="Ada", email="ada@lab.example", now=1)
        self.jobs.add(
            Job(
                job_id=JOB_ID,
                user_id=USER_ID,
                user_email="old@lab.example",
                s3_inputs_bucket="inputs",
                s3_key_input_file="k",
                created_time=1,
                submit_time=1,
                status=Status.COMPLETED,
                results=Results.AVAILABLE,
                input_file_name="sample.vcf",
                summary={"records": 1350},
            )
        )

    def change(self, **changes: object) -> None:
        row = self.jobs.get(JOB_ID)
        self.jobs.commit(row, replace(row, **changes))

    def notify(self, message: JobChanged = COMPLETED, faults: Faults | None = None) -> None:
        faults = faults or Faults()
        notifier = Notifier(
            jobs=faults.wrap(self.jobs, "jobs"),
            users=faults.wrap(self.users, "users"),
            mailer=faults.wrap(self.mailer, "mailer"),
            clock=self.clock,
            timings=TIMINGS,
            letters=self.letters,
        )
        notifier.about_job(message)

    @property
    def mail(self) -> Mail:
        (mail,) = self.mailer.outbox
        return mail


@pytest.fixture
def world() -> World:
    return World()


def test_completed_job_is_told_once_however_often_the_message_comes(world: World) -> None:
    for _ in range(3):
        world.notify()
    assert world.mail.subject == "Done: sample.vcf, 1,350 variants"
    assert world.mail.to == "ada@lab.example"
    link = f"https://gas.example/annotations/{JOB_ID}"
    assert link in world.mail.text
    assert link in world.mail.html
    assert world.jobs.get(JOB_ID).mails["completed"].sent


def test_failed_job_is_told_with_its_reason_and_what_to_do(world: World) -> None:
    world.change(
        status=Status.FAILED,
        results=Results.NONE,
        failure=Failure("vcf", "Line 3, column 2: x where a number belongs.", "Mend the line."),
    )
    world.notify(FAILED)
    assert world.mail.subject == "Failed: sample.vcf"
    for body in (world.mail.text, world.mail.html):
        assert "Line 3, column 2: x where a number belongs." in body
        assert "Mend the line." in body


def test_one_variant_is_not_called_variants(world: World) -> None:
    world.change(summary={"records": 1})
    world.notify()
    assert world.mail.subject == "Done: sample.vcf, 1 variant"


def test_hostile_file_name_is_text_in_html_and_one_line_in_the_subject(world: World) -> None:
    world.change(input_file_name="<b>x</b>\r\nBcc: everyone@lab.example.vcf")
    world.notify()
    assert "\n" not in world.mail.subject
    assert "\r" not in world.mail.subject
    assert "<b>" not in world.mail.html
    assert "&lt;b&gt;" in world.mail.html


def test_user_without_a_row_is_written_to_at_the_address_of_the_job(world: World) -> None:
    world.users.remove_for_test(USER_ID)
    world.notify()
    assert world.mail.to == "old@lab.example"


@pytest.mark.parametrize(
    "message",
    [
        FAILED,
        JobChanged(job_id=JOB_ID, user_id=USER_ID, event=JobEvent.ARCHIVED),
        JobChanged(job_id=JOB_ID.replace("0f", "1f"), user_id=USER_ID, event=JobEvent.COMPLETED),
    ],
    ids=["not_what_happened", "no_letter", "no_job"],
)
def test_nothing_is_mailed_that_is_not_so(world: World, message: JobChanged) -> None:
    world.notify(message)
    assert world.mailer.outbox == []


def test_free_user_is_told_until_when_and_where_to_keep_the_results_longer(world: World) -> None:
    world.change(window_ends=1_795_530_300)
    world.notify()
    for body in (world.mail.text, world.mail.html):
        assert "until 14:25 UTC on 24 Nov 2026" in body
        assert f"https://gas.example/annotations/{JOB_ID}/keep-longer" in body


def test_premium_user_is_told_of_no_window(world: World) -> None:
    world.change(window_ends=1_795_530_300)
    world.users.set_plan_for_test(USER_ID, Plan.PREMIUM, now=1)
    world.notify()
    for body in (world.mail.text, world.mail.html):
        assert "Your plan keeps the results" in body
        assert "until 14:25" not in body
        assert "keep-longer" not in body


def test_mail_that_comes_late_promises_no_results_that_are_gone(world: World) -> None:
    world.change(window_ends=0, results=Results.ARCHIVED)
    world.notify()
    assert world.mail.subject.startswith("Done: sample.vcf")
    assert "can be downloaded until" not in world.mail.text


def test_deleted_job_is_not_told(world: World) -> None:
    world.change(results=Results.DELETING)
    world.notify()
    assert world.mailer.outbox == []


def test_second_notifier_waits_while_the_first_is_sending(world: World) -> None:
    first = Faults(Fault(at=2, moment=Moment.AFTER, error=Crash()))
    with pytest.raises(Crash):
        world.notify(faults=first)
    assert "completed" in world.jobs.get(JOB_ID).mails
    with pytest.raises(MailUnderWayError):
        world.notify()
    assert world.mailer.outbox == []
    world.clock.advance(TIMINGS.mail_claim_seconds)
    world.notify()
    assert world.mail.subject.startswith("Done")


def test_refused_mail_is_tried_again_and_sent_once(world: World) -> None:
    world.mailer.refuse_for_test = StoreUnavailableError()
    with pytest.raises(StoreUnavailableError):
        world.notify()
    world.mailer.refuse_for_test = None
    world.clock.advance(TIMINGS.mail_claim_seconds)
    world.notify()
    world.notify()
    assert len(world.mailer.outbox) == 1


def test_crash_at_any_call_leads_to_one_mail_but_for_the_one_window(world: World) -> None:
    clean = Faults()
    world.notify(faults=clean)
    sending = clean.calls.index("mailer.send")
    for at in range(len(clean.calls)):
        for moment in Moment:
            again = World()
            with pytest.raises(Crash):
                again.notify(faults=Faults(Fault(at, moment, Crash())))
            again.clock.advance(TIMINGS.mail_claim_seconds)
            again.notify()
            died_unrecorded = (at, moment) == (sending, Moment.AFTER) or (
                at > sending and (at, moment) != (len(clean.calls) - 1, Moment.AFTER)
            )
            assert len(again.mailer.outbox) == 1 + died_unrecorded, (clean.calls[at], moment)
            assert len({mail.message_id for mail in again.mailer.outbox}) == 1
