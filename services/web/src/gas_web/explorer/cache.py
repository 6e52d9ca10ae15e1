"""Tables on this machine's disk: each fetched from the store once, the least recently read leaving first.

An entry is named by job and generation, and a generation is never written twice, so that it cannot be out
of date. Whose table it is, the cache does not know: ``own_job`` comes first.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from gas_core.domain.errors import ObjectMissingError, StoreUnavailableError
from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.keys import standing_keys
from gas_core.ports import ObjectStore
from gas_web.explorer.errors import NoRoomError, TableTooLargeError

log = structlog.get_logger()

Key = tuple[str, int]
"""Job ID and generation of the results."""


def key_of(job: Job) -> Key:
    return job.job_id, job.results_generation


@dataclass(slots=True)
class _Entry:
    path: Path
    fetching: threading.Lock = field(default_factory=threading.Lock)
    readers: int = 0
    size_bytes: int = 0
    """What it takes of the room, from before the first byte arrives."""
    ready: bool = False


class TableCache:
    """Tables of jobs as files, ``max_bytes`` at most together, in a directory of its own in ``parent``."""

    def __init__(self, store: ObjectStore, *, parent: Path, max_bytes: int) -> None:
        self._store = store
        self._parent = parent
        self._max_bytes = max_bytes
        self._directory: Path | None = None
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def reading(self, job: Job) -> Iterator[Path]:
        """The table of a job whose results are AVAILABLE; it stays on the disk until the block ends.

        Raises
        ------
        ObjectMissingError
            The store does not have it (any more).
        TableTooLargeError
            It is larger than all the room there is.
        NoRoomError
            The room is taken by tables that are being read.
        """
        entry = self._enter(key_of(job))
        try:
            # Whoever comes second waits for the first one's fetch; if that failed, it fetches itself.
            with entry.fetching:
                if not entry.ready:
                    self._fetch(job, entry)
            yield entry.path
        finally:
            self._leave(key_of(job), entry)

    def _enter(self, key: Key) -> _Entry:
        with self._lock:
            if self._directory is None:
                self._directory = Path(tempfile.mkdtemp(prefix="gas-tables-", dir=self._parent))
                weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)
            name = f"{key[0]}-{key[1]}.parquet"
            entry = self._entries.setdefault(key, _Entry(self._directory / name))
            self._entries.move_to_end(key)
            entry.readers += 1
            return entry

    def _leave(self, key: Key, entry: _Entry) -> None:
        with self._lock:
            entry.readers -= 1
            if not entry.readers and not entry.ready:
                del self._entries[key]

    def _fetch(self, job: Job, entry: _Entry) -> None:
        ref = ObjectRef(job.s3_results_bucket, standing_keys(job).table)
        info = self._store.head(ref)
        if info is None:
            raise ObjectMissingError(bucket=ref.bucket, key=ref.key)
        self._make_room(entry, info.size_bytes)
        part = entry.path.with_suffix(".part")
        try:
            with self._store.open(ref) as source, part.open("wb") as target:
                shutil.copyfileobj(source, target, 1024 * 1024)
            if part.stat().st_size != info.size_bytes:
                raise StoreUnavailableError("The table came cut short.", key=ref.key)
            part.rename(entry.path)
            entry.ready = True
        finally:
            if not entry.ready:
                part.unlink(missing_ok=True)
                entry.size_bytes = 0
        log.info("table_fetched", job_id=job.job_id, bytes=info.size_bytes)

    def _make_room(self, entry: _Entry, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            raise TableTooLargeError(bytes=size_bytes, limit_bytes=self._max_bytes)
        with self._lock:
            taken = sum(each.size_bytes for each in self._entries.values())
            idle = [key for key, each in self._entries.items() if each.ready and not each.readers]
            for key in idle:
                if taken + size_bytes <= self._max_bytes:
                    break
                gone = self._entries.pop(key)
                gone.path.unlink()
                taken -= gone.size_bytes
            if taken + size_bytes > self._max_bytes:
                raise NoRoomError(bytes=size_bytes, taken_bytes=taken)
            entry.size_bytes = size_bytes
