"""What a change within an exon does to the message and its protein. Twin: ``gas_engine.coding``."""

from __future__ import annotations

from gas_engine.kernel import hgvs
from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import AMINO, CODONS, HGVS_P, WITH_HGVS, Bytes, Model, Rows, Scratch
from gas_engine.kernel.layout import AT as ARENA_AT
from gas_engine.kernel.message import (
    CODON,
    STOP,
    UNKNOWN,
    amino_acid,
    changed_base,
    coding_base,
    coding_size,
    is_start,
    read_message,
    read_proteins,
)
from gas_engine.kernel.terms import BIT
from gas_engine.kernel.text import put

_START_LOST = BIT["start_lost"]
_START_RETAINED = BIT["start_retained_variant"]
_STOP_LOST = BIT["stop_lost"]
_STOP_GAINED = BIT["stop_gained"]
_STOP_RETAINED = BIT["stop_retained_variant"]
CODING = BIT["coding_sequence_variant"]
_INCOMPLETE = BIT["incomplete_terminal_codon_variant"]
_FRAMESHIFT = BIT["frameshift_variant"]
_MISSENSE = BIT["missense_variant"]
_SYNONYMOUS = BIT["synonymous_variant"]
_INSERTION = BIT["inframe_insertion"]
_DELETION = BIT["inframe_deletion"]
_ALTERING = BIT["protein_altering_variant"]
_M, _LOWER, _SLASH, _DASH, _EQUALS, _UNDERSCORE = 77, 32, 47, 45, 61, 95
CANNOT = -1


@jit
def _touches_start(m: Model, number: int, start: int, end: int) -> bool:
    transcript = m.transcripts[number]
    first = transcript.cds_start
    if transcript.lead:
        return False
    if start == end:
        return bool(first < start < first + CODON)
    return bool(start < first + CODON and end > first)


@jit
def _is_start_at(
    m: Model,
    s: Scratch,
    number: int,
    start: int,
    end: int,
    alt: Bytes,
    alt_at: int,
    alt_size: int,
    index: int,
) -> bool:
    """True if a codon that begins a protein stands at ``index`` of the changed message."""
    transcript = m.transcripts[number]
    if index < 0 or index + CODON > transcript.length - (end - start) + alt_size:
        return False
    one = changed_base(s, start, end, alt, alt_at, alt_size, index)
    two = changed_base(s, start, end, alt, alt_at, alt_size, index + 1)
    three = changed_base(s, start, end, alt, alt_at, alt_size, index + 2)
    return is_start(m, transcript.code, one, two, three)


@jit
def _moves_start(
    m: Model, s: Scratch, number: int, start: int, end: int, alt: Bytes, alt_at: int, alt_size: int
) -> bool:
    second = m.transcripts[number].cds_start + CODON
    growth = alt_size - (end - start)
    return end <= second and _is_start_at(
        m, s, number, start, end, alt, alt_at, alt_size, second + growth - CODON
    )


@jit
def _begin_protein(m: Model, s: Scratch, number: int) -> int:
    transcript = m.transcripts[number]
    at = s.state[ARENA_AT]
    return put(s.arena, at, m.pool, transcript.protein_at, transcript.protein_at + transcript.protein_size)


@jit
def _end_part(s: Scratch, effect: int, part: int, at: int) -> None:
    if part == HGVS_P and not s.state[WITH_HGVS]:
        return
    s.effects[effect].at[part] = s.state[ARENA_AT]
    s.effects[effect].end[part] = at
    s.state[ARENA_AT] = at


