"""From lines to annotated lines and columns of the table. Twin: ``gas_engine.records`` and what it calls."""

from __future__ import annotations

import numpy as np

from gas_engine.kernel.alleles import bin_of, effects_of, find, known_number, put_genomic_name
from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import (
    ALLELES,
    ALLELES_ANNOTATED,
    ALLELES_KNOWN,
    ALT,
    ARENA_BYTES,
    AT,
    CSQ,
    DISTANCE,
    DONE,
    DOUBTFUL_COUNT,
    EFFECTS,
    FIELD_VALUES,
    FULL,
    HGVS_G,
    HGVS_P,
    ID_VALUES,
    IDS_COUNT,
    KIND_FILTER,
    KIND_FORMAT,
    KIND_INFO,
    KNOWN_COUNT,
    KNOWN_VALUES,
    LONGEST_ALLELE,
    MOST_ALLELES,
    ODD,
    OUT,
    RECORDS,
    REF,
    REGION_COUNT,
    REGIONS,
    ROWS,
    SITES,
    STOPPED_AT,
    STOPPED_KIND,
    STOPPED_SIZE,
    TEXTS,
    TRANSITIONS,
    TRANSVERSIONS,
    UNKNOWN_NAME,
    USE_AC,
    USE_AF,
    USE_AN,
    USE_DROP,
    USE_END,
    USE_LEN,
    USE_RENAME,
    USE_UNDECLARED,
    VALUE_COUNT,
    WITH_HGVS,
    WITH_TABLE,
    Bytes,
    Columns,
    Longs,
    Model,
    Rows,
    Scratch,
    Tallies,
)
from gas_engine.kernel.names import expected_slot, name_slot
from gas_engine.kernel.pick import Picks, kept_effects
from gas_engine.kernel.terms import COUNT, IMPACT_AT, IMPACTS, INTERGENIC, LABEL_AT, LABELS, OUTSIDE
from gas_engine.kernel.text import prefetch, put, put_number, read_decimal, same, upper

# Codes of status, reason and class; their words are in kernel.words.
ANNOTATED, SKIPPED, NO_ALT, REF_MISMATCH, OUTSIDE_BUNDLE = range(5)
NOT_SKIPPED, OVERLAPPING, NO_ALTERNATE, SAME, MISMATCHED, ELSEWHERE = range(6)
SNV, MNV, INSERTION, DELETION, INDEL, CLASS_SYMBOLIC, CLASS_OVERLAPPING, IDENTICAL = range(8)

_CSQ_KEY = np.frombuffer(bytearray(b"CSQ="), np.uint8)
_NON_REF = np.frombuffer(bytearray(b"<NON_REF>"), np.uint8)
_MISMATCH_KEY = np.frombuffer(bytearray(b"GAS_REF_MISMATCH"), np.uint8)
_TERM_BYTES = 200  # more than any set of terms takes
_COLUMN_BYTES = 64  # separators, impact, strand of an entry
_TAB, _NEWLINE, _COMMA, _SEMICOLON, _PIPE, _AND, _EQUALS, _DOT, _STAR, _LESS, _DASH = (
    9, 10, 44, 59, 124, 38, 61, 46, 42, 60, 45,
)  # fmt: skip
_COLON = 58
_LAST_POS = 2**29 - 1
_POS_DIGITS = 9
_AHEAD = 8  # records; each waited 75 ns for the reference's bases, of 1.5 us in all
_U, _A, _C, _G, _T = 85, 65, 67, 71, 84
_INSIDE = ((1 << COUNT) - 1) & ~OUTSIDE
_QUAL_COLUMN, _FREQUENCY_COLUMN = 0, 1
_THREE, _TWO, _D = 51, 50, 68


@jit
def annotate_lines(
    m: Model,
    s: Scratch,
    block: Bytes,
    lines: Rows,
    first: int,
    last: int,
    places: Longs,
    names: Rows,
    pool: Bytes,
    tracks: Longs,
    picks: Picks,
    out: Bytes,
    columns: Columns,
    sites: Rows,
    tallies: Tallies,
    cursors: Longs,
    keep_rest: bool,
    local: Bytes,
) -> tuple[int, int]:
    """Annotate ``lines[first:last]``; return the line it stopped before, and why.

    ``places`` are the contigs of the bundle by number in the file; ``tracks`` holds, for every track, its
    first bin and where its INFO key stands in ``m.pool``; ``picks`` says which consequences
    stay. ``keep_rest`` is False for a file whose FORMAT stands without samples. The caller sees to what
    stopped it and calls again.
    """
    for number in range(first, last):
        ahead = min(number + _AHEAD, lines.size - 1)
        contig = places[lines[ahead].contig]
        if contig >= 0:
            place = min(max(lines[ahead].pos - 1, 0), m.contigs[contig].length - 1)
            prefetch(m.seq, m.contigs[contig].seq_at + place)
        if lines[number].odd:
            return number, ODD
        why = _record(
            m,
            s,
            block,
            lines,
            number,
            places,
            names,
            pool,
            tracks,
            picks,
            out,
            columns,
            sites,
            tallies,
            cursors,
            keep_rest,
            local,
        )
        if why != DONE:
            return number, why
    return last, DONE


