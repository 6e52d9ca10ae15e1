"""Submitting a job whose file has arrived: what the page's redirect, the API and the sweeper all do."""

from __future__ import annotations

import structlog

from gas_core.announce import announce
from gas_core.domain import lifecycle
from gas_core.domain.errors import PartsMissingError, TransientError, UploadMissingError, UploadTooLargeError
from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.lifecycle import Timings
from gas_core.domain.names import clean_file_name, clean_label
from gas_core.domain.states import Status
from gas_core.ports import Clock, Jobs, ObjectStore, Publisher
from gas_core.update import update

BUNDLE_LABEL = "bundle"
"""The field of an upload form that carries the choice of a reference."""

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
        # What came by a form has its choice beside it; of what did not, the row has known it from the start.
        chosen = job.bundle if job.upload.name else clean_label(found.metadata.get(BUNDLE_LABEL, ""))
        return lifecycle.submit(
            job,
            bundle=chosen,
            file_name=clean_file_name(job.upload.name or found.metadata.get("name", "")),
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


def finish_parts(job: Job, *, max_bytes: int, store: ObjectStore) -> None:
    """Join the parts of an upload, if they are all there and no more than that. Again changes nothing.

    Raises
    ------
    PartsMissingError
        Some parts are not there, or are not of the size that was declared.
    UploadTooLargeError
        What arrived is larger than ``max_bytes``.
    """
    ref = ObjectRef(job.s3_inputs_bucket, job.s3_key_input_file)
    arrived = store.parts(ref, job.upload.upload_id)
    if arrived is None:
        return  # joined before, or given up: whether the file is there will tell
    size_bytes = sum(part.size_bytes for part in arrived)
    if size_bytes > max_bytes:
        raise UploadTooLargeError(job_id=job.job_id, size_bytes=size_bytes)
    whole = {part.number for part in arrived if part.size_bytes == job.upload.size_of(part.number)}
    missing = set(range(1, job.upload.count + 1)) - whole
    if missing:
        raise PartsMissingError(job_id=job.job_id, numbers=sorted(missing))
    store.join_parts(ref, job.upload.upload_id, [part for part in arrived if part.number in whole])


def abandon_upload(job: Job, *, jobs: Jobs, store: ObjectStore, clock: Clock, timings: Timings) -> Job:
    """UPLOADING → CANCELLED, and what arrived in parts goes. The row first: nobody signs another part then.

    StaleError as in ``Jobs.commit``. Should the process die in between, the bucket's own rule removes the
    parts.
    """
    after = jobs.commit(job, lifecycle.abandon(job, now=clock.now(), timings=timings))
    if job.upload.upload_id:
        store.abort_parts(ObjectRef(job.s3_inputs_bucket, job.s3_key_input_file), job.upload.upload_id)
    return after
