"""Which parts of a transcript a change touches: exons, introns, splice sites.

The stretches around a splice site are VEP's (release 105 and later): two essential bases on either side of
the intron; donor bases 3-6 with the fifth apart; polypyrimidine tract 3-17 bases before the acceptor;
splice region 3 bases of the exon and 3-8 of the intron, said only where nothing more exact is. Introns of
up to 13 bases are, as in VEP, taken for corrections of the assembly and have no splice sites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from gas_engine.bundle.intervals import overlaps

if TYPE_CHECKING:
    from gas_engine.bundle.genes import Segment, Transcript

_SHORTEST_INTRON: Final = 14


class Placed(Protocol):
    """What lies somewhere: [``start``, ``end``), 0-based; an insertion has ``end == start``."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


def touched(change: Placed) -> Segment:
    """The bases that a change replaces; for an insertion the two that it comes between."""
    return (change.start, change.end) if change.end > change.start else (change.start - 1, change.start + 1)


def splice_terms(transcript: Transcript, change: Placed) -> set[str]:
    """Terms for the introns that a change touches; ``intron_variant`` only off the essential bases."""
    terms: set[str] = set()
    for intron in transcript.introns:
        if intron[1] - intron[0] >= _SHORTEST_INTRON:
            terms |= _intron_terms(intron, transcript.strand, change)
    return terms


def _intron_terms(intron: Segment, strand: int, change: Placed) -> set[str]:
    left, right = intron
    insertion_at = change.start if change.end == change.start else None

    def hits(first: int, last: int) -> bool:
        """Bases counted along the transcript: from 0 at the intron's first base."""
        start, end = (left + first, left + last) if strand > 0 else (right - last, right - first)
        return overlaps(change.start, change.end, start, end)

    size = right - left
    terms: set[str] = set()
    if hits(0, 2):
        terms.add("splice_donor_variant")
    if hits(size - 2, size):
        terms.add("splice_acceptor_variant")
    elif hits(size - 17, size - 2):
        terms.add("splice_polypyrimidine_tract_variant")
    if hits(4, 5):
        terms.add("splice_donor_5th_base_variant")
    elif hits(2, 6):
        terms.add("splice_donor_region_variant")
    region = hits(-3, 0) or hits(2, 8) or hits(size - 8, size - 2) or hits(size, size + 3)
    if (region or insertion_at in {left, right, left + 2, right - 2}) and not terms - {
        "splice_polypyrimidine_tract_variant"
    }:
        terms.add("splice_region_variant")
    if hits(2, size - 2) or insertion_at in {left + 2, right - 2}:
        terms.add("intron_variant")
    return terms


def numbers(transcript: Transcript, parts: tuple[Segment, ...], change: Placed) -> str:
    """VEP's EXON or INTRON column: ``2/5``, ``2-3/5``, or empty; counted along the transcript."""
    start, end = touched(change)
    hit = [number for number, part in enumerate(parts, 1) if overlaps(start, end, *part)]
    if not hit:
        return ""
    if transcript.strand < 0:
        hit = [len(parts) + 1 - number for number in reversed(hit)]
    span = str(hit[0]) if len(hit) == 1 else f"{hit[0]}-{hit[-1]}"
    return f"{span}/{len(parts)}"
