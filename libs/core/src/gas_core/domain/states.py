"""The two state machines of a job, each one table.

Everything that depends on a state reads these tables: the conditional writes, the pages, the diagram in the
docs and the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a job is on its way to an outcome (attribute ``job_status``)."""

    UPLOADING = "UPLOADING"
    """An upload form was handed out; the file may or may not have arrived."""
    PENDING = "PENDING"
    """Submitted and waiting for a worker."""
    RUNNING = "RUNNING"
    """Claimed by a worker that holds a lease."""
    COMPLETED = "COMPLETED"
    """Annotated; the results machine tells where the results are."""
    FAILED = "FAILED"
    """Ended without results, with a reason the user can act on."""
    CANCELLED = "CANCELLED"
    """Withdrawn by its owner, or its file never arrived."""


class Results(StrEnum):
    """Where a job's results are (attribute ``results_state``)."""

    NONE = "NONE"
    AVAILABLE = "AVAILABLE"
    ARCHIVING = "ARCHIVING"
    ARCHIVED = "ARCHIVED"
    RESTORING = "RESTORING"
    LOST = "LOST"
    DELETING = "DELETING"


TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class StatusMove:
    """One arrow of the status machine; ``results`` is what the results machine does in the same write."""

    name: str
    sources: frozenset[Status]
    target: Status
    meaning: str
    results: Results | None = None


@dataclass(frozen=True, slots=True)
class ResultsMove:
    """One arrow of the results machine."""

    name: str
    sources: frozenset[Results]
    target: Results
    meaning: str


def _status(
    name: str, sources: set[Status], target: Status, meaning: str, results: Results | None = None
) -> tuple[str, StatusMove]:
    return name, StatusMove(name, frozenset(sources), target, meaning, results)


def _results(name: str, sources: set[Results], target: Results, meaning: str) -> tuple[str, ResultsMove]:
    return name, ResultsMove(name, frozenset(sources), target, meaning)


STATUS_MOVES: dict[str, StatusMove] = dict(
    [
        _status("submit", {Status.UPLOADING}, Status.PENDING, "the file arrived and was checked"),
        _status("abandon", {Status.UPLOADING}, Status.CANCELLED, "the file never arrived"),
        _status(
            "cancel",
            {Status.UPLOADING, Status.PENDING, Status.RUNNING},
            Status.CANCELLED,
            "its owner withdrew it",
        ),
        _status("claim", {Status.PENDING}, Status.RUNNING, "a worker took it, attempt + 1"),
        _status("reclaim", {Status.RUNNING}, Status.RUNNING, "the lease was over, attempt + 1"),
        _status("renew", {Status.RUNNING}, Status.RUNNING, "heartbeat: lease and progress"),
        _status("hand_back", {Status.RUNNING}, Status.PENDING, "its worker could not go on"),
        _status("complete", {Status.RUNNING}, Status.COMPLETED, "results are stored", Results.AVAILABLE),
        _status("fail", {Status.RUNNING, Status.PENDING}, Status.FAILED, "no results, for a reason"),
    ]
)

RESULTS_MOVES: dict[str, ResultsMove] = dict(
    [
        _results("archive_begin", {Results.AVAILABLE}, Results.ARCHIVING, "the free window is over"),
        _results("archive_again", {Results.ARCHIVING}, Results.ARCHIVING, "its archiver died; begun anew"),
        _results("archive_commit", {Results.ARCHIVING}, Results.ARCHIVED, "the archive is verified"),
        _results("archive_stop", {Results.ARCHIVING}, Results.AVAILABLE, "the plan changed, or given up"),
        _results("restore_begin", {Results.ARCHIVED}, Results.RESTORING, "a retrieval was started"),
        _results("retrieve_again", {Results.RESTORING}, Results.RESTORING, "the retrieval failed or expired"),
        _results("copy_back", {Results.RESTORING}, Results.RESTORING, "retrieved; a thaw copies it back"),
        _results("restore_commit", {Results.RESTORING}, Results.AVAILABLE, "copied back and verified"),
        _results("restore_stop", {Results.RESTORING}, Results.ARCHIVED, "given up; an operator hears of it"),
        _results(
            "lose", {Results.ARCHIVED, Results.RESTORING}, Results.LOST, "the archive is gone or corrupt"
        ),
        _results(
            "delete", set(Results) - {Results.DELETING}, Results.DELETING, "by its owner; the row goes last"
        ),
    ]
)