@jit
def _record(
    m: Model,
    s: Scratch,
    block: Bytes,
    lines: Rows,
    number: int,
    places: Longs,
    names: Rows,
    pool: Bytes,
    tracks: Longs,
    picks: Picks,
    out: Bytes,
    columns: Columns,
    sites: Rows,
    tallies: Tallies,
    cursors: Longs,
    keep_rest: bool,
    local: Bytes,
) -> int:
    line = lines[number]
    size = line.end - line.start
    info_at, info_end = line.tabs[6] + 1, line.tabs[7]
    # names first: nothing is written until all are known
    filter_slot = expected_slot(names, pool, s.state, 0, KIND_FILTER, block, line.tabs[5] + 1, line.tabs[6])
    if filter_slot < 0:
        return _unknown(cursors, KIND_FILTER, line.tabs[5] + 1, line.tabs[6])
    has_lengths = False
    if line.tabs[7] < line.end and keep_rest:
        format_slot = expected_slot(
            names, pool, s.state, 1, KIND_FORMAT, block, line.tabs[7] + 1, line.tabs[8]
        )
        if format_slot < 0:
            return _unknown(cursors, KIND_FORMAT, line.tabs[7] + 1, line.tabs[8])
        has_lengths = names[format_slot].use & USE_LEN != 0
    rewrite = False
    undeclared = False
    end_value = -1
    af_at = af_end = ac_at = ac_end = an_at = an_end = 0
    new_info = info_end - info_at
    if not (info_end - info_at == 1 and block[info_at] == _DOT):
        at = info_at
        place = 1
        while at < info_end:
            place += 1
            stop = at
            while stop < info_end and block[stop] != _SEMICOLON and block[stop] != _EQUALS:
                stop += 1
            value = stop + 1 if stop < info_end and block[stop] == _EQUALS else stop
            entry_end = stop
            while entry_end < info_end and block[entry_end] != _SEMICOLON:
                entry_end += 1
            if stop > at:
                slot = expected_slot(names, pool, s.state, place, KIND_INFO, block, at, stop)
                if slot < 0:
                    return _unknown(cursors, KIND_INFO, at, stop)
                use = names[slot].use
                if use:
                    undeclared = undeclared or use & USE_UNDECLARED != 0
                    if use & (USE_DROP | USE_RENAME):
                        rewrite = True
                        new_info += names[slot].new_size
                    if use & USE_AF:
                        af_at, af_end = value, entry_end
                    elif use & USE_AC:
                        ac_at, ac_end = value, entry_end
                    elif use & USE_AN:
                        an_at, an_end = value, entry_end
                    elif use & USE_END and value > stop:
                        digits = entry_end > value
                        found = 0
                        for index in range(value, entry_end):
                            digit = block[index] - 48
                            if digit < 0 or digit > 9:
                                digits = False
                                break
                            found = min(found * 10 + digit, 1 << 40)
                        if digits:
                            if found > _LAST_POS or entry_end - value > _POS_DIGITS:
                                return ODD  # Python says what is wrong with it
                            end_value = max(end_value, found)
            at = entry_end + 1
    # alleles
    ref_at, ref_end = line.tabs[2] + 1, line.tabs[3]
    ref_size = ref_end - ref_at
    alt_at, alt_end = line.tabs[3] + 1, line.tabs[4]
    contig = places[line.contig]
    if ref_size > LONGEST_ALLELE or (contig >= 0 and m.contigs[contig].odd):
        return ODD
    s.state[AT] = 0
    s.state[EFFECTS] = 0
    s.state[REGIONS] = 0
    for index in range(ref_size):
        s.arena[index] = upper(block[ref_at + index])
        if s.arena[index] == _U:
            return ODD
    s.state[AT] = ref_size
    alleles = 0
    if not (alt_end - alt_at == 1 and block[alt_at] == _DOT):
        at = alt_at
        while at < alt_end:
            stop = at
            while stop < alt_end and block[stop] != _COMMA:
                stop += 1
            if alleles == MOST_ALLELES or stop - at > LONGEST_ALLELE:
                return ODD
            s.alleles[alleles].at = at
            s.alleles[alleles].size = stop - at
            s.alleles[alleles].letters = 1 if _is_letter(block[at]) else 0
            alleles += 1
            at = stop + 1
    if has_lengths:
        for allele in range(alleles):
            if s.alleles[allele].size == 3 and block[s.alleles[allele].at + 1] == _STAR:
                end_value = max(end_value, line.pos - 1 + _longest_block(block, line.tabs[7] + 1, line.end))
                break
    status = _status(m, s, contig, line.pos, ref_size, alleles)
    known_here = False
    for allele in range(alleles):
        if not _allele(m, s, block, contig, line.pos, ref_size, allele, status, tracks, picks, local):
            return ODD
        known = s.alleles[allele].known
        known_here = known_here or (known >= 0 and m.known[known].id_size > 0)
    if status == SKIPPED:
        for allele in range(alleles):
            if s.alleles[allele].reason == NOT_SKIPPED:
                status = ANNOTATED
                break
    # room
    id_at, id_end = line.tabs[1] + 1, line.tabs[2]
    need = s.state[AT] + alleles * (id_end - id_at + ref_size + LONGEST_ALLELE)
    items = id_end - id_at + 2
    sourced = False
    text = size + new_info + 64
    said = s.state[AT]  # of that, what our CSQ takes: each text of the arena at most once, and what follows
    for track in range(tracks.shape[0]):
        text += tracks[track, 2] + 2
    for allele in range(alleles):
        known = s.alleles[allele].known
        ids = 0
        if known >= 0:
            if m.known[known].odd:
                return ODD
            ids = m.known[known].id_size
            sourced = True
            for value in range(m.known[known].value_at, m.known[known].value_at + m.known[known].values):
                need += m.values[value].size
                text += m.values[value].size
        items += ids
        text += ids
        each = (
            s.alleles[allele].size
            + ids
            + _TERM_BYTES
            + _COLUMN_BYTES
            + s.alleles[allele].hgvs_end
            - s.alleles[allele].hgvs_at
        )
        count = s.alleles[allele].effects_end - s.alleles[allele].effects_at
        said += max(count, 1) * each
        for index in range(s.alleles[allele].effects_at, s.alleles[allele].effects_end):
            transcript = m.transcripts[s.effects[s.order[index]].transcript]
            said += transcript.label_size + transcript.marks_size + 8
    fields = m.fields.shape[0] if sourced else 0
    for field in range(fields):
        text += m.fields[field, 3] + 2 + 2 * alleles
    for index in range(s.state[REGIONS]):
        text += m.regions[s.regions[2 * index]].name_size + 1
    items *= alleles + 1
    need += items
    text += said
    if cursors[OUT] + text > out.size or cursors[SITES] == sites.size:
        return FULL
    if (
        cursors[ROWS] + alleles + 1 > columns.rows.size
        or cursors[REGION_COUNT] + s.state[REGIONS] > columns.regions.size
        or cursors[DOUBTFUL_COUNT] + 2 * alleles + 2 > columns.doubtful.size
        or max(cursors[IDS_COUNT], cursors[KNOWN_COUNT]) + items >= columns.offsets.shape[1]
        or cursors[VALUE_COUNT] + fields * alleles >= columns.values.size
    ):
        return FULL
    for column in range(TEXTS):
        room = columns.text.shape[1] - columns.offsets[column, _items(cursors, column)]
        if (said if column == CSQ else need) > room:
            return FULL
    # the line
    begin = cursors[OUT]
    at = put(out, begin, block, line.start, line.tabs[1] + 1)
    id_begin = at
    id_is_missing = id_end - id_at == 1 and block[id_at] == _DOT
    if not (known_here and id_is_missing):
        at = put(out, at, block, id_at, id_end)
    if known_here:
        at = _put_known(m, s, out, id_begin, at, alleles)
    id_stop = at
    at = put(out, at, block, line.tabs[2], line.tabs[6] + 1)
    info_begin = at
    if rewrite:
        at = _put_cleared(block, info_at, info_end, names, pool, out, at)
        if at == info_begin:
            out[at] = _DOT
            at += 1
    else:
        at = put(out, at, block, info_at, info_end)
    for allele in range(max(alleles, 1)):
        row = cursors[ROWS] + allele
        columns.offsets[CSQ, row + 1] = columns.offsets[CSQ, row]
    at = _put_entries(m, s, block, out, info_begin, at, ref_size, alleles, status, tracks, columns, cursors)
    if line.tabs[7] < line.end and keep_rest:
        at = put(out, at, block, line.tabs[7], line.end)
    out[at] = _NEWLINE
    at += 1
    cursors[OUT] = at
    site = cursors[SITES]
    sites[site].text_start = begin
    sites[site].text_end = at
    sites[site].start = line.pos - 1
    sites[site].end = min(max(line.pos - 1 + ref_size, end_value), _LAST_POS)
    sites[site].contig = line.contig
    cursors[SITES] += 1
    cursors[RECORDS] += 1
    if undeclared:
        _note_infos(block, info_at, info_end, names, pool)
    _count(m, s, line.contig, alleles, status, tallies)
    if not s.state[WITH_TABLE]:
        return DONE
    # the table
    quality = 0.0
    has_quality = False
    doubtful_quality = False
    qual_at, qual_end = line.tabs[4] + 1, line.tabs[5]
    if not (qual_end - qual_at == 1 and block[qual_at] == _DOT):
        read, quality = read_decimal(block, qual_at, qual_end)
        has_quality = True
        doubtful_quality = not read
    for allele in range(max(alleles, 1)):
        row = cursors[ROWS]
        rows = columns.rows
        rows[row].record = cursors[RECORDS]
        rows[row].pos = line.pos
        rows[row].qual = quality
        rows[row].has_qual = 1 if has_quality else 0
        rows[row].contig_name = line.contig
        rows[row].contig = contig
        rows[row].filter = names[filter_slot].id
        rows[row].allele = allele + 1 if alleles else 0
        rows[row].status = status
        rows[row].transcript = -1
        rows[row].first_term = -1
        rows[row].distance = 0
        rows[row].variant_class = -1
        rows[row].skipped = -1
        rows[row].has_frequency = 0
        if doubtful_quality:
            _doubt(columns, cursors, row, _QUAL_COLUMN, qual_at, qual_end)
        _ids_of_row(columns, cursors, out, id_begin, id_stop)
        _text(columns, cursors, REF, block, ref_at, ref_end)
        if alleles:
            known = s.alleles[allele].known
            if known >= 0 and m.known[known].id_size > 0:
                _split(
                    columns,
                    cursors,
                    KNOWN_COUNT,
                    KNOWN_VALUES,
                    m.pool,
                    m.known[known].id_at,
                    m.known[known].id_size,
                )
            _allele_row(m, s, block, columns, cursors, allele, row, status)
            _frequency(
                block,
                columns,
                cursors,
                row,
                allele,
                af_at,
                af_end,
                ac_at,
                ac_end,
                an_at,
                an_end,
                info_at,
                info_end,
            )
        else:
            for column in range(ALT + 1):
                if column != REF:
                    _close_text(columns, cursors, column)
        rows[row].ids_end = cursors[IDS_COUNT]
        rows[row].known_end = cursors[KNOWN_COUNT]
        rows[row].regions_end = cursors[REGION_COUNT]
        cursors[ROWS] += 1
    return DONE


