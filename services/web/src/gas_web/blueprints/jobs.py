"""Submitting, watching, fetching and deleting jobs."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from gas_core.domain.errors import ObjectMissingError, PermanentError, UploadMissingError
from gas_core.domain.job import Action, Job
from gas_core.domain.plans import Plan
from gas_core.domain.sharing import SHARE_DAYS, sharable
from gas_core.submit import BUNDLE_LABEL
from gas_web import cursors, handlers, joblist, sharing
from gas_web.container import Container, container
from gas_web.fault import editable, read_fault, read_lines
from gas_web.forms import NotesForm
from gas_web.handlers import NotInPlanError, NotOfferedError, UnknownBundleError
from gas_web.joblist import Wanted
from gas_web.limits import limited
from gas_web.line import LineWatch
from gas_web.provenance import provenance_name, provenance_of
from gas_web.results import Reading, upgrade_helps
from gas_web.session import sign_in_required, user, user_read_anew
from gas_web.sharing import read_anew, reader_required
from gas_web.views import JobView, timeline, view
from gas_web.words import duration_text, moment, plan_text, size_text

blueprint = Blueprint("jobs", __name__)

_STOP_POLLING = 286
_BAD_REQUEST = 400
_LIST_SECONDS = 5
"""A list asks for all of its jobs at once, and not more often than that."""
_UNTYPED_DELETIONS = 10
_EXTENSION = "gas_line"
_UPGRADE = "Upgrade, or split it and submit the parts."


def init(app: Flask, here: Container) -> None:
    """Give the application its look at the line of jobs."""
    app.extensions[_EXTENSION] = LineWatch(here.jobs, here.clock)
    app.register_blueprint(blueprint)


@blueprint.get("/annotate")
@sign_in_required
@limited("submit")
def new() -> str:
    """The submit page; with ``edit`` for a job that gave nothing, its lines, name and notes in the form."""
    text = request.args.get("edit")
    try:
        return _submit_page(of=_own(UUID(text)) if text else None)
    except ValueError:
        abort(404)


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
    """The jobs that fit; the address holds what was asked for."""
    here = container()
    text = request.args.get("after")
    after = cursors.read(text) if text else None
    order = request.args.get("order", "")
    wanted = Wanted(request.args.get("q", "").strip(), request.args.get("state", ""), order == "oldest")
    unreadable = (wanted.state and wanted.state not in joblist.STATES) or order not in {"", "oldest"}
    if (text and after is None) or unreadable or len(wanted.text) > joblist.QUERY_CHARACTERS:
        abort(_BAD_REQUEST)
    found = joblist.find(user(), wanted, after=after, limit=here.settings.jobs_per_page, jobs=here.jobs)
    reading = _reading()
    told = {"q": wanted.text, "state": wanted.state, "order": order}
    asked: dict[str, Any] = {name: value for name, value in told.items() if value}
    shown = [view(job, reading) for job in found.jobs]
    page = SimpleNamespace(
        jobs=shown,
        wanted=wanted,
        states=joblist.STATES,
        narrowed=wanted.narrowed,
        stopped=found.stopped,
        looked_at=joblist.LOOKED_AT,
        poll_seconds=_list_pace(shown),
        here=url_for("jobs.index", after=text, **asked),
        next_url=url_for("jobs.index", after=cursors.write(found.next), **asked) if found.next else None,
        first_url=url_for("jobs.index", **asked) if after else None,
    )
    return render_template("jobs/index.html", nav="jobs", page=page)


@blueprint.post("/annotations/selected")
@sign_in_required
def selected() -> Response | str | tuple[str, int]:
    """Delete or download the jobs that were ticked. Deletion asks first, with a page of its own."""
    here = container()
    try:
        job_ids = [UUID(text) for text in dict.fromkeys(request.form.getlist("job"))]
    except ValueError:
        abort(_BAD_REQUEST)
    if not job_ids or len(job_ids) > here.settings.jobs_per_page:
        return redirect(url_for("jobs.index"), code=303)
    jobs = [_own(job_id) for job_id in job_ids]
    if request.form.get("do") == "download":
        return _zipped(jobs)
    ended = [job for job in jobs if Action.DELETE in job.actions]
    if request.form.get("do") != "delete":
        typed = "" if len(ended) <= _UNTYPED_DELETIONS else f"delete {len(ended)} jobs"
        if not typed or request.form.get("typed", "").strip().casefold() == typed:
            return _delete_all(ended)
        return _confirm_selected(jobs, ended, wrong=True), 422
    return _confirm_selected(jobs, ended)


@limited("export")
def _zipped(jobs: list[Job]) -> Response:
    response = Response(joblist.downloads(jobs, store=container().store), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename="gas-results.zip")
    return response


def _confirm_selected(jobs: list[Job], ended: list[Job], *, wrong: bool = False) -> str:
    reading = _reading()
    return render_template(
        "jobs/confirm_selected.html",
        nav="jobs",
        jobs=[view(job, reading) for job in ended],
        others=len(jobs) - len(ended),
        typed=f"delete {len(ended)} jobs" if len(ended) > _UNTYPED_DELETIONS else "",
        wrong=wrong,
    )


def _delete_all(jobs: list[Job]) -> Response:
    here = container()
    for job in jobs:
        handlers.delete(
            job.job_id,
            user(),
            jobs=here.jobs,
            publisher=here.publisher,
            clock=here.clock,
            timings=here.timings,
        )
    return redirect(url_for("jobs.index"), code=303)


def _list_pace(shown: list[JobView]) -> int | None:
    """How soon the list may have changed; None if nothing in it is under way."""
    paces = [max(job.poll_seconds, _LIST_SECONDS) for job in shown if job.poll_seconds]
    return min(paces, default=None)


@blueprint.get("/annotations/<uuid:job_id>")
@reader_required
def show(job: Job) -> str:
    return _job_page(job)


@blueprint.get("/annotations/<uuid:job_id>/status")
@sign_in_required
def status(job_id: UUID) -> Response:
    """The panel that changes, for polling: 304 if it is as it was, 286 when there is nothing more to come."""
    job = _own(job_id)
    shown = view(job, _reading(job), place=_line().place(job))
    body = render_template("jobs/_now.html", job=shown)
    response = make_response(body, 200 if shown.poll_seconds else _STOP_POLLING)
    response.set_etag(hashlib.sha256(body.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    if shown.poll_seconds:
        response.make_conditional(request)
    return response


@blueprint.route("/annotations/<uuid:job_id>/notes", methods=["GET", "POST"])
@sign_in_required
def describe(job_id: UUID) -> Response | str | tuple[str, int]:
    """Another name for a job, and notes about it."""
    job = _own(job_id)
    form = NotesForm(title=job.name, notes=job.notes)
    if form.validate_on_submit():
        handlers.describe(
            str(job_id),
            user(),
            title=form.title.data or "",
            notes=form.notes.data or "",
            jobs=container().jobs,
        )
        return redirect(url_for("jobs.show", job_id=job_id), code=303)
    page = render_template("jobs/describe.html", nav="jobs", job=_view(job), form=form)
    return (page, 422) if form.errors else page


@blueprint.get("/annotations/<uuid:job_id>/log")
@sign_in_required
def log(job_id: UUID) -> Response | str | tuple[str, int]:
    """The annotation log inside a page, or as the file it is with ``?raw=1``."""
    job = _own(job_id)
    try:
        text, file_name = handlers.read_log(job, store=container().store)
    except (NotOfferedError, ObjectMissingError) as error:
        return _moved_on(_own(job_id), Action.LOG, error)
    if "raw" in request.args:
        response = make_response(text)
        response.mimetype = "text/plain"
        response.headers.set("Content-Disposition", "inline", filename=file_name)
        return response
    raw_url = url_for("jobs.log", job_id=job.job_id, raw=1)
    return render_template("jobs/log.html", nav="jobs", job=_view(job), text=text, raw_url=raw_url)


@blueprint.get("/annotations/<uuid:job_id>/download")
@reader_required
def download(job: Job) -> Response | tuple[str, int]:
    """To a short-lived link, or the job's page if there is nothing to download now."""
    here = container()
    try:
        try:
            address = handlers.download_address(job, store=here.store, limits=here.limits)
        except ObjectMissingError:
            # Into the archive and back since the row was read: they stand elsewhere now.
            address = handlers.download_address(read_anew(job), store=here.store, limits=here.limits)
    except (NotOfferedError, ObjectMissingError) as error:
        return _moved_on(read_anew(job), Action.DOWNLOAD, error)
    return redirect(address, code=303)


