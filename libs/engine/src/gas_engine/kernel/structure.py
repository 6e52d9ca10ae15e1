"""Which parts of a transcript a change touches. Twin: ``gas_engine.structure``."""

from __future__ import annotations

from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import Bytes, Model
from gas_engine.kernel.message import exon_before
from gas_engine.kernel.terms import BIT
from gas_engine.kernel.text import put_number

_SHORTEST_INTRON = 14
_REACH = 3  # bases of an exon that count as splice region
_DONOR = BIT["splice_donor_variant"]
_ACCEPTOR = BIT["splice_acceptor_variant"]
_TRACT = BIT["splice_polypyrimidine_tract_variant"]
_FIFTH = BIT["splice_donor_5th_base_variant"]
_DONOR_REGION = BIT["splice_donor_region_variant"]
_REGION = BIT["splice_region_variant"]
_INTRON = BIT["intron_variant"]


@jit
def splice_terms(m: Model, number: int, start: int, end: int) -> int:
    """Bits of the terms for the introns that [``start``, ``end``) touches; empty: an insertion."""
    transcript = m.transcripts[number]
    terms = 0
    first = transcript.exon_at
    last = first + transcript.exons - 1
    exon = max(exon_before(m.exons, first, transcript.exons, start - _REACH) - 1, first)
    while exon < last and m.exons[exon].end - _REACH <= end:
        left, right = m.exons[exon].end, m.exons[exon + 1].start
        if right - left >= _SHORTEST_INTRON:
            terms |= _intron_terms(left, right, transcript.strand, start, end)
        exon += 1
    return terms


@jit
def _hits(left: int, right: int, strand: int, start: int, end: int, first: int, last: int) -> bool:
    """Bases counted along the transcript: from 0 at the intron's first base."""
    if strand > 0:
        return bool(start < left + last and end > left + first)
    return bool(start < right - first and end > right - last)


@jit
def _intron_terms(left: int, right: int, strand: int, start: int, end: int) -> int:
    insertion = start == end
    size = right - left
    terms = 0
    if _hits(left, right, strand, start, end, 0, 2):
        terms |= _DONOR
    if _hits(left, right, strand, start, end, size - 2, size):
        terms |= _ACCEPTOR
    elif _hits(left, right, strand, start, end, size - 17, size - 2):
        terms |= _TRACT
    if _hits(left, right, strand, start, end, 4, 5):
        terms |= _FIFTH
    elif _hits(left, right, strand, start, end, 2, 6):
        terms |= _DONOR_REGION
    if not terms & ~_TRACT and (
        _hits(left, right, strand, start, end, -3, 0)
        or _hits(left, right, strand, start, end, 2, 8)
        or _hits(left, right, strand, start, end, size - 8, size - 2)
        or _hits(left, right, strand, start, end, size, size + 3)
        or (insertion and (start in (left, right, left + 2, right - 2)))
    ):
        terms |= _REGION
    if _hits(left, right, strand, start, end, 2, size - 2) or (
        insertion and (start in (left + 2, right - 2))
    ):
        terms |= _INTRON
    return terms


@jit
def put_numbers(m: Model, out: Bytes, at: int, number: int, start: int, end: int, introns: bool) -> int:
    """VEP's EXON or INTRON column; [``start``, ``end``) are the bases touched."""
    transcript = m.transcripts[number]
    first = transcript.exon_at
    count = transcript.exons - 1 if introns else transcript.exons
    low = high = -1
    exon = max(exon_before(m.exons, first, transcript.exons, start), first)
    while exon < first + count:
        part_start = m.exons[exon].end if introns else m.exons[exon].start
        part_end = m.exons[exon + 1].start if introns else m.exons[exon].end
        if part_start >= end:
            break
        if end > part_start and start < part_end:
            if low < 0:
                low = exon - first + 1
            high = exon - first + 1
        exon += 1
    if low < 0:
        return at
    if transcript.strand < 0:
        low, high = count + 1 - high, count + 1 - low
    at = put_number(out, at, low)
    if high != low:
        out[at] = 45
        at = put_number(out, at + 1, high)
    out[at] = 47
    return put_number(out, at + 1, count)