@jit
def _is_letter(byte: int) -> bool:
    return 65 <= byte <= 90 or 97 <= byte <= 122


@jit
def _unknown(cursors: Longs, kind: int, start: int, end: int) -> int:
    cursors[STOPPED_KIND] = kind
    cursors[STOPPED_AT] = start
    cursors[STOPPED_SIZE] = end - start
    return UNKNOWN_NAME


@jit
def _items(cursors: Longs, column: int) -> int:
    """How many items a text column has."""
    if column == ID_VALUES:
        return int(cursors[IDS_COUNT])
    if column == KNOWN_VALUES:
        return int(cursors[KNOWN_COUNT])
    if column == FIELD_VALUES:
        return int(cursors[VALUE_COUNT])
    return int(cursors[ROWS])


@jit
def _longest_block(block: Bytes, start: int, end: int) -> int:
    """The largest LEN of the samples in ``block[start:end]``, FORMAT and samples; 0 if there is none."""
    at = start
    part = 0
    column = -1
    while at < end and block[at] != _TAB:
        stop = at
        while stop < end and block[stop] != _COLON and block[stop] != _TAB:
            stop += 1
        if column < 0 and stop - at == 3 and block[at] == 76 and block[at + 1] == 69 and block[at + 2] == 78:
            column = part
        part += 1
        at = stop + 1 if stop < end and block[stop] == _COLON else stop
    longest = 0
    while at < end:
        at += 1
        part = 0
        while at < end and block[at] != _TAB and part < column:
            part += block[at] == _COLON
            at += 1
        first = at
        value = 0
        while at < end and 48 <= block[at] <= 57:
            value = min(value * 10 + block[at] - 48, _LAST_POS)
            at += 1
        whole = at > first and (at == end or block[at] == _TAB or block[at] == _COLON)
        if part == column and whole:
            longest = max(longest, value)
        while at < end and block[at] != _TAB:
            at += 1
    return longest


