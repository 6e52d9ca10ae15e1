"""What a page says about a job, computed from its row alone. The words are those of the interface guide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gas_core.domain.job import Failure, Job
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status


@dataclass(frozen=True, slots=True)
class Badge:
    """A mark, a word and a kind of colour; never colour alone."""

    label: str
    kind: str
    icon: str


_STATUS_BADGES = {
    Status.UPLOADING: Badge("Uploading", "info", "cloud-arrow-up"),
    Status.PENDING: Badge("Waiting", "neutral", "hourglass-split"),
    Status.RUNNING: Badge("Annotating", "info", "gear-wide-connected"),
    Status.COMPLETED: Badge("Done", "good", "check-circle-fill"),
    Status.FAILED: Badge("Failed", "bad", "x-octagon-fill"),
    Status.CANCELLED: Badge("Cancelled", "neutral", "slash-circle"),
}
_RESULTS_BADGES = {
    Results.AVAILABLE: Badge("Ready", "good", "download"),
    Results.ARCHIVING: Badge("Moving to archive", "cold", "box-arrow-in-down"),
    Results.ARCHIVED: Badge("Archived", "cold", "archive"),
    Results.RESTORING: Badge("Coming back", "info", "arrow-counterclockwise"),
    Results.LOST: Badge("Lost", "bad", "exclamation-triangle-fill"),
    Results.DELETING: Badge("Being deleted", "neutral", "trash3"),
}

_UNITS = ((86_400, 1_000_000, "d"), (3600, 24, "h"), (60, 60, "min"), (1, 60, "s"))
"""Seconds of a unit, how many make the next one, and its name."""

_PACE = ((10, 1), (60, 2), (600, 5))
"""Younger than so many seconds: ask again after so many."""
_SLOWEST = 15
_DELETING_PACE = 5


@dataclass(frozen=True, slots=True)
class ProgressView:
    """Records done; the total is estimated from bytes, and None while it cannot be."""

    records: int
    total_about: int | None
    fraction: float | None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as templates read it."""

    job_id: str
    name: str
    status: str
    results: str
    badge: Badge
    headline: list[str]
    progress: ProgressView | None
    attempt: int
    submitted_at: datetime | None
    completed_at: datetime | None
    duration: str
    actions: frozenset[str]
    failure: Failure | None
    summary: dict[str, Any] | None
    poll_seconds: int | None


def view(job: Job, *, now: int, summary: dict[str, Any] | None = None) -> JobView:
    """The job as it is now."""
    progress = _progress(job)
    return JobView(
        job_id=job.job_id,
        name=job.input_file_name or "Your upload",
        status=job.status.value,
        results=job.results.value,
        badge=_badge(job),
        headline=_headline(job, progress),
        progress=progress,
        attempt=job.attempt,
        submitted_at=_moment(job.submit_time),
        completed_at=_moment(job.complete_time),
        duration=duration_text(job.complete_time - job.submit_time)
        if job.complete_time and job.submit_time
        else "",
        actions=frozenset(action.value for action in job.actions),
        failure=job.failure,
        summary=summary,
        poll_seconds=_pace(job, now),
    )


def timeline(job: Job) -> list[tuple[datetime, str]]:
    """What happened when, oldest first."""
    ends = {
        Status.COMPLETED: "Done",
        Status.FAILED: "Failed",
        Status.CANCELLED: "Cancelled" if job.submit_time else "The file never arrived",
    }
    started = "A worker took it" if job.attempt <= 1 else f"A worker took it (try {job.attempt})"
    told = [
        (job.created_time, "Upload form handed out"),
        (job.submit_time, "Submitted"),
        (job.start_time, started),
        (job.complete_time, ends.get(job.status, "")),
    ]
    return [(moment, sentence) for time, sentence in told if sentence and (moment := _moment(time))]


def size_text(size_bytes: int) -> str:
    """``150 KiB (153,600 bytes)``."""
    size, unit = float(size_bytes), "bytes"
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":  # noqa: PLR2004 - a binary unit
            break
        size /= 1024
    exact = f"{size_bytes:,} bytes"
    return exact if unit == "bytes" else f"{size:,.4g} {unit} ({exact})"


def plan_text(plan: Plan) -> str:
    return "Premium plan" if plan is Plan.PREMIUM else "Free plan"


def _badge(job: Job) -> Badge:
    if job.results is Results.DELETING or job.status is Status.COMPLETED:
        return _RESULTS_BADGES.get(job.results, _STATUS_BADGES[job.status])
    return _STATUS_BADGES[job.status]


def _progress(job: Job) -> ProgressView | None:
    if job.status is not Status.RUNNING:
        return None
    done = job.progress
    if not done.bytes_total or not done.bytes_read or not done.records:
        return ProgressView(done.records, None, None)
    fraction = min(done.bytes_read / done.bytes_total, 1.0)
    return ProgressView(done.records, max(round(done.records / fraction), done.records), fraction)


def _headline(job: Job, progress: ProgressView | None) -> list[str]:
    if job.results is Results.DELETING:
        return ["Being deleted: file, results and log. It leaves the list when all is gone."]
    never = not job.submit_time
    sentences = {
        Status.UPLOADING: ["Waiting for the file to arrive."],
        Status.PENDING: [
            "Waiting for a worker. You can leave; we mail you.",
            "A worker stopped; the job begins again." if job.attempt else "",
        ],
        Status.RUNNING: [
            _running(progress),
            f"A worker stopped; we began again (try {job.attempt})." if job.failures else "",
        ],
        Status.FAILED: [job.failure.sentence, job.failure.hint] if job.failure else [],
        Status.CANCELLED: ["The file never arrived." if never else "You cancelled this; no results."],
        Status.COMPLETED: _completed(job),
    }[job.status]
    return [sentence for sentence in sentences if sentence]


def _running(progress: ProgressView | None) -> str:
    if progress is None or not progress.records:
        return "A worker is reading the file."
    if progress.total_about is None:
        return f"{progress.records:,} records so far."
    return f"{progress.records:,} of about {progress.total_about:,} records."


def _completed(job: Job) -> list[str]:
    records = job.summary.get("records", 0)
    if not records:
        counted = "No records, so nothing to annotate."
    else:
        took = duration_text(max(job.complete_time - job.start_time, 0))
        counted = f"{records:,} {'variant' if records == 1 else 'variants'} annotated in {took}."
    where = {
        Results.AVAILABLE: "The results stay here until you delete the job.",
        Results.ARCHIVING: "Moving to the archive; downloads are closed meanwhile.",
        Results.ARCHIVED: "Archived; nothing is lost.",
        Results.RESTORING: job.restore_message or "Coming back from the archive.",
        Results.LOST: "This archive cannot be read. The fault is ours; an operator knows.",
    }
    return [counted, where.get(job.results, "")]


def _pace(job: Job, now: int) -> int | None:
    if job.results is Results.DELETING:
        return _DELETING_PACE
    if job.terminal:
        return None
    age = now - (job.submit_time or job.created_time)
    return next((pause for younger, pause in _PACE if age < younger), _SLOWEST)


def _moment(time: int) -> datetime | None:
    return datetime.fromtimestamp(time, UTC) if time else None


def duration_text(seconds: int) -> str:
    """``2 s``, ``5 min``, ``2 h 4 min``, ``3 d``: two units at most; whole seconds are what a row knows."""
    parts = [(seconds // size % most, unit) for size, most, unit in _UNITS]
    first = next((place for place, (count, _) in enumerate(parts) if count), None)
    if first is None:
        return "under 1 s"
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)
