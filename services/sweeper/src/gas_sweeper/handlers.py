"""What the sweeper does with overdue rows, in terms of ports."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from gas_core.announce import announce, look_at
from gas_core.domain import lifecycle
from gas_core.domain.errors import GasError, JobNotFoundError, StaleError, UploadMissingError
from gas_core.domain.job import Due, Job, ObjectRef
from gas_core.domain.keys import every_object
from gas_core.domain.lifecycle import Timings
from gas_core.domain.states import Results, Status
from gas_core.ports import Clock, Jobs, ObjectStore, Publisher
from gas_core.submit import submit_job

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Swept:
    """What one pass did: rows settled, and rows that could not be."""

    settled: int = 0
    failed: int = 0


def sweep(
    *, jobs: Jobs, store: ObjectStore, publisher: Publisher, clock: Clock, timings: Timings, limit: int
) -> Swept:
    """Settle what is overdue; one bad row never stops the others."""
    settled = failed = 0
    for job_id in jobs.overdue(now=clock.now(), limit=limit):
        try:
            settle(job_id, jobs=jobs, store=store, publisher=publisher, clock=clock, timings=timings)
        except StaleError:
            log.info("row_moved_on", job_id=job_id)
        except GasError as error:
            failed += 1
            log.exception("row_not_settled", job_id=job_id, error=type(error).__name__, **error.fields)
        else:
            settled += 1
    log.info("sweep_done", settled=settled, failed=failed)
    return Swept(settled, failed)


def settle(
    job_id: str, *, jobs: Jobs, store: ObjectStore, publisher: Publisher, clock: Clock, timings: Timings
) -> None:
    """Do, or have done again, what one row owes by now. The index is read for the key only."""
    try:
        job = jobs.get(job_id)
    except JobNotFoundError:
        return
    now = clock.now()
    if job.due_time is None or job.due_time > now:
        return
    if job.status is Status.UPLOADING:
        _settle_upload(job, jobs=jobs, store=store, publisher=publisher, clock=clock, timings=timings)
    elif job.results is Results.DELETING or job.never_arrived:
        _remove(job, jobs=jobs, store=store)
    else:
        _announce_again(job, now, jobs=jobs, publisher=publisher, clock=clock, timings=timings)


def _settle_upload(
    job: Job, *, jobs: Jobs, store: ObjectStore, publisher: Publisher, clock: Clock, timings: Timings
) -> None:
    try:
        submit_job(job.job_id, jobs=jobs, store=store, publisher=publisher, clock=clock, timings=timings)
    except UploadMissingError:
        jobs.commit(job, lifecycle.abandon(job, now=clock.now(), timings=timings))
        log.info("upload_abandoned", job_id=job.job_id)


def _remove(job: Job, *, jobs: Jobs, store: ObjectStore) -> None:
    """Objects first, the row last: a crash in between leaves a row that says what is still to do."""
    every_version = ObjectRef(job.s3_inputs_bucket, job.s3_key_input_file)
    store.delete([every_version, *every_object(job)])
    jobs.remove(job)
    log.info("job_removed", job_id=job.job_id)


def _announce_again(
    job: Job, now: int, *, jobs: Jobs, publisher: Publisher, clock: Clock, timings: Timings
) -> None:
    overdue = {kind for kind, time in job.due.items() if time <= now}
    job = jobs.commit(job, lifecycle.postpone(job, now=now, timings=timings))
    if Due.ANNOUNCE in overdue:
        announce(job, jobs=jobs, publisher=publisher, clock=clock, timings=timings)
    if overdue - {Due.ANNOUNCE}:
        publisher.publish(look_at(job))
    log.info("announced_again", job_id=job.job_id, owed=sorted(overdue), tries=job.due_tries)