@jit
def _status(m: Model, s: Scratch, contig: int, pos: int, ref_size: int, alleles: int) -> int:
    """Status as far as CHROM, POS and REF decide it; SKIPPED stands for either of the first two."""
    if contig < 0:
        return OUTSIDE_BUNDLE
    info = m.contigs[contig]
    if pos < 1 or pos - 1 + ref_size > info.length:
        return REF_MISMATCH
    for index in range(ref_size):
        if m.seq[info.seq_at + pos - 1 + index] != s.arena[index]:
            return REF_MISMATCH
    return SKIPPED if alleles else NO_ALT


@jit
def _allele(
    m: Model,
    s: Scratch,
    block: Bytes,
    contig: int,
    pos: int,
    ref_size: int,
    allele: int,
    status: int,
    tracks: Longs,
    picks: Picks,
    local: Bytes,
) -> bool:
    """Say what there is to say of one allele; False if the twin must."""
    at, size = s.alleles[allele].at, s.alleles[allele].size
    s.alleles[allele].known = -1
    s.alleles[allele].effects_at = s.alleles[allele].effects_end = s.state[EFFECTS]
    s.alleles[allele].regions_at = s.alleles[allele].regions_end = s.state[REGIONS]
    s.alleles[allele].hgvs_at = s.alleles[allele].hgvs_end = 0
    s.alleles[allele].start = s.alleles[allele].end = 0
    s.alleles[allele].alt_size = 0
    passed = status != SKIPPED
    reason = NOT_SKIPPED
    if passed:
        reason = MISMATCHED if status == REF_MISMATCH else ELSEWHERE
    if block[at] == _STAR:
        s.alleles[allele].kind = CLASS_OVERLAPPING
        s.alleles[allele].reason = reason if passed else OVERLAPPING
        return True
    if block[at] == _LESS:
        s.alleles[allele].kind = CLASS_SYMBOLIC
        s.alleles[allele].reason = reason if passed else NO_ALTERNATE
        # any other symbol may be a structural variant, which is the twin's
        return (size == 3 and block[at + 1] == _STAR) or (size == 9 and _is_non_ref(block, at))
    begin = s.state[AT]
    if begin + size + 1024 > ARENA_BYTES:
        return False
    for index in range(size):
        s.arena[begin + index] = upper(block[at + index])
        if s.arena[begin + index] == _U:
            return False
    shared = 0
    while shared < size and shared < ref_size and s.arena[shared] == s.arena[begin + shared]:
        shared += 1
    ref_left, alt_left = ref_size - shared, size - shared
    while (
        ref_left > 0
        and alt_left > 0
        and s.arena[shared + ref_left - 1] == s.arena[begin + shared + alt_left - 1]
    ):
        ref_left -= 1
        alt_left -= 1
    s.state[AT] = begin + size
    start = pos - 1 + shared
    s.alleles[allele].start = start
    s.alleles[allele].end = start + ref_left
    s.alleles[allele].shared = shared
    s.alleles[allele].alt_at = begin + shared
    s.alleles[allele].alt_size = alt_left
    if ref_left == alt_left:
        s.alleles[allele].kind = IDENTICAL if ref_left == 0 else (SNV if ref_left == 1 else MNV)
    elif ref_left == 0:
        s.alleles[allele].kind = INSERTION
    else:
        s.alleles[allele].kind = DELETION if alt_left == 0 else INDEL
    if not passed and ref_left == 0 and alt_left == 0:
        reason = SAME
    s.alleles[allele].reason = reason
    if reason != NOT_SKIPPED:
        return True
    end = start + ref_left
    info = m.contigs[contig]
    if info.circular and start == end and (start in (0, info.length)):
        return False
    if s.state[WITH_HGVS]:
        s.alleles[allele].hgvs_at = s.state[AT]
        name_end = put_genomic_name(m, s, contig, start, end, begin + shared, alt_left)
        s.alleles[allele].hgvs_end = name_end
        s.state[AT] = name_end
    s.alleles[allele].effects_at = s.state[EFFECTS]
    if not effects_of(m, s, contig, start, end, begin + shared, alt_left, local):
        return False
    s.alleles[allele].effects_end = kept_effects(m, s, picks, s.alleles[allele].effects_at, s.state[EFFECTS])
    s.alleles[allele].known = known_number(m, contig, start, end, s, begin + shared, alt_left)
    first_bin, last_bin = info.bin_at + bin_of(start, info.length), info.bin_at + bin_of(end, info.length)
    for track in range(tracks.shape[0]):
        found = find(
            m.region_bins,
            m.region_bin_items,
            tracks[track, 0] + first_bin,
            tracks[track, 0] + last_bin,
            s.found,
        )
        if found < 0:
            return False
        for index in range(found):
            region = m.regions[s.found[index]]
            if start < region.end and end > region.start:
                if 2 * s.state[REGIONS] + 2 > s.regions.size:
                    return False
                s.regions[2 * s.state[REGIONS]] = s.found[index]
                s.regions[2 * s.state[REGIONS] + 1] = track
                s.state[REGIONS] += 1
    s.alleles[allele].regions_end = s.state[REGIONS]
    return True


