"""Removing what a job leaves behind: copies that lost, originals that were archived, retired archives."""

from __future__ import annotations

import structlog

from gas_core.domain import keys, retention
from gas_core.domain.job import Due, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.states import Results
from gas_core.ports import ArchiveStore, Clock, Jobs, ObjectStore
from gas_core.update import update

_log = structlog.get_logger()


def tidy(
    job: Job, *, jobs: Jobs, store: ObjectStore, archive: ArchiveStore, clock: Clock, timings: Timings
) -> Job:
    """Pay the debt of cleaning up, if ``job`` has it and its time has come.

    Everything removed here was retired for good by a move that ``job`` shows; whatever happens to the row
    meanwhile, none of it is needed again.
    """
    if Due.CLEANUP not in job.due or not retention.may_clean(job, now=clock.now()):
        return job
    store.delete(keys.leftovers(job))
    for archive_id in job.retired_archives:
        archive.delete(archive_id)
    for key in keys.leftover_archives(job):
        archive.discard(key)

    def cleaned(row: Job) -> Job:
        # A row that moved on since may owe more than was removed here.
        if (row.results, row.generation) != (job.results, job.generation) or row.results is Results.DELETING:
            return row
        return retention.cleaned(row, now=clock.now(), timings=timings, archives=job.retired_archives)

    row = update(jobs, job.job_id, cleaned)
    _log.info("leftovers_removed", job_id=job.job_id, results=job.results.value, owed=Due.CLEANUP in row.due)
    return row
