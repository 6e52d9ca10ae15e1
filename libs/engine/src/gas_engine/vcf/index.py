"""The .tbi of a VCF, made while its records are written. Format: hts-specs, "The Tabix index file format"."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from gas_engine.kernel import binning, layout
from gas_engine.vcf import bgzf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gas_engine.kernel.layout import Longs, Rows

_WINDOWS: Final = 1 << 15  # of 16 kb, up to position 2^29
_STATISTICS_BIN: Final = 37_450
_BIN_BITS: Final = 16  # more than any number of a bin takes
_VCF_PRESET: Final = struct.pack("<6i", 2, 1, 2, 0, ord("#"), 0)
_NONE: Final = np.zeros(0, np.int64)
_Contig = tuple["Longs", "Longs", tuple[int, int, int]]
"""Chunks (bin, begin, end), the first offset of each window, and (first offset, last, records)."""


class Indexer:
    """Take records in order, with the text before them counted from the first record."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Rows]] = deque()
        self._state: Longs = np.full(binning.STATE, -1, np.int64)
        self._linear: Longs = np.full(_WINDOWS, -1, np.int64)
        self._chunks: list[Longs] = []
        self._contigs: dict[int, _Contig] = {}

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
            self._chunks.append(chunks[:made].copy())
            sites = sites[taken:]

    def state(self) -> dict[str, Rows]:
        """All that is known so far, as arrays: what `restore` takes."""
        done = [(number, *self._contigs[number]) for number in self._contigs]
        return {
            "now": self._state,
            "now_chunks": _joined(self._chunks),
            "now_linear": self._linear,
            "done": np.array([(number, *totals) for number, _, _, totals in done], np.int64).reshape(-1, 4),
            "done_chunks": _joined([chunks for _, chunks, _, _ in done]),
            "done_chunks_sizes": np.array([len(chunks) for _, chunks, _, _ in done], np.int64),
            "done_linear": np.concatenate([_NONE, *(linear for _, _, linear, _ in done)]),
            "done_linear_sizes": np.array([len(linear) for _, _, linear, _ in done], np.int64),
            "waiting": np.concatenate([np.zeros(0, layout.SITE), *(rows for _, rows in self._waiting)]),
            "waiting_at": np.array([at for at, _ in self._waiting], np.int64),
            "waiting_sizes": np.array([len(rows) for _, rows in self._waiting], np.int64),
        }

    def restore(self, state: dict[str, Rows]) -> None:
        """Go on from what `state` gave."""
        self._state, self._linear = state["now"], state["now_linear"]
        self._chunks = [state["now_chunks"]]
        chunks = _split(state["done_chunks"], state["done_chunks_sizes"])
        linears = _split(state["done_linear"], state["done_linear_sizes"])
        for (number, first, last, count), chunk, linear in zip(
            state["done"].tolist(), chunks, linears, strict=True
        ):
            self._contigs[number] = (chunk, linear, (first, last, count))
        waiting = _split(state["waiting"], state["waiting_sizes"])
        self._waiting.extend(zip(state["waiting_at"].tolist(), waiting, strict=True))

    def _end_contig(self) -> None:
        state = self._state
        contig = int(state[binning.CONTIG])
        if contig >= 0:
            last = state[[binning.BIN, binning.BEGIN, binning.END]]
            windows = int(np.flatnonzero(self._linear >= 0)[-1]) + 1
            linear = self._linear[:windows]
            linear[0] = linear[0] if linear[0] >= 0 else state[binning.FIRST]
            filled = linear[np.maximum.accumulate(np.where(linear >= 0, np.arange(windows), 0))]
            totals = (int(state[binning.FIRST]), int(state[binning.END]), int(state[binning.COUNT]))
            self._contigs[contig] = (np.concatenate([*self._chunks, last[None]]), filled, totals)
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
        bins = _bins([chunks for _, (chunks, _, _) in met], moved)
        for (_, (_, linear, (first, last, count))), (bin_count, packed) in zip(met, bins, strict=True):
            parts += [struct.pack("<i", bin_count + 1), packed]
            parts.append(struct.pack("<IiQQQQ", _STATISTICS_BIN, 2, first + moved, last + moved, count, 0))
            parts.append(struct.pack("<i", len(linear)))
            parts.append((linear + moved).astype("<u8").tobytes())
        parts.append(struct.pack("<Q", 0))
        path.write_bytes(bgzf.pack(b"".join(parts))[0] + bgzf.EOF)


def _joined(chunks: Sequence[Longs]) -> Longs:
    return np.concatenate([np.zeros((0, 3), np.int64), *chunks])


def _split(rows: Rows, sizes: Longs) -> list[Rows]:
    return np.split(rows, np.cumsum(sizes)[:-1]) if len(sizes) else []


def _bins(contigs: Sequence[Longs], moved: int) -> list[tuple[int, bytes]]:
    """How many bins each contig has, and their bytes; chunks of a bin are joined if they meet within a block.

    All contigs at once: a bin is known by its contig and its number.
    """
    if not contigs:
        return []
    chunks = np.concatenate(contigs)
    chunks[:, 0] += np.repeat(np.arange(len(contigs)), [len(each) for each in contigs]) << _BIN_BITS
    chunks = chunks[np.argsort(chunks[:, 0], kind="stable")]
    numbers, begins, ends = chunks.T
    new_bin = np.append(True, numbers[1:] != numbers[:-1])
    apart = new_bin | np.append(True, begins[1:] >> 16 > ends[:-1] >> 16)
    last = np.append(apart[1:], True)
    pieces, first_piece = int(apart.sum()), np.flatnonzero(new_bin[apart])
    bins = len(first_piece)
    # A bin: its number and how many pieces it has (4 bytes each), then where each begins and ends (8 bytes).
    words = np.empty(2 * bins + 4 * pieces, "<u4")
    bin_at = 2 * np.arange(bins) + 4 * first_piece
    words[bin_at] = numbers[new_bin] & ((1 << _BIN_BITS) - 1)
    words[bin_at + 1] = np.diff(first_piece, append=pieces)
    at = 2 * np.cumsum(new_bin[apart]) + 4 * np.arange(pieces)
    for place, offsets in ((0, begins[apart] + moved), (2, ends[last] + moved)):
        words[at + place], words[at + place + 1] = offsets & 0xFFFFFFFF, offsets >> 32
    first_bin = np.searchsorted(numbers[new_bin] >> _BIN_BITS, np.arange(len(contigs) + 1))
    word_at = np.append(bin_at, len(words))[first_bin]
    return [
        (
            int(first_bin[contig + 1] - first_bin[contig]),
            words[word_at[contig] : word_at[contig + 1]].tobytes(),
        )
        for contig in range(len(contigs))
    ]
