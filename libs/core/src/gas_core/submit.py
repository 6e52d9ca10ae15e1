"""Submitting a job whose file has arrived: what the page's redirect, the API and the sweeper all do."""

from __future__ import annotations

import structlog

from gas_core.announce import announce
from gas_core.domain import lifecycle
from gas_core.domain.errors import TransientError, UploadMissingError
from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.lifecycle import Timings
from gas_core.domain.names import clean_file_name
from gas_core.domain.states import Status
from gas_core.ports import Clock, Jobs, ObjectStore, Publisher
from gas_core.update import update

_log = structlog.get_logger()


def submit_job(
    job_id: str,
    *,
    jobs: Jobs,
    store: ObjectStore,
    publisher: Publisher,
    clock: Clock,
    timings: Timings,
) -> Job:
    """UPLOADING → PENDING, bound to the version of the file that stands there now; then announce it.

    Calling it again changes nothing: a job that was submitted is given back as it is.

    Raises
    ------
    JobNotFoundError
        There is no such job.
    UploadMissingError
        The file has not arrived.
    """

    def decide(job: Job) -> Job:
        if job.status is not Status.UPLOADING:
            return job
        found = store.head(ObjectRef(job.s3_inputs_bucket, job.s3_key_input_file))
        if found is None:
            raise UploadMissingError(job_id=job_id)
        return lifecycle.submit(
            job,
            file_name=clean_file_name(found.metadata.get("name", "")),
            version_id=found.ref.version_id,
            size_bytes=found.size_bytes,
            traceparent=job.traceparent,
            now=clock.now(),
            timings=timings,
        )

    before = jobs.get(job_id)
    job = update(jobs, job_id, decide)
    if before.status is not Status.UPLOADING or job.status is not Status.PENDING:
        return job  # refreshing a page must not fill the queue
    _log.info("job_submitted", job_id=job_id, input_bytes=job.input_bytes)
    try:
        return announce(job, jobs=jobs, publisher=publisher, clock=clock, timings=timings)
    except TransientError as error:
        # The job is submitted all the same: the row says so, and owes the message to the sweeper.
        _log.warning("announcement_postponed", job_id=job_id, error=type(error).__name__)
        return job
