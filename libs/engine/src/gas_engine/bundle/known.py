"""Known alleles: the identifiers that VCFs give them, and the INFO fields that are taken along.

Two spellings of one indel are one allele: alleles are trimmed and left-aligned. As REF is what the reference
has, its length is enough to tell it.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from gas_engine.kernel import layout
from gas_engine.kernel.layout import BIN_BITS, Bytes, Ints, Longs, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from gas_engine.bundle.manifest import Field
    from gas_engine.bundle.tables import Pool

_NUMBERS: Final = {
    "Integer": re.compile(r"-?[0-9]{1,9}"),
    "Float": re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?"),
}
"""What a value must be for its field to keep its type; other texts make it a String."""
BETWEEN: Final = "\t"
"""Stands between the values that a source's fields have for an allele; no VCF has one inside a value."""


class KnownRows:
    """Alleles as they are read, with identifiers or values: some 30 bytes of memory each, beside the text."""

    def __init__(self) -> None:
        self._alt_numbers: dict[str, int] = {}
        self._ids = _Entries()
        self._sources: list[tuple[_Entries, list[Field]]] = []

    def add(self, contig: int, start: int, ref_size: int, alt: str, identifier: str) -> None:
        """Give an allele an identifier; positions are 0-based, alleles trimmed and left-aligned."""
        self._ids.add(contig, start, ref_size, self._number(alt), identifier)

    def add_source(self, fields: Sequence[Field]) -> int:
        """Begin another source with these fields; return its number."""
        self._sources.append((_Entries(), list(fields)))
        return len(self._sources) - 1

    def add_values(self, source: int, allele: tuple[int, int, int, str], values: Sequence[str]) -> None:
        """Give an allele, as :meth:`add` takes it, a value of each of the source's fields, some empty."""
        if not any(values):
            return
        entries, fields = self._sources[source]
        for number, value in enumerate(values):
            plain = _NUMBERS.get(fields[number].type)
            if plain and value and not plain.fullmatch(value):
                fields[number] = replace(fields[number], type="String")
        contig, start, ref_size, alt = allele
        entries.add(contig, start, ref_size, self._number(alt), BETWEEN.join(values))

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, source after source; their types are final once :meth:`rows` was called."""
        return tuple(field for _, fields in self._sources for field in fields)

    def field_rows(self, pool: Pool) -> Longs:
        """One row a field: its source, its place among the fields of that, and where its key stands."""
        rows = [
            (source, place, *pool.add(field.key))
            for source, (_, fields) in enumerate(self._sources)
            for place, field in enumerate(fields)
        ]
        return np.array(rows, np.int64).reshape(-1, 4)

    def rows(self, contigs: Rows, pool: Pool) -> tuple[Rows, Longs, Rows]:
        """One row an allele, by contig and position; the first row of every bin; their values."""
        parts = [self._ids.grouped(_joined_identifiers)]
        for entries, fields in self._sources:
            parts.append(entries.grouped(lambda texts, fields=fields: _joined_values(texts, fields)))  # type: ignore[misc]  # mypy cannot type a lambda's default
        alts = np.array([pool.add(word) for word in self._alt_numbers], np.int64).reshape(-1, 2)
        self._alt_numbers = {}
        contig, start, ref_size, alt = (
            _joined([getattr(part, name) for part in parts])
            for name in ("contig", "start", "ref_size", "alt")
        )
        order = np.lexsort((alt, ref_size, start, contig))
        first = _first_of_each((contig, start, ref_size, alt), order)
        begins = order[first]
        found = np.zeros(len(begins), layout.KNOWN)
        found["start"], found["ref_size"] = start[begins], ref_size[begins]
        found["alt_at"], found["alt_size"] = alts[alt[begins], 0], alts[alt[begins], 1]
        bins = contigs["bin_at"][contig[begins]] + (start[begins] >> BIN_BITS)
        row_of = np.empty(len(order), np.int64)
        row_of[order] = np.cumsum(first) - 1
        ids, *others = parts
        base = pool.add_block(ids.texts)
        rows = row_of[: len(ids.at)]
        found["id_at"][rows], found["id_size"][rows] = ids.at + base, ids.size
        found["odd"][rows] = _odd_pieces(np.frombuffer(ids.texts, np.uint8), ids.at, ids.at + ids.size)
        total = int(contigs["bin_at"][-1] + (contigs["length"][-1] >> BIN_BITS) + 1)
        places = np.zeros(total + 1, np.int64)
        np.cumsum(np.bincount(bins, minlength=total), out=places[1:])
        return found, places, _value_rows(found, row_of[len(ids.at) :], others, pool)

    def _number(self, alt: str) -> int:
        return self._alt_numbers.setdefault(alt, len(self._alt_numbers))


class _Grouped(NamedTuple):
    """An allele a row, with where its text stands."""

    contig: Ints
    start: Longs
    ref_size: Ints
    alt: Ints
    at: Longs
    size: Longs
    texts: bytearray


class _Entries:
    """Alleles with a text each, as they come."""

    def __init__(self) -> None:
        self._contigs = array("i")
        self._starts = array("q")
        self._ref_sizes = array("i")
        self._alts = array("i")
        self._texts = bytearray()
        self._ends = array("q")

    def add(self, contig: int, start: int, ref_size: int, alt: int, text: str) -> None:
        self._contigs.append(contig)
        self._starts.append(start)
        self._ref_sizes.append(ref_size)
        self._alts.append(alt)
        self._texts += text.encode()
        self._ends.append(len(self._texts))

    def grouped(self, join: Callable[[list[bytes]], bytes]) -> _Grouped:
        """One row an allele, the texts of those that came several times joined. Empties this."""
        contig, start = np.array(self._contigs, np.int32), np.array(self._starts, np.int64)
        ref_size, alt = np.array(self._ref_sizes, np.int32), np.array(self._alts, np.int32)
        end, texts, self._texts = np.array(self._ends, np.int64), self._texts, bytearray()
        for column in (self._contigs, self._starts, self._ref_sizes, self._alts, self._ends):
            del column[:]
        at = np.concatenate((np.zeros(1, np.int64), end[:-1])) if len(end) else end
        order = np.lexsort((alt, ref_size, start, contig))
        begins = np.flatnonzero(_first_of_each((contig, start, ref_size, alt), order))
        ends = np.append(begins[1:], len(order))
        firsts = order[begins]
        members_of = {
            row: order[begins[row] : ends[row]].copy() for row in np.flatnonzero(ends - begins > 1).tolist()
        }
        del order, begins, ends
        found = _Grouped(
            contig[firsts],
            start[firsts],
            ref_size[firsts],
            alt[firsts],
            at[firsts],
            end[firsts] - at[firsts],
            texts,
        )
        for row, members in members_of.items():
            joined = join([bytes(texts[at[each] : end[each]]) for each in members])
            found.at[row], found.size[row] = len(texts), len(joined)
            texts += joined
        return found


def _joined(columns: list[Longs]) -> Longs:
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def _first_of_each(columns: Sequence[Ints | Longs], order: Longs) -> npt.NDArray[np.bool_]:
    """Whether each of the sorted rows is another than the one before it."""
    first = np.ones(len(order), bool)
    if len(order):
        first[1:] = False
        for column in columns:
            ordered = column[order]
            first[1:] |= ordered[1:] != ordered[:-1]
    return first


def _joined_identifiers(texts: list[bytes]) -> bytes:
    return b";".join(dict.fromkeys(texts))


def _joined_values(texts: list[bytes], fields: list[Field]) -> bytes:
    """Field by field, what the records of one allele say, without repeats; several values are no number."""
    columns = zip(*(text.split(BETWEEN.encode()) for text in texts), strict=True)
    joined = [[value for value in dict.fromkeys(column) if value] for column in columns]
    for place, values in enumerate(joined):
        if len(values) > 1:
            fields[place] = replace(fields[place], type="String")
    return BETWEEN.encode().join(b"&".join(values) for values in joined)


def _value_rows(known: Rows, row_of: Longs, parts: list[_Grouped], pool: Pool) -> Rows:
    """Values by allele, then by source; ``row_of`` has the allele of each of the parts' rows."""
    found = np.zeros(len(row_of), layout.VALUE)
    at = 0
    for source, part in enumerate(parts):
        rows = found[at : at + len(part.at)]
        rows["at"], rows["size"], rows["source"] = part.at + pool.add_block(part.texts), part.size, source
        at += len(part.at)
    if len(known):
        counts = np.bincount(row_of, minlength=len(known))
        known["values"] = counts
        known["value_at"] = np.cumsum(counts) - counts
    return found[np.argsort(row_of, kind="stable")]


def _odd_pieces(text: Bytes, starts: Longs, ends: Longs) -> npt.NDArray[np.bool_]:
    """Whether each piece holds a character that CSQ must escape."""
    odd = np.zeros(256, bool)
    odd[list(b"%;=,| \t\r\n")] = True
    places = np.flatnonzero(odd[text])
    return np.searchsorted(places, ends) > np.searchsorted(places, starts)
