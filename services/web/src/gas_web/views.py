"""What a page says about a job, from its row and its reader. The words are those of the interface guide."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from gas_core.domain.job import TRIES_SPENT, Failure, Job, Moved
from gas_core.domain.states import Results, Status
from gas_core.domain.waiting import Place, Unknown
from gas_web import results
from gas_web.fault import editable
from gas_web.results import Reading
from gas_web.words import Badge, Sentence, duration_text, moment, short_size

_STATUS_BADGES = {
    Status.UPLOADING: Badge("Uploading", "info", "cloud-arrow-up"),
    Status.PENDING: Badge("Waiting", "neutral", "hourglass-split"),
    Status.RUNNING: Badge("Annotating", "info", "gear-wide-connected"),
    Status.COMPLETED: Badge("Done", "good", "check-circle-fill"),
    Status.FAILED: Badge("Failed", "bad", "x-octagon-fill"),
    Status.CANCELLED: Badge("Cancelled", "neutral", "slash-circle"),
}
_MAILS = {
    "completed": "We mailed you that it is done",
    "failed": "We mailed you that it failed",
    "expiring": "We mailed you that results will move to the archive",
}
_WHY_UNKNOWN = {
    Unknown.NOTHING_MEASURED: "no job has ended here yet that would tell how long one takes",
    Unknown.NO_WORKER: "no worker is at work just now; one starts when jobs wait",
    Unknown.TOO_LONG: "so many are ahead that we do not count them all",
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
    """Records done; the total is estimated from bytes, and None while it cannot be.

    ``rate`` is in records a second, ``left_seconds`` what that leaves to do; None while nobody can tell.
    """

    records: int
    total_about: int | None
    fraction: float | None
    bytes_read: int = 0
    bytes_total: int = 0
    rate: float | None = None
    left_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as templates read it. ``until`` is when its results leave for the archive, if they do.

    ``again`` is how a job that gave nothing is best tried again: ``edit`` its lines, ``choose`` a file,
    ``run`` it as it is; empty if there is nothing to mend.
    """

    job_id: str
    name: str
    file_name: str
    notes: str
    status: str
    results: str
    under_way: bool
    """Its end is still to come."""
    badge: Badge
    headline: list[Sentence]
    progress: ProgressView | None
    attempt: int
    submitted_at: datetime | None
    completed_at: datetime | None
    duration: str
    actions: frozenset[str]
    again: str
    upgrade_helps: bool
    failure: Failure | None
    bundle: str
    """The reference that was chosen; empty: the one that the file fits."""
    fitting_bundle: str
    """The reference to try a job again with that failed by another."""
    summary: dict[str, Any] | None
    until: datetime | None
    back: datetime | None
    """When its results are expected from the archive, if they are coming back."""
    last_minute: bool
    extensions_left: int
    poll_seconds: int | None


