"""The list of a user's jobs: found by name and state, page by page, and what is done with several at once.

Newest or oldest first, by an index that knows nothing but times; any other order would mean to read all
rows before the first is shown. A search reads rows in that order until a page is full, at most ``LOOKED_AT``
of them; the next page goes on where it stopped. So ten thousand jobs cost no more than a thousand.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from gas_core.domain.errors import ObjectMissingError
from gas_core.domain.job import Action, Job, ObjectRef
from gas_core.domain.names import result_name
from gas_core.domain.plans import User
from gas_core.domain.states import Results, Status
from gas_core.ports import JobCursor, Jobs, ObjectStore

PAGE_JOBS = 99
"""With the one more that tells whether there is a next page: one read of the table."""
LOOKED_AT = 5 * PAGE_JOBS
"""Rows that one search reads at the most."""
QUERY_CHARACTERS = 200
_CHUNK_BYTES = 1 << 18

STATES = {
    "under-way": "Under way",
    "ready": "Ready",
    "archive": "In the archive",
    "ended-badly": "Failed, cancelled or lost",
}
"""What a list may be narrowed to, and how that reads."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs: in ``state`` ("" is any), with ``text`` in name or chosen reference, in any case."""

    text: str = ""
    state: str = ""
    oldest_first: bool = False

    @property
    def narrowed(self) -> bool:
        return bool(self.text or self.state)

    def fits(self, job: Job) -> bool:
        folded = self.text.casefold()
        named = any(folded in text.casefold() for text in (job.name, job.input_file_name, job.bundle))
        return named and (not self.state or _state(job) == self.state)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of jobs. ``next`` goes on; ``stopped`` if that is because enough rows were looked at."""

    jobs: tuple[Job, ...]
    next: JobCursor | None
    stopped: bool = False


def find(user: User, wanted: Wanted, *, after: JobCursor | None, limit: int, jobs: Jobs) -> Found:
    """The next ``limit`` jobs of this user alone that fit."""
    order = wanted.oldest_first
    if not wanted.narrowed:
        page = jobs.page_of_user(user.identity_id, after=after, limit=limit, oldest_first=order)
        return Found(page.jobs, page.next)
    found: list[Job] = []
    looked_at = 0
    while looked_at < LOOKED_AT:
        page = jobs.page_of_user(user.identity_id, after=after, limit=PAGE_JOBS, oldest_first=order)
        for job in page.jobs:
            if wanted.fits(job):
                if len(found) == limit:
                    last = found[-1]
                    return Found(tuple(found), JobCursor(last.submit_time, last.job_id))
                found.append(job)
        looked_at += len(page.jobs)
        after = page.next
        if after is None:
            return Found(tuple(found), None)
    return Found(tuple(found), after, stopped=True)


def downloads(jobs: Iterable[Job], *, store: ObjectStore) -> Iterator[bytes]:
    """A ZIP file of the annotated VCFs, in pieces: stored as they are, as they are compressed already.

    Results that go while this is under way are named in a note inside it; what is there is whole.
    """
    written = _Pieces()
    missing: list[str] = []
    with zipfile.ZipFile(cast("BinaryIO", written), "w", zipfile.ZIP_STORED, allowZip64=True) as file:
        for job in jobs:
            name = f"{job.job_id[:8]}-{result_name(job.input_file_name)}"
            ref = ObjectRef(job.s3_results_bucket, job.s3_key_result_file)
            if Action.DOWNLOAD not in job.actions:
                missing.append(name)
                continue
            try:
                with store.open(ref) as source, file.open(name, "w", force_zip64=True) as entry:
                    while chunk := source.read(_CHUNK_BYTES):
                        entry.write(chunk)
                        yield from written.taken()
            except ObjectMissingError:
                missing.append(name)
            yield from written.taken()
        if missing:
            lines = ["These have no results to download now; their pages tell why.", *missing, ""]
            file.writestr("not-included.txt", "\n".join(lines))
    yield from written.taken()


def _state(job: Job) -> str:
    if job.results is Results.DELETING:
        return ""
    if job.results is Results.AVAILABLE:
        return "ready"
    if job.results in {Results.ARCHIVING, Results.ARCHIVED, Results.RESTORING}:
        return "archive"
    if job.status in {Status.FAILED, Status.CANCELLED} or job.results is Results.LOST:
        return "ended-badly"
    return "under-way"


class _Pieces(io.RawIOBase):
    """What is written, to be taken away in pieces; nobody goes back in it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(cast("bytes", data))
        self._parts.append(piece)
        return len(piece)

    def taken(self) -> Iterator[bytes]:
        parts, self._parts = self._parts, []
        yield from parts