@blueprint.post("/annotations/<uuid:job_id>/share")
@sign_in_required
def share(job_id: UUID) -> Response | tuple[str, int]:
    """Make a link to the results for some days, or take it back (no days)."""
    job = _own(job_id)
    days = request.form.get("days", "")
    if days not in {"0", *map(str, SHARE_DAYS)}:
        abort(_BAD_REQUEST)
    try:
        sharing.share(job, days=int(days))
    except NotOfferedError:
        return _job_page(_own(job_id)), 409
    return redirect(url_for("jobs.show", job_id=job_id) + "#share", code=303)


@blueprint.get("/annotations/<uuid:job_id>/input")
@sign_in_required
def input_file(job_id: UUID) -> Response:
    """To a short-lived link to the file that was submitted."""
    job = _own(job_id)
    if not job.submit_time:
        abort(404)
    here = container()
    return redirect(handlers.input_address(job, store=here.store, limits=here.limits), code=303)


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
        return _moved_on(_own(job_id), Action.KEEP_LONGER, error)
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
        return _moved_on(_own(job_id), Action.BRING_BACK, error)
    return redirect(url_for("jobs.show", job_id=job_id), code=303)


@blueprint.post("/annotations/<uuid:job_id>/run-again")
@sign_in_required
@limited("submit")
def run_again(job_id: UUID) -> Response | tuple[str, int]:
    """A new job of the same file, with another reference if one is named, and to its page."""
    here, asked = container(), request.form.get("bundle")
    try:
        new = handlers.run_again(
            str(job_id),
            user(),
            jobs=here.jobs,
            store=here.store,
            publisher=here.publisher,
            clock=here.clock,
            timings=here.timings,
            limits=here.limits,
            bundle=None if asked is None else handlers.offered(asked, here.bundles),
        )
    except UnknownBundleError as error:
        return _submit_page(problem=f"{error} Choose another, and the file again.", of=_own(job_id)), 422
    except NotInPlanError:
        return _submit_page(problem=f"That file is larger than your plan takes. {_UPGRADE}"), 403
    except NotOfferedError as error:
        return _moved_on(_own(job_id), Action.RUN_AGAIN, error)
    return redirect(url_for("jobs.show", job_id=new.job_id), code=303)


