"""What the restorer does with a change of plan, or with the end of an account, in terms of ports.

Every job of the user is looked at, a page at a time, by the plan as it is now. The page is remembered on the
user's row, so that whoever comes after a crash goes on there. One bad job never stops the others: it is
counted, and all are looked at again later.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial

import structlog

from gas_core.domain import accounts, lifecycle, plans, retention
from gas_core.domain.errors import (
    GasError,
    JobNotFoundError,
    PlanChangedError,
    TransientError,
    UserNotFoundError,
)
from gas_core.domain.job import Job
from gas_core.domain.lifecycle import LeaseHeldError, Timings
from gas_core.domain.messages import UserChanged
from gas_core.domain.plans import Plan, PlanMovedOnError, User
from gas_core.domain.states import Results
from gas_core.ports import Clock, Hold, JobCursor, Jobs, Users
from gas_core.update import update, update_user
from gas_restorer.retrievals import Retrievals

log = structlog.get_logger()

PAGE_JOBS = 100
"""What is looked at again after a crash, at most."""


@dataclass(frozen=True, slots=True)
class Restorer:
    """The ports, and what to do with them. ``threads`` bounds the requests that are under way at once."""

    jobs: Jobs
    users: Users
    retrievals: Retrievals
    clock: Clock
    timings: Timings
    threads: int

    def work_through(self, message: UserChanged, hold: Hold) -> None:
        """Settle every job of a user whose plan changed, or whose account ends.

        Raises
        ------
        StoppingError
            The drain time is over; the next one goes on where this one was.
        """
        try:
            user = self.users.get(message.user_id)
            if user.closing_since:
                self._close(user, hold)
                return
            user = update_user(
                self.users,
                message.user_id,
                lambda row: plans.take_plan_change(row, now=self.clock.now(), timings=self.timings),
            )
        except (LeaseHeldError, UserNotFoundError) as error:
            log.info("duplicate_dropped", reason=type(error).__name__)
            return
        if not user.plan_settling:
            return
        log.info("plan_change_taken", plan=user.plan.value, change=user.plan_changes, cursor=user.plan_cursor)
        try:
            self._every_page(user, hold)
        except PlanMovedOnError:
            log.info("plan_moved_on", change=user.plan_changes)
        except Exception:
            self._hand_back(user)
            raise

    def _close(self, user: User, hold: Hold) -> None:
        """Have every job of an account that ends deleted; its row goes when none can come any more.

        Two at once do no harm: each step is done or is not. What dies half-way is begun again by the sweeper.
        """
        jobs = 0
        with hold.keep(lambda: None):
            after = None
            while True:
                page = self.jobs.page_of_user(user.identity_id, after=after, limit=PAGE_JOBS)
                for job in page.jobs:
                    self._gone(job)
                    hold.check()
                jobs += len(page.jobs)
                after = page.next
                if after is None:
                    break
        now = self.clock.now()
        if not jobs and accounts.closed(user, now=now, timings=self.timings):
            self.users.remove(user)
            log.info("account_removed")
            return
        update_user(
            self.users,
            user.identity_id,
            lambda row: accounts.closing_looked(row, now=now, timings=self.timings),
        )
        log.info("account_closing", jobs=jobs)

    def _gone(self, job: Job) -> None:
        """Cancel a job if it has not ended, and have it deleted. One that cannot be is for the next look."""

        def cancelled(row: Job) -> Job:
            if row.terminal:
                return row
            return lifecycle.cancel(row, now=self.clock.now(), timings=self.timings)

        def deleted(row: Job) -> Job:
            if row.results is Results.DELETING:
                return row
            return retention.delete(row, now=self.clock.now(), timings=self.timings)

        try:
            update(self.jobs, job.job_id, cancelled)
            update(self.jobs, job.job_id, deleted)
        except JobNotFoundError:
            return
        except GasError as error:
            log.exception(
                "job_not_deleted", **(error.fields | {"job_id": job.job_id}), error=type(error).__name__
            )

    def _every_page(self, user: User, hold: Hold) -> None:
        with (
            hold.keep(partial(self._progress, user)),
            ThreadPoolExecutor(self.threads, thread_name_prefix="restore") as pool,
        ):
            after = _cursor(user.plan_cursor)
            while True:
                page = self.jobs.page_of_user(user.identity_id, after=after, limit=PAGE_JOBS)
                settled = [pool.submit(copy_context().run, self._settled, job, user) for job in page.jobs]
                failed = sum(not each.result() for each in settled)
                hold.check()
                if page.next is None:
                    break
                after = page.next
                self._progress(user, cursor=_text(after), failed=failed)
        done = self._worked_through(user, failed)
        log.info("plan_change_worked_through", plan=user.plan.value, owed=done.plan_settling)

    def _settled(self, job: Job, user: User) -> bool:
        """Settle one job; False if it could not be."""
        try:
            if user.plan is Plan.PREMIUM:
                self._for_premium(job)
            else:
                self._for_free(job, user)
        except (JobNotFoundError, PlanChangedError):
            return True  # gone, or for the next change to settle
        except Exception as error:
            fields = error.fields if isinstance(error, GasError) else {}
            log.exception("job_not_settled", **(fields | {"job_id": job.job_id}), error=type(error).__name__)
            return False
        return True

    def _for_premium(self, job: Job) -> None:
        """What is archived comes back; what is on its way there stays."""
        if job.results is Results.ARCHIVED:
            self.retrievals.begin(job)
        elif job.results is Results.ARCHIVING:

            def stopped(row: Job) -> Job:
                if row.results is not Results.ARCHIVING:
                    return row
                return retention.archive_stop(row, now=self.clock.now())

            row = update(self.jobs, job.job_id, stopped, while_plan=Plan.PREMIUM)
            if row.results is Results.ARCHIVED:  # committed just before the plan changed
                self.retrievals.begin(row)

    def _for_free(self, job: Job, user: User) -> None:
        """What is available gets a window, counted from now."""
        if job.results is Results.AVAILABLE:
            update(
                self.jobs,
                job.job_id,
                lambda row: retention.open_window(
                    row, since=user.plan_since, now=self.clock.now(), timings=self.timings
                ),
                while_plan=Plan.FREE,
            )

    def _progress(self, user: User, cursor: str | None = None, failed: int = 0) -> None:
        def progressed(row: User) -> User:
            return plans.plan_progress(
                row,
                change=user.plan_changes,
                cursor=row.plan_cursor if cursor is None else cursor,
                failed=failed,
                now=self.clock.now(),
                timings=self.timings,
            )

        update_user(self.users, user.identity_id, progressed)

    def _worked_through(self, user: User, failed: int) -> User:
        def worked_through(row: User) -> User:
            return plans.plan_worked_through(
                row, change=user.plan_changes, failed=failed, now=self.clock.now(), timings=self.timings
            )

        return update_user(self.users, user.identity_id, worked_through)

    def _hand_back(self, user: User) -> None:
        def handed_back(row: User) -> User:
            return plans.plan_handed_back(row, change=user.plan_changes, now=self.clock.now())

        try:
            update_user(self.users, user.identity_id, handed_back)
        except (TransientError, UserNotFoundError) as error:
            # The lease runs out by itself, and the sweeper finds the row then.
            log.warning("plan_change_not_handed_back", error=type(error).__name__)


def _text(cursor: JobCursor) -> str:
    return f"{cursor.submit_time}/{cursor.job_id}"


def _cursor(text: str) -> JobCursor | None:
    submit_time, _, job_id = text.partition("/")
    return JobCursor(int(submit_time), job_id) if text else None
