"""Every page of GAS with sample content, on a small Flask application: for the tests and tools/gallery.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, render_template
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, EmailField, Form, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Regexp

from gas_core.admin.handlers import Debt, LifecycleStatus, Returning, events
from gas_core.domain.job import Asked, Due, Failure, Job
from gas_core.domain.keys import result_keys
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan, User, UserDue
from gas_core.domain.states import Results, Status
from gas_core.ports import QueueState
from gas_web.accounts import Month, Usage
from gas_web.blueprints.operations import Part
from gas_web.bundles import SHIPPED
from gas_web.cluster import Workload
from gas_web.explorer.terms import colour_of, impact_of
from gas_web.fault import FaultLine
from gas_web.joblist import STATES, Wanted
from gas_web.provenance import provenance_of
from gas_web.results import Reading
from gas_web.views import JobView, timeline, view
from gas_web.words import duration_text, moment, short_size

WEB = Path(__file__).resolve().parents[4] / "services/web/src/gas_web"
# {store}: uploads go to the object store, which is another origin.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self' {store}; form-action 'self' {store}; base-uri 'none'; frame-ancestors 'none'"
)
ROUTES = {
    "pages.landing": "/",
    "pages.help": "/help",
    "auth.login": "/login",
    "auth.logout": "/logout",
    "auth.logout_everywhere": "/logout/everywhere",
    "account.profile": "/profile",
    "account.usage": "/profile/usage",
    "account.data": "/profile/data",
    "account.confirm_close": "/profile/delete",
    "account.close": "/profile/delete",
    "jobs.new": "/annotate",
    "uploads.begin": "/annotate/uploads",
    "jobs.submitted": "/annotate/job",
    "jobs.index": "/annotations",
    "jobs.selected": "/annotations/selected",
    "jobs.show": "/annotations/<job_id>",
    "jobs.status": "/annotations/<job_id>/status",
    "jobs.describe": "/annotations/<job_id>/notes",
    "jobs.input_file": "/annotations/<job_id>/input",
    "jobs.share": "/annotations/<job_id>/share",
    "jobs.provenance": "/annotations/<job_id>/provenance",
    "jobs.run_again": "/annotations/<job_id>/run-again",
    "jobs.log": "/annotations/<job_id>/log",
    "jobs.download": "/annotations/<job_id>/download",
    "results.table": "/annotations/<job_id>/results",
    "jobs.confirm_cancel": "/annotations/<job_id>/cancel",
    "jobs.confirm_delete": "/annotations/<job_id>/delete",
    "jobs.confirm_keep_longer": "/annotations/<job_id>/keep-longer",
    "jobs.keep_longer": "/annotations/<job_id>/keep-longer",
    "jobs.bring_back": "/annotations/<job_id>/bring-back",
    "jobs.cancel": "/annotations/<job_id>/cancel",
    "jobs.delete": "/annotations/<job_id>/delete",
    "plans.show": "/subscribe",
    "plans.subscribe": "/subscribe",
    "plans.card": "/subscribe/card",
    "plans.confirm_cancel": "/subscribe/cancel",
    "plans.cancel": "/subscribe/cancel",
    "plans.resume": "/subscribe/resume",
    "plans.portal": "/subscribe/portal",
    "operations.index": "/admin",
    "operations.job": "/admin/jobs/<job_id>",
    "operations.confirm_thaw": "/admin/thaw",
    "operations.confirm_pause": "/admin/workers/<component>/pause",
    "operations.confirm_resume": "/admin/workers/<component>/resume",
    "operations.confirm_redrive": "/admin/queues/<name>/redrive",
}
POSTED = {
    "auth.logout",
    "auth.logout_everywhere",
    "account.close",
    "jobs.cancel",
    "jobs.selected",
    "jobs.delete",
    "jobs.run_again",
    "jobs.share",
    "jobs.keep_longer",
    "jobs.bring_back",
    "plans.subscribe",
    "plans.card",
    "plans.cancel",
    "plans.resume",
}
STRIPE_JS = """
window.Stripe = () => ({
  elements: () => ({ create: () => ({ mount: (holder) => { holder.textContent = "The card's fields"; } }) }),
});
"""

NOW = datetime.now(UTC) - timedelta(minutes=3)
LATER = NOW + timedelta(days=30)
ADA = SimpleNamespace(
    name="Ada Researcher", email="ada@example.org", institution="Example Institute", plan="free"
)
HOSTILE = """<img src=x onerror="alert('1')">~ “ü” & ' .vcf"""
LONG = "sample_" + "very_long_name_" * 18 + "final.vcf.gz"


