"""What an allele does to the transcripts near it. Twin: ``gas_engine.consequence``."""

from __future__ import annotations

from gas_engine.kernel import hgvs
from gas_engine.kernel.coding import CODING, effect_across_edge, effect_in_coding_sequence
from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import (
    ARENA_BYTES,
    AT,
    BIN_BITS,
    CDNA,
    CDS,
    DISTANCE,
    EFFECTS,
    EXON_NUMBER,
    HGVS_C,
    INTRON_NUMBER,
    MOST_EFFECTS,
    PARTS,
    PROTEIN,
    WITH_HGVS,
    Bytes,
    Ints,
    Longs,
    Model,
    Scratch,
)
from gas_engine.kernel.message import complement, exon_before, message_position
from gas_engine.kernel.structure import put_numbers, splice_terms
from gas_engine.kernel.terms import BIT, first_term
from gas_engine.kernel.text import put, put_number

_REACH = 5000
_ROOM = 1 << 16  # more than one effect writes: alleles are at most 1,000 bases
_ABLATION = BIT["transcript_ablation"]
_UPSTREAM = BIT["upstream_gene_variant"]
_DOWNSTREAM = BIT["downstream_gene_variant"]
_UTR5 = BIT["5_prime_UTR_variant"]
_UTR3 = BIT["3_prime_UTR_variant"]
_EXON = BIT["non_coding_transcript_exon_variant"]
_MATURE = BIT["mature_miRNA_variant"]
_DECAYS = BIT["NMD_transcript_variant"]
_INTRON = BIT["intron_variant"]
_NON_CODING = BIT["non_coding_transcript_variant"]
_CODING = BIT["coding_transcript_variant"]
_QUESTION, _DASH, _COLON, _DOT, _G, _M = 63, 45, 58, 46, 103, 109


@jit
def find(bins: Longs, items: Ints, first_bin: int, last_bin: int, found: Ints) -> int:
    """Members of a run of bins, ascending and each once; -1 if there are more than ``found`` holds."""
    count = 0
    for place in range(bins[first_bin], bins[last_bin + 1]):
        item = items[place]
        at = count
        while at > 0 and found[at - 1] > item:
            at -= 1
        if at > 0 and found[at - 1] == item:
            continue
        if count == found.size:
            return -1
        for index in range(count, at, -1):
            found[index] = found[index - 1]
        found[at] = item
        count += 1
    return count


@jit
def bin_of(position: int, length: int) -> int:
    """The bin of a position, brought within the contig."""
    return min(max(position, 0), length) >> BIN_BITS


@jit
def effects_of(
    m: Model, s: Scratch, contig: int, start: int, end: int, alt_at: int, alt_size: int, local: Bytes
) -> bool:
    """Append the effects of one trimmed allele, ``s.order`` sorting them; False if the twin must answer."""
    info = m.contigs[contig]
    begin = s.state[EFFECTS]
    for turn in range(3):
        shift = 0 if turn == 0 else (-info.length if turn == 1 else info.length)
        low, high = start - _REACH + shift, end + _REACH + shift
        if turn > 0 and (not info.circular or high <= 0 or low >= info.length):
            continue
        found = find(
            m.transcript_bins,
            m.transcript_bin_items,
            info.bin_at + bin_of(low, info.length),
            info.bin_at + bin_of(high, info.length),
            s.found,
        )
        if found < 0:
            return False
        for index in range(found):
            number = s.found[index]
            transcript = m.transcripts[number]
            if not (low < transcript.end and high > transcript.start):
                continue
            if turn > 0:
                seen = False
                for effect in range(begin, s.state[EFFECTS]):
                    if s.effects[effect].transcript == number:
                        seen = True
                        break
                if seen:
                    continue
            if (
                transcript.odd
                or s.state[EFFECTS] + 1 >= MOST_EFFECTS
                or s.state[AT] + _ROOM > ARENA_BYTES
                or not _on_transcript(m, s, contig, number, start, end, alt_at, alt_size, local)
            ):
                return False
    _sort(s, begin, s.state[EFFECTS])
    return True


@jit
def _sort(s: Scratch, begin: int, end: int) -> None:
    for effect in range(begin, end):
        at = effect
        while at > begin and _comes_before(s, effect, s.order[at - 1]):
            s.order[at] = s.order[at - 1]
            at -= 1
        s.order[at] = effect


@jit
def _comes_before(s: Scratch, one: int, other: int) -> bool:
    a, b = s.effects[one], s.effects[other]
    if a.first_term != b.first_term:
        return bool(a.first_term < b.first_term)
    if a.beside != b.beside:
        return bool(a.beside < b.beside)
    if a.distance != b.distance:
        return bool(a.distance < b.distance)
    return bool(a.rank < b.rank)


