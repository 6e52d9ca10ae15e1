"""What the notifier does with a message, in terms of ports.

The intent is recorded before the provider is asked and the outcome after it, so a second mail is possible
only if the process dies between the provider's answer and the record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gas_core.domain import billing, lifecycle, plans, retention
from gas_core.domain.errors import (
    JobNotFoundError,
    MailRefusedError,
    MailUnderWayError,
    TransientError,
    UserNotFoundError,
)
from gas_core.domain.job import Due, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobEvent, UserChanged
from gas_core.domain.plans import Plan, User
from gas_core.domain.states import Results, Status
from gas_core.ports import Clock, JobCursor, Jobs, Mail, Mailer, Users
from gas_core.update import update, update_user
from gas_notifier.letters import LetterBox

log = structlog.get_logger()

PAGE_JOBS = 100

_TOLD_IN = {JobEvent.COMPLETED: Status.COMPLETED, JobEvent.FAILED: Status.FAILED}


@dataclass(frozen=True, slots=True)
class Notifier:
    """The ports, and what to do with them."""

    jobs: Jobs
    users: Users
    mailer: Mailer
    clock: Clock
    timings: Timings
    letters: LetterBox

    def about_job(self, message: JobChanged) -> None:
        """Mail the researcher about what happened to a job, where that is worth a mail.

        Raises
        ------
        MailUnderWayError
            Another process is at it; the message comes again.
        """
        event = message.event
        try:
            job = self.jobs.get(message.job_id)
        except JobNotFoundError:
            log.info("mail_unneeded", job_id=message.job_id, mail_event=event.value, reason="job_gone")
            return
        match event:
            case JobEvent.COMPLETED | JobEvent.FAILED:
                self._ended(job, event)
            case JobEvent.EXPIRING:
                self._expiring(job)
            case JobEvent.RESTORED:
                self._restored(job)
            case _:
                pass

    def about_user(self, message: UserChanged) -> None:
        """Mail the user what their row owes: news of payments, and of results that came back.

        Raises
        ------
        MailUnderWayError
            Another process is at it; the message comes again.
        """
        try:
            self._payment(message.user_id)
            self._all_restored(message.user_id)
        except UserNotFoundError:
            log.info("mail_unneeded", user_id=message.user_id, reason="user_gone")

    def _payment(self, user_id: str) -> None:
        user = update_user(
            self.users,
            user_id,
            lambda row: billing.begin_letter(row, now=self.clock.now(), timings=self.timings),
        )
        if not user.payment_letter:
            return
        self._send_to(user, self.letters.payment(user), user.payment_letter)
        update_user(self.users, user_id, lambda row: billing.end_letter(row, sent=user))
        log.info("mail_sent", user_id=user_id, mail_event=user.payment_letter)

    def _all_restored(self, user_id: str) -> None:
        """Tell of all results that came back by one mail, once they were collected for a while."""
        now = self.clock.now()
        if not plans.restored_mail_due(self.users.get(user_id), now=now, timings=self.timings):
            return
        user = update_user(
            self.users, user_id, lambda row: plans.begin_restored_mail(row, now=now, timings=self.timings)
        )
        # The second that has not passed yet may still bring more.
        until = user.restored_mail_begun - 1
        count, more = self._came_back(user, until)
        if count:
            self._send_to(user, self.letters.restored(user, count=count), "restored")

        def ended(row: User) -> User:
            if row.restored_mail_begun != user.restored_mail_begun:
                return row
            return plans.end_restored_mail(
                row, until=until, more=more, now=self.clock.now(), timings=self.timings
            )

        update_user(self.users, user.identity_id, ended)
        log.info("mail_sent" if count else "mail_unneeded", user_id=user.identity_id, mail_event="restored")

    def _ended(self, job: Job, event: JobEvent) -> None:
        if job.status is not _TOLD_IN[event] or job.results is Results.DELETING:
            log.info("mail_unneeded", job_id=job.job_id, mail_event=event.value, status=job.status.value)
            return
        self._mail_once(job, event.value, lambda row: self.letters.ended(row, event, self._reader(row)))

    def _expiring(self, job: Job) -> None:
        """A mail before the end of a window: one for each window, for who wants it."""
        ends, now = job.window_ends, self.clock.now()
        user = self._reader(job)
        # Told of a window that was begun anew meanwhile: its own warning comes in its time.
        early = now < ends - 2 * self.timings.warning_seconds
        if Due.WARNING not in job.due or early:
            return

        def paid(row: Job) -> Job:
            return lifecycle.without(row, Due.WARNING) if row.window_ends == ends else row

        if job.results is Results.AVAILABLE and now < ends and user.window_mails and user.plan is Plan.FREE:
            self._mail_once(job, f"expiring-{ends}", lambda row: self.letters.expiring(row, user), also=paid)
        else:
            log.info("mail_unneeded", job_id=job.job_id, mail_event="expiring", plan=user.plan.value)
            update(self.jobs, job.job_id, paid)

    def _restored(self, job: Job) -> None:
        """Thousands of jobs may come back within minutes; one mail tells of them, owed by the user's row."""
        if not retention.came_back(job):
            return
        try:
            update_user(
                self.users,
                job.user_id,
                lambda row: plans.results_came_back(row, now=self.clock.now(), timings=self.timings),
            )
        except UserNotFoundError:
            log.info("mail_unneeded", job_id=job.job_id, mail_event="restored", reason="user_gone")

    def _came_back(self, user: User, until: int) -> tuple[int, bool]:
        """How many results came back since the last mail, and whether more did after ``until``."""
        count, more = 0, False
        after: JobCursor | None = None
        while True:
            page = self.jobs.page_of_user(user.identity_id, after=after, limit=PAGE_JOBS)
            untold = [
                job
                for job in page.jobs
                if retention.came_back(job) and job.results_since > user.restored_told
            ]
            in_time = sum(job.results_since <= until for job in untold)
            count, more = count + in_time, more or in_time < len(untold)
            if page.next is None:
                return count, more
            after = page.next

    def _mail_once(
        self,
        job: Job,
        name: str,
        write: Callable[[Job], Mail],
        *,
        also: Callable[[Job], Job] = lambda row: row,
    ) -> None:
        """Send the mail that a job's row knows by ``name``; ``also`` is done by the write that records it."""
        message_id = self.letters.message_id(job.job_id, name)

        def begin(row: Job) -> Job:
            if _sent(row, name):
                return row
            now = self.clock.now()
            begun = lifecycle.begin_mail(row, name, message_id=message_id, now=now, timings=self.timings)
            if begun is None:
                claimed = row.mails[name].begun + self.timings.mail_claim_seconds
                raise MailUnderWayError(job_id=row.job_id, retry_after_seconds=claimed - now)
            return begun

        begun = job if _sent(job, name) else update(self.jobs, job.job_id, begin)
        if _sent(begun, name):
            update(self.jobs, job.job_id, also)
            return
        self._send(write(begun))
        update(
            self.jobs,
            job.job_id,
            lambda row: also(lifecycle.end_mail(row, name, now=self.clock.now())),
        )
        log.info("mail_sent", job_id=job.job_id, mail_event=name)

    def _send(self, mail: Mail) -> None:
        try:
            self.mailer.send(mail)
        except TransientError as error:
            # Coming back sooner would only meet the claim that this try left.
            error.fields.setdefault("retry_after_seconds", self.timings.mail_claim_seconds)
            raise

    def _send_to(self, user: User, mail: Mail, event: str) -> None:
        """An address that takes no mail must not keep the row in debt for ever."""
        try:
            self._send(mail)
        except MailRefusedError as error:
            log.error("mail_refused", user_id=user.identity_id, mail_event=event, **error.fields)  # noqa: TRY400 - the fields tell all

    def _reader(self, job: Job) -> User:
        """Who the job belongs to. The profile's address counts, since people move; else the job's own."""
        try:
            return self.users.get(job.user_id)
        except UserNotFoundError:
            return User(job.user_id, "", job.user_email)


def _sent(job: Job, name: str) -> bool:
    record = job.mails.get(name)
    return record is not None and record.sent > 0