class NotesForm(Form):
    title = StringField("Name", [Length(max=200)])
    notes = TextAreaField("Notes", [Length(max=5000)])


class ProfileForm(Form):
    name = StringField("Name", [InputRequired("Enter your name."), Length(max=200)])
    email = EmailField(
        "E-mail",
        [
            InputRequired("Enter your e-mail address."),
            Regexp(r".+@.+", message="Enter an address like name@example.org."),
        ],
    )
    institution = StringField("Institution", [Length(max=200)])
    window_mails = BooleanField("Mail me before results move to the archive")


BADGES = {
    "UPLOADING": ("Uploading", "info", "cloud-arrow-up"),
    "PENDING": ("Waiting", "neutral", "hourglass-split"),
    "RUNNING": ("Annotating", "info", "gear-wide-connected"),
    "COMPLETED": ("Done", "good", "check-circle-fill"),
    "FAILED": ("Failed", "bad", "x-octagon-fill"),
    "CANCELLED": ("Cancelled", "neutral", "slash-circle"),
    "AVAILABLE": ("Ready", "good", "download"),
    "ARCHIVING": ("Moving to archive", "cold", "box-arrow-in-down"),
    "ARCHIVED": ("Archived", "cold", "archive"),
    "RESTORING": ("Coming back", "info", "arrow-counterclockwise"),
    "LOST": ("Lost", "bad", "exclamation-triangle-fill"),
    "DELETING": ("Being deleted", "neutral", "trash3"),
}

SUMMARY: dict[str, Any] = {
    "engine": {
        "version": "0.1.0",
        "bundle": "rCRS",
        "bundle_version": "1",
        "assembly": "GRCh38 mitochondrion",
        "sources": [{"part": "sequence", "name": "NC_012920.1", "version": "2014", "sha256": "5a" * 32}],
    },
    "input": {
        "version": "VCFv4.2",
        "compression": "plain",
        "bytes": 41_233,
        "uncompressed_bytes": 41_233,
        "sha256": "0",
        "samples": 1,
    },
    "records": {
        "read": 350,
        "annotated": 346,
        "skipped": 0,
        "no_alt": 0,
        "ref_mismatch": 1,
        "outside_bundle": 3,
    },
    "alleles": {
        "read": 347,
        "annotated": 347,
        "known": 21,
        "known_share": 0.0605,
        "skipped": {},
        "by_class": {"SNV": 330, "deletion": 10, "insertion": 7},
        "transitions": 310,
        "transversions": 20,
        "ts_tv": 15.5,
    },
    "most_severe": {
        "synonymous_variant": 161,
        "missense_variant": 88,
        "non_coding_transcript_exon_variant": 52,
        "upstream_gene_variant": 38,
        "frameshift_variant": 5,
        "stop_gained": 2,
        "incomplete_terminal_codon_variant": 1,
    },
    "consequences": {},
    "impacts": {"LOW": 162, "MODERATE": 88, "MODIFIER": 90, "HIGH": 7},
    "locations": {},
    "genes": {"MT-ND5": 61, "MT-CYB": 44, "MT-CO1": 39, "MT-ND4": 37, "MT-RNR2": 30},
    "tracks": {},
    "contigs": {"chrM": 347},
    "contigs_outside": {"chr1": 3},
    "notes": ["3 records lie on contigs outside rCRS (chr1) and passed through unchanged."],
    "timing": {"started": "2026-11-24T14:04:58Z", "seconds": 0.4, "records_per_second": 875},
}
LOG = (
    "GAS annotation log\n\nEngine: gas-engine 0.1.0\nRecords\n  read: 350\n  annotated: 346\n"
    + "  line\n" * 60
)


