"""Every decision about where a job's results are: window, archive, retrieval, restore, loss, deletion.

As in ``lifecycle``: pure functions from the row as it was read to the row as it should be. Whether a user's
plan allows a move is not decided here but by the write, which names the plan it was decided for.

Who makes a copy (an archive, a restore) owns it by the row's ``generation`` while its lease lasts. Losing the
lease loses the copy, never what it was made from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gas_core.domain.errors import MoveRefusedError, PermanentError
from gas_core.domain.job import Asked, Due, Job
from gas_core.domain.keys import result_keys
from gas_core.domain.lifecycle import LeaseHeldError, Timings, without
from gas_core.domain.states import RESULTS_MOVES, TERMINAL, Results, Status

OLDER_DEBTS = (Due.ANNOUNCE, Due.CLEANUP)
"""What a row may still owe from before; no later move pays it by the way."""


@dataclass(frozen=True, slots=True)
class StoredArchive:
    """An archive that stands in the archive store, and which generation of which job it was made for."""

    archive_id: str
    job_id: str
    generation: int


class CopyLostError(PermanentError):
    """The copy under way is not this process's any more; whatever it does now must change nothing."""


class ExtensionsSpentError(PermanentError):
    """The window was begun anew as often as it may be."""


def _moved(job: Job, move_name: str, due: dict[Due, int], *, now: int, **changes: Any) -> Job:  # noqa: ANN401 - fields of Job
    move = RESULTS_MOVES[move_name]
    if job.status is not Status.COMPLETED or job.results not in move.sources:
        raise MoveRefusedError(job_id=job.job_id, move=move_name, results=job.results.value)
    older = {kind.value: job.due[kind] for kind in OLDER_DEBTS if kind in job.due}
    owed = older | {kind.value: time for kind, time in due.items()}
    if move.target is not job.results:
        changes |= {"results_since": now, "moves": job.moved(move.target, now)}
    return replace(job, results=move.target, due=owed, due_tries=0, **changes)


def _owned(job: Job, results: Results, generation: int) -> None:
    if job.results is not results or job.generation != generation:
        raise CopyLostError(job_id=job.job_id, generation=generation, results=job.results.value)


# Windows


def _with_window(job: Job, now: int, timings: Timings, **changes: Any) -> Job:  # noqa: ANN401 - fields of Job
    opened = timings.window(now)
    due = without(job, Due.WINDOW, Due.WARNING).due | {kind.value: time for kind, time in opened.items()}
    return replace(job, due=due, due_tries=0, window_ends=opened[Due.WINDOW], **changes)


def keep_longer(job: Job, *, now: int, timings: Timings) -> Job:
    """The window begins anew, asked for by its owner; never once archiving has begun.

    Raises
    ------
    ExtensionsSpentError
        It was begun anew ``max_extensions`` times.
    """
    if job.results is not Results.AVAILABLE or not job.window_ends:
        raise MoveRefusedError(job_id=job.job_id, move="keep_longer", results=job.results.value)
    if job.extensions >= timings.max_extensions:
        raise ExtensionsSpentError(job_id=job.job_id, extensions=job.extensions)
    return _with_window(job, now, timings, extensions=job.extensions + 1)


def open_window(job: Job, *, since: int, now: int, timings: Timings) -> Job:
    """Its owner left premium at ``since``: available results get a window, unless they got one after that."""
    if job.results is not Results.AVAILABLE or job.window_ends >= since + timings.free_window_seconds:
        return job
    return _with_window(job, now, timings, extensions=0)


def close_window(job: Job) -> Job:
    """Its owner is premium: available results stay. The write names the plan."""
    if job.results is not Results.AVAILABLE:
        return job
    return replace(without(job, Due.WINDOW, Due.WARNING), window_ends=0)


def window_over(job: Job, *, now: int) -> bool:
    return job.results is Results.AVAILABLE and 0 < job.window_ends <= now


# Into the archive


def archive_begin(job: Job, *, now: int, timings: Timings) -> Job:
    """AVAILABLE → ARCHIVING, once the window is over; ARCHIVING → ARCHIVING, once its archiver's lease is.

    Raises
    ------
    LeaseHeldError
        Another archiver is at work.
    MoveRefusedError
        The results are elsewhere, or their window is not over.
    """
    again = job.results is Results.ARCHIVING
    if again and job.lease_expires > now:
        raise LeaseHeldError(job_id=job.job_id, generation=job.generation)
    if not again and not window_over(job, now=now):
        raise MoveRefusedError(job_id=job.job_id, move="archive_begin", results=job.results.value)
    expires = now + timings.lease_seconds
    due = {Due.LEASE: expires}
    if again:
        due[Due.CLEANUP] = job.due.get(Due.CLEANUP, now)  # what the dead archiver may have stored
    return _moved(
        job,
        "archive_again" if again else "archive_begin",
        due,
        now=now,
        generation=job.generation + 1,
        lease_expires=expires,
    )


