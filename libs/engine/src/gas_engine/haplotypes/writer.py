"""Between the annotated records and the file: hold them back until their transcripts are over.

A record can be told of only when the last variant of its transcript has come. Held are the texts from the
first record that an open transcript may have to tell of; if there is none, records pass at once. Beyond
``Limits.max_haplotype_bytes`` the transcripts that began first are given up, and counted: part of a
haplotype would tell a wrong protein.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

from gas_engine.allele import trim, why_skipped
from gas_engine.consequence import ref_matches
from gas_engine.haplotypes.entries import Entries
from gas_engine.haplotypes.genotypes import UNPHASED, Genotypes, read_genotypes
from gas_engine.haplotypes.groups import Group, Variant
from gas_engine.haplotypes.stretches import CodingStretches
from gas_engine.hgvs import Change
from gas_engine.outputs.summary import HaplotypeCounts
from gas_engine.outputs.tally import by_count
from gas_engine.vcf.fields import with_entries

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.consequence import Place
    from gas_engine.kernel.layout import Rows
    from gas_engine.limits import Limits
    from gas_engine.stream import Contigs
    from gas_engine.vcf.header import Header

_NEVER: Final = 1 << 62
_INFO: Final = 7
_REST: Final = 8
_ROW_BYTES: Final = 1024
"""What a variant takes beside its genotypes, as long as its transcripts are open."""


class Body(Protocol):
    """Where records go: a `BodyWriter`."""

    def write(self, text: bytes | memoryview, sites: Rows) -> None: ...


class _Chunk(NamedTuple):
    """Records that are held, the first by its number."""

    first: int
    text: bytes | memoryview
    sites: Rows

    @property
    def end(self) -> int:
        """Number of the record behind."""
        return self.first + len(self.sites)


class HaplotypeWriter:
    """Write records through to ``body``, with CSQ_HAPLOTYPE where haplotypes tell more than alleles."""

    def __init__(self, body: Body, bundle: Bundle, header: Header, contigs: Contigs, limits: Limits) -> None:
        self._body = body
        self._bundle = bundle
        self._places = contigs.places
        self._most_bytes = limits.max_haplotype_bytes
        self._stretches = CodingStretches(bundle)
        self._contig = -1  # by number in the file
        self._place = -1  # by number in the bundle
        self._groups: dict[int, Group] = {}  # by number of the transcript
        self._next_end = _NEVER  # of the open groups
        self._held: deque[_Chunk] = deque()
        self._held_bytes = 0
        self._next = 0  # number of the next record
        self._entries = Entries(header)
        self._unphased = 0
        self._undecided = 0
        self._given_up: list[str] = []

    def write(self, text: bytes | memoryview, sites: Rows) -> None:
        """Take records as `BodyWriter.write` does."""
        contig_of = sites["contig"]
        begins = np.flatnonzero(np.diff(contig_of, prepend=-1)).tolist()
        for begin, end in zip(begins, [*begins[1:], len(sites)], strict=True):
            self._enter(int(contig_of[begin]))
            starts = sites["start"][begin:end]
            for index in self._stretches.touched(self._place, starts, sites["end"][begin:end]).tolist():
                site = sites[begin + index]
                self._close(int(site["start"]))
                line = bytes(text[int(site["text_start"]) : int(site["text_end"])])
                self._look_at(self._next + begin + index, line)
            self._close(int(starts[-1]))
        chunk = _Chunk(self._next, text, sites)
        self._next = chunk.end
        if self._held or self._first_needed() < chunk.end:
            self._held.append(chunk._replace(text=bytes(text)))  # the writer's caller uses its buffer again
            self._held_bytes += len(text)
            self._release()
        else:
            self._pass(chunk)

    def finish(self) -> HaplotypeCounts:
        """Let go of all that is held, and tell what was counted."""
        self._enter(-1)
        self._release()
        entries = self._entries
        return HaplotypeCounts(
            compounds=entries.compounds,
            records=entries.records,
            most_severe=by_count(entries.most_severe),
            unphased=self._unphased,
            undecided=self._undecided,
            left_out=entries.left_out,
            transcripts_given_up=tuple(self._given_up),
        )

    def _enter(self, contig: int) -> None:
        """Go on on a contig of the file; what lies on another is over."""
        if contig != self._contig:
            self._close(_NEVER)
            self._contig = contig
            self._place = int(self._places[contig]) if contig >= 0 else -1

    def _close(self, start: int) -> None:
        """Read the transcripts that end before base ``start``."""
        if start < self._next_end:
            return
        for number, group in list(self._groups.items()):
            if group.end <= start:
                del self._groups[number]
                self._read(group)
        self._next_end = min((group.end for group in self._groups.values()), default=_NEVER)

    def _read(self, group: Group) -> None:
        told = group.told()
        if told is None:
            self._given_up.append(group.transcript.transcript_id)
            return
        self._entries.add(told.compounds)
        self._undecided += told.undecided

    def _look_at(self, number: int, line: bytes) -> None:
        """Take in the variants of a record that touches coding sequence."""
        columns = line.rstrip(b"\n").split(b"\t", _REST)
        pos, ref = int(columns[1]), columns[3].decode().upper()
        contig = self._bundle.contigs[self._place]
        if not ref_matches(self._bundle, contig, pos, ref):
            return
        genotypes: Genotypes | None = None
        for allele, alt in enumerate(columns[4].decode().split(","), start=1):
            if why_skipped(ref, alt):
                continue
            change = Change(*trim(pos - 1, ref, alt.upper()))
            groups = self._touched(change)
            if not groups:
                continue
            genotypes = genotypes or read_genotypes(columns[_REST])
            if genotypes is None:
                return
            carried = (genotypes.alleles == allele).any(axis=1)
            if carried.any():
                variant = Variant(number, allele, f"{pos}:{ref}>{alt.upper()}", change, len(line))
                self._add(groups, variant, genotypes)
                if genotypes.phase is not None:
                    self._unphased += int((carried & (genotypes.phase == UNPHASED)).sum())

    def _touched(self, change: Change) -> list[tuple[Group, Place]]:
        """The transcripts whose coding sequence a change touches, opened if they are not yet."""
        found = []
        for number in self._stretches.transcripts(self._place, change.start, change.end):
            group = self._groups.get(number)
            if group is None:
                group = Group(self._bundle, self._bundle.transcript(number))
            place = group.place(change)
            if place.in_coding:
                self._groups[number] = group
                self._next_end = min(self._next_end, group.end)
                found.append((group, place))
        return found

    def _add(self, groups: list[tuple[Group, Place]], variant: Variant, genotypes: Genotypes) -> None:
        for group, place in groups:
            group.add(variant, place, genotypes)
        if holding := [group for group, _ in groups if group.members is not None]:
            # shared by all; the last to go lets go of it
            last = max(holding, key=lambda each: each.end)
            last.size_bytes += genotypes.size_bytes + _ROW_BYTES * len(holding)

    def _first_needed(self) -> int:
        """Number of the first record that an open transcript may have to tell of."""
        return min(
            (group.members[0].variant.record for group in self._groups.values() if group.members),
            default=self._next,
        )

    def _release(self) -> None:
        """Let go of what no open transcript needs; give up transcripts if the rest is too much."""
        needed = self._first_needed()
        while True:
            while self._held and self._held[0].end <= needed:
                chunk = self._held.popleft()
                self._held_bytes -= len(chunk.text)
                self._pass(chunk)
            open_bytes = sum(group.size_bytes for group in self._groups.values())
            if needed == self._next or self._held_bytes + open_bytes <= self._most_bytes:
                return
            for group in self._groups.values():
                if group.members and group.members[0].variant.record == needed:
                    group.give_up()
            needed = self._first_needed()

    def _pass(self, chunk: _Chunk) -> None:
        """Write records, with what there is to tell of them."""
        if not self._entries:
            self._body.write(chunk.text, chunk.sites)
            return
        sites = chunk.sites.copy()
        grown = np.zeros(len(sites), np.int64)
        pieces: list[bytes | memoryview] = []
        at = 0
        for index in range(len(sites)):
            if chunk.first + index not in self._entries:
                continue
            start, end = int(sites[index]["text_start"]), int(sites[index]["text_end"])
            columns = bytes(chunk.text[start:end]).split(b"\t", _REST)
            entries = self._entries.pop(chunk.first + index, columns[3].decode(), columns[4].decode())
            columns[_INFO] = with_entries(columns[_INFO], [entries])
            line = b"\t".join(columns)
            pieces += [chunk.text[at:start], line]
            at = end
            grown[index] = len(line) - (end - start)
        pieces.append(chunk.text[at:])
        moved = np.cumsum(grown)
        sites["text_end"] += moved
        sites["text_start"] += moved - grown
        self._body.write(b"".join(pieces), sites)
