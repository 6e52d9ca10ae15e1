"""What a user has used, what we hold of them, and the end of it, in terms of ports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from gas_core.announce import change_user
from gas_core.domain import accounts
from gas_core.domain.job import Action, Job
from gas_core.domain.plans import User
from gas_core.ports import Billing, Clock, Jobs, Publisher, Users

PAGE_JOBS = 100
COUNTED_JOBS = 2000
"""The last of them are counted: twenty reads of the table, and a fraction of a second."""

log = structlog.get_logger()


@dataclass(slots=True)
class Month:
    """What was submitted in one month (UTC)."""

    name: str
    jobs: int = 0
    variants: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """The months in which there was anything, the last one first. ``whole`` unless there were more jobs."""

    months: tuple[Month, ...]
    whole: bool
    counted: int


def usage(user: User, *, jobs: Jobs) -> Usage:
    """Count the user's jobs; those that were deleted are gone from here, too."""
    months: dict[str, Month] = {}
    counted = 0
    for job in every_job(user, jobs=jobs):
        if counted == COUNTED_JOBS:
            return Usage(tuple(months.values()), whole=False, counted=counted)
        counted += 1
        name = datetime.fromtimestamp(job.submit_time, UTC).strftime("%B %Y")
        month = months.setdefault(name, Month(name))
        month.jobs += 1
        month.variants += job.summary.get("records", 0)
        month.bytes += job.input_bytes
    return Usage(tuple(months.values()), whole=True, counted=counted)


def every_job(user: User, *, jobs: Jobs) -> Iterator[Job]:
    """All submitted jobs of a user, newest first, a page at a time."""
    after = None
    while True:
        page = jobs.page_of_user(user.identity_id, after=after, limit=PAGE_JOBS)
        yield from page.jobs
        after = page.next
        if after is None:
            return


def everything(user: User, *, jobs: Jobs, address: Callable[[str], str]) -> Iterator[str]:
    """A JSON document in pieces: the profile, and each job with the addresses of its files.

    Files are not packed into it: they may be terabytes, and some may be in the archive. Each address asks for
    a sign-in and leads to the file as it stands, by its own name.
    """
    profile = {
        "identity_id": user.identity_id,
        "name": user.name,
        "email": user.email,
        "institution": user.institution,
        "plan": user.plan.value,
        "plan_since": _utc(user.plan_since),
        "window_mails": user.window_mails,
        "saved_views": user.saved_views,
        "table_columns": user.table_columns,
        "payment_customer_id": user.customer_id,
        "created": _utc(user.created),
    }
    yield f'{{"profile": {_json(profile)},\n"jobs": ['
    separator = "\n"
    for job in every_job(user, jobs=jobs):
        yield separator + _json(_told(job, address))
        separator = ",\n"
    yield "]}\n"


def close(user: User, *, users: Users, publisher: Publisher, clock: Clock, billing: Billing | None) -> None:
    """End an account. What is paid for is cancelled first: should that fail, nothing else has happened.

    Raises
    ------
    BillingUnavailableError
        The payment provider does not answer; the account is as it was.
    """
    if billing is not None and user.customer_id:
        billing.cancel(user.customer_id)

    def decided(row: User) -> User:
        return accounts.close(row, now=clock.now())

    change_user(user.identity_id, decided, users=users, publisher=publisher)
    log.info("account_close_asked", user_id=user.identity_id)


def _told(job: Job, address: Callable[[str], str]) -> dict[str, Any]:
    here = f"/annotations/{job.job_id}"
    files = {"page": here, "input": f"{here}/input"}
    if Action.DOWNLOAD in job.actions:
        files["annotated_vcf"] = f"{here}/download"
    if Action.LOG in job.actions:
        files |= {"log": f"{here}/log?raw=1", "provenance": f"{here}/provenance"}
    return {
        "job_id": job.job_id,
        "file_name": job.input_file_name,
        "title": job.title,
        "notes": job.notes,
        "status": job.status.value,
        "results": job.results.value,
        "bytes": job.input_bytes,
        "submitted": _utc(job.submit_time),
        "ended": _utc(job.complete_time),
        "counts": job.summary,
        "checksums": job.checksums,
        "files": {name: address(path) for name, path in files.items()},
    }


def _json(plain: dict[str, Any]) -> str:
    return json.dumps(plain, ensure_ascii=False)


def _utc(time: int) -> str | None:
    return datetime.fromtimestamp(time, UTC).isoformat() if time else None