def job(status: str = "RUNNING", results: str = "NONE", **changes: object) -> SimpleNamespace:
    """A JobView, running unless told otherwise."""
    label, kind, icon = BADGES[results if status == "COMPLETED" else status]
    view: dict[str, Any] = {
        "job_id": "0123456789abcdef0123456789abcdef",
        "name": "test.vcf",
        "file_name": "test.vcf",
        "notes": "",
        "status": status,
        "results": results,
        "under_way": status in {"UPLOADING", "PENDING", "RUNNING"},
        "badge": SimpleNamespace(label=label, kind=kind, icon=icon, until=None),
        "headline": [],
        "progress": None,
        "attempt": 1,
        "submitted_at": NOW,
        "completed_at": None,
        "duration": "",
        "actions": set(),
        "again": "choose" if status in {"FAILED", "CANCELLED"} else "",
        "upgrade_helps": False,
        "failure": None,
        "bundle": "",
        "fitting_bundle": "",
        "summary": None,
        "until": None,
        "back": None,
        "last_minute": False,
        "extensions_left": 10,
        "poll_seconds": None,
    }
    return SimpleNamespace(**{**view, **changes})


RUNNING = job(
    headline=[("212 of about 350 records, about 2 s left.",)],
    progress=SimpleNamespace(records=212, total_about=350, fraction=0.605),
    actions={"cancel"},
    poll_seconds=1,
)
DONE = job(
    "COMPLETED",
    "AVAILABLE",
    headline=[("347 variants annotated in 0.4 s.",), ("The results stay here until you delete the job.",)],
    actions={"download", "log", "delete", "summary", "run_again"},
    completed_at=NOW + timedelta(seconds=2),
    duration="2 s",
    summary=SUMMARY,
)
FAILED = job(
    "FAILED",
    headline=[
        ("No record lies on a contig of rCRS: found chrY.",),
        ("Choose a file with variants of the mitochondrial genome.",),
    ],
    failure=SimpleNamespace(
        sentence="No record lies on a contig of rCRS: found chrY.",
        hint="Choose a file with variants of the mitochondrial genome.",
    ),
    actions={"delete", "run_again"},
    completed_at=NOW + timedelta(seconds=1),
    duration="1 s",
)
MISFIT = SimpleNamespace(
    sentence="No record lies on a contig of rCRS: found NC_045512.2.",
    hint="It fits SARS-CoV-2: submit it again with that reference.",
)
FITS_ANOTHER = SimpleNamespace(
    **{
        **vars(FAILED),
        "headline": [(MISFIT.sentence,), (MISFIT.hint,)],
        "failure": MISFIT,
        "bundle": "rCRS",
        "fitting_bundle": "SARS-CoV-2",
        "again": "edit",
    }
)
READ_AT = int(datetime.now(UTC).timestamp())
TIMINGS = Timings()


def with_results(
    results: Results, plan: str = "free", *, settling: str = "", generation: int = 1, **changes: Any
) -> tuple[JobView, Job]:
    """A real view of a completed job, its results in this state, to a reader on this plan."""
    job_id = "01234567-89ab-4def-8123-456789abcdef"
    job = Job(
        job_id,
        "ada",
        ADA.email,
        "inputs",
        "key",
        created_time=READ_AT - 400,
        input_file_name="test.vcf",
        submit_time=READ_AT - 395,
        start_time=READ_AT - 394,
        complete_time=READ_AT - 392,
        status=Status.COMPLETED,
        results=results,
        results_since=READ_AT - 40,
        results_generation=generation,
        s3_key_log_file=result_keys(job_id, 1).log,
        summary={"records": 347},
    )
    due = {UserDue.PLAN_CHANGE.value: READ_AT} if settling else {}
    user = User("ada", ADA.name, ADA.email, plan=Plan(plan), plan_since=READ_AT, due=due)
    job = replace(job, **changes)
    return view(job, Reading(user, READ_AT, TIMINGS), summary=SUMMARY), job