@jit
def _is_non_ref(block: Bytes, at: int) -> bool:
    return same(block, at, at + 9, _NON_REF, 0, 9)


@jit
def _put_known(m: Model, s: Scratch, out: Bytes, begin: int, at: int, alleles: int) -> int:
    """Append the known identifiers that the ID column ``out[begin:at]`` does not hold yet."""
    for allele in range(alleles):
        known = s.alleles[allele].known
        if known < 0:
            continue
        start = m.known[known].id_at
        stop = start + m.known[known].id_size
        while start < stop:
            end = start
            while end < stop and m.pool[end] != _SEMICOLON:
                end += 1
            if not _has_token(out, begin, at, m.pool, start, end):
                if at > begin:
                    out[at] = _SEMICOLON
                    at += 1
                at = put(out, at, m.pool, start, end)
            start = end + 1
    return at


@jit
def _has_token(out: Bytes, begin: int, end: int, pool: Bytes, start: int, stop: int) -> bool:
    at = begin
    while at < end:
        token = at
        while at < end and out[at] != _SEMICOLON:
            at += 1
        if same(out, token, at, pool, start, stop):
            return True
        at += 1
    return False


@jit
def _put_cleared(block: Bytes, start: int, end: int, names: Rows, pool: Bytes, out: Bytes, at: int) -> int:
    """INFO without our old fields, others of our names renamed."""
    begin = at
    any_kept = False
    entry = start
    while entry <= end:
        stop = entry
        while stop < end and block[stop] != _SEMICOLON and block[stop] != _EQUALS:
            stop += 1
        entry_end = stop
        while entry_end < end and block[entry_end] != _SEMICOLON:
            entry_end += 1
        slot = name_slot(names, pool, KIND_INFO, block, entry, stop) if stop > entry else -1
        use = names[slot].use if slot >= 0 else 0
        if not use & USE_DROP:
            if any_kept:
                out[at] = _SEMICOLON
                at += 1
            any_kept = True
            if use & USE_RENAME:
                at = put(out, at, pool, names[slot].new_at, names[slot].new_at + names[slot].new_size)
                at = put(out, at, block, stop, entry_end)
            else:
                at = put(out, at, block, entry, entry_end)
        entry = entry_end + 1
    return at if any_kept else begin


