"""HGVS names as bytes. Twin: ``gas_engine.hgvs``, function by function."""

from __future__ import annotations

import numpy as np

from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import Bytes, Model, Scratch
from gas_engine.kernel.message import STOP, complement, exon_before, message_position
from gas_engine.kernel.text import put, put_number

_THREE = np.zeros((256, 3), np.uint8)
for _index, _letter in enumerate(b"ACDEFGHIKLMNPQRSTVWY*X"):
    _name = b"AlaCysAspGluPheGlyHisIleLysLeuMetAsnProGlnArgSerThrValTrpTyrTerXaa"[3 * _index : 3 * _index + 3]
    _THREE[_letter] = list(_name)
_DUP = np.frombuffer(bytearray(b"dup"), np.uint8)
_DEL = np.frombuffer(bytearray(b"del"), np.uint8)
_INS = np.frombuffer(bytearray(b"ins"), np.uint8)
_INV = np.frombuffer(bytearray(b"inv"), np.uint8)
_DELINS = np.frombuffer(bytearray(b"delins"), np.uint8)
_TER = np.frombuffer(bytearray(b"Ter"), np.uint8)
_FS_TER = np.frombuffer(bytearray(b"fsTer"), np.uint8)
_EXT_TER = np.frombuffer(bytearray(b"extTer"), np.uint8)
_UNKNOWN = np.frombuffer(bytearray(b"p.?"), np.uint8)
_P = np.frombuffer(bytearray(b"p."), np.uint8)
MET_LOST = np.frombuffer(bytearray(b"p.Met1?"), np.uint8)
MET_KEPT = np.frombuffer(bytearray(b"p.Met1="), np.uint8)
_UNDERSCORE, _QUESTION, _EQUALS, _STAR, _MINUS, _PLUS, _GREATER = 95, 63, 61, 42, 45, 43, 62
CANNOT = -1
_MOST_SPELLED = 1000


@jit
def base_at(m: Model, contig: int, index: int) -> int:
    """Base of the forward strand; around the origin of a circular contig."""
    info = m.contigs[contig]
    if info.circular:
        index = index % info.length
    return int(m.seq[info.seq_at + index])


@jit
def steps_3_prime(
    m: Model,
    contig: int,
    start: int,
    ref_size: int,
    alt: Bytes,
    alt_at: int,
    alt_size: int,
    lower: int,
    upper: int,
    strand: int,
) -> int:
    """How far a pure insertion or deletion moves in the direction of ``strand``: most_3_prime of the twin."""
    if (ref_size == 0) == (alt_size == 0):
        return 0
    size = ref_size or alt_size
    margin = 0 if ref_size else 1
    steps = 0
    if strand > 0:
        while start + steps + ref_size + margin < upper:
            # moved[0] after as many turns
            moved = base_at(m, contig, start + steps) if ref_size else alt[alt_at + steps % size]
            if base_at(m, contig, start + steps + ref_size) != moved:
                break
            steps += 1
    else:
        while start - steps - margin > lower:
            if ref_size:
                moved = base_at(m, contig, start - steps + ref_size - 1)
            else:
                moved = alt[alt_at + size - 1 - steps % size]
            if base_at(m, contig, start - steps - 1) != moved:
                break
            steps += 1
    return steps


@jit
def _put_place(m: Model, out: Bytes, at: int, contig: int, number: int, base: int) -> int:
    """A place as HGVS counts: on a transcript, or on the contig where ``number`` is -1."""
    if number < 0:
        info = m.contigs[contig]
        return put_number(out, at, base % info.length + 1 if info.circular else base + 1)
    position = message_position(m, number, base)
    if position >= 0:
        return _put_message_place(m, out, at, number, position)
    transcript = m.transcripts[number]
    exon = exon_before(m.exons, transcript.exon_at, transcript.exons, base)
    start, end = m.exons[exon].end, m.exons[exon + 1].start
    # the middle base belongs to the 5' exon
    near_left = base - start + 1 < end - base + (1 if transcript.strand > 0 else 0)
    exonic = start - 1 if near_left else end
    distance = base - start + 1 if near_left else end - base
    at = _put_message_place(m, out, at, number, message_position(m, number, exonic))
    out[at] = _PLUS if near_left == (transcript.strand > 0) else _MINUS
    return put_number(out, at + 1, distance)


@jit
def _put_message_place(m: Model, out: Bytes, at: int, number: int, position: int) -> int:
    transcript = m.transcripts[number]
    if transcript.cds_end <= transcript.cds_start:
        return put_number(out, at, position + 1)
    if position < transcript.cds_start:
        return put_number(out, at, position - transcript.cds_start)
    if position >= transcript.cds_end:
        out[at] = _STAR
        return put_number(out, at + 1, position - transcript.cds_end + 1)
    return put_number(out, at, position - transcript.cds_start + 1)


