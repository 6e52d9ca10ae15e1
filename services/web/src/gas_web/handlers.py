"""What the pages do, in terms of ports. Nobody gets past ``own_job`` to a job of somebody else."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from gas_core.announce import changed
from gas_core.domain import lifecycle, retention
from gas_core.domain.errors import (
    GasError,
    JobNotFoundError,
    MoveRefusedError,
    ObjectMissingError,
    PermanentError,
    PlanChangedError,
    TransientError,
)
from gas_core.domain.job import Action, Due, Job, ObjectRef, PartsUpload
from gas_core.domain.keys import input_key, standing_keys, summary_key
from gas_core.domain.lifecycle import Timings
from gas_core.domain.messages import JobEvent
from gas_core.domain.names import clean_label, log_name, result_name
from gas_core.domain.plans import Plan, User
from gas_core.domain.retention import ExtensionsSpentError
from gas_core.domain.states import Results
from gas_core.ports import Clock, Jobs, ObjectStore, Publisher, UploadForm
from gas_core.submit import BUNDLE_LABEL, submit_job
from gas_core.telemetry.trace import traced
from gas_core.update import update
from gas_web.bundles import Bundle
from gas_web.payments import IN_ARCHIVE

UPLOAD_SLACK_SECONDS = 60
"""An upload may begin in a form's last second; only then is it given up."""

COUNTED_JOBS = 100
"""A user with more jobs is told of "all others": two requests are what a page's sentence is worth."""

VCF_TYPE = "application/gzip"
RESULT_FILES = ("annot.vcf.gz", "annot.vcf.gz.tbi")
"""What a genome browser reads of the results."""

log = structlog.get_logger()


class NotOfferedError(PermanentError):
    """The job's state does not allow this now."""


class UnknownBundleError(PermanentError):
    """There is no reference of this name."""


class NotInPlanError(PermanentError):
    """The user's plan does not have this."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be uploaded, and how long forms and links are good."""

    free_max_bytes: int
    premium_max_bytes: int
    upload_form_seconds: int
    part_bytes: int
    parts_seconds: int
    part_url_seconds: int
    download_url_seconds: int

    def max_bytes(self, plan: Plan) -> int:
        return self.premium_max_bytes if plan is Plan.PREMIUM else self.free_max_bytes


def new_upload(
    user: User,
    *,
    jobs: Jobs,
    store: ObjectStore,
    clock: Clock,
    limits: Limits,
    inputs_bucket: str,
    submit_url: str,
    of: Job | None = None,
) -> UploadForm:
    """Mint a job that waits for its file, and the form that the store takes it by.

    ``of`` is a job that the new one takes the place of: it gets that one's name and notes, and its reference
    unless the form says another.
    """
    now = clock.now()
    with traced("upload") as traceparent:
        job = replace(
            without_file(user, inputs_bucket=inputs_bucket, now=now, of=of),
            traceparent=traceparent,
            due={Due.UPLOAD.value: now + limits.upload_form_seconds + UPLOAD_SLACK_SECONDS},
        )
        jobs.add(job)
        return store.presign_upload(
            ObjectRef(job.s3_inputs_bucket, job.s3_key_input_file),
            max_bytes=limits.max_bytes(user.plan),
            expires_seconds=limits.upload_form_seconds,
            redirect_url=f"{submit_url}?job_id={job.job_id}",
            now=now,
            labels={BUNDLE_LABEL: job.bundle},
        )


def without_file(user: User, *, inputs_bucket: str, now: int, of: Job | None) -> Job:
    """A new job of a user; with name, notes and reference of the job ``of``, if there is one."""
    job_id = str(uuid.uuid4())
    return Job(
        job_id=job_id,
        user_id=user.identity_id,
        user_email=user.email,
        s3_inputs_bucket=inputs_bucket,
        s3_key_input_file=input_key(user.identity_id, job_id),
        created_time=now,
        title=of.title if of else "",
        notes=of.notes if of else "",
        bundle=of.bundle if of else "",
    )


def offered(bundle: str, bundles: Iterable[Bundle]) -> str:
    """A choice of reference as it came from outside, if it is one; empty is the one that the file fits.

    Raises
    ------
    UnknownBundleError
        None is called so.
    """
    if bundle and bundle not in (each.name for each in bundles):
        raise UnknownBundleError(f"This service has no reference called {clean_label(bundle)}.")
    return bundle


def own_job(job_id: str, user: User, *, jobs: Jobs) -> Job:
    """The job, if it is this user's; another's answers as one that does not exist.

    Raises
    ------
    JobNotFoundError
        There is no such job, or it is not theirs to see.
    """
    job = jobs.get(job_id)
    if job.user_id != user.identity_id:
        log.warning("job_refused", job_id=job_id, user_id=user.identity_id)
        raise JobNotFoundError(job_id=job_id)
    return job