@jit
def _put_entries(
    m: Model,
    s: Scratch,
    block: Bytes,
    out: Bytes,
    begin: int,
    at: int,
    ref_size: int,
    alleles: int,
    status: int,
    tracks: Longs,
    columns: Columns,
    cursors: Longs,
) -> int:
    """Append our entries to the INFO column ``out[begin:at]``, and to the rows what they say of alleles."""
    if status == REF_MISMATCH:
        at = _begin_entry(out, begin, at)
        return put(out, at, _MISMATCH_KEY, 0, _MISMATCH_KEY.size)
    if status != ANNOTATED:
        return at
    for track in range(tracks.shape[0]):
        key_at, key_size = tracks[track, 1], tracks[track, 2]
        any_name = False
        for index in range(s.state[REGIONS]):
            if s.regions[2 * index + 1] != track:
                continue
            region = m.regions[s.regions[2 * index]]
            seen = False
            for before in range(index):
                if (
                    s.regions[2 * before + 1] == track
                    and m.regions[s.regions[2 * before]].name == region.name
                ):
                    seen = True
                    break
            if seen:
                continue
            if any_name:
                out[at] = _COMMA
                at += 1
            else:
                at = put(out, _begin_entry(out, begin, at), m.pool, key_at, key_at + key_size)
                out[at] = _EQUALS
                at += 1
                any_name = True
            at = put(out, at, m.pool, region.name_at, region.name_at + region.name_size)
    for field in range(m.fields.shape[0]):
        at = _put_field(m, s, out, begin, at, alleles, field)
    at = put(out, _begin_entry(out, begin, at), _CSQ_KEY, 0, _CSQ_KEY.size)
    shared = _shares_first(s, block, ref_size, alleles)
    any_effect = False
    for allele in range(alleles):
        row = cursors[ROWS] + allele
        columns.offsets[CSQ, row + 1] = columns.offsets[CSQ, row]
        if s.alleles[allele].reason != NOT_SKIPPED:
            continue
        for index in range(
            s.alleles[allele].effects_at, max(s.alleles[allele].effects_end, s.alleles[allele].effects_at + 1)
        ):
            if any_effect:
                out[at] = _COMMA
                at += 1
            if index > s.alleles[allele].effects_at:
                _say(s, columns, row, out, at - 1, at)
            any_effect = True
            effect = s.order[index] if index < s.alleles[allele].effects_end else -1
            at = _put_effect(m, s, block, out, at, allele, effect, shared, columns, row)
    return at


@jit
def _put_field(m: Model, s: Scratch, out: Bytes, begin: int, at: int, alleles: int, field: int) -> int:
    """Append the entry of a source's field, an item an allele, if any has one."""
    entry = at
    any_value = False
    for allele in range(alleles):
        first, last = _value_of(m, s.alleles[allele].known, field)
        if first < last and not any_value:
            any_value = True
            key = m.fields[field, 2]
            entry = put(out, _begin_entry(out, begin, at), m.pool, key, key + m.fields[field, 3])
            out[entry] = _EQUALS
            entry += 1
            for _ in range(allele):
                out[entry], out[entry + 1] = _DOT, _COMMA
                entry += 2
        elif any_value:
            out[entry] = _COMMA
            entry += 1
        if first < last:
            entry = put(out, entry, m.pool, first, last)
        elif any_value:
            out[entry] = _DOT
            entry += 1
    return entry if any_value else at


@jit
def _value_of(m: Model, known: int, field: int) -> tuple[int, int]:
    """Where the value of a known allele's field stands in the pool; (0, 0) if it has none."""
    if known < 0:
        return 0, 0
    begin = m.known[known].value_at
    for value in range(begin, begin + m.known[known].values):
        if m.values[value].source != m.fields[field, 0]:
            continue
        at = m.values[value].at
        end = at + m.values[value].size
        for _ in range(m.fields[field, 1]):
            while at < end and m.pool[at] != _TAB:
                at += 1
            at += 1
        stop = at
        while stop < end and m.pool[stop] != _TAB:
            stop += 1
        return at, stop
    return 0, 0


@jit
def _begin_entry(out: Bytes, begin: int, at: int) -> int:
    """Where the next INFO entry goes: in place of ``.``, else after one semicolon."""
    if at == begin + 1 and out[begin] == _DOT:
        return begin
    if out[at - 1] != _SEMICOLON:
        out[at] = _SEMICOLON
        at += 1
    return at


@jit
def _shares_first(s: Scratch, block: Bytes, ref_size: int, alleles: int) -> bool:
    """True if VEP takes the first letter off the alleles."""
    indel = False
    for allele in range(alleles):
        at = s.alleles[allele].at
        if block[at] == _STAR:
            continue
        indel = indel or s.alleles[allele].size != ref_size
        if upper(block[at]) != s.arena[0]:
            return False
    return indel


@jit
def _put_effect(
    m: Model,
    s: Scratch,
    block: Bytes,
    out: Bytes,
    at: int,
    allele: int,
    effect: int,
    shared: bool,
    columns: Columns,
    row: int,
) -> int:
    """One entry of CSQ, and in the row all of it that is not the allele's.

    ``effect`` is -1 where there is no transcript near.
    """
    first, last = s.alleles[allele].at, s.alleles[allele].at + s.alleles[allele].size
    if shared:
        first += 1
    if first == last:
        out[at] = _DASH
        at += 1
    for index in range(first, last):
        out[at] = upper(block[index])
        at += 1
    out[at] = _PIPE
    at += 1
    begin = at
    terms = 1 << INTERGENIC
    rank = INTERGENIC
    if effect >= 0:
        terms = int(s.effects[effect].terms)
        rank = int(s.effects[effect].first_term)
    term = rank
    while terms >> term:
        if terms >> term & 1:
            if term > rank:
                out[at] = _AND
                at += 1
            at = put(out, at, LABELS, LABEL_AT[term], LABEL_AT[term + 1])
        term += 1
    out[at] = _PIPE
    at = put(out, at + 1, IMPACTS, IMPACT_AT[rank], IMPACT_AT[rank + 1])
    out[at] = _PIPE
    at += 1
    if effect >= 0:
        transcript = m.transcripts[s.effects[effect].transcript]
        at = put(out, at, m.pool, transcript.label_at, transcript.label_at + transcript.label_size)
    else:
        for _ in range(4):
            out[at] = _PIPE
            at += 1
    for part in range(DISTANCE):
        out[at] = _PIPE
        at += 1
        if effect >= 0:
            first, last = s.effects[effect].at[part], s.effects[effect].end[part]
            if part == HGVS_P and last > first and s.arena[last - 1] == _EQUALS:
                # the only character of ours that must be escaped, and it only ever comes last
                at = put(out, at, s.arena, first, last - 1)
                out[at], out[at + 1], out[at + 2] = 37, _THREE, _D
                at += 3
            else:
                at = put(out, at, s.arena, first, last)
    out[at] = _PIPE
    at += 1
    _say(s, columns, row, out, begin, at)
    known = s.alleles[allele].known
    if known >= 0:
        for index in range(m.known[known].id_at, m.known[known].id_at + m.known[known].id_size):
            out[at] = _AND if m.pool[index] == _SEMICOLON else m.pool[index]
            at += 1
    out[at] = _PIPE
    at += 1
    begin = at
    if effect >= 0:
        at = put_number(out, at, m.transcripts[s.effects[effect].transcript].strand)
    out[at] = _PIPE
    at += 1
    if effect >= 0:
        at = put(out, at, s.arena, s.effects[effect].at[DISTANCE], s.effects[effect].end[DISTANCE])
    _say(s, columns, row, out, begin, at)
    out[at] = _PIPE
    at = put(out, at + 1, s.arena, s.alleles[allele].hgvs_at, s.alleles[allele].hgvs_end)
    begin = at
    if effect < 0:
        at = put(out, at, m.no_marks, 0, m.no_marks.size)
    else:
        transcript = m.transcripts[s.effects[effect].transcript]
        at = put(out, at, m.pool, transcript.marks_at, transcript.marks_at + transcript.marks_size)
    _say(s, columns, row, out, begin, at)
    return at