@jit
def _open(m: Model, s: Scratch, number: int) -> int:
    effect = s.state[EFFECTS]
    s.effects[effect].transcript = number
    s.effects[effect].distance = 0
    s.effects[effect].rank = m.transcripts[number].rank
    for part in range(PARTS):
        s.effects[effect].at[part] = 0
        s.effects[effect].end[part] = 0
    return int(effect)


@jit
def _close(m: Model, s: Scratch, effect: int, number: int, terms: int) -> None:
    s.effects[effect].terms = terms
    s.effects[effect].first_term = first_term(terms)
    beside = s.effects[effect].distance == 0 and not m.transcripts[number].protein_coding
    s.effects[effect].beside = 1 if beside else 0
    s.state[EFFECTS] = effect + 1


@jit
def _end_part(s: Scratch, effect: int, part: int, at: int) -> None:
    s.effects[effect].at[part] = s.state[AT]
    s.effects[effect].end[part] = at
    s.state[AT] = at


@jit
def _on_transcript(
    m: Model,
    s: Scratch,
    contig: int,
    number: int,
    start: int,
    end: int,
    alt_at: int,
    alt_size: int,
    local: Bytes,
) -> bool:
    transcript = m.transcripts[number]
    if not (start < transcript.end and end > transcript.start):
        _beside(m, s, contig, number, start, end)
        return True
    effect = _open(m, s, number)
    if not alt_size and start <= transcript.start and end >= transcript.end:
        _close(m, s, effect, number, _ABLATION)
        return True
    forward = transcript.strand > 0
    coding = transcript.cds_end > transcript.cds_start
    insertion = start == end
    touched_start, touched_end = (start - 1, start + 1) if insertion else (start, end)
    first, last = message_position(m, number, touched_start), message_position(m, number, touched_end - 1)
    if not forward:
        first, last = last, first
    # where it lies on the message: [low, high), an insertion before base low
    exonic = whole = False
    low = high = 0
    exon = max(exon_before(m.exons, transcript.exon_at, transcript.exons, touched_start), transcript.exon_at)
    pieces = 0
    while exon < transcript.exon_at + transcript.exons and m.exons[exon].start < touched_end:
        if touched_start < m.exons[exon].end:
            piece_start, piece_end = (
                max(touched_start, m.exons[exon].start),
                min(touched_end, m.exons[exon].end),
            )
            one = m.exons[exon].message + piece_start - m.exons[exon].start
            other = one + piece_end - piece_start
            if not forward:
                one, other = transcript.length - other, transcript.length - one
            low = one if pieces == 0 else min(low, one)
            high = other if pieces == 0 else max(high, other)
            pieces += 1
            exonic = True
            whole = pieces == 1 and piece_start == touched_start and piece_end == touched_end
        exon += 1
    if insertion and whole:
        low += 1
        high = low
    terms = splice_terms(m, number, start, end)
    in_coding = coding and exonic and low < transcript.cds_end and high > transcript.cds_start
    if in_coding:
        message_alt = alt_at
        if not forward:
            message_alt = s.state[AT]
            for index in range(alt_size):
                s.arena[message_alt + index] = complement(s.arena[alt_at + alt_size - 1 - index])
            s.state[AT] = message_alt + alt_size
        if whole and transcript.cds_start <= low and high <= transcript.cds_end:
            said = effect_in_coding_sequence(
                m, s, effect, number, low, high, s.arena, message_alt, alt_size, local
            )
        elif insertion and not whole:
            said = CODING
        else:
            said = effect_across_edge(m, s, effect, number, low, high, s.arena, message_alt, alt_size, whole)
        if said < 0:
            return False
        terms |= said
    if not coding:
        if _in_mature(m, number, start, end):
            terms |= _MATURE
        elif exonic:
            terms |= _EXON
        elif terms & _INTRON:
            terms |= _NON_CODING
    elif insertion and whole:
        if low <= transcript.cds_start:
            terms |= _UTR5
        if high >= transcript.cds_end:
            terms |= _UTR3
    elif exonic:
        if low < transcript.cds_start:
            terms |= _UTR5
        if high > transcript.cds_end:
            terms |= _UTR3
    if not terms:
        terms = _CODING if coding else _NON_CODING
    if transcript.decays:
        terms |= _DECAYS
    out = s.arena
    _end_part(
        s, effect, EXON_NUMBER, put_numbers(m, out, s.state[AT], number, touched_start, touched_end, False)
    )
    _end_part(
        s, effect, INTRON_NUMBER, put_numbers(m, out, s.state[AT], number, touched_start, touched_end, True)
    )
    if s.state[WITH_HGVS] and transcript.start <= start and end <= transcript.end:
        at = put(out, s.state[AT], m.pool, transcript.hgvs_at, transcript.hgvs_at + transcript.hgvs_size)
        bound = transcript.start if forward else transcript.end
        at = hgvs.put_change(
            m,
            out,
            at,
            contig,
            number,
            start,
            end,
            s.arena,
            alt_at,
            alt_size,
            transcript.start,
            transcript.end,
            bound,
            transcript.strand,
        )
        _end_part(s, effect, HGVS_C, at)
    if exonic:
        _end_part(s, effect, CDNA, _put_span(out, s.state[AT], first, last, 1, 1))
    if in_coding:
        offset = transcript.lead - transcript.cds_start
        first = first + offset if transcript.cds_start <= first < transcript.cds_end else -1
        last = last + offset if transcript.cds_start <= last < transcript.cds_end else -1
        _end_part(s, effect, CDS, _put_span(out, s.state[AT], first, last, 1, 1))
        _end_part(s, effect, PROTEIN, _put_span(out, s.state[AT], first, last, 3, 1))
    _close(m, s, effect, number, terms)
    return True