def require(action: Action, job: Job) -> None:
    """Refuse with NotOfferedError what the job's state does not offer now."""
    if action not in job.actions:
        raise NotOfferedError(job_id=job.job_id, action=action.value)


def submitted(
    job_id: str,
    user: User,
    *,
    jobs: Jobs,
    store: ObjectStore,
    publisher: Publisher,
    clock: Clock,
    timings: Timings,
) -> Job:
    """The browser came back from the store. Coming back again changes nothing.

    Raises
    ------
    JobNotFoundError
        As ``own_job``.
    UploadMissingError
        The file has not arrived.
    """
    own_job(job_id, user, jobs=jobs)
    return submit_job(job_id, jobs=jobs, store=store, publisher=publisher, clock=clock, timings=timings)


def describe(job_id: str, user: User, *, title: str, notes: str, jobs: Jobs) -> Job:
    """Call a job by another name, and write about it; an empty name is the file's."""
    own_job(job_id, user, jobs=jobs)

    def decide(job: Job) -> Job:
        return replace(job, title="" if title == job.input_file_name else title, notes=notes)

    return update(jobs, job_id, decide)


def run_again(
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
    """Make a new job of the file of one that has ended, and submit it; the old one stays as it is.

    It is held against ``bundle``, or against what the old one was if nothing is said.

    The new job gets a copy of its own, so that either may be deleted. Dying after the copy leaves what an
    upload leaves whose browser never came back: the sweeper submits it.

    Raises
    ------
    NotOfferedError
        The job has not ended, or is being deleted.
    NotInPlanError
        The file is larger than the user's plan takes.
    """
    old = own_job(job_id, user, jobs=jobs)
    require(Action.RUN_AGAIN, old)
    if old.input_bytes > limits.max_bytes(user.plan):
        raise NotInPlanError(job_id=job_id, action=Action.RUN_AGAIN.value)
    new_id, now = str(uuid.uuid4()), clock.now()
    with traced("run_again") as traceparent:
        new = Job(
            job_id=new_id,
            user_id=user.identity_id,
            user_email=user.email,
            s3_inputs_bucket=old.s3_inputs_bucket,
            s3_key_input_file=input_key(user.identity_id, new_id),
            created_time=now,
            title=old.title,
            bundle=old.bundle if bundle is None else bundle,
            traceparent=traceparent,
            # A file that came in parts has its name on the row alone.
            upload=PartsUpload(name=old.input_file_name),
            due={Due.UPLOAD.value: now + limits.upload_form_seconds + UPLOAD_SLACK_SECONDS},
        )
        jobs.add(new)
        store.copy(old.input, ObjectRef(new.s3_inputs_bucket, new.s3_key_input_file))
        log.info("job_run_again", job_id=new_id, of=job_id)
        return submit_job(new_id, jobs=jobs, store=store, publisher=publisher, clock=clock, timings=timings)


def cancel(job_id: str, user: User, *, jobs: Jobs, clock: Clock, timings: Timings) -> Job:
    """Withdraw a waiting or running job; one that has ended stays as it is."""
    own_job(job_id, user, jobs=jobs)

    def decide(job: Job) -> Job:
        if Action.CANCEL not in job.actions:
            return job
        return lifecycle.cancel(job, now=clock.now(), timings=timings)

    job = update(jobs, job_id, decide)
    log.info("job_cancellation_asked", job_id=job_id, status=job.status.value)
    return job


def keep_longer(job_id: str, user: User, *, jobs: Jobs, clock: Clock, timings: Timings) -> Job:
    """Begin the window anew. Results that a plan keeps anyway stay as they are.

    Raises
    ------
    NotOfferedError
        It was begun anew as often as it can be, or the move to the archive has begun.
    """
    job = own_job(job_id, user, jobs=jobs)
    if user.plan is Plan.PREMIUM:
        return job
    try:
        job = update(jobs, job_id, lambda row: retention.keep_longer(row, now=clock.now(), timings=timings))
    except (MoveRefusedError, ExtensionsSpentError):
        raise NotOfferedError(job_id=job_id, action=Action.KEEP_LONGER.value) from None
    log.info("window_begun_anew", job_id=job_id, extensions=job.extensions)
    return job


def others_in_archive(job: Job, user: User, *, jobs: Jobs) -> int | None:
    """How many other results an upgrade brings back; None if that takes more reading than a page is worth."""
    page = jobs.page_of_user(user.identity_id, after=None, limit=COUNTED_JOBS)
    if page.next:
        return None
    return sum(each.results in IN_ARCHIVE and each.job_id != job.job_id for each in page.jobs)


def bring_back(job_id: str, user: User, *, jobs: Jobs, clock: Clock) -> Job:
    """Have archived results of a premium user brought back; asking again changes nothing.

    Raises
    ------
    NotInPlanError
        The user is not premium (any more).
    NotOfferedError
        The results are not in the archive.
    """
    own_job(job_id, user, jobs=jobs)
    if user.plan is not Plan.PREMIUM:
        raise NotInPlanError(job_id=job_id, action=Action.BRING_BACK.value)

    def decide(job: Job) -> Job:
        if job.results is Results.RESTORING or job.waits_for_thaw:
            return job
        return retention.ask_back(job, now=clock.now())

    try:
        job = update(jobs, job_id, decide, while_plan=Plan.PREMIUM)
    except MoveRefusedError:
        raise NotOfferedError(job_id=job_id, action=Action.BRING_BACK.value) from None
    except PlanChangedError:
        raise NotInPlanError(job_id=job_id, action=Action.BRING_BACK.value) from None
    log.info("results_asked_back", job_id=job_id)
    return job


def delete(
    job_id: str, user: User, *, jobs: Jobs, publisher: Publisher, clock: Clock, timings: Timings
) -> Job:
    """Have a finished job deleted; asking again changes nothing.

    Who deletes is told at once, if nobody can be at work on the job any more; else the sweeper tells it.

    Raises
    ------
    NotOfferedError
        The job has not ended yet.
    """
    own_job(job_id, user, jobs=jobs)

    def decide(job: Job) -> Job:
        if job.results is Results.DELETING:
            return job
        return retention.delete(job, now=clock.now(), timings=timings)

    try:
        job = update(jobs, job_id, decide)
    except MoveRefusedError:
        raise NotOfferedError(job_id=job_id, action=Action.DELETE.value) from None
    log.info("job_deletion_asked", job_id=job_id)
    if retention.deletable_from(job, timings=timings) <= clock.now():
        try:
            publisher.publish(changed(job, JobEvent.DUE))
        except TransientError as error:
            log.warning("announcement_postponed", job_id=job_id, error=type(error).__name__)
    return job


def download_address(job: Job, *, store: ObjectStore, limits: Limits) -> str:
    """A link that downloads the annotated VCF, made at the moment of the click.

    Raises
    ------
    NotOfferedError
        The row says that the results are not there now.
    ObjectMissingError
        The row says that they are, and they are not: they moved since it was read, or are lost.
    """
    require(Action.DOWNLOAD, job)
    ref = ObjectRef(job.s3_results_bucket, job.s3_key_result_file)
    if store.head(ref) is None:
        raise ObjectMissingError(bucket=ref.bucket, key=ref.key)
    return store.presign_download(
        ref,
        file_name=result_name(job.input_file_name),
        content_type=VCF_TYPE,
        expires_seconds=limits.download_url_seconds,
    )


def result_address(job: Job, name: str, *, store: ObjectStore, limits: Limits) -> str:
    """A link to read the annotated VCF or its index (by its object's name) from, for a genome browser.

    Raises
    ------
    NotOfferedError
        The row says that the results are not there now.
    """
    require(Action.DOWNLOAD, job)
    standing = standing_keys(job)
    key = {RESULT_FILES[0]: standing.vcf, RESULT_FILES[1]: standing.index}[name]
    return store.presign_download(
        ObjectRef(job.s3_results_bucket, key),
        file_name=name,
        content_type=VCF_TYPE,
        expires_seconds=limits.download_url_seconds,
    )


def input_address(job: Job, *, store: ObjectStore, limits: Limits) -> str:
    """A link that downloads the file as it was submitted, under its own name."""
    return store.presign_download(
        job.input,
        file_name=job.input_file_name or "input.vcf",
        content_type="application/octet-stream",
        expires_seconds=limits.download_url_seconds,
    )


def read_log(job: Job, *, store: ObjectStore) -> tuple[str, str]:
    """The log's text and the name to save it under.

    Raises
    ------
    NotOfferedError
        The row says that there is no log (yet).
    ObjectMissingError
        As in ``download_address``.
    """
    require(Action.LOG, job)
    with store.open(ObjectRef(job.s3_results_bucket, job.s3_key_log_file)) as stream:
        # Counts by kind, gene and contig: some kilobytes, whatever the size of the file.
        text = stream.read().decode(errors="replace")
    return text, log_name(job.input_file_name)


def read_summary(job: Job, *, store: ObjectStore) -> dict[str, Any] | None:
    """The engine's summary of a completed job; None without one: a page is worth more than its numbers."""
    if Action.LOG not in job.actions:
        return None
    try:
        with store.open(ObjectRef(job.s3_results_bucket, summary_key(job))) as stream:
            summary: dict[str, Any] = json.load(stream)
    except (GasError, ValueError) as error:
        log.error("summary_unreadable", job_id=job.job_id, error=type(error).__name__)  # noqa: TRY400 - a trace tells no more
        return None
    return summary
