"""The results explorer: which variants matter. Every page is an address, and reads without script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import wraps
from threading import BoundedSemaphore
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode
from uuid import UUID

import structlog
from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from gas_core.domain.errors import ObjectMissingError
from gas_core.domain.job import Action, Job, ObjectRef
from gas_core.domain.keys import standing_keys
from gas_core.domain.plans import User
from gas_core.domain.views import ViewRefusedError, remove_view
from gas_core.domain.views import save_view as save_view_of
from gas_core.update import update_user
from gas_web import handlers
from gas_web.container import Container, container
from gas_web.explorer import export as files
from gas_web.explorer.cache import TableCache
from gas_web.explorer.columns import arranged, remembered
from gas_web.explorer.errors import (
    QueryError,
    TableTooLargeError,
    TableVersionError,
    VariantNotFoundError,
)
from gas_web.explorer.genome import place_of, reference_of
from gas_web.explorer.genotypes import genotypes_of
from gas_web.explorer.query import MAX_CHARACTERS, View, filter_of, genes_of, search_of, view_of
from gas_web.explorer.show import DetailPage, GenotypesPage, TablePage
from gas_web.explorer.summary import SummaryPage
from gas_web.explorer.table import Explorer, Table
from gas_web.handlers import NotOfferedError
from gas_web.limits import limited
from gas_web.security import browser_policy, framing_policy
from gas_web.session import sign_in_required, user
from gas_web.sharing import by_link, read_anew, reader_required

log = structlog.get_logger()
blueprint = Blueprint("results", __name__)

P = ParamSpec("P")
Answer = Response | str | tuple[str, int]

EXPORTS_AT_ONCE = 4
"""In one process; each keeps a thread for as long as its reader takes to download."""
_BAD_REQUEST = 400
_NOT_FOUND = 404
_CONFLICT = 409
_EXPORT_SECONDS = 10
"""When to ask again for an export where others are under way; how long those take is up to their readers."""
_PLACE = re.compile(r"[0-9]{1,2}")
"""Of a filter to join, among those of the page."""
_EXTENSION = "gas_explorer"
_EXPORTS = "gas_exports"


def init(app: Flask, here: Container) -> None:
    """Give the application its tables. Nothing is read or made yet."""
    settings = here.settings
    cache = TableCache(here.store, parent=settings.work_directory, max_bytes=settings.tables_max_bytes)
    app.extensions[_EXTENSION] = Explorer(cache)
    app.extensions[_EXPORTS] = BoundedSemaphore(EXPORTS_AT_ONCE)
    app.register_blueprint(blueprint)


def _explorer() -> Explorer:
    return cast("Explorer", current_app.extensions[_EXTENSION])


def _of_results(page: Callable[Concatenate[Job, P], Answer]) -> Callable[..., Answer]:
    """Give a page the job, if it is the reader's and its results are there; else say how it stands."""

    @wraps(page)
    @reader_required
    def guarded(job: Job, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        home = url_for("jobs.show", job_id=job.job_id)
        try:
            handlers.require(Action.DOWNLOAD, job)
            return page(job, *args, **kwargs)
        except NotOfferedError:
            return redirect(home, code=303)
        except ObjectMissingError:
            # They went since the row was read; if it still says that they are there, the fault is ours.
            if Action.DOWNLOAD in read_anew(job).actions:
                raise
            return redirect(home, code=303)
        except QueryError as error:
            return _refused(job, str(error)), _BAD_REQUEST
        except VariantNotFoundError:
            abort(_NOT_FOUND)
        except TableTooLargeError:
            return _not_here(
                job,
                "Too many variants to explore here",
                f"The table of {job.input_file_name} is larger than this service can hold beside its pages.",
            )
        except TableVersionError as error:
            log.exception("table_version_unknown", job_id=job.job_id, **error.fields)
            return _not_here(
                job,
                "These results cannot be explored at the moment",
                f"The table of {job.input_file_name} was written by another version of this service.",
            )

    return guarded


def _not_here(job: Job, heading: str, reason: str) -> Answer:
    return render_template("results/not_here.html", nav="jobs", job=job, heading=heading, reason=reason)


@blueprint.get("/annotations/<uuid:job_id>/results")
@_of_results
def table(job: Job) -> Answer:
    """The table, filtered and sorted as the address says; forms lead to the address of what they ask for."""
    view = view_of(request.args)
    if "arrange" in request.args:
        # By a link there is nobody to remember columns for: their form comes here.
        return redirect(_address(job, *_arranged(view, request.args)), code=303)
    usual = () if "columns" in request.args or by_link() else remembered(user().table_columns)
    view = replace(view, columns=usual or view.columns)
    with _explorer().reading(job) as here:
        # An address that is passed on tells the columns, too.
        asked = _asked(view, here) or (view if usual else None)
        if asked is not None:
            return redirect(_address(job, asked), code=303)
        page = here.page(view)
        total = here.total
        known = here.overview_at_hand()
        tells_frequencies = here.tells_frequencies
        instead = None if page.count or not total else here.best_without(view)
    shown = TablePage(
        job,
        view,
        page,
        total=total,
        counted=SummaryPage(job, view, known, _summary(job)) if known else None,
        tells_frequencies=tells_frequencies,
        instead=instead,
        saved=None if by_link() else user().saved_views,
    )
    page_html = render_template("results/table.html", nav="jobs", page=shown)
    return _with_policy(page_html, framing_policy(container().store_origin))


@blueprint.get("/annotations/<uuid:job_id>/results/summary")
@_of_results
def summary(job: Job) -> Answer:
    """Counts and pictures of the whole table: a page, parts of which the table's page fetches."""
    view = view_of(request.args)
    with _explorer().reading(job) as here:
        overview = here.overview()
    shown = SummaryPage(job, view, overview, _summary(job))
    return render_template("results/summary.html", nav="jobs", counted=shown)


@blueprint.post("/annotations/<uuid:job_id>/results/views")
@sign_in_required
def save_view(job_id: UUID) -> Answer:
    """Keep the filters of a view by a name, or forget a name; then show the view."""
    job = handlers.own_job(str(job_id), user(), jobs=container().jobs)
    name = " ".join(request.form.get("name", "").split())
    try:
        view = replace(view_of(request.form), row=1)
        query = urlencode(view.args, doseq=True)
        removed = "remove" in request.form

        def decide(row: User) -> User:
            return remove_view(row, name) if removed else save_view_of(row, name, query)

        update_user(container().users, user().identity_id, decide)
    except (QueryError, ViewRefusedError) as error:
        return _refused(job, str(error)), _BAD_REQUEST
    return redirect(_address(job, view), code=303)


@blueprint.post("/annotations/<uuid:job_id>/results/columns")
@sign_in_required
def choose_columns(job_id: UUID) -> Answer:
    """Show these columns, and remember them for the next table; then show the view."""
    job = handlers.own_job(str(job_id), user(), jobs=container().jobs)
    try:
        view, place = _arranged(view_of(request.form), request.form)
    except QueryError as error:
        return _refused(job, str(error)), _BAD_REQUEST
    kept = ",".join(view.columns)
    update_user(container().users, user().identity_id, lambda row: replace(row, table_columns=kept))
    return redirect(_address(job, view, place), code=303)


@blueprint.get("/annotations/<uuid:job_id>/results/<int:record>/<int:allele>")
@_of_results
def variant(job: Job, record: int, allele: int) -> Answer:
    """Everything about one allele: a page, the body of which the table's page shows in a drawer."""
    view = view_of(request.args)
    with _explorer().reading(job) as here:
        row = here.variant(record, allele)
        sourced = here.sourced
    shown = DetailPage(job, view, row, summary=_summary(job), sourced=sourced)
    page = render_template("results/variant.html", nav="jobs", page=shown)
    return _with_policy(page, framing_policy(container().store_origin))


@blueprint.get("/annotations/<uuid:job_id>/results/<int:record>/<int:allele>/browser")
@_of_results
def browser(job: Job, record: int, allele: int) -> Answer:
    """The genome browser at a variant: a page for a frame, as igv.js needs a policy of its own."""
    with _explorer().reading(job) as here:
        row = here.variant(record, allele)
    files = {name: url_for("results.file", job_id=job.job_id, name=name) for name in handlers.RESULT_FILES}
    page = render_template(
        "results/browser.html",
        job=job,
        locus=place_of(row),
        files=files,
        reference=reference_of(_summary(job)),
    )
    return _with_policy(page, browser_policy(container().store_origin))


@blueprint.get("/annotations/<uuid:job_id>/results/<int:record>/<int:allele>/genotypes")
@_of_results
def genotypes(job: Job, record: int, allele: int) -> Answer:
    """What the samples have at a variant, a page of them, out of the job's VCF."""
    with _explorer().reading(job) as here:
        row = here.variant(record, allele)
        before = here.before_at_its_place(row)
    keys = standing_keys(job)
    vcf, index = (ObjectRef(job.s3_results_bucket, key) for key in (keys.vcf, keys.index))
    told = genotypes_of(row, before, store=container().store, vcf=vcf, index=index)
    shown = GenotypesPage(job, view_of(request.args), row, told, page=request.args.get("page", "1"))
    return render_template("results/genotypes.html", nav="jobs", page=shown)


@blueprint.get("/annotations/<uuid:job_id>/results/contigs")
@_of_results
def contigs(job: Job) -> Answer:
    """The contigs for a genome browser without a reference: a name and the last variant's position a line."""
    with _explorer().reading(job) as here:
        tracks = here.overview().density.tracks
    lines = [f"{track.contig}\t{track.last}\n" for track in tracks]
    return Response("".join(lines), mimetype="text/tab-separated-values")


@blueprint.get("/annotations/<uuid:job_id>/results/files/<name>")
@reader_required
def file(job: Job, name: str) -> Answer:
    """To the annotated VCF or its index, for a genome browser: each request gets a link of its own.

    So a page that stays open asks anew for every range, and no link has to live longer than one of them.
    """
    if name not in handlers.RESULT_FILES:
        abort(_NOT_FOUND)
    here = container()
    try:
        return redirect(handlers.result_address(job, name, store=here.store, limits=here.limits), code=303)
    except NotOfferedError:
        abort(_CONFLICT)


@blueprint.get("/annotations/<uuid:job_id>/results/export")
@_of_results
@limited("export")
def export(job: Job) -> Answer:
    """Exactly what the view matches, as a file."""
    view = view_of(request.args)
    kind = request.args.get("format", "tsv")
    if kind not in files.FORMATS:
        raise QueryError(f"Results are exported as {', '.join(files.FORMATS)}.")
    slots: BoundedSemaphore = current_app.extensions[_EXPORTS]
    with ExitStack() as held:
        if not slots.acquire(blocking=False):
            raise TooManyRequests(retry_after=_EXPORT_SECONDS)
        held.callback(slots.release)
        here = held.enter_context(_explorer().reading(job))
        pieces = _pieces(job, view, here, kind, held)
        kept = held.pop_all()
    response = Response(pieces, mimetype=files.FORMATS[kind].media_type)
    response.call_on_close(kept.close)
    name = _file_name(job, kind, whole=not view.filters)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _pieces(job: Job, view: View, here: Table, kind: str, held: ExitStack) -> Iterator[bytes]:
    if kind != "vcf":
        return files.rows(here, view, kind, directory=container().settings.work_directory)
    vcf = held.enter_context(container().store.open(ObjectRef(job.s3_results_bucket, job.s3_key_result_file)))
    return files.records(here, view, vcf)


def _asked(view: View, here: Table) -> View | None:
    """The view that a form of the page asks for, None if the address comes from no form."""
    search, condition = request.args.get("q"), request.args.get("test")
    if search is not None:
        if not search.strip():
            return view
        if len(search) > MAX_CHARACTERS:
            raise QueryError("That is too long for a gene or region.")
        genes, contigs = (here.spelled(column, [search.strip()]) for column in ("symbol", "contig_name"))
        return view.adding(search_of(search, genes=genes, contigs=contigs))
    listed = request.args.get("genes")
    if listed is not None:
        names = genes_of(listed)
        spelled = {gene.lower(): gene for gene in here.spelled("symbol", names)}
        # One that no variant lies in stays in the list: the same list may serve another file.
        chosen = ",".join(spelled.get(name.lower(), name) for name in names)
        return view.choosing(filter_of(f"gene:is:{chosen}"))
    if condition is not None:
        # "field:operator" from the list, or whole from a preset.
        new = filter_of(f"{condition}:{request.args.get('value', '')}")
        join = request.args.get("join", "")
        # What is no number is no filter's place either.
        return view.joining(new, int(join) if _PLACE.fullmatch(join) else -1) if join else view.adding(new)
    return None


def _arranged(view: View, form: MultiDict[str, str]) -> tuple[View, str]:
    """The view with the columns that their form asks for, and the place on the page to come back to."""
    columns, place = arranged(form.getlist("column"), form.get("arrange", "show"))
    return replace(view, columns=columns), place


def _address(job: Job, view: View, place: str | None = None) -> str:
    args = cast("dict[str, Any]", view.args)
    return url_for("results.table", job_id=job.job_id, _anchor=place or None, **args)


def _with_policy(page: str, content_policy: str) -> Response:
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = content_policy
    return response


def _summary(job: Job) -> dict[str, Any]:
    return handlers.read_summary(job, store=container().store) or {}


def _refused(job: Job, sentence: str) -> str:
    return render_template("results/refused.html", nav="jobs", job=job, sentence=sentence)


def _file_name(job: Job, kind: str, *, whole: bool) -> str:
    stem = job.input_file_name or "results"
    for ending in (".gz", ".bgz", ".vcf"):
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)] or stem
    return f"{stem}.{'annot' if whole else 'filtered'}.{files.FORMATS[kind].suffix}"
