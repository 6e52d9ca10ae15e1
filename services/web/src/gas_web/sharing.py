"""Who may read a job: its owner, signed in, or whoever has a live link of its owner's.

A link is the address of a page with ``share``, a signature over the job's ID and its row's ``share_number``.
It stands in the query, which no log of ours tells, and every address that a shared page shows carries it on.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import structlog
from flask import Flask, g, request, url_for
from werkzeug.wrappers import Response

from gas_core.domain import sharing
from gas_core.domain.errors import JobNotFoundError, MoveRefusedError, UserNotFoundError
from gas_core.domain.job import Action, Job
from gas_core.domain.plans import User
from gas_core.update import update
from gas_web import handlers
from gas_web.container import container
from gas_web.handlers import NotOfferedError
from gas_web.session import sign_in_required, user

SHARED = frozenset(
    {
        "jobs.show",
        "jobs.download",
        "jobs.provenance",
        "results.table",
        "results.summary",
        "results.variant",
        "results.export",
        "results.browser",
        "results.genotypes",
        "results.contigs",
        "results.file",
    }
)
"""What a link leads to. All of it only reads."""
DAY_SECONDS = 86_400

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()


def init(app: Flask) -> None:
    """Have the addresses on a shared page lead to shared pages."""

    @app.url_defaults
    def keep_share(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint in SHARED and g.get("share"):
            values.setdefault("share", g.share)


def reader_required(page: Callable[Concatenate[Job, P], R]) -> Callable[..., R | Response]:
    """Give a page the job: to its owner, or to whoever has a link. Nobody else learns that it exists."""

    @wraps(page)
    def guarded(job_id: UUID, *args: P.args, **kwargs: P.kwargs) -> R | Response:
        token = request.args.get("share")
        if token is None:
            return owned(job_id, *args, **kwargs)
        job = _shared_job(str(job_id), token)
        g.share = token
        return page(job, *args, **kwargs)

    @sign_in_required
    def owned(job_id: UUID, *args: P.args, **kwargs: P.kwargs) -> R:
        return page(handlers.own_job(str(job_id), user(), jobs=container().jobs), *args, **kwargs)

    return guarded


def by_link() -> bool:
    """True if this request is answered because of a link."""
    return bool(g.get("share"))


def owner_of(job: Job) -> User:
    """Whose plan a shared page's words go by."""
    return container().users.get(job.user_id) if by_link() else user()


def read_anew(job: Job) -> Job:
    """The job as it stands now, for whoever was given it."""
    return container().jobs.get(job.job_id)


def share(job: Job, *, days: int) -> Job:
    """A link for so many days; those from before are dead. No days: no link.

    Raises
    ------
    NotOfferedError
        There are no results to share.
    """
    until = container().clock.now() + days * DAY_SECONDS

    def decide(row: Job) -> Job:
        return sharing.share(row, until=until) if days else sharing.unshare(row)

    try:
        job = update(container().jobs, job.job_id, decide)
    except MoveRefusedError:
        raise NotOfferedError(job_id=job.job_id, action=Action.LOG.value) from None
    log.info("share_changed", job_id=job.job_id, until=job.share_until)
    return job


def link_of(job: Job) -> str:
    """The address to hand on; empty if the job is not shared now."""
    if not sharing.shared(job, now=container().clock.now()):
        return ""
    return container().settings.url(url_for("jobs.show", job_id=job.job_id, share=_token(job)))


def _shared_job(job_id: str, token: str) -> Job:
    job = container().jobs.get(job_id)
    live = sharing.shared(job, now=container().clock.now())
    if not live or not hmac.compare_digest(token.encode(), _token(job).encode()) or _owner_left(job):
        log.warning("share_refused", job_id=job_id)
        raise JobNotFoundError(job_id=job_id)
    return job


def _owner_left(job: Job) -> bool:
    try:
        return bool(container().users.get(job.user_id).closing_since)
    except UserNotFoundError:
        return True


def _token(job: Job) -> str:
    key = container().settings.secret_key.get_secret_value().encode()
    return hmac.new(key, f"share/{job.job_id}/{job.share_number}".encode(), hashlib.sha256).hexdigest()
