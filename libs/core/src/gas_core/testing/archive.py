"""An archive store in memory, on the clock it is given."""

from __future__ import annotations

import io
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gas_core.adapters.archive import tiers
from gas_core.domain.errors import (
    ArchiveCorruptError,
    ArchiveMissingError,
    CapacityShortError,
    RetrievalNotReadyError,
)
from gas_core.ports import Clock, Retrieval, RetrievalState, Tier

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

COPY_SECONDS = 2 * 86400


@dataclass(slots=True)
class StoredRetrieval:
    """When a copy becomes readable, and when it is gone again; epoch seconds."""

    tier: Tier
    ready: int
    expires: int


@dataclass(slots=True)
class StoredArchive:
    """What was stored, its checksum from then, and its retrievals by their IDs."""

    key: str
    data: bytes
    checksum: int
    retrievals: dict[str, StoredRetrieval] = field(default_factory=dict)


class FakeArchive:
    """``ArchiveStore`` that freezes what it stores until the clock has moved on, like Glacier.

    ``seconds`` tells its tiers and what each takes; ``tiers.INSTANT_SECONDS`` makes a store that freezes
    nothing. Look at ``archives`` to see what is stored, at ``retrievals_started`` for what was charged.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seconds: Mapping[Tier, int] = tiers.FLEXIBLE_SECONDS,
        copy_seconds: int = COPY_SECONDS,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._copy_seconds = copy_seconds
        self._lock = threading.Lock()
        self.archives: dict[str, StoredArchive] = {}
        self.retrievals_started = 0
        self.short_for_test: set[Tier] = set()
        """Tiers that have no capacity now."""
        self.late_seconds_for_test = 0
        """How much longer than it tells a retrieval takes that is started from now on."""

    def lose_for_test(self, archive_id: str) -> None:
        """The archive is gone, as if somebody else had deleted it."""
        del self.archives[archive_id]

    def corrupt_for_test(self, archive_id: str) -> None:
        """One bit of the archive is not what was stored."""
        archive = self.archives[archive_id]
        archive.data = bytes([archive.data[0] ^ 1]) + archive.data[1:]

    def put(self, key: str, source: Path) -> str:
        data = source.read_bytes()
        archive_id = f"archive-of-{key}"
        with self._lock:
            standing = self.archives.setdefault(archive_id, StoredArchive(key, data, zlib.crc32(data)))
        if standing.data != data:
            raise ArchiveCorruptError(archive_id=archive_id)
        return archive_id

    def retrieve(self, archive_id: str, tier: Tier) -> Retrieval:
        tier = tiers.offered(tier, self._seconds)
        now = self._clock.now()
        with self._lock:
            archive = self._archive(archive_id)
            if tier is Tier.INSTANT:
                return Retrieval(tier, eta_seconds=0)
            for retrieval_id, started in archive.retrievals.items():
                if now < started.expires:
                    return Retrieval(started.tier, max(0, started.ready - now), retrieval_id)
            if tier in self.short_for_test:
                raise CapacityShortError(archive_id=archive_id, tier=tier.value)
            self.retrievals_started += 1
            retrieval_id = f"retrieval-{self.retrievals_started}"
            ready = now + self._seconds[tier] + self.late_seconds_for_test
            archive.retrievals[retrieval_id] = StoredRetrieval(tier, ready, ready + self._copy_seconds)
        return Retrieval(tier, self._seconds[tier], retrieval_id)

    def state(self, archive_id: str, retrieval_id: str) -> RetrievalState:
        archive = self._archive(archive_id)
        if Tier.INSTANT in self._seconds:
            return RetrievalState.READY
        retrieval = archive.retrievals.get(retrieval_id)
        now = self._clock.now()
        if retrieval is None or now >= retrieval.expires:
            return RetrievalState.EXPIRED
        return RetrievalState.READY if now >= retrieval.ready else RetrievalState.UNDER_WAY

    @contextmanager
    def open(self, archive_id: str, retrieval_id: str) -> Iterator[BinaryIO]:
        if self.state(archive_id, retrieval_id) is not RetrievalState.READY:
            raise RetrievalNotReadyError(archive_id=archive_id)
        yield io.BufferedReader(_Checked(archive_id, self.archives[archive_id]))

    def delete(self, archive_id: str) -> None:
        with self._lock:
            self.archives.pop(archive_id, None)

    def discard(self, key: str) -> None:
        with self._lock:
            for archive_id in [each for each, archive in self.archives.items() if archive.key == key]:
                del self.archives[archive_id]

    def _archive(self, archive_id: str) -> StoredArchive:
        try:
            return self.archives[archive_id]
        except KeyError:
            raise ArchiveMissingError(archive_id=archive_id) from None


class _Checked(io.RawIOBase):
    """The archive's bytes; its checksum is compared where they end."""

    def __init__(self, archive_id: str, archive: StoredArchive) -> None:
        self._archive_id = archive_id
        self._checksum = archive.checksum
        self._body = io.BytesIO(archive.data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._body.readinto(buffer)
        if not count and zlib.crc32(self._body.getvalue()) != self._checksum:
            raise ArchiveCorruptError(archive_id=self._archive_id)
        return count
