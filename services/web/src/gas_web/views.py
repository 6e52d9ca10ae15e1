"""What a page says about a job, from its row and its reader. The words are those of the interface guide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from gas_core.domain.job import Failure, Job, Moved
from gas_core.domain.states import Results, Status
from gas_web import results
from gas_web.results import Reading
from gas_web.words import Badge, Sentence, duration_text, moment

_STATUS_BADGES = {
    Status.UPLOADING: Badge("Uploading", "info", "cloud-arrow-up"),
    Status.PENDING: Badge("Waiting", "neutral", "hourglass-split"),
    Status.RUNNING: Badge("Annotating", "info", "gear-wide-connected"),
    Status.COMPLETED: Badge("Done", "good", "check-circle-fill"),
    Status.FAILED: Badge("Failed", "bad", "x-octagon-fill"),
    Status.CANCELLED: Badge("Cancelled", "neutral", "slash-circle"),
}

_MOVES = {
    Results.AVAILABLE: "Back from the archive",
    Results.ARCHIVING: "Began to move to the archive",
    Results.ARCHIVED: "Archived",
    Results.RESTORING: "Asked back from the archive",
    Results.LOST: "The archive could not be read",
    Results.DELETING: "Deletion asked for",
}


@dataclass(frozen=True, slots=True)
class ProgressView:
    """Records done; the total is estimated from bytes, and None while it cannot be."""

    records: int
    total_about: int | None
    fraction: float | None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as templates read it. ``until`` is when its results leave for the archive, if they do."""

    job_id: str
    name: str
    status: str
    results: str
    badge: Badge
    headline: list[Sentence]
    progress: ProgressView | None
    attempt: int
    submitted_at: datetime | None
    completed_at: datetime | None
    duration: str
    actions: frozenset[str]
    upgrade_helps: bool
    failure: Failure | None
    summary: dict[str, Any] | None
    until: datetime | None
    last_minute: bool
    extensions_left: int
    poll_seconds: int | None


def view(job: Job, reading: Reading, *, summary: dict[str, Any] | None = None) -> JobView:
    """The job as it is now, to this reader."""
    progress = _progress(job)
    return JobView(
        job_id=job.job_id,
        name=job.input_file_name or "Your upload",
        status=job.status.value,
        results=job.results.value,
        badge=_badge(job, reading),
        headline=_headline(job, progress, reading),
        progress=progress,
        attempt=job.attempt,
        submitted_at=_moment(job.submit_time),
        completed_at=_moment(job.complete_time),
        duration=duration_text(job.complete_time - job.submit_time)
        if job.complete_time and job.submit_time
        else "",
        actions=frozenset(action.value for action in results.offered(job, reading)),
        upgrade_helps=results.upgrade_helps(job, reading),
        failure=job.failure,
        summary=summary,
        until=_moment(results.window(job, reading)),
        last_minute=results.last_minute(job, reading),
        extensions_left=max(reading.timings.max_extensions - job.extensions, 0),
        poll_seconds=_poll_seconds(job, reading),
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
        *((move.time, _moved(before.results, move.results)) for before, move in _steps(job)),
    ]
    return [(moment, sentence) for time, sentence in told if sentence and (moment := _moment(time))]


def _steps(job: Job) -> Iterator[tuple[Moved, Moved]]:
    """Each move of the results with the one before; the first state that is known is where they begin."""
    return pairwise((Moved(Results.NONE, 0), *job.moves))


def _moved(before: Results, now: Results) -> str:
    match before, now:
        case Results.NONE, Results.AVAILABLE:
            return ""  # done, which the status tells
        case Results.ARCHIVING, Results.AVAILABLE:
            return "Stayed here: the move to the archive was stopped"
        case Results.RESTORING, Results.ARCHIVED:
            return "Could not be brought back; still in the archive"
        case _:
            return _MOVES[now]


def _badge(job: Job, reading: Reading) -> Badge:
    if job.results is not Results.NONE:
        return results.badge(job, reading)
    return _STATUS_BADGES[job.status]


def _progress(job: Job) -> ProgressView | None:
    if job.status is not Status.RUNNING:
        return None
    done = job.progress
    if not done.bytes_total or not done.bytes_read or not done.records:
        return ProgressView(done.records, None, None)
    fraction = min(done.bytes_read / done.bytes_total, 1.0)
    return ProgressView(done.records, max(round(done.records / fraction), done.records), fraction)


def _headline(job: Job, progress: ProgressView | None, reading: Reading) -> list[Sentence]:
    if job.results is Results.DELETING:
        return [("Being deleted: file, results, archive and log. It leaves the list when all is gone.",)]
    if job.status is Status.COMPLETED:
        return [(_counted(job),), *results.said(job, reading)]
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
    }[job.status]
    return [(sentence,) for sentence in sentences if sentence]


def _running(progress: ProgressView | None) -> str:
    if progress is None or not progress.records:
        return "A worker is reading the file."
    if progress.total_about is None:
        return f"{progress.records:,} records so far."
    return f"{progress.records:,} of about {progress.total_about:,} records."


def _counted(job: Job) -> str:
    records = job.summary.get("records", 0)
    if not records:
        return "No records, so nothing to annotate."
    took = duration_text(max(job.complete_time - job.start_time, 0))
    return f"{records:,} {'variant' if records == 1 else 'variants'} annotated in {took}."


def _poll_seconds(job: Job, reading: Reading) -> int | None:
    if job.terminal:
        return results.poll_seconds(job, reading)
    return results.pace(reading.now - (job.submit_time or job.created_time))


def _moment(time: int) -> datetime | None:
    return moment(time) if time else None