@jit
def _in_mature(m: Model, number: int, start: int, end: int) -> bool:
    first = m.transcripts[number].mature_at
    for index in range(first, first + m.transcripts[number].matures):
        if start < m.mature[index].end and end > m.mature[index].start:
            return True
    return False


@jit
def _put_span(out: Bytes, at: int, first: int, last: int, unit: int, offset: int) -> int:
    """As in ``12``, ``12-14``, ``?-14``; -1 is unknown."""
    if first < 0 and last < 0:
        return at
    one = first // unit + offset if first >= 0 else -1
    other = last // unit + offset if last >= 0 else -1
    if one == other:
        return put_number(out, at, one)
    if one < 0:
        out[at] = _QUESTION
        at += 1
    else:
        at = put_number(out, at, one)
    out[at] = _DASH
    if other < 0:
        out[at + 1] = _QUESTION
        return at + 2
    return put_number(out, at + 1, other)


@jit
def _beside(m: Model, s: Scratch, contig: int, number: int, start: int, end: int) -> None:
    """Upstream or downstream, whichever is nearer."""
    info = m.contigs[contig]
    transcript = m.transcripts[number]
    left = transcript.start + 1 - end
    right = start + 1 - transcript.end
    if info.circular:
        left, right = left % info.length, right % info.length
    elif left < 1:
        left = right
    elif right < 1:
        right = left
    distance = min(left, right)
    if distance > _REACH:
        return
    is_left = left < right if info.circular else end <= transcript.start
    effect = _open(m, s, number)
    s.effects[effect].distance = distance
    _end_part(s, effect, DISTANCE, put_number(s.arena, s.state[AT], distance))
    _close(m, s, effect, number, _UPSTREAM if is_left == (transcript.strand > 0) else _DOWNSTREAM)


@jit
def put_genomic_name(
    m: Model, s: Scratch, contig: int, start: int, end: int, alt_at: int, alt_size: int
) -> int:
    """As in ``NC_012920.1:m.11778G>A``, into the arena; return where it ends."""
    info = m.contigs[contig]
    at = put(s.arena, s.state[AT], m.pool, info.name_at, info.name_at + info.name_size)
    s.arena[at] = _COLON
    s.arena[at + 1] = _M if info.mitochondrial else _G
    s.arena[at + 2] = _DOT
    upper = info.length + (info.length if info.circular else 0)
    return hgvs.put_change(
        m, s.arena, at + 3, contig, -1, start, end, s.arena, alt_at, alt_size, 0, upper, 0, 1
    )


@jit
def known_number(m: Model, contig: int, start: int, end: int, s: Scratch, alt_at: int, alt_size: int) -> int:
    """Row of the trimmed allele among the known ones, however it is spelled; -1 if it is not known."""
    if m.known.size == 0:
        return -1
    info = m.contigs[contig]
    ref_size = end - start
    steps = 0
    if (ref_size == 0) != (alt_size == 0):
        while start - steps > 0:
            before = m.seq[info.seq_at + start - steps - 1]
            if ref_size:
                moved = m.seq[info.seq_at + start - steps + ref_size - 1]
            else:
                moved = s.arena[alt_at + alt_size - 1 - steps % alt_size]
            if before != moved:
                break
            steps += 1
    place = start - steps
    turned = (alt_size - steps % alt_size) % alt_size if alt_size else 0
    number_of_bin = info.bin_at + bin_of(place, info.length)
    low, high = m.known_bins[number_of_bin], m.known_bins[number_of_bin + 1]
    end_of_bin = high
    while low < high:
        middle = (low + high) >> 1
        if m.known[middle].start < place:
            low = middle + 1
        else:
            high = middle
    for number in range(low, end_of_bin):
        row = m.known[number]
        if row.start != place:
            break
        if row.ref_size == ref_size and row.alt_size == alt_size:
            alike = True
            for index in range(alt_size):
                if m.pool[row.alt_at + index] != s.arena[alt_at + (index + turned) % alt_size]:
                    alike = False
                    break
            if alike:
                return number
    return -1
