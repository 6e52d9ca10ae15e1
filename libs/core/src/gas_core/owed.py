"""Having done again what a row owes and nobody did in time: the message is sent once more.

The row's debt moves on first, further each time, so that a fault is met ever more rarely and never forgotten.
"""

from __future__ import annotations

import structlog

from gas_core.announce import announce, announce_results, changed, look_at
from gas_core.domain import lifecycle, plans
from gas_core.domain.job import Due, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobEvent, UserChanged
from gas_core.domain.plans import User
from gas_core.domain.states import Results, Status
from gas_core.ports import Clock, Jobs, Publisher, Users

_log = structlog.get_logger()


def overdue_of(job: Job, *, now: int) -> frozenset[Due]:
    return frozenset(Due(kind) for kind, time in job.due.items() if time <= now)


def announce_again(job: Job, *, jobs: Jobs, publisher: Publisher, clock: Clock, timings: Timings) -> Job:
    """Tell whoever owns each overdue debt of a job; what thaw owns is left to it."""
    now = clock.now()
    overdue = overdue_of(job, now=now) - {Due.RETRIEVAL}
    if not overdue:
        return job
    job = jobs.commit(job, lifecycle.postpone(job, now=now, timings=timings))
    if Due.ANNOUNCE in overdue:
        job = announce(job, jobs=jobs, publisher=publisher, clock=clock, timings=timings)
    if Due.ANNOUNCE_RESULTS in overdue:
        job = announce_results(job, jobs=jobs, publisher=publisher)
    if Due.WARNING in overdue:
        publisher.publish(changed(job, JobEvent.EXPIRING))
    if overdue - {Due.ANNOUNCE, Due.ANNOUNCE_RESULTS, Due.WARNING}:
        publisher.publish(look_at(job) if _annotators(job) else changed(job, JobEvent.DUE))
    _log.info("announced_again", job_id=job.job_id, owed=sorted(overdue), tries=job.due_tries)
    return job


def announce_user_again(
    user: User, *, users: Users, publisher: Publisher, clock: Clock, timings: Timings
) -> None:
    """Tell whoever owns the overdue debts of a user."""
    overdue = sorted(kind for kind, time in user.due.items() if time <= clock.now())
    users.commit(user, plans.postpone(user, now=clock.now(), timings=timings))
    publisher.publish(UserChanged(user_id=user.identity_id))
    _log.info("announced_again", user_id=user.identity_id, owed=overdue, tries=user.due_tries)


def _annotators(job: Job) -> bool:
    """True while the annotator owns what is owed; with results there, or all to go, the archiver does."""
    return job.results is Results.NONE or job.status is Status.RUNNING
