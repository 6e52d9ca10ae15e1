"""Put records in the order that the index needs: contigs in one piece, positions rising.

Decision: small unsorted files are sorted, large ones refused. People upload lists they edited in a
spreadsheet, and sending those back for a sort would be unkind; all of our outputs are streams, and one that
is sorted in memory up to a bound needs no second pass over any of them. Files beyond the bound come from
pipelines, which sort. Contigs keep the order of their first record, equal positions the order of the input.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from gas_engine.errors import VcfError
from gas_engine.limits import size_text
from gas_engine.vcf.text import readable, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gas_engine.vcf.record import Record

# What a record costs beside its text: 480 bytes, measured with tracemalloc on eight-column records.
_RECORD_OVERHEAD_BYTES = 512


class InOrder:
    """Yield records in order. ``sorted_here`` is True once the input turned out to need sorting."""

    def __init__(self, records: Iterable[Record], max_bytes: int, max_contigs: int) -> None:
        self._records = iter(records)
        self._max_bytes = max_bytes
        self._max_contigs = max_contigs
        self._ranks: dict[bytes, int] = {}
        self._highest = (0, 0)
        self.sorted_here = False

    def __iter__(self) -> Iterator[Record]:
        held: deque[tuple[int, int, Record]] = deque()
        held_bytes = 0
        for record in self._records:
            rank, in_order = self._place(record)
            held.append((rank, record.pos, record))
            held_bytes += record.size_bytes + _RECORD_OVERHEAD_BYTES
            self.sorted_here |= not in_order
            if held_bytes > self._max_bytes:
                break
        if self.sorted_here and held_bytes > self._max_bytes:
            raise self._refusal(self._first_late(held))
        ordered = deque(sorted(held, key=lambda item: item[:2])) if self.sorted_here else held
        del held
        while ordered:
            yield ordered.popleft()[2]
        for record in self._records:
            if not self._place(record)[1]:
                raise self._refusal(record)
            yield record

    def _place(self, record: Record) -> tuple[int, bool]:
        """Return (rank of the contig, whether the record comes no earlier than all before it)."""
        rank = self._ranks.setdefault(record.chrom, len(self._ranks))
        if rank >= self._max_contigs:
            expected = f"one of at most {self._max_contigs:,} contigs"
            raise VcfError(record.line, 1, "CHROM", f"another contig, {shown(record.chrom)},", expected)
        place = (rank, record.pos)
        in_order = place >= self._highest
        self._highest = max(self._highest, place)
        return rank, in_order

    @staticmethod
    def _first_late(held: Iterable[tuple[int, int, Record]]) -> Record:
        highest = (0, 0)
        for rank, pos, record in held:
            if (rank, pos) < highest:
                return record
            highest = (rank, pos)
        raise AssertionError("called only when a record came late")

    def _refusal(self, record: Record) -> VcfError:
        found = f"{readable(record.chrom)}:{record.pos} after a later position"
        limit = size_text(self._max_bytes)
        expected = f"a sorted record (beyond {limit} run bcftools sort before uploading)"
        return VcfError(record.line, 2, "POS", found, expected)
