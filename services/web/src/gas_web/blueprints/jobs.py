"""Submitting, watching, fetching and deleting jobs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gas_core.domain.errors import ObjectMissingError, PermanentError, UploadMissingError
from gas_core.domain.job import Action, Job
from gas_core.domain.plans import Plan
from gas_web import cursors, handlers
from gas_web.container import container
from gas_web.handlers import NotInPlanError, NotOfferedError
from gas_web.limits import limited
from gas_web.results import Reading, upgrade_helps
from gas_web.session import sign_in_required, user, user_read_anew
from gas_web.views import JobView, timeline, view
from gas_web.words import duration_text, plan_text, size_text

blueprint = Blueprint("jobs", __name__)

_STOP_POLLING = 286
_BAD_REQUEST = 400


@blueprint.get("/annotate")
@sign_in_required
@limited("submit")
def new() -> str:
    return _submit_page()


@blueprint.get("/annotate/job")
@sign_in_required
def submitted() -> Response | tuple[str, int]:
    """The store sends the browser here; of all it adds to the address only our job ID is read."""
    try:
        job_id = str(UUID(request.args.get("job_id", "")))
    except ValueError:
        abort(404)
    here = container()
    try:
        handlers.submitted(
            job_id,
            user(),
            jobs=here.jobs,
            store=here.store,
            publisher=here.publisher,
            clock=here.clock,
            timings=here.timings,
        )
    except UploadMissingError:
        return _submit_page(problem="The file has not arrived. Choose it again."), 409
    return redirect(url_for("jobs.show", job_id=job_id), code=303)


@blueprint.get("/annotations")
@sign_in_required
def index() -> str:
    here = container()
    text = request.args.get("after")
    after = cursors.read(text) if text else None
    if text and after is None:
        abort(_BAD_REQUEST)
    page = handlers.page_of_jobs(user(), after=after, limit=here.settings.jobs_per_page, jobs=here.jobs)
    reading = _reading()
    shown = SimpleNamespace(
        jobs=[view(job, reading) for job in page.jobs],
        next_url=url_for("jobs.index", after=cursors.write(page.next)) if page.next else None,
        newer_url=url_for("jobs.index") if after else None,
    )
    return render_template("jobs/index.html", nav="jobs", page=shown)


@blueprint.get("/annotations/<uuid:job_id>")
@sign_in_required
def show(job_id: UUID) -> str:
    return _job_page(_own(job_id))


@blueprint.get("/annotations/<uuid:job_id>/status")
@sign_in_required
def status(job_id: UUID) -> Response:
    """The panel that changes, for polling: 304 if it is as it was, 286 when there is nothing more to come."""
    shown = _view(_own(job_id))
    body = render_template("jobs/_now.html", job=shown)
    response = make_response(body, 200 if shown.poll_seconds else _STOP_POLLING)
    response.set_etag(hashlib.sha256(body.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    if shown.poll_seconds:
        response.make_conditional(request)
    return response


@blueprint.get("/annotations/<uuid:job_id>/log")
@sign_in_required
def log(job_id: UUID) -> Response | str | tuple[str, int]:
    """The annotation log inside a page, or as the file it is with ``?raw=1``."""
    job = _own(job_id)
    try:
        text, file_name = handlers.read_log(job, store=container().store)
    except (NotOfferedError, ObjectMissingError) as error:
        return _moved_on(job_id, Action.LOG, error)
    if "raw" in request.args:
        response = make_response(text)
        response.mimetype = "text/plain"
        response.headers.set("Content-Disposition", "inline", filename=file_name)
        return response
    raw_url = url_for("jobs.log", job_id=job.job_id, raw=1)
    return render_template("jobs/log.html", nav="jobs", job=_view(job), text=text, raw_url=raw_url)


@blueprint.get("/annotations/<uuid:job_id>/download")
@sign_in_required
def download(job_id: UUID) -> Response | tuple[str, int]:
    """To a short-lived link, or the job's page if there is nothing to download now."""
    here = container()
    job = _own(job_id)
    try:
        try:
            address = handlers.download_address(job, store=here.store, limits=here.limits)
        except ObjectMissingError:
            # Into the archive and back since the row was read: they stand elsewhere now.
            address = handlers.download_address(_own(job_id), store=here.store, limits=here.limits)
    except (NotOfferedError, ObjectMissingError) as error:
        return _moved_on(job_id, Action.DOWNLOAD, error)
    return redirect(address, code=303)


@blueprint.get("/annotations/<uuid:job_id>/keep-longer")
@sign_in_required
def confirm_keep_longer(job_id: UUID) -> str | tuple[str, int]:
    """Where the mail's link leads: a link must change nothing by itself."""
    window = duration_text(container().timings.free_window_seconds)
    return _question("jobs/confirm_keep_longer.html", job_id, Action.KEEP_LONGER, window=window)