@jit
def _put_stretch(
    m: Model, out: Bytes, at: int, contig: int, number: int, start: int, end: int, strand: int
) -> int:
    first = start if strand > 0 else end - 1
    last = end - 1 if strand > 0 else start
    at = _put_place(m, out, at, contig, number, first)
    if first == last:
        return at
    out[at] = _UNDERSCORE
    return _put_place(m, out, at + 1, contig, number, last)


@jit
def _put_bases(
    out: Bytes, at: int, source: Bytes, source_at: int, size: int, turned: int, strand: int
) -> int:
    """``size`` letters turned by ``turned`` places to the left, on the strand asked for."""
    for index in range(size):
        if strand > 0:
            out[at + index] = source[source_at + (index + turned) % size]
        else:
            out[at + index] = complement(source[source_at + (size - 1 - index + turned) % size])
    return at + size


@jit
def put_change(
    m: Model,
    out: Bytes,
    at: int,
    contig: int,
    number: int,
    start: int,
    end: int,
    alt: Bytes,
    alt_at: int,
    alt_size: int,
    lower: int,
    upper: int,
    bound: int,
    strand: int,
) -> int:
    """The part after ``c.`` or ``g.``, most 3'.

    ``lower`` and ``upper`` bound the shift, ``bound`` a duplication.
    """
    ref_size = end - start
    steps = steps_3_prime(m, contig, start, ref_size, alt, alt_at, alt_size, lower, upper, strand)
    moved_start = start + steps if strand > 0 else start - steps
    if not ref_size:
        turned = steps % alt_size if strand > 0 else (alt_size - steps % alt_size) % alt_size
        before = moved_start - alt_size if strand > 0 else moved_start
        inside = before >= bound if strand > 0 else before + alt_size <= bound
        if inside:
            repeats = True
            for index in range(alt_size):
                if base_at(m, contig, before + index) != alt[alt_at + (index + turned) % alt_size]:
                    repeats = False
                    break
            if repeats:
                at = _put_stretch(m, out, at, contig, number, before, before + alt_size, strand)
                return put(out, at, _DUP, 0, 3)
        info = m.contigs[contig]
        if number < 0 and not info.circular and not 0 < moved_start < info.length:
            # no base on one side: it replaces the other's, _with_neighbour of the twin
            neighbour = max(moved_start - 1, 0)
            at = put(out, _put_place(m, out, at, contig, number, neighbour), _DELINS, 0, 6)
            if moved_start:
                out[at] = base_at(m, contig, neighbour)
                return _put_bases(out, at + 1, alt, alt_at, alt_size, turned, strand)
            at = _put_bases(out, at, alt, alt_at, alt_size, turned, strand)
            out[at] = base_at(m, contig, neighbour)
            return at + 1
        at = _put_stretch(m, out, at, contig, number, moved_start - 1, moved_start + 1, strand)
        at = put(out, at, _INS, 0, 3)
        return _put_bases(out, at, alt, alt_at, alt_size, turned, strand)
    at = _put_stretch(m, out, at, contig, number, moved_start, moved_start + ref_size, strand)
    if not alt_size:
        return put(out, at, _DEL, 0, 3)
    if ref_size == 1 and alt_size == 1:
        base = base_at(m, contig, start)
        out[at] = base if strand > 0 else complement(base)
        out[at + 1] = _GREATER
        letter = int(alt[alt_at])
        out[at + 2] = letter if strand > 0 else complement(letter)
        return at + 3
    if ref_size == alt_size:
        inverted = True
        for index in range(ref_size):
            if complement(base_at(m, contig, start + ref_size - 1 - index)) != alt[alt_at + index]:
                inverted = False
                break
        if inverted:
            return put(out, at, _INV, 0, 3)
    at = put(out, at, _DELINS, 0, 6)
    return _put_bases(out, at, alt, alt_at, alt_size, 0, strand)


@jit
def spell(out: Bytes, at: int, protein: Bytes, start: int, end: int) -> int:
    """Amino acids in three letters each."""
    for index in range(start, end):
        for letter in range(3):
            out[at + letter] = _THREE[protein[index], letter]
        at += 3
    return at


@jit
def put_residue(out: Bytes, at: int, letter: int, number: int) -> int:
    """A residue and its number, from 1."""
    for index in range(3):
        out[at + index] = _THREE[letter, index]
    return put_number(out, at + 3, number)


@jit
def _residue(out: Bytes, at: int, protein: Bytes, index: int) -> int:
    return put_residue(out, at, protein[index], index + 1)


@jit
def _residues(out: Bytes, at: int, protein: Bytes, start: int, end: int) -> int:
    at = _residue(out, at, protein, start)
    if start == end - 1:
        return at
    out[at] = _UNDERSCORE
    return _residue(out, at + 1, protein, end - 1)


@jit
def shared_start(one: Bytes, one_size: int, other: Bytes, other_size: int) -> int:
    """How many letters two words begin with in common."""
    size = min(one_size, other_size)
    for index in range(size):
        if one[index] != other[index]:
            return index
    return size


