"""The .tbi of a VCF, made while its records are written. Format: hts-specs, "The Tabix index file format"."""

from __future__ import annotations

import struct
from collections import deque
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from gas_engine.kernel import binning
from gas_engine.vcf import bgzf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gas_engine.kernel.layout import Longs, Rows

_WINDOWS: Final = 1 << 15  # of 16 kb, up to position 2^29
_STATISTICS_BIN: Final = 37_450
_VCF_PRESET: Final = struct.pack("<6i", 2, 1, 2, 0, ord("#"), 0)
_Chunk = tuple[int, int, int]


class Indexer:
    """Take records in order, with the text before them counted from the first record."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Rows]] = deque()
        self._state: Longs = np.full(binning.STATE, -1, np.int64)
        self._linear: Longs = np.full(_WINDOWS, -1, np.int64)
        self._chunks: list[_Chunk] = []
        self._contigs: dict[int, tuple[list[_Chunk], list[int], tuple[int, int, int]]] = {}

    def add(self, text_at: int, sites: Rows, offsets: Sequence[int]) -> None:
        """Add records whose text starts at ``text_at``; ``offsets`` are of the blocks written so far."""
        if len(sites):
            self._waiting.append((text_at, sites))
        ready = (len(offsets) - 1) * bgzf.BLOCK_BYTES
        starts: Longs | None = None
        while self._waiting:
            at, rows = self._waiting[0]
            if at + int(rows[-1]["text_end"]) >= ready:
                return
            if starts is None:
                starts = np.array(offsets, np.int64)
            self._waiting.popleft()
            self._take(at, rows, starts)

    def _take(self, text_at: int, sites: Rows, offsets: Longs) -> None:
        while len(sites):
            if self._state[binning.CONTIG] != sites[0]["contig"]:
                self._end_contig()
                self._state[binning.CONTIG] = sites[0]["contig"]
            chunks = np.empty((len(sites), 3), np.int64)
            taken, made = binning.index_sites(
                sites, offsets, bgzf.BLOCK_BYTES, text_at, chunks, self._linear, self._state
            )
            self._chunks += map(tuple, chunks[:made].tolist())
            sites = sites[taken:]

    def _end_contig(self) -> None:
        state = self._state
        contig = int(state[binning.CONTIG])
        if contig >= 0:
            last = (int(state[binning.BIN]), int(state[binning.BEGIN]), int(state[binning.END]))
            windows = int(np.flatnonzero(self._linear >= 0)[-1]) + 1
            linear = self._linear[:windows]
            linear[0] = linear[0] if linear[0] >= 0 else state[binning.FIRST]
            filled = linear[np.maximum.accumulate(np.where(linear >= 0, np.arange(windows), 0))]
            totals = (int(state[binning.FIRST]), last[2], int(state[binning.COUNT]))
            self._contigs[contig] = ([*self._chunks, last], filled.tolist(), totals)
        self._chunks = []
        self._linear.fill(-1)
        state.fill(-1)
        state[binning.COUNT] = 0

    def write(self, path: Path, names: Sequence[bytes], offsets: Sequence[int], shift: int) -> None:
        """Write the index; ``shift`` is where the first record's block starts in the finished file."""
        starts = np.array(offsets, np.int64)
        for at, rows in self._waiting:
            self._take(at, rows, starts)
        self._end_contig()
        met = [(name, self._contigs[number]) for number, name in enumerate(names) if number in self._contigs]
        joined = b"".join(name + b"\0" for name, _ in met)
        parts = [b"TBI\1", struct.pack("<i", len(met)), _VCF_PRESET, struct.pack("<i", len(joined)), joined]
        moved = shift << 16
        for _, (chunks, linear, (first, last, count)) in met:
            by_bin = groupby(sorted(chunks), key=itemgetter(0))
            bins = [(number, _joined(list(group))) for number, group in by_bin]
            parts.append(struct.pack("<i", len(bins) + 1))
            for number, pieces in bins:
                parts.append(struct.pack("<Ii", number, len(pieces)))
                parts += [struct.pack("<QQ", begin + moved, end + moved) for begin, end in pieces]
            parts.append(struct.pack("<IiQQQQ", _STATISTICS_BIN, 2, first + moved, last + moved, count, 0))
            parts.append(struct.pack("<i", len(linear)))
            parts.append((np.array(linear, np.uint64) + np.uint64(moved)).astype("<u8").tobytes())
        parts.append(struct.pack("<Q", 0))
        path.write_bytes(bgzf.pack(b"".join(parts))[0] + bgzf.EOF)


def _joined(chunks: list[_Chunk]) -> list[tuple[int, int]]:
    """Chunks of one bin, those that meet within a block joined."""
    pieces = [(chunks[0][1], chunks[0][2])]
    for _, begin, end in chunks[1:]:
        if begin >> 16 <= pieces[-1][1] >> 16:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((begin, end))
    return pieces
