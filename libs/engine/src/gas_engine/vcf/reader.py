"""A VCF as a header and a stream of records in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gas_engine.vcf.header import Header, read_header
from gas_engine.vcf.order import InOrder
from gas_engine.vcf.record import Record, parse_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gas_engine.limits import Limits
    from gas_engine.vcf.source import Source


class Reader:
    """Read the header at once and the records as they are asked for.

    Bytes that are not UTF-8 pass through to the output as they are: the specification asks for UTF-8 since
    4.3 and ASCII before, but real files carry Latin-1 descriptions and sample notes, and changing or
    refusing them would help nobody. They are counted in ``not_utf8``; contig names and alleles must be
    ASCII.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self._lines = source.lines()
        self.header: Header = read_header(self._lines, limits)
        self.not_utf8 = sum(not _is_utf8(line) for line in (*self.header.meta, self.header.column_line))
        self.blank_lines = 0
        self._in_order = InOrder(self._parsed(), limits.max_sort_bytes, limits.max_names)

    @property
    def sorted_here(self) -> bool:
        """Whether the records had to be put in order; final once they have run out."""
        return self._in_order.sorted_here

    def __iter__(self) -> Iterator[Record]:
        return iter(self._in_order)

    def _parsed(self) -> Iterator[Record]:
        columns, vcf3 = self.header.columns, self.header.vcf3
        for number, line in self._lines:
            if not line.strip():
                self.blank_lines += 1
                continue
            if not _is_utf8(line):
                self.not_utf8 += 1
            yield parse_record(number, line, columns, vcf3=vcf3)


def _is_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