@jit
def put_p(out: Bytes, at: int) -> int:
    """The ``p.`` of a protein's name."""
    return put(out, at, _P, 0, 2)


@jit
def unchanged_protein(s: Scratch, out: Bytes, at: int, size: int) -> int:
    """The last residue of ``s.before``, unchanged; CANNOT where there is none."""
    if size == 0:
        return CANNOT
    at = _residue(out, put_p(out, at), s.before, size - 1)
    out[at] = _EQUALS
    return at + 1


@jit
def _to_stop(protein: Bytes, start: int, size: int) -> int:
    """Index of the stop, which can only be the last letter; -1 if there is none."""
    return size - 1 if size > start and protein[size - 1] == STOP else -1


@jit
def frameshifted_protein(s: Scratch, out: Bytes, at: int, before: int, after: int) -> int:
    """As in ``p.Arg97ProfsTer23``."""
    index = shared_start(s.before, before, s.after, after)
    if index >= after:
        return put(out, at, _UNKNOWN, 0, 3)
    if index >= before or s.before[index] == STOP:
        return extended_protein(s, out, at, before, after)
    at = _residue(out, put_p(out, at), s.before, index)
    if s.after[index] == STOP:
        return put(out, at, _TER, 0, 3)
    at = put(out, spell(out, at, s.after, index, index + 1), _FS_TER, 0, 5)
    stop = _to_stop(s.after, index, after)
    if stop < 0:
        out[at] = _QUESTION
        return at + 1
    return put_number(out, at, stop - index + 1)


@jit
def extended_protein(s: Scratch, out: Bytes, at: int, before: int, after: int) -> int:
    """As in ``p.Ter110GlnextTer17``."""
    index = shared_start(s.before, before, s.after, after)
    if index != before - 1 or index >= after:
        return put(out, at, _UNKNOWN, 0, 3)
    at = _residue(out, put_p(out, at), s.before, index)
    at = put(out, spell(out, at, s.after, index, index + 1), _EXT_TER, 0, 6)
    stop = _to_stop(s.after, 0, after)
    if stop < 0:
        out[at] = _QUESTION
        return at + 1
    return put_number(out, at, stop - index)


@jit
def replaced_protein(s: Scratch, out: Bytes, at: int, before: int, after: int) -> int:
    """As in ``p.Lys23_Val25del``, ``p.Lys23dup``; CANNOT for what the twin must answer."""
    start = shared_start(s.before, before, s.after, after)
    ref_end, alt_end = before, after
    while ref_end > start and alt_end > start and s.before[ref_end - 1] == s.after[alt_end - 1]:
        ref_end -= 1
        alt_end -= 1
    size = alt_end - start
    if size > _MOST_SPELLED or start == 0 or (ref_end == start and start >= before):
        return CANNOT
    at = put_p(out, at)
    if ref_end == start:
        if size <= start:
            repeats = True
            for index in range(size):
                if s.before[start - size + index] != s.after[start + index]:
                    repeats = False
                    break
            if repeats:
                return put(out, _residues(out, at, s.before, start - size, start), _DUP, 0, 3)
        at = _residue(out, at, s.before, start - 1)
        out[at] = _UNDERSCORE
        at = put(out, _residue(out, at + 1, s.before, start), _INS, 0, 3)
        return spell(out, at, s.after, start, alt_end)
    at = _residues(out, at, s.before, start, ref_end)
    if size == 0:
        return put(out, at, _DEL, 0, 3)
    if not (ref_end - start == 1 and size == 1):
        at = put(out, at, _DELINS, 0, 6)
    return spell(out, at, s.after, start, alt_end)


@jit
def truncated_protein(
    s: Scratch,
    out: Bytes,
    at: int,
    before: int,
    start: int,
    ref: Bytes,
    ref_size: int,
    alt: Bytes,
    alt_size: int,
) -> int:
    """A stop gained in frame; CANNOT for what the twin must answer."""
    stop = 0
    while alt[stop] != STOP:
        stop += 1
    end = stop + 1
    shared = shared_start(ref, ref_size, alt, end)
    start += shared
    if start >= before or start + ref_size - shared > before or alt_size > _MOST_SPELLED:
        return CANNOT
    at = put_p(out, at)
    if end - shared == 1:
        return put(out, _residue(out, at, s.before, start), _TER, 0, 3)
    if ref_size == shared:
        if start == 0:
            return CANNOT
        at = _residue(out, at, s.before, start - 1)
        out[at] = _UNDERSCORE
        at = put(out, _residue(out, at + 1, s.before, start), _INS, 0, 3)
        return spell(out, at, alt, shared, end)
    at = put(out, _residues(out, at, s.before, start, start + ref_size - shared), _DELINS, 0, 6)
    return spell(out, at, alt, shared, end)


@jit
def put_ter(out: Bytes, at: int) -> int:
    """``Ter``."""
    return put(out, at, _TER, 0, 3)


@jit
def put_delins(out: Bytes, at: int) -> int:
    """``delins``."""
    return put(out, at, _DELINS, 0, 6)
