"""The operators' page: does anything need me? And the few things that an operator does from here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

import structlog
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from gas_core.admin.handlers import events
from gas_core.domain.errors import GasError, TransientError
from gas_core.ports import Queues
from gas_web.cluster import Cluster
from gas_web.container import container
from gas_web.session import OPERATIONS_PATH, operator_required, user
from gas_web.words import duration_text, moment

blueprint = Blueprint("operations", __name__, url_prefix=OPERATIONS_PATH)
log = structlog.get_logger()

T = TypeVar("T")

ROWS_LOOKED_AT = 10
"""Of each partition of the indexes of what is owed: there are 48."""
ROWS_SHOWN = 20
FAILURE_DAYS = 7
REDRIVE_LIMIT = 500
"""Dead letters moved by one press, so that its request ends in seconds; the next press moves more."""
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What a part of the page has to show, or nothing if whom it asked did not answer."""

    value: T | None


@blueprint.get("")
@operator_required
def index() -> str:
    here = container()
    now = here.clock.now()
    cluster = here.cluster
    return render_template(
        "operations/index.html",
        nav="operations",
        now=now,
        at=moment,
        lasting=duration_text,
        life=_part("life", lambda: here.admin.lifecycle_status(limit=ROWS_LOOKED_AT)),
        queues=_part("queues", lambda: _queues().states(now=now)),
        workloads=_part("cluster", cluster.workloads) if cluster else None,
        failed=_part("failed", lambda: here.admin.failed_lately(days=FAILURE_DAYS, limit=ROWS_SHOWN)),
        failure_days=FAILURE_DAYS,
        most=ROWS_SHOWN,
    )


@blueprint.get("/jobs/<uuid:job_id>")
@operator_required
def job(job_id: UUID) -> str:
    """What happened to one job, as its row tells it. Nothing of what is in its files."""
    found = container().jobs.get(str(job_id))
    return render_template(
        "operations/job.html", nav="operations", job=found, events=events(found), at=moment
    )


@blueprint.get("/thaw")
@operator_required
def confirm_thaw() -> str:
    _cluster()
    return _question(
        title="Start a pass of thaw now?",
        sentence="It looks at every retrieval under way, beside its schedule. Two passes at once do no harm.",
        action=url_for("operations.thaw"),
        button="Thaw now",
    )


@blueprint.post("/thaw")
@operator_required
def thaw() -> Response:
    cluster = _cluster()
    with _audited("thaw_now") as facts:
        name = facts["kubernetes_job"] = cluster.thaw_now()
    return _done(f"{name} was started: kubectl logs job/{name} tells what it does.")


@blueprint.get("/workers/<component>/pause")
@operator_required
def confirm_pause(component: str) -> str:
    _scaled(component)
    return _question(
        title=f"Pause the {component}?",
        sentence="Its pods finish or hand back what they do, and go; messages wait until you resume it.",
        action=url_for("operations.pause", component=component),
        button="Pause",
    )


@blueprint.post("/workers/<component>/pause")
@operator_required
def pause(component: str) -> Response:
    cluster = _cluster()
    with _audited("pause", component=component):
        cluster.pause(component)
    return _done(f"The {component} is paused: nothing takes its messages until you resume it.")


@blueprint.get("/workers/<component>/resume")
@operator_required
def confirm_resume(component: str) -> str:
    _scaled(component)
    return _question(
        title=f"Resume the {component}?",
        sentence="It is scaled by its queue again, beginning with what waits there.",
        action=url_for("operations.resume", component=component),
        button="Resume",
    )


@blueprint.post("/workers/<component>/resume")
@operator_required
def resume(component: str) -> Response:
    cluster = _cluster()
    with _audited("resume", component=component):
        cluster.resume(component)
    return _done(f"The {component} is scaled by its queue again.")


@blueprint.get("/queues/<name>/redrive")
@operator_required
def confirm_redrive(name: str) -> str:
    state = next((one for one in _queues().states(now=container().clock.now()) if one.name == name), None)
    if state is None:
        abort(_NOT_FOUND)
    count = f"About {state.dead:,}" if state.dead <= REDRIVE_LIMIT else f"The first {REDRIVE_LIMIT:,}"
    return _question(
        title=f"Send the dead letters of {name} back?",
        sentence=f"{count} of them become messages again. Whatever failed five times fails again, "
        "unless its cause is mended; nothing is done twice.",
        action=url_for("operations.redrive", name=name),
        button="Send back",
    )


@blueprint.post("/queues/<name>/redrive")
@operator_required
def redrive(name: str) -> Response:
    try:
        with _audited("redrive", queue=name) as facts:
            moved = facts["moved"] = _queues().redrive(name, limit=REDRIVE_LIMIT)
    except KeyError:
        abort(_NOT_FOUND)
    letters = "dead letter is a message" if moved == 1 else "dead letters are messages"
    return _done(f"{moved:,} {letters} of {name} again.")


@contextmanager
def _audited(action: str, **target: str) -> Iterator[dict[str, object]]:
    """One line about who did what, however it ended; the block may add what came of it."""
    facts: dict[str, object] = {}
    who = user().identity_id
    try:
        yield facts
    except (GasError, KeyError) as error:
        failed = {"outcome": "failed", "error": type(error).__name__}
        log.warning("operator_acted", action=action, user_id=who, **failed, **target)
        raise
    log.info("operator_acted", action=action, user_id=who, outcome="done", **target, **facts)


def _part(name: str, read: Callable[[], T]) -> Part[T]:
    """One part that cannot be read must not take the others with it: then most of all they are needed."""
    try:
        return Part(read())
    except TransientError as error:
        told = {f"error_{field}": value for field, value in error.fields.items()}
        log.warning("operations_part_unread", part=name, error=type(error).__name__, **told)
        return Part(None)


def _question(*, title: str, sentence: str, action: str, button: str) -> str:
    return render_template(
        "operations/confirm.html",
        nav="operations",
        title=title,
        sentence=sentence,
        action=action,
        button=button,
    )


def _done(sentence: str) -> Response:
    flash(sentence)
    return redirect(url_for("operations.index"), code=303)


def _queues() -> Queues:
    queues = container().queues
    if queues is None:
        raise TypeError("operators have pages here, so bootstrap has to give queues")
    return queues


def _cluster() -> Cluster:
    cluster = container().cluster
    if cluster is None:
        abort(_NOT_FOUND)
    return cluster


def _scaled(component: str) -> None:
    """Ask only about what can be paused."""
    if not any(one.component == component and one.paused is not None for one in _cluster().workloads()):
        abort(_NOT_FOUND)