@jit
def _say(s: Scratch, columns: Columns, row: int, out: Bytes, start: int, end: int) -> None:
    """Append ``out[start:end]`` to what a row says of its allele."""
    if s.state[WITH_TABLE]:
        at = columns.offsets[CSQ, row + 1]
        columns.offsets[CSQ, row + 1] = put(columns.text[CSQ], at, out, start, end)


@jit
def _doubt(columns: Columns, cursors: Longs, row: int, column: int, start: int, end: int) -> None:
    doubt = cursors[DOUBTFUL_COUNT]
    columns.doubtful[doubt].row = row
    columns.doubtful[doubt].column = column
    columns.doubtful[doubt].at = start
    columns.doubtful[doubt].end = end
    cursors[DOUBTFUL_COUNT] += 1


@jit
def _add_text(columns: Columns, column: int, item: int, source: Bytes, start: int, end: int) -> None:
    at = columns.offsets[column, item]
    columns.offsets[column, item + 1] = put(columns.text[column], at, source, start, end)


@jit
def _text(columns: Columns, cursors: Longs, column: int, source: Bytes, start: int, end: int) -> None:
    _add_text(columns, column, cursors[ROWS], source, start, end)


@jit
def _close_text(columns: Columns, cursors: Longs, column: int) -> None:
    columns.offsets[column, cursors[ROWS] + 1] = columns.offsets[column, cursors[ROWS]]


@jit
def _split(
    columns: Columns, cursors: Longs, counter: int, column: int, source: Bytes, start: int, size: int
) -> None:
    """Append the pieces between semicolons, each as an item."""
    at = start
    while at <= start + size:
        stop = at
        while stop < start + size and source[stop] != _SEMICOLON:
            stop += 1
        _add_text(columns, column, cursors[counter], source, at, stop)
        cursors[counter] += 1
        at = stop + 1


@jit
def _ids_of_row(columns: Columns, cursors: Longs, out: Bytes, start: int, end: int) -> None:
    if not (end - start == 1 and out[start] == _DOT):
        _split(columns, cursors, IDS_COUNT, ID_VALUES, out, start, end - start)


@jit
def _allele_row(
    m: Model, s: Scratch, block: Bytes, columns: Columns, cursors: Longs, allele: int, row: int, status: int
) -> None:
    at, size = s.alleles[allele].at, s.alleles[allele].size
    rows = columns.rows
    rows[row].variant_class = s.alleles[allele].kind
    rows[row].skipped = s.alleles[allele].reason
    place = columns.offsets[ALT, row]
    turn = status in (ANNOTATED, SKIPPED) and s.alleles[allele].letters == 1
    for index in range(size):
        columns.text[ALT, place + index] = upper(block[at + index]) if turn else block[at + index]
    columns.offsets[ALT, row + 1] = place + size
    _add_text(columns, HGVS_G, row, s.arena, s.alleles[allele].hgvs_at, s.alleles[allele].hgvs_end)
    if s.alleles[allele].effects_at < s.alleles[allele].effects_end:
        effect = s.order[s.alleles[allele].effects_at]
        rows[row].transcript = s.effects[effect].transcript
        rows[row].first_term = s.effects[effect].first_term
        rows[row].distance = s.effects[effect].distance
        for part in range(DISTANCE):
            _add_text(columns, part, row, s.arena, s.effects[effect].at[part], s.effects[effect].end[part])
    else:
        for part in range(DISTANCE):
            _close_text(columns, cursors, part)
    if s.alleles[allele].reason != NOT_SKIPPED:
        return
    if rows[row].first_term < 0:
        rows[row].first_term = INTERGENIC
    for index in range(s.alleles[allele].regions_at, s.alleles[allele].regions_end):
        item = cursors[REGION_COUNT]
        columns.regions[item].track = s.regions[2 * index + 1]
        columns.regions[item].name = m.regions[s.regions[2 * index]].name
        cursors[REGION_COUNT] += 1
    for field in range(m.fields.shape[0]):
        first, last = _value_of(m, s.alleles[allele].known, field)
        if first < last:
            item = cursors[VALUE_COUNT]
            columns.values[item].row = row
            columns.values[item].field = field
            _add_text(columns, FIELD_VALUES, item, m.pool, first, last)
            cursors[VALUE_COUNT] += 1