@blueprint.post("/annotations/<uuid:job_id>/keep-longer")
@sign_in_required
def keep_longer(job_id: UUID) -> Response | tuple[str, int]:
    here = container()
    try:
        handlers.keep_longer(str(job_id), user(), jobs=here.jobs, clock=here.clock, timings=here.timings)
    except NotOfferedError as error:
        return _moved_on(job_id, Action.KEEP_LONGER, error)
    return redirect(url_for("jobs.show", job_id=job_id), code=303)


@blueprint.post("/annotations/<uuid:job_id>/bring-back")
@sign_in_required
def bring_back(job_id: UUID) -> Response | tuple[str, int]:
    here = container()
    try:
        handlers.bring_back(str(job_id), user(), jobs=here.jobs, clock=here.clock)
    except NotInPlanError:
        user_read_anew()
        return _job_page(_own(job_id)), 403
    except NotOfferedError as error:
        return _moved_on(job_id, Action.BRING_BACK, error)
    return redirect(url_for("jobs.show", job_id=job_id), code=303)


@blueprint.get("/annotations/<uuid:job_id>/cancel")
@sign_in_required
def confirm_cancel(job_id: UUID) -> str | tuple[str, int]:
    return _question("jobs/confirm_cancel.html", job_id, Action.CANCEL)


@blueprint.post("/annotations/<uuid:job_id>/cancel")
@sign_in_required
def cancel(job_id: UUID) -> Response:
    here = container()
    handlers.cancel(str(job_id), user(), jobs=here.jobs, clock=here.clock, timings=here.timings)
    return redirect(url_for("jobs.show", job_id=job_id), code=303)


@blueprint.get("/annotations/<uuid:job_id>/delete")
@sign_in_required
def confirm_delete(job_id: UUID) -> str | tuple[str, int]:
    return _question("jobs/confirm_delete.html", job_id, Action.DELETE)


@blueprint.post("/annotations/<uuid:job_id>/delete")
@sign_in_required
def delete(job_id: UUID) -> Response | tuple[str, int]:
    here = container()
    try:
        handlers.delete(
            str(job_id),
            user(),
            jobs=here.jobs,
            publisher=here.publisher,
            clock=here.clock,
            timings=here.timings,
        )
    except NotOfferedError as error:
        return _moved_on(job_id, Action.DELETE, error)
    return redirect(url_for("jobs.index"), code=303)


def _own(job_id: UUID) -> Job:
    return handlers.own_job(str(job_id), user(), jobs=container().jobs)


def _reading(job: Job | None = None) -> Reading:
    """Who reads; for the page of one job with what that page counts."""
    here = container()
    reading = Reading(user(), here.clock.now(), here.timings)
    if job is None or not upgrade_helps(job, reading):
        return reading
    return replace(reading, others=handlers.others_in_archive(job, user(), jobs=here.jobs))


def _view(job: Job) -> JobView:
    return view(job, _reading(job))


def _job_page(job: Job) -> str:
    shown = view(job, _reading(job), summary=handlers.read_summary(job, store=container().store))
    return render_template("jobs/show.html", nav="jobs", job=shown, timeline=timeline(job))


def _question(template: str, job_id: UUID, action: Action, **facts: str) -> str | tuple[str, int]:
    """Ask before a step, if it is still to be had."""
    job = _own(job_id)
    shown = _view(job)
    if action.value not in shown.actions:
        return _job_page(job), 409
    return render_template(template, nav="jobs", job=shown, **facts)


def _moved_on(job_id: UUID, action: Action, error: PermanentError) -> tuple[str, int]:
    """The job's page as it is by now, in place of an action that it does not offer any more.

    If it still offers it, then the row and the store contradict each other, and that is a fault of ours.
    """
    job = _own(job_id)
    if action.value in _view(job).actions:
        raise error
    return _job_page(job), 409


def _submit_page(problem: str = "") -> str:
    here = container()
    who = user()
    form = handlers.new_upload(
        who,
        jobs=here.jobs,
        store=here.store,
        clock=here.clock,
        limits=here.limits,
        inputs_bucket=here.settings.inputs_bucket,
        submit_url=here.settings.url("/annotate/job"),
    )
    upload = SimpleNamespace(
        url=form.url,
        fields=form.fields,
        max_bytes=form.max_bytes,
        max_text=size_text(form.max_bytes),
        expires_at=datetime.fromtimestamp(form.expires, UTC),
    )
    return render_template(
        "jobs/new.html",
        nav="new",
        upload=upload,
        plan=plan_text(who.plan),
        window="" if who.plan is Plan.PREMIUM else duration_text(here.timings.free_window_seconds),
        bundle=here.bundle,
        problem=problem,
    )