def archive_renew(job: Job, *, generation: int, now: int, timings: Timings) -> Job:
    """A heartbeat of the archiver that owns the copy."""
    _owned(job, Results.ARCHIVING, generation)
    expires = now + timings.lease_seconds
    return replace(job, lease_expires=expires, due=job.due | {Due.LEASE.value: expires})


def archive_release(job: Job, *, generation: int, now: int) -> Job:
    """The archiver that owns the copy could not make it; another may begin at once."""
    _owned(job, Results.ARCHIVING, generation)
    return replace(job, lease_expires=now, due=job.due | {Due.LEASE.value: now})


def archive_commit(job: Job, *, generation: int, archive_id: str, now: int, timings: Timings) -> Job:
    """ARCHIVING → ARCHIVED: the archive stands, verified. The originals have to go from now on."""
    _owned(job, Results.ARCHIVING, generation)
    return _moved(
        job,
        "archive_commit",
        {
            Due.ANNOUNCE_RESULTS: now + timings.announce_grace_seconds,
            Due.CLEANUP: now + timings.links_seconds,
        },
        now=now,
        results_file_archive_id=archive_id,
        archive_generation=generation,
        s3_key_result_file="",
        results_generation=0,
        window_ends=0,
        extensions=0,
        lease_expires=0,
        links_dead=now + timings.links_seconds,
    )


def archive_stop(job: Job, *, now: int, archive_id: str = "") -> Job:
    """ARCHIVING → AVAILABLE without a window: its owner has become premium. The write names the plan.

    ``archive_id`` is what was stored by then; it goes with the other leftovers.
    """
    return _moved(
        job,
        "archive_stop",
        {Due.CLEANUP: now},
        now=now,
        window_ends=0,
        extensions=0,
        lease_expires=0,
        retired_archives=_retired(job, archive_id),
    )


# Back from the archive


def ask_back(job: Job, *, now: int) -> Job:
    """Its owner asks for archived results; thaw starts the retrieval."""
    if job.results is not Results.ARCHIVED:
        raise MoveRefusedError(job_id=job.job_id, move="restore_begin", results=job.results.value)
    return replace(job, due=job.due | {Due.RETRIEVAL.value: now}, due_tries=0)


def forget_asking(job: Job) -> Job:
    """Its owner has left premium before the retrieval was started. The write names the plan."""
    if job.results is not Results.ARCHIVED:
        return job
    return without(job, Due.RETRIEVAL)


def restore_begin(job: Job, *, asked: Asked, message: str, now: int) -> Job:
    """ARCHIVED → RESTORING: a retrieval was started, with tier, time and message in the same write."""
    return _moved(
        job, "restore_begin", {Due.RETRIEVAL: asked.ready}, now=now, retrieval=asked, restore_message=message
    )


def retrieve_again(job: Job, *, asked: Asked, message: str, now: int) -> Job:
    """RESTORING → RESTORING: the retrieval failed or its copy is gone; one more was started."""
    return _moved(
        job,
        "retrieve_again",
        {Due.RETRIEVAL: asked.ready},
        now=now,
        retrieval=asked,
        restore_message=message,
        lease_expires=0,
    )


def look_again(job: Job, *, at: int) -> Job:
    """There is nothing to be done about the retrieval before ``at``."""
    if job.results is not Results.RESTORING:
        return job
    return replace(job, due=job.due | {Due.RETRIEVAL.value: at})


def retrieval_late(job: Job, *, message: str, now: int, timings: Timings) -> Job:
    """The retrieval takes longer than was told; look again later."""
    later = look_again(job, at=now + timings.thaw_seconds)
    return later if later is job else replace(later, restore_message=message)


def copy_back(job: Job, *, now: int, timings: Timings) -> Job:
    """RESTORING → RESTORING: what was retrieved is copied back by the caller, under a new generation.

    Raises
    ------
    LeaseHeldError
        Another thaw is at it.
    """
    if job.results is Results.RESTORING and job.lease_expires > now:
        raise LeaseHeldError(job_id=job.job_id, generation=job.generation)
    expires = now + timings.thaw_lease_seconds
    begun = _moved(
        job,
        "copy_back",
        {Due.RETRIEVAL: expires},
        now=now,
        generation=job.generation + 1,
        lease_expires=expires,
    )
    return replace(begun, due_tries=job.due_tries)  # what could not be copied before is not quicker now


def copy_renew(job: Job, *, generation: int, now: int, timings: Timings) -> Job:
    """A sign of life of the thaw that owns the copy."""
    _owned(job, Results.RESTORING, generation)
    expires = now + timings.thaw_lease_seconds
    return replace(job, lease_expires=expires, due=job.due | {Due.RETRIEVAL.value: expires})