@jit
def _item(block: Bytes, start: int, end: int, number: int) -> tuple[int, int]:
    """Where item ``number`` of a list joined with commas stands; (-1, -1) if there are fewer."""
    at = start
    for _ in range(number):
        while at < end and block[at] != _COMMA:
            at += 1
        if at >= end:
            return -1, -1
        at += 1
    stop = at
    while stop < end and block[stop] != _COMMA:
        stop += 1
    return at, stop


@jit
def _frequency(
    block: Bytes,
    columns: Columns,
    cursors: Longs,
    row: int,
    allele: int,
    af_at: int,
    af_end: int,
    ac_at: int,
    ac_end: int,
    an_at: int,
    an_end: int,
    info_at: int,
    info_end: int,
) -> None:
    """AF where it is given, else AC / AN; what is not plainly a number is left to Python."""
    value = 0.0
    read = True
    if af_end > af_at:
        at, stop = _item(block, af_at, af_end, allele)
        if at < 0:
            return
        read, value = read_decimal(block, at, stop)
    elif an_end > an_at:
        read, total = read_decimal(block, an_at, an_end)
        if read:
            if total == 0 or ac_end <= ac_at:
                return
            at, stop = _item(block, ac_at, ac_end, allele)
            if at < 0:
                return
            read, value = read_decimal(block, at, stop)
            value = value / total
    else:
        return
    if read:
        columns.rows[row].frequency = value
        columns.rows[row].has_frequency = 1
    else:
        _doubt(columns, cursors, row, _FREQUENCY_COLUMN, info_at, info_end)


@jit
def _note_infos(block: Bytes, start: int, end: int, names: Rows, pool: Bytes) -> None:
    """Remember of keys that the header does not declare whether they stand bare or with a value."""
    at = start
    while at < end:
        stop = at
        while stop < end and block[stop] != _SEMICOLON and block[stop] != _EQUALS:
            stop += 1
        valued = stop < end and block[stop] == _EQUALS
        if stop > at:
            slot = name_slot(names, pool, KIND_INFO, block, at, stop)
            if names[slot].use & USE_UNDECLARED:
                if valued:
                    names[slot].valued = 1
                else:
                    names[slot].bare = 1
        while stop < end and block[stop] != _SEMICOLON:
            stop += 1
        at = stop + 1


@jit
def _count(m: Model, s: Scratch, contig: int, alleles: int, status: int, tallies: Tallies) -> None:
    tallies.statuses[status] += 1
    tallies.contigs[contig] += 1
    for allele in range(alleles):
        tallies.classes[s.alleles[allele].kind] += 1
        if s.alleles[allele].kind == SNV:
            _count_transition(s, allele, tallies)
        reason = s.alleles[allele].reason
        if reason != NOT_SKIPPED:
            tallies.skipped[reason] += 1
            continue
        tallies.sums[ALLELES_ANNOTATED] += 1
        known = s.alleles[allele].known
        if known >= 0:
            tallies.sums[ALLELES_KNOWN] += m.known[known].id_size > 0
            for value in range(m.known[known].value_at, m.known[known].value_at + m.known[known].values):
                tallies.sources[m.values[value].source] += 1
        tallies.sums[ALLELES] += 1
        serial = tallies.sums[ALLELES]
        first, last = s.alleles[allele].effects_at, s.alleles[allele].effects_end
        if first == last:
            tallies.most_severe[INTERGENIC] += 1
            tallies.consequences[INTERGENIC] += 1
        else:
            tallies.most_severe[s.effects[s.order[first]].first_term] += 1
            terms = 0
            for index in range(first, last):
                effect = s.order[index]
                own = int(s.effects[effect].terms)
                terms |= own
                gene = m.transcripts[s.effects[effect].transcript].gene
                if gene >= 0 and own & _INSIDE and tallies.gene_seen[gene] != serial:
                    tallies.gene_seen[gene] = serial
                    tallies.genes[gene] += 1
            term = 0
            while terms >> term:
                if terms >> term & 1:
                    tallies.consequences[term] += 1
                term += 1
        track_seen = -1
        for index in range(s.alleles[allele].regions_at, s.alleles[allele].regions_end):
            if s.regions[2 * index + 1] != track_seen:
                track_seen = s.regions[2 * index + 1]
                tallies.tracks[track_seen] += 1


@jit
def _count_transition(s: Scratch, allele: int, tallies: Tallies) -> None:
    """Count an SNV between A, C, G and T."""
    ref, alt = s.arena[s.alleles[allele].shared], s.arena[s.alleles[allele].alt_at]
    if not (_is_acgt(ref) and _is_acgt(alt)):
        return
    if (ref in (_A, _G)) == (alt in (_A, _G)):
        tallies.sums[TRANSITIONS] += 1
    else:
        tallies.sums[TRANSVERSIONS] += 1


@jit
def _is_acgt(base: int) -> bool:
    return base in (_A, _C, _G, _T)