def view(
    job: Job, reading: Reading, *, summary: dict[str, Any] | None = None, place: Place | None = None
) -> JobView:
    """The job as it is now, to this reader; ``place`` is where it stands in line, if it waits."""
    progress = _progress(job, reading)
    return JobView(
        job_id=job.job_id,
        name=job.name or "Your upload",
        file_name=job.input_file_name,
        notes=job.notes,
        status=job.status.value,
        results=job.results.value,
        under_way=not job.terminal,
        badge=_badge(job, reading),
        headline=_headline(job, progress, place, reading),
        progress=progress,
        attempt=job.attempt,
        submitted_at=_moment(job.submit_time),
        completed_at=_moment(job.complete_time),
        duration=duration_text(job.complete_time - job.submit_time)
        if job.complete_time and job.submit_time
        else "",
        actions=frozenset(action.value for action in results.offered(job, reading)),
        again=_again(job),
        upgrade_helps=results.upgrade_helps(job, reading),
        failure=job.failure,
        bundle=job.bundle,
        fitting_bundle=job.fitting_bundle,
        summary=summary,
        until=_moment(results.window(job, reading)),
        back=_moment(results.back(job, reading)),
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
    wait = job.start_time - job.submit_time
    waited = f" after {duration_text(wait)}" if wait > 0 else ""
    started = f"A worker took it{waited}" if job.attempt <= 1 else f"A worker took it (try {job.attempt})"
    told = [
        (job.created_time, "Upload form handed out"),
        (job.submit_time, f"Submitted, {short_size(job.input_bytes)}"),
        (job.start_time, started),
        (job.complete_time, ends.get(job.status, "")),
        *((move.time, _moved(before.results, move.results)) for before, move in _steps(job)),
        *((record.sent, _MAILS.get(event, "We mailed you")) for event, record in job.mails.items()),
    ]
    shown = [(moment, sentence) for time, sentence in told if sentence and (moment := _moment(time))]
    return sorted(shown, key=lambda each: each[0])


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


def _progress(job: Job, reading: Reading) -> ProgressView | None:
    """As of the last heartbeat, which is when it was written down."""
    if job.status is not Status.RUNNING:
        return None
    done = job.progress
    seconds = job.lease_expires - reading.timings.lease_seconds - job.start_time
    rate = done.records / seconds if done.records and seconds > 0 else None
    if not done.bytes_total or not done.bytes_read or not done.records:
        return ProgressView(done.records, None, None, done.bytes_read, done.bytes_total, rate)
    fraction = min(done.bytes_read / done.bytes_total, 1.0)
    since = reading.now - job.start_time - seconds
    left = max(math.ceil(seconds * (1 - fraction) / fraction) - since, 0) if seconds > 0 else None
    total = max(round(done.records / fraction), done.records)
    return ProgressView(done.records, total, fraction, done.bytes_read, done.bytes_total, rate, left)


def _headline(
    job: Job, progress: ProgressView | None, place: Place | None, reading: Reading
) -> list[Sentence]:
    if job.results is Results.DELETING:
        return [("Being deleted: file, results, archive and log. It leaves the list when all is gone.",)]
    if job.status is Status.COMPLETED:
        return [(_counted(job),), *results.said(job, reading)]
    never = not job.submit_time
    sentences = {
        Status.UPLOADING: ["Waiting for the file to arrive."],
        Status.PENDING: [
            *_waiting(place),
            "You can leave; we mail you.",
            "A worker stopped; the job begins again." if job.attempt else "",
        ],
        Status.RUNNING: [
            *_running(progress),
            f"A worker stopped; we began again (try {job.attempt})." if job.failures else "",
        ],
        Status.FAILED: [job.failure.sentence, job.failure.hint] if job.failure else [],
        Status.CANCELLED: ["The file never arrived." if never else "You cancelled this; no results."],
    }[job.status]
    return [(sentence,) for sentence in sentences if sentence]


def _waiting(place: Place | None) -> list[str]:
    """How many are ahead, when it starts and why it waits; "about", as the queue promises no order."""
    if place is None:
        return ["Waiting for a worker."]
    many = "More than" if place.unknown is Unknown.TOO_LONG else "About"
    ahead = f"{many} {_jobs(place.ahead)} ahead" if place.ahead else "No job is ahead"
    if place.unknown is Unknown.NO_WORKER and not place.ahead:
        return [f"{ahead}; a free worker takes it at once, or one is being started."]
    if place.unknown:
        return [f"{ahead}.", f"Start not known yet: {_WHY_UNKNOWN[place.unknown]}."]
    low, high = math.floor(place.earliest), duration_text(math.ceil(place.latest))
    start = f"start in {duration_text(low)} to {high}" if low else f"start within {high}"
    busy = "1 job is" if place.running == 1 else f"{place.running:,} jobs are"
    return [f"{ahead}; {start}.", f"{busy} being annotated now; a worker that is free takes the next."]


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count:,} jobs"


def _running(progress: ProgressView | None) -> list[str]:
    """How far it is, at which stage, how fast."""
    if progress is None or not progress.records:
        return ["A worker is reading the file."]
    if progress.total_about is None:
        return [f"{progress.records:,} records so far."]
    if progress.fraction == 1:
        return [f"All {progress.records:,} records are annotated; the results are being stored."]
    left = f", about {duration_text(progress.left_seconds)} left" if progress.left_seconds else ""
    read = f"{short_size(progress.bytes_read)} of {short_size(progress.bytes_total)} read"
    rate = f", {progress.rate:,.0f} records a second" if progress.rate else ""
    return [f"{progress.records:,} of about {progress.total_about:,} records{left}.", f"{read}{rate}."]


def _counted(job: Job) -> str:
    records = job.summary.get("records", 0)
    if not records:
        return "No records, so nothing to annotate."
    took = duration_text(max(job.complete_time - job.start_time, 0))
    annotated = job.summary.get("records_annotated", records)
    if annotated < records:
        some = f"{annotated:,} of them annotated in {took}"
        return f"{records:,} variants, {some}; the log tells why not the others."
    return f"{records:,} {'variant' if records == 1 else 'variants'} annotated in {took}."


def _again(job: Job) -> str:
    if job.results is Results.LOST:
        return "run"
    if job.results is not Results.NONE or job.status not in {Status.FAILED, Status.CANCELLED}:
        return ""
    if job.failure and job.failure.code == TRIES_SPENT:
        return "run"
    return "edit" if editable(job) else "choose"


def _poll_seconds(job: Job, reading: Reading) -> int | None:
    if job.terminal:
        return results.poll_seconds(job, reading)
    return results.pace(reading.now - (job.submit_time or job.created_time))


def _moment(time: int) -> datetime | None:
    return moment(time) if time else None