@blueprint.get("/annotations/<uuid:job_id>/provenance")
@reader_required
def provenance(job: Job) -> Response | tuple[str, int]:
    """All that another needs to make the same results, as a JSON file."""
    try:
        told = provenance_of(job, handlers.read_summary(job, store=container().store))
    except NotOfferedError as error:
        return _moved_on(read_anew(job), Action.LOG, error)
    response = make_response(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    response.mimetype = "application/json"
    response.headers.set("Content-Disposition", "attachment", filename=provenance_name(job))
    return response


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
        return _moved_on(_own(job_id), Action.DELETE, error)
    return redirect(url_for("jobs.index"), code=303)


def _own(job_id: UUID) -> Job:
    return handlers.own_job(str(job_id), user(), jobs=container().jobs)


def _line() -> LineWatch:
    return cast("LineWatch", current_app.extensions[_EXTENSION])


def _reading(job: Job | None = None) -> Reading:
    """Who reads; for the page of one job with what that page counts, which is for its owner alone."""
    here = container()
    reading = Reading(sharing.owner_of(job) if job else user(), here.clock.now(), here.timings)
    if job is None or sharing.by_link() or not upgrade_helps(job, reading):
        return reading
    return replace(reading, others=handlers.others_in_archive(job, user(), jobs=here.jobs))


def _view(job: Job) -> JobView:
    return view(job, _reading(job))


def _job_page(job: Job) -> str:
    summary = handlers.read_summary(job, store=container().store)
    made = None if summary is None else provenance_of(job, summary)
    if sharing.by_link():
        shown = view(job, _reading(job), summary=summary)
        return render_template("jobs/shared.html", nav="", job=shown, provenance=made)
    shown = view(
        job,
        _reading(job),
        summary=summary,
        place=_line().place(job),
    )
    return render_template(
        "jobs/show.html",
        nav="jobs",
        job=shown,
        timeline=timeline(job),
        fault=read_fault(job, store=container().store),
        provenance=made,
        share_link=sharing.link_of(job),
        share_until=moment(job.share_until),
        share_days=SHARE_DAYS if sharable(job) else (),
    )


def _question(template: str, job_id: UUID, action: Action, **facts: str) -> str | tuple[str, int]:
    """Ask before a step, if it is still to be had."""
    job = _own(job_id)
    shown = _view(job)
    if action.value not in shown.actions:
        return _job_page(job), 409
    return render_template(template, nav="jobs", job=shown, **facts)


def _moved_on(job: Job, action: Action, error: PermanentError) -> tuple[str, int]:
    """The job's page as it is by now, in place of an action that it does not offer any more.

    If it still offers it, then the row and the store contradict each other, and that is a fault of ours.
    """
    if action.value in _view(job).actions:
        raise error
    return _job_page(job), 409


def _submit_page(problem: str = "", *, of: Job | None = None) -> str:
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
        of=of,
    )
    fields, field = dict(form.fields), f"x-amz-meta-{BUNDLE_LABEL}"
    chosen = ""
    if len(here.bundles) > 1:  # else there is nothing to choose
        chosen = fields.pop(field)
    upload = SimpleNamespace(
        url=form.url,
        fields=fields,
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
        bundles=here.bundles,
        chosen=SimpleNamespace(field=field, name=chosen),
        parts_from=here.settings.parts_from_bytes,
        records_per_second=here.settings.records_per_second,
        problem=problem,
        draft=_draft(of) if of else None,
    )


def _draft(job: Job) -> SimpleNamespace:
    """What the form begins with: the lines of a job that failed, if a page can hold them."""
    return SimpleNamespace(
        job_id=job.job_id,
        name=job.name,
        # What is edited is not compressed any more.
        file_name=re.sub(r"\.b?gz$", "", job.input_file_name, flags=re.IGNORECASE) or "edited.vcf",
        failure=job.failure,
        text=read_lines(job, store=container().store) if editable(job) else "",
        has_file=bool(job.submit_time),
    )