DONE_ROW = replace(
    with_results(Results.AVAILABLE)[1],
    input_file_name=HOSTILE,
    checksums={"annot.vcf.gz": "5a" * 32, "table.parquet": "a5" * 32},
)
ASKED = Asked("Expedited", "", started=READ_AT - 30, ready=READ_AT + 270, tries=1)
LIFE: dict[str, tuple[JobView, Job]] = {
    "window": with_results(Results.AVAILABLE, window_ends=READ_AT + 250),
    "last-fifth": with_results(Results.AVAILABLE, window_ends=READ_AT + 48),
    "long-window": with_results(Results.AVAILABLE, window_ends=READ_AT + 200_000),
    "spent": with_results(Results.AVAILABLE, window_ends=READ_AT + 250, extensions=10),
    "window-over": with_results(Results.AVAILABLE, window_ends=READ_AT - 2),
    "window-to-come": with_results(Results.AVAILABLE, settling="yes"),
    "premium": with_results(Results.AVAILABLE, "premium", window_ends=READ_AT + 48),
    "archiving": with_results(Results.ARCHIVING),
    "archiving-stops": with_results(Results.ARCHIVING, "premium", settling="yes"),
    "archived": with_results(Results.ARCHIVED),
    "archived-upgraded": with_results(Results.ARCHIVED, "premium", settling="yes"),
    "archived-asked": with_results(Results.ARCHIVED, "premium", due={Due.RETRIEVAL.value: READ_AT}),
    "archived-left": with_results(Results.ARCHIVED, "premium"),
    "archived-given-up": with_results(Results.ARCHIVED, "premium", restore_message="Every try failed."),
    "restoring": with_results(Results.RESTORING, "premium", retrieval=ASKED),
    "restoring-late": with_results(
        Results.RESTORING, "premium", retrieval=replace(ASKED, ready=READ_AT - 400)
    ),
    "restored": with_results(Results.AVAILABLE, "premium", generation=3),
    "restored-free": with_results(Results.AVAILABLE, generation=3, window_ends=READ_AT + 250),
    "lost": with_results(Results.LOST),
    "deleting": with_results(Results.DELETING),
}
TIMELINE = [
    (NOW, "Submitted"),
    (NOW + timedelta(seconds=1), "A worker took it"),
    (NOW + timedelta(seconds=2), "Done"),
]
UPLOAD = SimpleNamespace(
    url="/store",
    fields={
        "key": "user/job/input",
        "policy": "eyJ9",
        "success_action_redirect": "/annotations/0123456789abcdef0123456789abcdef",
    },
    max_bytes=153_600,
    max_text="150 KiB (153,600 bytes)",
    expires_at=datetime.now(UTC) + timedelta(minutes=15),
)
NEW = {
    "nav": "new",
    "upload": UPLOAD,
    "plan": "Free plan",
    "window": "5 min",
    "bundles": tuple(SHIPPED.values()),
    "chosen": SimpleNamespace(field="x-amz-meta-bundle", name=""),
    "parts_from": 16 * 1024**2,
    "records_per_second": 40_000,
    "problem": "",
    "draft": None,
}
AT_LINE = Failure("vcf", "Line 412, column 2 (POS): “x” where a number belongs.", "Correct it.", 412, 2)
DRAFT = SimpleNamespace(
    job_id="0123456789abcdef0123456789abcdef",
    name="Family 3",
    file_name="test.vcf",
    failure=AT_LINE,
    has_file=True,
    text="".join(
        f"chrM\t{'x' if line == 412 else line}\t.\tA\tG\t.\t.\tL={line}\n" for line in range(1, 601)
    ),
)
TOO_LARGE_TO_EDIT = SimpleNamespace(**{**vars(DRAFT), "name": HOSTILE, "text": ""})


def _show(view: SimpleNamespace, fault: tuple[FaultLine, ...] = ()) -> tuple[str, dict[str, Any]]:
    made = provenance_of(DONE_ROW, view.summary) if view.summary else None
    return "jobs/show.html", {
        "nav": "jobs",
        "job": view,
        "timeline": TIMELINE,
        "fault": fault,
        "provenance": made,
        "share_days": (1, 7, 30) if "download" in view.actions else (),
        "share_link": "https://gas.example/annotations/1?share=5a5a" if view.notes else "",
        "share_until": LATER,
    }


FAULT = (
    FaultLine(410, "chrM\t263\t.\tA\tG\t50\tPASS\tDP=40", "", "", False, False),
    FaultLine(411, "chrM\t310\t.\tT\tTC\t50\tPASS\tDP=40", "", "", False, False),
    FaultLine(412, "chrM\t", "x", "\t.\tA\tG\t50\tPASS\tDP=40", False, True),
    FaultLine(413, "chrM\t750\t.\tA\tG\t50\tPASS\tDP=40" + ";X=1" * 90, "", "", True, False),
)