@jit
def effect_across_edge(
    m: Model,
    s: Scratch,
    effect: int,
    number: int,
    start: int,
    end: int,
    alt: Bytes,
    alt_at: int,
    alt_size: int,
    on_message: bool,
) -> int:
    """Bits of the terms of a change that lies only partly in the coding sequence; CANNOT for the twin."""
    transcript = m.transcripts[number]
    if _touches_start(m, number, start, end):
        if on_message:
            read_message(m, s, number)
            if _moves_start(m, s, number, start, end, alt, alt_at, alt_size):
                return _START_RETAINED
        at = _begin_protein(m, s, number)
        _end_part(s, effect, HGVS_P, put(s.arena, at, hgvs.MET_LOST, 0, hgvs.MET_LOST.size))
        return _START_LOST
    last_codon = transcript.cds_end - (CODON - transcript.tail)
    if end > last_codon and start < transcript.cds_end:
        size = coding_size(m, number)
        if size >= CODON and (
            amino_acid(
                m,
                transcript.code,
                coding_base(m, number, size - 3),
                coding_base(m, number, size - 2),
                coding_base(m, number, size - 1),
            )
            == STOP
        ):
            if not on_message:
                return CODING | _STOP_LOST
            before, after = read_proteins(m, s, number, start, end, alt, alt_at, alt_size)
            at = _begin_protein(m, s, number)
            if _equal(s, before, after):
                at = hgvs.unchanged_protein(s, s.arena, at, before)
                terms = _STOP_RETAINED
            else:
                at = hgvs.extended_protein(s, s.arena, at, before, after)
                terms = _STOP_LOST
            if at < 0:
                return CANNOT
            _end_part(s, effect, HGVS_P, at)
            return terms
    return CODING


@jit
def _equal(s: Scratch, before: int, after: int) -> bool:
    return before == after and hgvs.shared_start(s.before, before, s.after, after) == before


@jit
def _letters(m: Model, number: int, codons: Bytes, size: int, first: int, out: Bytes) -> int:
    """Amino acids of codons, X for one that is not whole; a start codon reads Met."""
    transcript = m.transcripts[number]
    count = 0
    for index in range(0, size - 2, CODON):
        out[count] = amino_acid(m, transcript.code, codons[index], codons[index + 1], codons[index + 2])
        count += 1
    if size % CODON:
        out[count] = UNKNOWN
        count += 1
    if (
        first == 0
        and not transcript.lead
        and size >= CODON
        and is_start(m, transcript.code, codons[0], codons[1], codons[2])
    ):
        out[0] = _M
    return count


@jit
def _place(letters: Bytes, size: int, letter: int) -> int:
    """Where a letter stands first; the size where it does not."""
    for index in range(size):
        if letters[index] == letter:
            return index
    return size


@jit
def _holds(letters: Bytes, size: int, letter: int) -> bool:
    for index in range(size):
        if letters[index] == letter:
            return True
    return False


