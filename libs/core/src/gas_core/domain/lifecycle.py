"""Every decision about a job's status: pure functions from the row as it was read to the row as it should be.

What becomes of its results after that is decided in ``retention``.

A function here refuses with an error or returns the new row; ``Jobs.commit`` then writes the difference on
the condition that nothing was decided meanwhile. The due map is written by the very decision that creates
or pays the debt. Times are epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gas_core.domain.errors import MoveRefusedError, PermanentError
from gas_core.domain.job import Due, Failure, Job, MailRecord, Progress
from gas_core.domain.states import STATUS_MOVES, Results, Status


class LeaseHeldError(PermanentError):
    """Another worker holds a live lease on this job; this message is a duplicate."""


class LeaseLostError(PermanentError):
    """The attempt no longer owns the job; whatever it does now must change nothing."""


WARNED_WINDOW_SECONDS = 3600
"""A window shorter than this is over before a mail about its end is read."""

WARNING_SHARE = 5
WARNING_MOST_SECONDS = 86_400
"""The mail goes out in the last fifth of the window, at most a day before its end."""


@dataclass(frozen=True, slots=True)
class Timings:
    """How long things may take, in seconds.

    ``max_failures`` counts tries of a job that ended badly, ``max_retrievals`` those of one restore,
    ``max_extensions`` how often a window may begin anew. ``links_seconds``: after which a download link that
    was made before a change is dead, whatever clock made it.
    """

    lease_seconds: int = 60
    announce_grace_seconds: int = 60
    repeat_seconds: int = 600
    cleanup_seconds: int = 900
    abandoned_seconds: int = 86_400
    mail_claim_seconds: int = 75
    free_window_seconds: int = 300
    links_seconds: int = 120
    sweep_seconds: int = 60
    thaw_seconds: int = 300
    thaw_lease_seconds: int = 900
    restored_mail_seconds: int = 300
    max_failures: int = 5
    max_retrievals: int = 5
    max_extensions: int = 10

    def window(self, now: int) -> dict[Due, int]:
        """The debts of results that become available: their window's end, and a mail before a late one."""
        ends = now + self.free_window_seconds
        due = {Due.WINDOW: ends}
        if self.free_window_seconds >= WARNED_WINDOW_SECONDS:
            due[Due.WARNING] = ends - self.warning_seconds
        return due

    @property
    def warning_seconds(self) -> int:
        """How long before a window's end the mail goes out."""
        return min(self.free_window_seconds // WARNING_SHARE, WARNING_MOST_SECONDS)


def _moved(job: Job, move_name: str, due: dict[Due, int], **changes: Any) -> Job:  # noqa: ANN401 - fields of Job
    move = STATUS_MOVES[move_name]
    if job.status not in move.sources:
        raise MoveRefusedError(job_id=job.job_id, move=move_name, status=job.status.value)
    owed = {kind.value: time for kind, time in due.items()}
    return replace(
        job, status=move.target, results=move.results or job.results, due=owed, due_tries=0, **changes
    )


def _owned(job: Job, attempt: int) -> None:
    if job.status is not Status.RUNNING or job.attempt != attempt:
        raise LeaseLostError(job_id=job.job_id, attempt=attempt, status=job.status.value)


def _leftovers(job: Job, now: int, timings: Timings) -> dict[Due, int]:
    """The cleanup debt of a job that ends: a zombie may still write for a while after the end."""
    return {Due.CLEANUP: now + timings.cleanup_seconds} if job.generation else {}


def submit(
    job: Job,
    *,
    file_name: str,
    version_id: str,
    size_bytes: int,
    traceparent: str,
    now: int,
    timings: Timings,
    bundle: str = "",
) -> Job:
    """UPLOADING → PENDING: the file is there, in the version named, to be held against that bundle."""
    return _moved(
        job,
        "submit",
        {Due.ANNOUNCE: now + timings.announce_grace_seconds},
        input_file_name=file_name,
        bundle=bundle,
        input_version_id=version_id,
        input_bytes=size_bytes,
        traceparent=traceparent,
        submit_time=now,
    )


def abandon(job: Job, *, now: int, timings: Timings) -> Job:
    """UPLOADING → CANCELLED: the form expired and no file came. The row goes a while later."""
    return _moved(job, "abandon", {Due.CLEANUP: now + timings.abandoned_seconds}, complete_time=now)


def cancel(job: Job, *, now: int, timings: Timings) -> Job:
    """Withdrawn by its owner. A running attempt finds out at its next heartbeat."""
    return _moved(job, "cancel", _leftovers(job, now, timings), complete_time=now)


def exhausted(job: Job, *, timings: Timings) -> bool:
    """True if one more bad ending is one too many."""
    return job.failures + 1 >= timings.max_failures


def lease_over(job: Job, *, now: int) -> bool:
    return job.status is Status.RUNNING and job.lease_expires <= now


def claim(job: Job, *, results_bucket: str, now: int, timings: Timings) -> Job:
    """PENDING → RUNNING, or RUNNING → RUNNING once the lease is over; a new attempt and a new generation.

    Raises
    ------
    LeaseHeldError
        Another attempt's lease is live.
    MoveRefusedError
        The job is neither waiting nor running.
    """
    if job.status is Status.RUNNING and not lease_over(job, now=now):
        raise LeaseHeldError(job_id=job.job_id, attempt=job.attempt)
    died = job.status is Status.RUNNING
    expires = now + timings.lease_seconds
    return _moved(
        job,
        "reclaim" if died else "claim",
        {Due.LEASE: expires},
        attempt=job.attempt + 1,
        generation=job.generation + 1,
        failures=job.failures + died,
        lease_expires=expires,
        start_time=now,
        progress=Progress(),
        s3_results_bucket=results_bucket,
    )


def renew(job: Job, *, attempt: int, progress: Progress, now: int, timings: Timings) -> Job:
    """A heartbeat of the attempt that owns the job."""
    _owned(job, attempt)
    expires = now + timings.lease_seconds
    return _moved(job, "renew", {Due.LEASE: expires}, lease_expires=expires, progress=progress)


def hand_back(job: Job, *, attempt: int, blame: bool, now: int, timings: Timings) -> Job:
    """RUNNING → PENDING. ``blame`` counts the try as one that ended badly (a shutdown does not)."""
    _owned(job, attempt)
    return _moved(
        job,
        "hand_back",
        {Due.ANNOUNCE: now + timings.announce_grace_seconds},
        failures=job.failures + blame,
        lease_expires=0,
        progress=Progress(),
    )


def complete(
    job: Job,
    *,
    attempt: int,
    result_key: str,
    log_key: str,
    summary: dict[str, int],
    checksums: dict[str, str],
    progress: Progress,
    now: int,
    timings: Timings,
) -> Job:
    """RUNNING → COMPLETED with results AVAILABLE, in one write.

    A window begins for everybody; whoever is premium has it closed when it ends.
    """
    _owned(job, attempt)
    opened = timings.window(now)
    due = {Due.ANNOUNCE: now + timings.announce_grace_seconds, **opened}
    if job.generation > 1:
        due |= _leftovers(job, now, timings)
    return _moved(
        job,
        "complete",
        due,
        complete_time=now,
        lease_expires=0,
        results_since=now,
        moves=job.moved(Results.AVAILABLE, now),
        results_generation=job.generation,
        window_ends=opened[Due.WINDOW],
        s3_key_result_file=result_key,
        s3_key_log_file=log_key,
        summary=summary,
        checksums=checksums,
        progress=progress,
    )


def fail(
    job: Job, *, attempt: int, failure: Failure, now: int, timings: Timings, fitting_bundle: str = ""
) -> Job:
    """RUNNING → FAILED by the attempt that owns the job."""
    _owned(job, attempt)
    due = {Due.ANNOUNCE: now + timings.announce_grace_seconds} | _leftovers(job, now, timings)
    ended: dict[str, Any] = {"complete_time": now, "lease_expires": 0, "failure": failure}
    return _moved(job, "fail", due, **ended, fitting_bundle=fitting_bundle)


def give_up(job: Job, *, failure: Failure, now: int, timings: Timings) -> Job:
    """FAILED because tries ran out: the last attempt died and nobody may own the job again."""
    if job.status is Status.RUNNING and not lease_over(job, now=now):
        raise LeaseHeldError(job_id=job.job_id, attempt=job.attempt)
    due = {Due.ANNOUNCE: now + timings.announce_grace_seconds} | _leftovers(job, now, timings)
    return _moved(
        job, "fail", due, complete_time=now, lease_expires=0, failures=job.failures + 1, failure=failure
    )


def announced(job: Job, *, now: int, timings: Timings) -> Job:
    """The message about the present state was published.

    A waiting job keeps the debt, far off, until a worker claims it: the message itself may be lost.
    """
    if Due.ANNOUNCE not in job.due:
        return job
    if job.status is not Status.PENDING:
        return without(job, Due.ANNOUNCE)
    later = max(job.due[Due.ANNOUNCE], now + timings.repeat_seconds)
    return replace(job, due=job.due | {Due.ANNOUNCE.value: later})


def postpone(job: Job, *, now: int, timings: Timings) -> Job:
    """Move every overdue debt on but thaw's, further each time, before it is announced again."""
    later = now + timings.repeat_seconds * 2**job.due_tries
    due = {kind: later if time <= now and kind != Due.RETRIEVAL else time for kind, time in job.due.items()}
    return replace(job, due=due, due_tries=min(job.due_tries + 1, 10))


def quiet(job: Job, *, now: int, timings: Timings) -> bool:
    """True once a zombie of an ended job has had its time; what is removed now stays removed.

    Told from the end, not from the debt: the sweeper moves a debt on before it announces it.
    """
    return job.terminal and job.complete_time + timings.cleanup_seconds <= now


def cleaned(job: Job) -> Job:
    """Nothing that losing attempts left remains."""
    return without(job, Due.CLEANUP)


def without(job: Job, *kinds: Due) -> Job:
    """The same row, with these debts paid; of the others nobody was told in vain."""
    if not job.due.keys() & kinds:
        return job
    return replace(job, due={kind: time for kind, time in job.due.items() if kind not in kinds}, due_tries=0)


def begin_mail(job: Job, event: str, *, message_id: str, now: int, timings: Timings) -> Job | None:
    """Record that a mail is about to be sent; None if it was sent, or another process is just sending it."""
    record = job.mails.get(event)
    if record and (record.sent or now - record.begun < timings.mail_claim_seconds):
        return None
    return replace(job, mails=job.mails | {event: MailRecord(begun=now, message_id=message_id)})


def end_mail(job: Job, event: str, *, now: int) -> Job:
    """Record that the provider accepted the mail."""
    return replace(job, mails=job.mails | {event: replace(job.mails[event], sent=now)})