def _wrong_notes() -> NotesForm:
    form = NotesForm(MultiDict({"title": HOSTILE * 20, "notes": HOSTILE}))
    form.validate()
    return form


def jobs_page(
    *views: SimpleNamespace,
    next_url: str = "",
    first_url: str = "",
    q: str = "",
    oldest_first: bool = False,
    stopped: bool = False,
    poll_seconds: int = 5,
) -> tuple[str, dict[str, Any]]:
    page = SimpleNamespace(
        jobs=views,
        next_url=next_url,
        first_url=first_url,
        wanted=Wanted(q, "", oldest_first),
        states=STATES,
        narrowed=bool(q),
        stopped=stopped,
        looked_at=1000,
        poll_seconds=poll_seconds if views else None,
        here="/annotations",
    )
    return "jobs/index.html", {"nav": "jobs", "page": page}


def _profile(data: dict[str, str], **more: object) -> tuple[str, dict[str, Any]]:
    form = ProfileForm(MultiDict(data))
    if "saved" not in more:
        form.validate()
    return "account/profile.html", {
        "nav": "profile",
        "form": form,
        "plan": "Free: up to 150 KiB a file.",
        "window": "5 min",
        **more,
    }


def _plan(template: str = "plans/show.html", **changes: object) -> tuple[str, dict[str, Any]]:
    more = {
        name: changes.pop(name) for name in ("sold", "unavailable", "problem", "contact") if name in changes
    }
    plan = {
        "premium": False,
        "granted": False,
        "price": "9.00 USD a month",
        "pay": "",
        "leave": False,
        "stay": False,
        "renews_at": None,
        "ends_at": None,
        "grace_ends_at": None,
        "ready": 0,
        "archived": 0,
        "invoices": (),
    }
    return template, {
        "nav": "profile",
        "plan": SimpleNamespace(**{**plan, **changes}),
        "sold": True,
        "unavailable": False,
        "contact": "",
        "problem": "",
        "window": "5 min",
        "free_size": "150 KiB (153,600 bytes)",
        "premium_size": "5 GiB (5,368,709,120 bytes)",
        "stripe_js_url": "/stripe.js",
        "stripe_key": "pk_test",
        **more,
    }


def _operations(**changes: object) -> tuple[str, dict[str, Any]]:
    return "operations/index.html", {
        "nav": "operations",
        "is_operator": True,
        "now": READ_AT,
        "at": moment,
        "lasting": duration_text,
        "life": Part(LifecycleStatus(READ_AT, {}, 0, 0, (), (), partial=False)),
        "queues": Part(tuple(QueueState(name, 0, 0, None, 0) for name in QUEUES)),
        "workloads": Part(()),
        "failed": Part([]),
        "failure_days": 7,
        "most": 20,
        **changes,
    }


QUEUES = ("job-requests", "job-notifications", "job-archives", "restores", "thaws")
JOB_ID = "01234567-89ab-4def-8123-456789abcdef"
REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/genomics/gas-"
TROUBLE = {
    "life": Part(
        LifecycleStatus(
            READ_AT,
            {},
            1,
            0,
            (
                Returning(JOB_ID, "Expedited", READ_AT - 900, READ_AT - 300, 2),
                Returning(JOB_ID, "", 0, 0, 0),
            ),
            (
                Debt(JOB_ID, "PENDING/NONE", "announce", READ_AT - 4000, 3),
                Debt(JOB_ID, "free", "plan_change", READ_AT - 60, 1),
            ),
            partial=True,
        )
    ),
    "queues": Part(
        (
            QueueState("job-requests", 1_204, 20, 3_700, 2),
            *(QueueState(name, 0, 0, None, 0) for name in QUEUES[1:]),
        )
    ),
    "workloads": Part(
        (
            Workload(
                "annotator", 20, 18, f"{REGISTRY}annotator:1.2.3", 7, READ_AT - 90, "OOMKilled", paused=False
            ),
            Workload("archiver", 0, 0, f"{REGISTRY}archiver:1.2.3", 0, 0, "", paused=True),
            Workload("web", 2, 2, f"{REGISTRY}web:1.2.3", 0, 0, "", paused=None),
        )
    ),
    "failed": Part(
        [
            replace(
                with_results(Results.NONE)[1],
                status=Status.FAILED,
                failures=5,
                failure=Failure("tries_spent", "Five tries failed; the fault is ours.", ""),
            )
        ]
    ),
}
INVOICES = tuple(
    SimpleNamespace(when=NOW - timedelta(days=30 * months), amount="9.00 USD", state=state, url="")
    for months, state in enumerate(("Paid", "Paid", "Not paid"))
)
_ADA_FORM = {"name": ADA.name, "email": ADA.email, "institution": ADA.institution}
_LINK = SimpleNamespace(url="/annotations", text="Your jobs")