@jit
def effect_in_coding_sequence(
    m: Model,
    s: Scratch,
    effect: int,
    number: int,
    low: int,
    high: int,
    alt: Bytes,
    alt_at: int,
    alt_size: int,
    local: Rows,
) -> int:
    """Bits of the terms of a change that lies wholly in the coding sequence; CANNOT for the twin.

    ``local`` has four rows of bytes to work in: codons and letters, before and after.
    """
    transcript = m.transcripts[number]
    offset = transcript.lead - transcript.cds_start
    start, end = low + offset, high + offset
    if start == end:
        first = start - start % CODON
        last = start if start % CODON == 0 else first + CODON
    else:
        first = start - start % CODON
        last = (end - 1) // CODON * CODON + CODON
    size = coding_size(m, number)
    last_read = min(last, size)
    ref_codons, alt_codons, ref, alt_letters = local[0], local[1], local[2], local[3]
    ref_size = 0
    for index in range(first, last_read):
        ref_codons[ref_size] = coding_base(m, number, index)
        ref_size += 1
    codons_size = put(alt_codons, 0, ref_codons, 0, start - first)
    codons_size = put(alt_codons, codons_size, alt, alt_at, alt_at + alt_size)
    if end < last_read:
        codons_size = put(alt_codons, codons_size, ref_codons, end - first, ref_size)
    at = _put_codons(s.arena, s.state[ARENA_AT], ref_codons, ref_size, start - first, end - first)
    s.arena[at] = _SLASH
    at = _put_codons(s.arena, at + 1, alt_codons, codons_size, start - first, start - first + alt_size)
    _end_part(s, effect, CODONS, at)
    refs = _letters(m, number, ref_codons, ref_size, first, ref)
    alts = _letters(m, number, alt_codons, codons_size, first, alt_letters)
    alike = refs == alts and hgvs.shared_start(ref, refs, alt_letters, alts) == refs
    at = put(s.arena, s.state[ARENA_AT], ref, 0, refs)
    if not alike:
        if refs == 0:
            s.arena[at] = _DASH
            at += 1
        s.arena[at] = _SLASH
        at = put(s.arena, at + 1, alt_letters, 0, alts)
        if alts == 0:
            s.arena[at] = _DASH
            at += 1
    _end_part(s, effect, AMINO, at)
    growth = alt_size - (high - low)
    terms = 0
    if last >= size and (size % CODON != 0 or transcript.tail > 0):
        terms |= _INCOMPLETE
    if _holds(ref, refs, UNKNOWN) or (growth % CODON == 0 and _holds(alt_letters, alts, UNKNOWN)):
        return terms | CODING
    if _touches_start(m, number, low, high):
        read_message(m, s, number)
        moves = _moves_start(m, s, number, low, high, alt, alt_at, alt_size)
        keeps = low >= transcript.cds_start and _is_start_at(
            m, s, number, low, high, alt, alt_at, alt_size, transcript.cds_start
        )
        at = _begin_protein(m, s, number)
        if not (keeps or moves):
            _end_part(s, effect, HGVS_P, put(s.arena, at, hgvs.MET_LOST, 0, hgvs.MET_LOST.size))
            terms |= _START_LOST
            if growth % CODON:
                terms |= _FRAMESHIFT
            elif growth and _only_loses_codons(ref_codons, ref_size, alt_codons, codons_size):
                terms |= _DELETION
            return terms
        terms |= _START_RETAINED
        if growth and moves:
            _end_part(s, effect, HGVS_P, put(s.arena, at, hgvs.MET_KEPT, 0, hgvs.MET_KEPT.size))
            return terms
    at = _begin_protein(m, s, number)
    index = first // CODON
    if growth == 0:
        return _substitution(
            m,
            s,
            effect,
            number,
            low,
            high,
            alt,
            alt_at,
            alt_size,
            terms,
            at,
            index,
            ref,
            refs,
            alt_letters,
            alts,
        )
    before, after = read_proteins(m, s, number, low, high, alt, alt_at, alt_size)
    if growth % CODON:
        if _equal(s, before, after):
            terms |= _STOP_RETAINED if _holds(ref, refs, STOP) else _FRAMESHIFT
            at = hgvs.unchanged_protein(s, s.arena, at, before)
        else:
            terms |= _FRAMESHIFT
            shared = hgvs.shared_start(s.before, before, s.after, after)
            if _holds(ref, refs, STOP) or (before - shared == 1 and s.before[shared] == STOP):
                terms |= _STOP_LOST
            elif _holds(alt_letters, alts, STOP):
                terms |= _STOP_GAINED
            at = hgvs.frameshifted_protein(s, s.arena, at, before, after)
    elif _equal(s, before, after):
        terms |= _STOP_RETAINED
        at = hgvs.unchanged_protein(s, s.arena, at, before)
    else:
        if _only_gains_residues(ref, refs, alt_letters, alts):
            terms |= _INSERTION
        elif _only_loses_codons(ref_codons, ref_size, alt_codons, codons_size):
            terms |= _DELETION
        elif not ((refs > 0 and ref[0] == STOP) or (alts > 0 and alt_letters[0] == STOP)):
            terms |= _ALTERING
        had_stop, has_stop = _holds(ref, refs, STOP), _holds(alt_letters, alts, STOP)
        if had_stop and not has_stop:
            terms |= _STOP_LOST
            at = hgvs.extended_protein(s, s.arena, at, before, after)
        elif has_stop and not had_stop:
            terms |= _STOP_GAINED
            at = hgvs.truncated_protein(s, s.arena, at, before, index, ref, refs, alt_letters, alts)
        else:
            at = hgvs.replaced_protein(s, s.arena, at, before, after)
    if at < 0:
        return CANNOT
    _end_part(s, effect, HGVS_P, at)
    return terms


