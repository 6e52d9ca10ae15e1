"""Where coding sequence lies: the few records to look at, found without looking at the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.kernel.layout import Longs


class _Stretches(NamedTuple):
    """Of one contig: where any transcript codes, without overlaps; and transcripts with their coding ends."""

    start: Longs
    end: Longs
    transcript: Longs
    first: Longs
    last: Longs


class CodingStretches:
    """The coding stretches of a bundle, contig by contig as they are asked for; 0-based half-open."""

    def __init__(self, bundle: Bundle) -> None:
        self._model = bundle.tables.model
        self._contig = -1
        self._stretches = self._of(-1)

    def touched(self, contig: int, start: Longs, end: Longs) -> Longs:
        """Which of the records at [``start``, ``end``) may change coding sequence, by number, ascending.

        An insertion comes behind its record's last base, so that the base behind counts too.
        """
        stretches = self._on(contig)
        if not len(stretches.end):
            return np.zeros(0, np.int64)
        nearest = np.searchsorted(stretches.end, start, "right")
        near = nearest < len(stretches.end)
        near[near] = stretches.start[nearest[near]] <= end[near]
        return np.flatnonzero(near)

    def transcripts(self, contig: int, start: int, end: int) -> list[int]:
        """Numbers of the transcripts whose coding sequence, introns included, a stretch touches."""
        stretches = self._on(contig)
        touched = (stretches.first <= end) & (stretches.last > start)
        numbers: list[int] = stretches.transcript[touched].tolist()
        return numbers

    def _on(self, contig: int) -> _Stretches:
        if contig != self._contig:
            self._contig, self._stretches = contig, self._of(contig)
        return self._stretches

    def _of(self, contig: int) -> _Stretches:
        rows = self._model.transcripts
        numbers = np.flatnonzero((rows["contig"] == contig) & (rows["cds_first"] >= 0)).astype(np.int64)
        rows = rows[numbers]
        counts = rows["exons"]
        # the exons of one transcript after another
        exon = np.arange(counts.sum()) + np.repeat(rows["exon_at"] - np.cumsum(counts) + counts, counts)
        start = np.maximum(self._model.exons["start"][exon], np.repeat(rows["cds_first"], counts))
        end = np.minimum(self._model.exons["end"][exon], np.repeat(rows["cds_last"], counts))
        order = np.argsort(start[start < end], kind="stable")
        start, end = start[start < end][order], np.maximum.accumulate(end[start < end][order])
        gap = np.append(start[1:] > end[:-1], True)[: len(start)]
        firsts = np.append(True, gap[:-1])[: len(start)]
        return _Stretches(start[firsts], end[gap], numbers, rows["cds_first"], rows["cds_last"])
