"""Sharing a job's results by link: off until its owner asks, for a time, and taken back at any moment.

The row holds no secret: a link is signed for the row's ``share_number``, and each change makes another one.
"""

from __future__ import annotations

from dataclasses import replace

from gas_core.domain.errors import MoveRefusedError
from gas_core.domain.job import Job
from gas_core.domain.states import Results, Status

SHARE_DAYS = (1, 7, 30, 90)
"""How long a link may be good."""


def sharable(job: Job) -> bool:
    return job.status is Status.COMPLETED and job.results is not Results.DELETING


def share(job: Job, *, until: int) -> Job:
    """A new link, good until then; those from before are dead.

    Raises
    ------
    MoveRefusedError
        There are no results, or they are being deleted.
    """
    if not sharable(job):
        raise MoveRefusedError(job_id=job.job_id, move="share", status=job.status.value)
    return replace(job, share_until=until, share_number=job.share_number + 1)


def unshare(job: Job) -> Job:
    """No link is good any more."""
    return replace(job, share_until=0, share_number=job.share_number + 1) if job.share_until else job


def shared(job: Job, *, now: int) -> bool:
    return sharable(job) and job.share_until > now
