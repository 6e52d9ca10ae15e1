"""Telling the others what a row already says: publish first, then pay the debt that the row carries."""

from __future__ import annotations

from gas_core.domain import lifecycle
from gas_core.domain.job import Due, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobChanged, JobEvent, JobRequested, Message
from gas_core.domain.states import Status
from gas_core.ports import Clock, Jobs, Publisher
from gas_core.update import update

_EVENTS = {Status.COMPLETED: JobEvent.COMPLETED, Status.FAILED: JobEvent.FAILED}


def look_at(job: Job) -> JobRequested:
    """Ask the annotator to look at the row: it waits, its lease is over, or it owes a cleanup."""
    return JobRequested(job_id=job.job_id, user_id=job.user_id, traceparent=job.traceparent)


def message_about(job: Job) -> Message:
    """What there is to tell about the status that a row has now."""
    event = _EVENTS.get(job.status)
    if event is None:
        return look_at(job)
    return JobChanged(job_id=job.job_id, user_id=job.user_id, traceparent=job.traceparent, event=event)


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
