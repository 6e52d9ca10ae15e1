"""Telling the others what a row already says: publish first, then pay the debt that the row carries."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from gas_core.domain import lifecycle, plans
from gas_core.domain.errors import TransientError
from gas_core.domain.job import Due, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobEvent, JobRequested, Message, UserChanged
from gas_core.domain.plans import Plan, User
from gas_core.domain.states import Results, Status
from gas_core.ports import Clock, Jobs, Publisher, Users
from gas_core.update import update, update_user

_EVENTS = {Status.COMPLETED: JobEvent.COMPLETED, Status.FAILED: JobEvent.FAILED}
_RESULTS_EVENTS = {Results.ARCHIVED: JobEvent.ARCHIVED, Results.AVAILABLE: JobEvent.RESTORED}

_log = structlog.get_logger()


def look_at(job: Job) -> JobRequested:
    """Ask the annotator to look at the row: it waits, its lease is over, or it owes a cleanup."""
    return JobRequested(job_id=job.job_id, user_id=job.user_id, traceparent=job.traceparent)


def changed(job: Job, event: JobEvent) -> JobChanged:
    return JobChanged(job_id=job.job_id, user_id=job.user_id, traceparent=job.traceparent, event=event)


def message_about(job: Job) -> Message:
    """What there is to tell about the status that a row has now."""
    event = _EVENTS.get(job.status)
    return look_at(job) if event is None else changed(job, event)


def announce(job: Job, *, jobs: Jobs, publisher: Publisher, clock: Clock, timings: Timings) -> Job:
    """Publish what ``job`` still has to tell, if anything, and record that it was told.

    Dying in between tells it twice, which every listener bears.
    """
    if Due.ANNOUNCE not in job.due:
        return job
    publisher.publish(message_about(job))

    def paid(row: Job) -> Job:
        # The row may have moved on since. Then its debt is about something that we have not told.
        if (row.status, row.attempt) != (job.status, job.attempt):
            return row
        return lifecycle.announced(row, now=clock.now(), timings=timings)

    return update(jobs, job.job_id, paid)


def announce_results(job: Job, *, jobs: Jobs, publisher: Publisher) -> Job:
    """The same for what became of the results; a state that has passed meanwhile is not told any more."""
    if Due.ANNOUNCE_RESULTS not in job.due:
        return job
    event = _RESULTS_EVENTS.get(job.results)
    if event:
        publisher.publish(changed(job, event))

    def paid(row: Job) -> Job:
        if (row.results, row.generation) != (job.results, job.generation):
            return row
        return lifecycle.without(row, Due.ANNOUNCE_RESULTS)

    return update(jobs, job.job_id, paid)


def set_plan(
    identity_id: str,
    plan: Plan,
    *,
    source: str,
    users: Users,
    publisher: Publisher,
    clock: Clock,
    timings: Timings,
) -> User:
    """Change a user's plan, and have it worked through: retrievals or, at the end of premium, windows.

    From this write on every decision about the user's results goes by the new plan. If the announcement
    fails, the row owes it to the sweeper.

    Raises
    ------
    UserNotFoundError
        There is no such user.
    """

    def decided(user: User) -> User:
        return plans.change_plan(user, plan, source=source, now=clock.now(), timings=timings)

    return change_user(identity_id, decided, users=users, publisher=publisher)


def change_user(
    identity_id: str, decide: Callable[[User], User], *, users: Users, publisher: Publisher
) -> User:
    """Write what ``decide`` makes of a user's row, and tell whoever works on what the row then owes.

    ``decide`` as in ``update``; the errors are those of ``set_plan``, and what ``decide`` raises.
    """
    user = update_user(users, identity_id, decide)
    if user.plan_settling or user.payment_letter or user.closing_since:
        try:
            publisher.publish(UserChanged(user_id=identity_id))
        except TransientError as error:
            _log.warning("announcement_postponed", user_id=identity_id, error=type(error).__name__)
    _log.info(
        "user_changed",
        user_id=identity_id,
        plan=user.plan.value,
        source=user.plan_source,
        owed=sorted(user.due),
    )
    return user