LANDING = {"globus_down": False, "window": "5 min", "bundles": tuple(SHIPPED.values())}

SAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "landing": ("pages/landing.html", {**LANDING, "current_user": None}),
    "landing-globus-down": (
        "pages/landing.html",
        {**LANDING, "current_user": None, "globus_down": True},
    ),
    "landing-signed-in": ("pages/landing.html", LANDING),
    "help": (
        "pages/help.html",
        {"nav": "help", "window": "5 min", "extensions": 10, "bundles": tuple(SHIPPED.values())},
    ),
    "sign-in-failed": ("auth/failed.html", {"current_user": None}),
    "profile": _profile(_ADA_FORM, saved=True, first_visit=False),
    "profile-first": _profile(_ADA_FORM, saved=False, first_visit=True),
    "profile-wrong": _profile({"name": "", "email": "nobody", "institution": HOSTILE}, first_visit=False),
    "account-closing": ("auth/closing.html", {"current_user": None}),
    "account-close": ("account/confirm_close.html", {"nav": "profile", "email": ADA.email, "problem": ""}),
    "account-close-wrong": (
        "account/confirm_close.html",
        {"nav": "profile", "email": HOSTILE, "problem": "That is not the address of this account."},
    ),
    "usage": (
        "account/usage.html",
        {
            "nav": "profile",
            "usage": Usage(
                (Month("November 2026", 12, 48_113, 9 << 20), Month("May 2026", 1200, 9_481_130, 5 << 30)),
                whole=False,
                counted=1212,
            ),
        },
    ),
    "usage-none": ("account/usage.html", {"nav": "profile", "usage": Usage((), whole=True, counted=0)}),
    "new": ("jobs/new.html", NEW),
    "new-one-reference": ("jobs/new.html", {**NEW, "bundles": (SHIPPED["rCRS"],)}),
    "new-problem": ("jobs/new.html", {**NEW, "problem": "The file never arrived. Choose it again."}),
    "new-edit": ("jobs/new.html", {**NEW, "draft": DRAFT}),
    "new-again": ("jobs/new.html", {**NEW, "draft": TOO_LARGE_TO_EDIT}),
    "job-failed-by-us": _show(
        job(
            "FAILED",
            headline=[("Five tries failed; the fault is ours. Your file is kept.",)],
            actions={"delete", "run_again"},
            again="run",
        )
    ),
    "job-waiting": _show(
        job(
            "PENDING",
            headline=[
                ("About 3 jobs ahead; start in 12 s to 25 s.",),
                ("1 job is being annotated now; a worker that is free takes the next.",),
                ("You can leave; we mail you.",),
            ],
            actions={"cancel"},
            poll_seconds=1,
        )
    ),
    "job-running": _show(RUNNING),
    "job-unknown-total": _show(
        job(
            headline=[("212 records so far.",)],
            progress=SimpleNamespace(records=212, total_about=None, fraction=None),
            poll_seconds=1,
        )
    ),
    "job-done": _show(DONE),
    "job-shared-owner": _show(SimpleNamespace(**{**vars(DONE), "notes": HOSTILE})),
    "job-shared": (
        "jobs/shared.html",
        {
            "current_user": None,
            "job": SimpleNamespace(**{**vars(DONE), "name": HOSTILE}),
            "provenance": provenance_of(DONE_ROW, SUMMARY),
        },
    ),
    "job-empty": _show(
        job(
            "COMPLETED",
            "AVAILABLE",
            headline=[("No records, so nothing to annotate.",)],
            actions={"download", "log", "delete", "summary"},
            summary={
                **SUMMARY,
                "alleles": {**SUMMARY["alleles"], "read": 0, "annotated": 0, "known": 0, "ts_tv": None},
                "records": dict.fromkeys(SUMMARY["records"], 0),
                "most_severe": {},
                "impacts": {},
                "genes": {},
                "notes": ["The file has a header and no records."],
            },
        )
    ),
    "job-failed": _show(FAILED),
    "job-fits-another": _show(FITS_ANOTHER),
    "job-failed-at-line": _show(
        job(
            "FAILED",
            headline=[
                ("Line 412, column 2 (POS): “x” where a number belongs.",),
                ("Correct the line and submit it again.",),
            ],
            actions={"delete", "run_again"},
            again="edit",
            notes="From the second run.\nAsk Gregor about the header.",
        ),
        FAULT,
    ),
    "job-fault-hostile": _show(
        job("FAILED", headline=[("Line 1.",)], file_name=HOSTILE, notes=HOSTILE),
        (FaultLine(1, HOSTILE + "\t", HOSTILE, "\t" + HOSTILE, True, True),),
    ),
    "describe": ("jobs/describe.html", {"nav": "jobs", "job": DONE, "form": NotesForm(title="My sample")}),
    "describe-wrong": (
        "jobs/describe.html",
        {"nav": "jobs", "job": job(name=HOSTILE), "form": _wrong_notes()},
    ),
    "job-cancelled": _show(
        job("CANCELLED", headline=[("You cancelled this; no results.",)], actions={"delete"})
    ),
    "job-hostile": _show(
        job(name=HOSTILE, headline=[(HOSTILE,)], failure=SimpleNamespace(sentence=HOSTILE, hint=HOSTILE))
    ),
    "job-long-name": _show(SimpleNamespace(**{**vars(DONE), "name": LONG})),
    "log": ("jobs/log.html", {"nav": "jobs", "job": DONE, "text": LOG, "raw_url": "/raw"}),
    "confirm-delete": ("jobs/confirm_delete.html", {"nav": "jobs", "job": DONE}),
    "confirm-delete-hostile": ("jobs/confirm_delete.html", {"nav": "jobs", "job": job(name=HOSTILE)}),
    "confirm-cancel": ("jobs/confirm_cancel.html", {"nav": "jobs", "job": RUNNING}),
    **{
        f"job-{name}": (
            "jobs/show.html",
            {"nav": "jobs", "job": shown, "timeline": timeline(row), "fault": ()},
        )
        for name, (shown, row) in LIFE.items()
    },
    "confirm-keep-longer": (
        "jobs/confirm_keep_longer.html",
        {"nav": "jobs", "job": LIFE["window"][0], "window": "5 min"},
    ),
    "jobs-life": jobs_page(*(shown for shown, _ in LIFE.values())),
    "jobs-none": jobs_page(),
    "jobs-no-match": jobs_page(q=HOSTILE, first_url="/annotations"),
    "jobs-oldest": jobs_page(DONE, oldest_first=True, next_url="/annotations?after=abc", first_url="/"),
    "jobs-looked-through": jobs_page(DONE, q="test", stopped=True, next_url="/annotations?after=abc"),
    "confirm-selected": (
        "jobs/confirm_selected.html",
        {"nav": "jobs", "jobs": [DONE, job(name=HOSTILE)], "others": 1, "typed": "", "wrong": False},
    ),
    "confirm-selected-many": (
        "jobs/confirm_selected.html",
        {"nav": "jobs", "jobs": [DONE] * 11, "others": 0, "typed": "delete 11 jobs", "wrong": True},
    ),
    "confirm-selected-none": (
        "jobs/confirm_selected.html",
        {"nav": "jobs", "jobs": [], "others": 2, "typed": "", "wrong": False},
    ),
    "jobs": jobs_page(
        RUNNING,
        DONE,
        FAILED,
        job("PENDING", name="free_1.vcf"),
        job("CANCELLED", name=LONG),
        job("COMPLETED", "ARCHIVED", name=HOSTILE, duration="14 min"),
        job(
            "COMPLETED",
            "RESTORING",
            name="exome.vcf.gz",
            duration="2 h 4 min",
            submitted_at=NOW - timedelta(days=40),
        ),
        job("COMPLETED", "LOST", name="old.vcf"),
        next_url="/annotations?after=abc",
        first_url="/annotations",
    ),
    "plan-free": _plan(pay="begin", archived=13),
    "plan-free-new": _plan(pay="begin"),
    "plan-refused": _plan(
        pay="begin",
        archived=1,
        problem="Your card was declined. Nothing was paid, and your plan is as it was.",
    ),
    "plan-premium": _plan(premium=True, leave=True, renews_at=LATER, ready=4, invoices=INVOICES),
    "plan-cancelled": _plan(premium=True, stay=True, ends_at=LATER, invoices=INVOICES),
    "plan-overdue": _plan(premium=True, pay="overdue", leave=True, grace_ends_at=LATER, invoices=INVOICES),
    "plan-lapsed": _plan(pay="overdue", leave=True, archived=4, invoices=INVOICES),
    "plan-granted": _plan(premium=True, granted=True),
    "plan-unsold": _plan(price="", sold=False, contact="gas@university.example", archived=2),
    "plan-unavailable": _plan(premium=True, price="", unavailable=True),
    "plan-no-portal": _plan(premium=True, leave=True, problem="Stripe has no page of its own for you."),
    "confirm-leave": _plan("plans/confirm_cancel.html", premium=True, renews_at=LATER, ready=1204),
    "confirm-leave-granted": _plan("plans/confirm_cancel.html", premium=True, granted=True, renews_at=LATER),
    "confirm-leave-empty": _plan("plans/confirm_cancel.html", premium=True, renews_at=LATER),
    "operations": _operations(**TROUBLE),
    "operations-at-rest": _operations(),
    "operations-apart": _operations(workloads=None),
    "operations-silent": _operations(
        life=Part(None), queues=Part(None), workloads=Part(None), failed=Part(None)
    ),
    "operations-job": (
        "operations/job.html",
        {
            "nav": "operations",
            "is_operator": True,
            "job": TROUBLE["failed"].value[0],
            "events": events(TROUBLE["failed"].value[0]),
            "at": moment,
        },
    ),
    "confirm-operation": (
        "operations/confirm.html",
        {
            "nav": "operations",
            "is_operator": True,
            "title": "Pause the annotator?",
            "sentence": "Its pods go; messages wait.",
            "action": "/admin/workers/annotator/pause",
            "button": "Pause",
        },
    ),
    "error-404": (
        "errors/error.html",
        {
            "code": 404,
            "title": "No such page, or not yours to see",
            "sentence": "",
            "reference": "",
            "link": _LINK,
        },
    ),
    "error-500": (
        "errors/error.html",
        {
            "code": 500,
            "title": "Something broke here",
            "sentence": "Running jobs continue.",
            "reference": "4f1c2a",
            "link": SimpleNamespace(url="/", text="Try again"),
        },
    ),
}


def make_gallery(store: str = "") -> Flask:
    """The real templates and assets, a stub for each route, and the samples under /gallery/."""
    app = Flask(
        __name__,
        template_folder=str(WEB / "templates"),
        static_folder=str(WEB / "assets"),
        static_url_path="/assets",
    )
    app.add_template_global(lambda path: f"/assets/{path}", "asset")
    app.add_template_global(lambda: "a-csrf-token", "csrf_token")
    app.add_template_filter(short_size)
    app.add_template_filter(impact_of)
    app.add_template_filter(colour_of)

    def stub(**_: str) -> str:
        return "a page"

    for endpoint, path in ROUTES.items():
        app.add_url_rule(path, endpoint, stub, methods=["POST" if endpoint in POSTED else "GET"])

    @app.get("/stripe.js")
    def stripe_js() -> Response:
        return Response(STRIPE_JS, mimetype="text/javascript")

    @app.get("/gallery/<sample>")
    def show(sample: str) -> str:
        return render(sample)

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CSP.format(store=store)
        return response

    return app


def render(sample: str) -> str:
    """One sample page; needs an application context."""
    template, context = SAMPLES[sample]
    return render_template(template, **{"current_user": ADA, "nav": "", **context})