def copy_postponed(job: Job, *, generation: int, now: int, timings: Timings) -> Job:
    """The copy could not be made now, for a passing reason."""
    _owned(job, Results.RESTORING, generation)
    later = now + timings.thaw_seconds * 2**job.due_tries
    return replace(
        job,
        lease_expires=0,
        due=job.due | {Due.RETRIEVAL.value: later},
        due_tries=min(job.due_tries + 1, 8),
    )


def restore_commit(job: Job, *, generation: int, result_key: str, now: int, timings: Timings) -> Job:
    """RESTORING → AVAILABLE: the copy stands, verified. The archive has to go from now on.

    A window begins for everybody; whoever is premium has it closed when it ends.
    """
    _owned(job, Results.RESTORING, generation)
    opened = timings.window(now)
    return _moved(
        job,
        "restore_commit",
        {Due.ANNOUNCE_RESULTS: now + timings.announce_grace_seconds, Due.CLEANUP: now, **opened},
        now=now,
        s3_key_result_file=result_key,
        results_generation=generation,
        window_ends=opened[Due.WINDOW],
        extensions=0,
        results_file_archive_id="",
        archive_generation=0,
        retired_archives=_retired(job, job.results_file_archive_id),
        retrieval=Asked(),
        restore_message="",
        lease_expires=0,
    )


def came_back(job: Job) -> bool:
    """True if the results stand where a restore put them; the log still stands where the job left it."""
    stood_first = job.s3_key_log_file == result_keys(job.job_id, job.results_generation).log
    return job.results is Results.AVAILABLE and not stood_first


def restore_stop(job: Job, *, message: str, now: int) -> Job:
    """RESTORING → ARCHIVED: every try failed. Nothing is lost; an operator has to look."""
    return _moved(
        job, "restore_stop", {}, now=now, retrieval=Asked(), restore_message=message, lease_expires=0
    )


def lose(job: Job, *, message: str, now: int) -> Job:
    """The archive is gone or corrupt. Nothing of the job is deleted from now on, not even leftovers."""
    lost = _moved(job, "lose", {}, now=now, restore_message=message, lease_expires=0)
    return without(lost, Due.CLEANUP)


def _retired(job: Job, archive_id: str) -> tuple[str, ...]:
    return (*job.retired_archives, archive_id) if archive_id else job.retired_archives


# Leftovers and deletion


def needs_archive(job: Job, stored: StoredArchive) -> bool:
    """True if an archive is the job's, may still become it, or is on the row to be removed.

    Of lost results everything is kept: an operator may find in it what is missing.
    """
    if job.results is Results.LOST or stored.archive_id in job.retired_archives:
        return True
    in_the_making = job.results is Results.ARCHIVING and job.generation == stored.generation
    return in_the_making or stored.archive_id == job.results_file_archive_id


def may_clean(job: Job, *, now: int) -> bool:
    """True once originals that were archived may go: links that were handed out before are dead by then.

    Wherever the results are by now: a restore may be faster than a link is dead.
    """
    return job.links_dead <= now


def cleaned(job: Job, *, now: int, timings: Timings, archives: tuple[str, ...] = ()) -> Job:
    """Leftovers, and ``archives`` among those retired, were removed.

    A process that lost its copy may still write for a while, so a debt that was paid early is paid once more.
    """
    left = tuple(archive_id for archive_id in job.retired_archives if archive_id not in archives)
    quiet = max(job.results_since, job.complete_time) + timings.cleanup_seconds
    due = without(job, Due.CLEANUP).due
    if quiet > now or left:
        due |= {Due.CLEANUP.value: max(quiet, now)}
    return replace(job, retired_archives=left, due=due)


def delete(job: Job, *, now: int, timings: Timings) -> Job:
    """Any results state → DELETING, for a job that has ended. The objects go first, the row last.

    The archiver is told at once, if it may begin at once; the debt is for when it does not hear.
    """
    move = RESULTS_MOVES["delete"]
    if job.status not in TERMINAL or job.results not in move.sources:
        raise MoveRefusedError(job_id=job.job_id, move="delete", status=job.status.value)
    deleting = replace(
        job,
        results=Results.DELETING,
        results_since=now,
        moves=job.moved(Results.DELETING, now),
        due_tries=0,
    )
    unheard = now + timings.announce_grace_seconds
    return replace(deleting, due={Due.CLEANUP.value: max(unheard, deletable_from(job, timings=timings))})


def deletable_from(job: Job, *, timings: Timings) -> int:
    """When whoever worked on the job as it was deleted has found out; epoch seconds."""
    return job.lease_expires + timings.lease_seconds if job.lease_expires else 0
