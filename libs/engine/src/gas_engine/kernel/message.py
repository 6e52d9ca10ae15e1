"""A transcript's message: where a base of the genome lies on it, and what it reads. Twin: ``spliced``."""

from __future__ import annotations

import numpy as np

from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import MESSAGE_OF, Bytes, Model, Rows, Scratch

_COMPLEMENT = np.zeros(256, np.uint8)
_COMPLEMENT[list(b"ACGTNRYSWKMBDHV")] = list(b"TGCANYRSWMKVHDB")
_TCAG = np.full(256, -1, np.int64)
_TCAG[list(b"TCAG")] = range(4)
_N, _A, _M, STOP, UNKNOWN = 78, 65, 77, 42, 88
CODON = 3


@jit
def complement(base: int) -> int:
    """The base it pairs with; IUPAC letters included."""
    return int(_COMPLEMENT[base])


@jit
def exon_before(exons: Rows, first: int, count: int, base: int) -> int:
    """Number of the last exon that starts at or before ``base``; ``first - 1`` if none does."""
    low, high = first, first + count
    while low < high:
        middle = (low + high) >> 1
        if exons[middle].start <= base:
            low = middle + 1
        else:
            high = middle
    return low - 1


@jit
def message_position(m: Model, number: int, base: int) -> int:
    """Where base ``base`` of the contig lies on the message of a transcript; -1 in an intron or outside."""
    transcript = m.transcripts[number]
    exon = exon_before(m.exons, transcript.exon_at, transcript.exons, base)
    if exon < transcript.exon_at or base >= m.exons[exon].end:
        return -1
    offset = m.exons[exon].message + base - m.exons[exon].start
    return int(offset if transcript.strand > 0 else transcript.length - 1 - offset)


@jit
def message_base(m: Model, number: int, position: int) -> int:
    """The base at a position of the message, which must lie on it."""
    transcript = m.transcripts[number]
    place = position if transcript.strand > 0 else transcript.length - 1 - position
    low, high = transcript.exon_at, transcript.exon_at + transcript.exons
    while low < high:
        middle = (low + high) >> 1
        if m.exons[middle].message <= place:
            low = middle + 1
        else:
            high = middle
    exon = low - 1
    base = m.seq[m.contigs[transcript.contig].seq_at + m.exons[exon].start + place - m.exons[exon].message]
    return int(base if transcript.strand > 0 else _COMPLEMENT[base])


@jit
def coding_base(m: Model, number: int, index: int) -> int:
    """Base ``index`` of the coding sequence in frame: missing bases in front as N, poly(A) behind as A."""
    transcript = m.transcripts[number]
    if index < transcript.lead:
        return _N
    position = index - transcript.lead + transcript.cds_start
    return _A if position >= transcript.cds_end else message_base(m, number, position)


@jit
def coding_size(m: Model, number: int) -> int:
    """Length of the coding sequence in frame."""
    transcript = m.transcripts[number]
    return int(transcript.lead + transcript.cds_end - transcript.cds_start + transcript.tail)


@jit
def codon_number(first: int, second: int, third: int) -> int:
    """Number of a codon in the order T, C, A, G; -1 where a base is none of them."""
    one, two, three = _TCAG[first], _TCAG[second], _TCAG[third]
    return -1 if one < 0 or two < 0 or three < 0 else int(one * 16 + two * 4 + three)


@jit
def amino_acid(m: Model, code: int, first: int, second: int, third: int) -> int:
    """Letter of a codon, X where it cannot be read."""
    codon = codon_number(first, second, third)
    return UNKNOWN if codon < 0 else int(m.amino_acids[code, codon])


@jit
def is_start(m: Model, code: int, first: int, second: int, third: int) -> bool:
    """True for a codon that begins a protein."""
    codon = codon_number(first, second, third)
    return codon >= 0 and m.starts[code, codon] == 1


@jit
def read_message(m: Model, s: Scratch, number: int) -> None:
    """Put the message of a transcript into ``s.message``, where the last one stays."""
    if s.state[MESSAGE_OF] == number:
        return
    transcript = m.transcripts[number]
    seq_at = m.contigs[transcript.contig].seq_at
    at = 0
    for exon in range(transcript.exon_at, transcript.exon_at + transcript.exons):
        for base in range(seq_at + m.exons[exon].start, seq_at + m.exons[exon].end):
            s.message[at] = m.seq[base]
            at += 1
    if transcript.strand < 0:
        for index in range((at + 1) // 2):
            left, right = s.message[index], s.message[at - 1 - index]
            s.message[index] = _COMPLEMENT[right]
            s.message[at - 1 - index] = _COMPLEMENT[left]
    s.state[MESSAGE_OF] = number


@jit
def changed_base(s: Scratch, start: int, end: int, alt: Bytes, alt_at: int, alt_size: int, index: int) -> int:
    """Base ``index`` of the message in ``s.message`` after [``start``, ``end``) of it became ``alt``."""
    if index < start:
        return int(s.message[index])
    if index < start + alt_size:
        return int(alt[alt_at + index - start])
    return int(s.message[index - start - alt_size + end])


@jit
def read_proteins(
    m: Model, s: Scratch, number: int, start: int, end: int, alt: Bytes, alt_at: int, alt_size: int
) -> tuple[int, int]:
    """Protein before and after into ``s.before`` and ``s.after``, each to its stop; return their lengths."""
    read_message(m, s, number)
    transcript = m.transcripts[number]
    polya = 2 if transcript.mitochondrial else 0
    # before: an unchanged message is one whose change is empty
    before = _translate(m, s, number, 0, 0, alt, alt_at, 0, transcript.length, polya, s.before)
    length = transcript.length - (end - start) + alt_size
    return before, _translate(m, s, number, start, end, alt, alt_at, alt_size, length, polya, s.after)


@jit
def _translate(
    m: Model,
    s: Scratch,
    number: int,
    start: int,
    end: int,
    alt: Bytes,
    alt_at: int,
    alt_size: int,
    length: int,
    polya: int,
    out: Bytes,
) -> int:
    transcript = m.transcripts[number]
    first = transcript.cds_start - transcript.lead
    size = 0
    for codon in range(first, length + polya - 2, CODON):
        one = two = three = _A
        if codon >= transcript.cds_start:
            if codon < length:
                one = changed_base(s, start, end, alt, alt_at, alt_size, codon)
            if codon + 1 < length:
                two = changed_base(s, start, end, alt, alt_at, alt_size, codon + 1)
            if codon + 2 < length:
                three = changed_base(s, start, end, alt, alt_at, alt_size, codon + 2)
            letter = amino_acid(m, transcript.code, one, two, three)
            if codon == first and is_start(m, transcript.code, one, two, three):
                letter = _M
        else:
            letter = UNKNOWN
        out[size] = letter
        size += 1
        if letter == STOP:
            break
    return size
