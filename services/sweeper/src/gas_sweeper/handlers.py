"""What the sweeper does with overdue rows, in terms of ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gas_core.announce import change_user
from gas_core.domain import billing
from gas_core.domain.errors import (
    GasError,
    JobNotFoundError,
    StaleError,
    UploadMissingError,
    UserNotFoundError,
)
from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import User
from gas_core.domain.states import Results, Status
from gas_core.owed import announce_again, announce_user_again
from gas_core.ports import Clock, Jobs, ObjectStore, Publisher, Users
from gas_core.submit import abandon_upload, submit_job

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Swept:
    """What one pass did: rows settled, and rows that could not be."""

    settled: int = 0
    failed: int = 0


def sweep(
    *,
    jobs: Jobs,
    users: Users,
    store: ObjectStore,
    publisher: Publisher,
    clock: Clock,
    timings: Timings,
    limit: int,
) -> Swept:
    """Settle what is overdue; one bad row never stops the others."""
    settled = failed = 0

    def tried(act: Callable[[str], None], **ids: str) -> None:
        nonlocal settled, failed
        try:
            act(*ids.values())
        except StaleError:
            log.info("row_moved_on", **ids)
        except GasError as error:
            failed += 1
            log.exception("row_not_settled", **(error.fields | ids), error=type(error).__name__)
        else:
            settled += 1

    def job(job_id: str) -> None:
        settle(job_id, jobs=jobs, store=store, publisher=publisher, clock=clock, timings=timings)

    def user(user_id: str) -> None:
        settle_user(user_id, users=users, publisher=publisher, clock=clock, timings=timings)

    for job_id in jobs.overdue(now=clock.now(), limit=limit):
        tried(job, job_id=job_id)
    for user_id in users.overdue(now=clock.now(), limit=limit):
        tried(user, user_id=user_id)
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
    elif job.never_arrived and job.results is not Results.DELETING:
        _forget(job, jobs=jobs, store=store)
    else:
        announce_again(job, jobs=jobs, publisher=publisher, clock=clock, timings=timings)


def settle_user(user_id: str, *, users: Users, publisher: Publisher, clock: Clock, timings: Timings) -> None:
    """The same for what a user's row owes. A grace period that is over is settled here: it asks nobody."""
    try:
        user = users.get(user_id)
    except UserNotFoundError:
        return
    now = clock.now()
    if user.due_time is None or user.due_time > now:
        return
    if user.payment_grace_ends and user.payment_grace_ends <= now:

        def decided(row: User) -> User:
            return billing.end_grace(row, now=now, timings=timings)

        user = change_user(user_id, decided, users=users, publisher=publisher)
        log.info("payment_grace_over", user_id=user_id, plan=user.plan.value)
    if user.due_time is not None and user.due_time <= now:
        announce_user_again(user, users=users, publisher=publisher, clock=clock, timings=timings)


def _settle_upload(
    job: Job, *, jobs: Jobs, store: ObjectStore, publisher: Publisher, clock: Clock, timings: Timings
) -> None:
    try:
        submit_job(job.job_id, jobs=jobs, store=store, publisher=publisher, clock=clock, timings=timings)
    except UploadMissingError:
        abandon_upload(job, jobs=jobs, store=store, clock=clock, timings=timings)
        log.info("upload_abandoned", job_id=job.job_id)


def _forget(job: Job, *, jobs: Jobs, store: ObjectStore) -> None:
    """A row whose file never arrived in time; should it have come later, it goes with the row."""
    store.delete([ObjectRef(job.s3_inputs_bucket, job.s3_key_input_file)])
    jobs.remove(job)
    log.info("job_removed", job_id=job.job_id)
