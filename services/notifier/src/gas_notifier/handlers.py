"""What the notifier does with a message, in terms of ports."""

from __future__ import annotations

import structlog

from gas_core.domain import billing, lifecycle
from gas_core.domain.errors import JobNotFoundError, MailRefusedError, TransientError, UserNotFoundError
from gas_core.domain.job import Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobEvent, Message, UserChanged
from gas_core.domain.plans import User
from gas_core.domain.states import Results, Status
from gas_core.ports import Clock, Jobs, Mailer, Users
from gas_core.update import update, update_user
from gas_notifier.letters import LETTERS, LetterBox

log = structlog.get_logger()

_TOLD_IN = {JobEvent.COMPLETED: Status.COMPLETED, JobEvent.FAILED: Status.FAILED}


class MailUnderWayError(TransientError):
    """Another process has begun to send this mail; whether it did is known when its claim is over."""


def notify(
    message: Message,
    *,
    jobs: Jobs,
    users: Users,
    mailer: Mailer,
    clock: Clock,
    timings: Timings,
    letters: LetterBox,
) -> None:
    """Mail the researcher once about this event of this job.

    The intent is recorded before the provider is asked and the outcome after it, so a second mail is
    possible only if the process dies between the provider's answer and the record.

    Raises
    ------
    MailUnderWayError
        Another process is at it; the message comes again.
    """
    if not isinstance(message, JobChanged) or message.event not in LETTERS:
        return
    event = message.event
    try:
        job = jobs.get(message.job_id)
    except JobNotFoundError:
        log.info("mail_unneeded", job_id=message.job_id, mail_event=event.value, reason="job_gone")
        return
    if job.status is not _TOLD_IN[event] or job.results is Results.DELETING:
        log.info("mail_unneeded", job_id=job.job_id, mail_event=event.value, status=job.status.value)
        return
    if _sent(job, event):
        return

    def begin(row: Job) -> Job:
        begun = lifecycle.begin_mail(
            row, event.value, message_id=letters.message_id(row, event), now=clock.now(), timings=timings
        )
        if begun is None and not _sent(row, event):
            claimed = row.mails[event.value].begun + timings.mail_claim_seconds
            raise MailUnderWayError(job_id=row.job_id, retry_after_seconds=claimed - clock.now())
        return begun or row

    begun = update(jobs, job.job_id, begin)
    if _sent(begun, event):
        return
    to, name = _addressee(begun, users)
    try:
        mailer.send(letters.write(begun, event, to=to, name=name))
    except TransientError as error:
        # Coming back sooner would only meet the claim that this try left.
        error.fields.setdefault("retry_after_seconds", timings.mail_claim_seconds)
        raise
    update(jobs, job.job_id, lambda row: lifecycle.end_mail(row, event.value, now=clock.now()))
    log.info("mail_sent", job_id=job.job_id, mail_event=event.value)


def notify_of_payment(
    message: Message, *, users: Users, mailer: Mailer, clock: Clock, timings: Timings, letters: LetterBox
) -> None:
    """Mail the user what the row owes about payments: once, as ``notify`` does.

    Raises
    ------
    LetterUnderWayError
        Another process is at it; the message comes again.
    """
    if not isinstance(message, UserChanged):
        return

    def begin(row: User) -> User:
        return billing.begin_letter(row, now=clock.now(), timings=timings)

    try:
        user = update_user(users, message.user_id, begin)
    except UserNotFoundError:
        log.info("mail_unneeded", user_id=message.user_id, reason="user_gone")
        return
    if not user.payment_letter:
        return
    try:
        mailer.send(letters.write_about_payment(user))
    except TransientError as error:
        error.fields.setdefault("retry_after_seconds", timings.mail_claim_seconds)
        raise
    except MailRefusedError as error:
        # An address that takes no mail must not keep the row in debt for ever.
        log.warning("mail_refused", user_id=user.identity_id, letter=user.payment_letter, **error.fields)
    update_user(users, user.identity_id, lambda row: billing.end_letter(row, sent=user))
    log.info("mail_sent", user_id=user.identity_id, letter=user.payment_letter)


def _sent(job: Job, event: JobEvent) -> bool:
    record = job.mails.get(event.value)
    return record is not None and record.sent > 0


def _addressee(job: Job, users: Users) -> tuple[str, str]:
    """Address and name: the profile's, since people move; else the address the job was submitted with."""
    try:
        user = users.get(job.user_id)
    except UserNotFoundError:
        return job.user_email, ""
    return user.email, user.name