@jit
def _put_codons(out: Bytes, at: int, codons: Bytes, size: int, start: int, end: int) -> int:
    """VEP's Codons: the changed bases in capitals, a dash where there are none at all."""
    if size == 0:
        out[at] = _DASH
        return at + 1
    for index in range(size):
        out[at + index] = codons[index] if start <= index < end else codons[index] + _LOWER
    return at + size


@jit
def _only_gains_residues(ref: Bytes, refs: int, alt: Bytes, alts: int) -> bool:
    """True if the residues touched stand whole before or behind new ones, read up to a stop."""
    if alts <= refs:
        return False
    read = 0
    while read < alts:
        read += 1
        if alt[read - 1] == STOP:
            break
    if read < refs:
        return False
    if hgvs.shared_start(ref, refs, alt, read) == refs:
        return True
    for index in range(refs):
        if ref[index] != alt[read - refs + index]:
            return False
    return True


@jit
def _only_loses_codons(ref: Bytes, ref_size: int, alt: Bytes, alt_size: int) -> bool:
    """True if the codons touched lose one piece and gain nothing."""
    if alt_size >= ref_size:
        return False
    shared = hgvs.shared_start(ref, ref_size, alt, alt_size)
    for index in range(1, alt_size - shared + 1):
        if ref[ref_size - index] != alt[alt_size - index]:
            return False
    return True


@jit
def _put_name(out: Bytes, at: int, index: int, letters: Bytes, start: int, end: int) -> int:
    """Residues ``start`` to ``end`` of a stretch whose first has ``index``, as HGVS writes a range."""
    at = hgvs.put_residue(out, at, letters[start], index + start + 1)
    if end - start == 1:
        return at
    out[at] = _UNDERSCORE
    return hgvs.put_residue(out, at + 1, letters[end - 1], index + end)


@jit
def _substitution(
    m: Model,
    s: Scratch,
    effect: int,
    number: int,
    low: int,
    high: int,
    alt: Bytes,
    alt_at: int,
    alt_size: int,
    terms: int,
    at: int,
    index: int,
    ref: Bytes,
    refs: int,
    alts_letters: Bytes,
    alts: int,
) -> int:
    shared = hgvs.shared_start(ref, refs, alts_letters, alts)
    had_stop, has_stop = _holds(ref, refs, STOP), _holds(alts_letters, alts, STOP)
    out = s.arena
    if shared == refs and refs == alts:
        terms |= _STOP_RETAINED if had_stop else _SYNONYMOUS
        at = _put_name(out, hgvs.put_p(out, at), index, ref, 0, refs)
        out[at] = _EQUALS
        at += 1
    elif had_stop and not has_stop:
        terms |= _STOP_LOST
        before, after = read_proteins(m, s, number, low, high, alt, alt_at, alt_size)
        at = hgvs.extended_protein(s, out, at, before, after)
    elif has_stop and _place(alts_letters, alts, STOP) < _place(ref, refs, STOP):
        terms |= _STOP_GAINED
        at = hgvs.put_p(out, at)
        if alts_letters[shared] == STOP:
            at = hgvs.put_ter(out, _put_name(out, at, index, ref, shared, shared + 1))
        else:
            stop = shared
            while alts_letters[stop] != STOP:
                stop += 1
            at = hgvs.put_delins(out, _put_name(out, at, index, ref, shared, refs))
            at = hgvs.spell(out, at, alts_letters, shared, stop + 1)
    else:
        terms |= _MISSENSE
        end = refs
        while end > shared and ref[end - 1] == alts_letters[end - 1]:
            end -= 1
        at = _put_name(out, hgvs.put_p(out, at), index, ref, shared, end)
        if end - shared != 1:
            at = hgvs.put_delins(out, at)
        at = hgvs.spell(out, at, alts_letters, shared, end)
    _end_part(s, effect, HGVS_P, at)
    return terms
