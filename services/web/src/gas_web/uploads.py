"""Files that come in parts, straight from the browser to the store, in terms of ports.

The page asks for the address of each part when its turn comes, and may come back for the rest hours later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from gas_core.domain.errors import PermanentError, StaleError, UploadMissingError, UploadTooLargeError
from gas_core.domain.job import Due, Job, ObjectRef, PartsUpload, part_bytes_for
from gas_core.domain.lifecycle import Timings
from gas_core.domain.names import clean_file_name
from gas_core.domain.plans import User
from gas_core.domain.states import Status
from gas_core.ports import Clock, Jobs, ObjectStore, Part, Publisher
from gas_core.submit import abandon_upload, finish_parts, submit_job
from gas_core.telemetry.trace import traced
from gas_core.update import update
from gas_web.handlers import Limits, own_job, without_file

log = structlog.get_logger()


class UploadOverError(PermanentError):
    """The upload takes no more parts: it was submitted, or given up."""


class PartOutOfRangeError(PermanentError):
    """The upload has no part of this number."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An upload under way: what was declared, and the parts that have arrived."""

    job_id: str
    upload: PartsUpload
    arrived: tuple[Part, ...] = ()


def begin(
    name: str,
    size_bytes: int,
    fingerprint: str,
    user: User,
    *,
    jobs: Jobs,
    store: ObjectStore,
    clock: Clock,
    limits: Limits,
    inputs_bucket: str,
    of: Job | None = None,
) -> Standing:
    """Mint a job that waits for a file in parts; ``of`` is the job that it takes the place of, if any.

    Raises
    ------
    UploadTooLargeError
        The plan does not take a file of this size.
    """
    if size_bytes > limits.max_bytes(user.plan):
        raise UploadTooLargeError(size_bytes=size_bytes)
    now = clock.now()
    job = without_file(user, inputs_bucket=inputs_bucket, now=now, of=of)
    # Should the row never be written, the bucket's own rule forgets what was begun here.
    upload = PartsUpload(
        upload_id=store.begin_parts(_place(job)),
        name=clean_file_name(name),
        size_bytes=size_bytes,
        part_bytes=part_bytes_for(size_bytes, least=limits.part_bytes),
        fingerprint=fingerprint,
    )
    with traced("upload") as traceparent:
        due = {Due.UPLOAD.value: now + limits.parts_seconds}
        jobs.add(replace(job, traceparent=traceparent, upload=upload, due=due))
    log.info("upload_begun", job_id=job.job_id, input_bytes=size_bytes, parts=upload.count)
    return Standing(job.job_id, upload)


def standing(job_id: str, user: User, *, jobs: Jobs, store: ObjectStore) -> Standing:
    """How far an upload of this user is.

    Raises
    ------
    JobNotFoundError
        As ``own_job``.
    UploadOverError
        It is not under way any more.
    """
    job = _under_way(job_id, user, jobs=jobs)
    arrived = store.parts(_place(job), job.upload.upload_id)
    if arrived is None:
        raise UploadOverError(job_id=job_id)
    return Standing(job_id, job.upload, arrived)


def address_of_part(
    job_id: str, number: int, crc32: str, user: User, *, jobs: Jobs, store: ObjectStore, limits: Limits
) -> str:
    """Where one part goes; the store takes it in its declared size and with this checksum alone.

    Raises
    ------
    JobNotFoundError, UploadOverError
        As ``standing``.
    PartOutOfRangeError
        The file has no such part.
    """
    job = _under_way(job_id, user, jobs=jobs)
    size_bytes = job.upload.size_of(number)
    if not size_bytes:
        raise PartOutOfRangeError(job_id=job_id, number=number)
    part = Part(number, size_bytes, crc32)
    return store.presign_part(
        _place(job), job.upload.upload_id, part, expires_seconds=limits.part_url_seconds
    )


def finish(
    job_id: str,
    user: User,
    *,
    jobs: Jobs,
    store: ObjectStore,
    publisher: Publisher,
    clock: Clock,
    timings: Timings,
    limits: Limits,
    bundle: str | None = None,
) -> Job:
    """Join the parts and submit the job, held against ``bundle`` if one is named. Again changes nothing.

    Raises
    ------
    JobNotFoundError
        As ``own_job``.
    PartsMissingError
        Some parts have not arrived as declared.
    UploadTooLargeError
        What arrived is more than the plan takes; nothing is kept of it.
    UploadOverError
        The upload was given up.
    """
    job = own_job(job_id, user, jobs=jobs)
    if job.status is Status.UPLOADING and job.upload.upload_id:
        if bundle is not None:
            # Before the file stands there whole: from then on the sweeper may submit it.
            job = update(jobs, job_id, lambda row: replace(row, bundle=bundle))
        try:
            finish_parts(job, max_bytes=limits.max_bytes(user.plan), store=store)
        except UploadTooLargeError:
            _give_up(job, jobs=jobs, store=store, clock=clock, timings=timings)
            raise
    try:
        job = submit_job(job_id, jobs=jobs, store=store, publisher=publisher, clock=clock, timings=timings)
    except UploadMissingError:
        raise UploadOverError(job_id=job_id) from None
    if job.never_arrived:
        raise UploadOverError(job_id=job_id)
    return job


def give_up(
    job_id: str, user: User, *, jobs: Jobs, store: ObjectStore, clock: Clock, timings: Timings
) -> None:
    """Withdraw an upload and forget what arrived of it; one that is over stays as it is.

    Raises
    ------
    JobNotFoundError
        As ``own_job``.
    """
    job = own_job(job_id, user, jobs=jobs)
    if job.status is Status.UPLOADING:
        _give_up(job, jobs=jobs, store=store, clock=clock, timings=timings)
        log.info("upload_withdrawn", job_id=job_id)


def _give_up(job: Job, *, jobs: Jobs, store: ObjectStore, clock: Clock, timings: Timings) -> None:
    try:
        abandon_upload(job, jobs=jobs, store=store, clock=clock, timings=timings)
    except StaleError:
        # It was submitted or given up this moment, in another tab or by the sweeper.
        log.info("row_moved_on", job_id=job.job_id)


def _under_way(job_id: str, user: User, *, jobs: Jobs) -> Job:
    job = own_job(job_id, user, jobs=jobs)
    if job.status is not Status.UPLOADING or not job.upload.upload_id:
        raise UploadOverError(job_id=job_id)
    return job


def _place(job: Job) -> ObjectRef:
    return ObjectRef(job.s3_inputs_bucket, job.s3_key_input_file)
