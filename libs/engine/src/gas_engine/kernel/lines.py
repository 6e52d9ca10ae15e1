"""Find the lines of a block, check what ``vcf.record.parse_record`` checks, and tell where columns end.

A line that is not plainly right is marked ``odd``: Python reads it again and says what is wrong, if
anything is.
"""

from __future__ import annotations

import numpy as np

from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import DONE, FULL, KIND_CONTIG, LINE, UNKNOWN_NAME, Bytes, Longs, Rows
from gas_engine.kernel.names import name_slot
from gas_engine.kernel.text import find_byte

_TAB, _NEWLINE, _RETURN, _SPACE, _DOT, _COMMA, _STAR, _LESS, _GREATER = 9, 10, 13, 32, 46, 44, 42, 60, 62
_MAX_POS = 2**29 - 1
_POS_DIGITS = 9
_TILDE = 126  # the last character of plain text
_INFO = 7
_IS_BASE = np.zeros(256, np.uint8)
_IS_BASE[list(b"ACGTNRYSWKMBDHVacgtnryswkmbdhv")] = 1
_IS_QUAL = np.zeros(256, np.uint8)
_IS_QUAL[list(b"0123456789")] = 1
COLUMNS_KEPT = LINE["tabs"].shape[0]

# What scan_lines leaves in its state
NEXT, COUNT, NUMBER, BLANK, ORDERED, LAST_CONTIG, LAST_POS, NAME_AT, NAME_SIZE = range(9)
SCAN_STATE = 9


@jit
def scan_lines(
    block: Bytes,
    end: int,
    columns: int,
    longest: int,
    all_odd: bool,
    lines: Rows,
    names: Rows,
    pool: Bytes,
    state: Longs,
) -> int:
    """Read lines of ``block[state[NEXT]:end]``, which ends a line, into ``lines`` from ``state[COUNT]`` on.

    ``state`` keeps: where to go on, lines read, number of the last line, blank lines, whether records came
    in order so far, and place of the last. Stops with FULL when ``lines`` is, with UNKNOWN_NAME at a contig
    that ``names`` lacks, after an odd line, and else at the end with DONE.
    """
    at = state[NEXT]
    count = state[COUNT]
    last = -1  # slot of the contig before
    status = DONE
    while at < end:
        if count == lines.size:
            status = FULL
            break
        stop = find_byte(block, at, end, _NEWLINE)
        line_end = stop - 1 if stop > at and block[stop - 1] == _RETURN else stop
        # Without a way out of the loop, sixteen bytes and more are looked at in one step.
        tabs = 0
        odd_bytes = 0
        for index in range(at, line_end):
            byte = block[index]
            is_tab = byte == _TAB
            tabs += is_tab
            odd_bytes += (not is_tab) & ((byte < _SPACE) | (byte > _TILDE))
        plain = 1 if odd_bytes == 0 else 0
        place = at
        for index in range(min(tabs, COLUMNS_KEPT)):
            # most columns are short, the eighth (INFO) is not
            if index == _INFO:
                place = find_byte(block, place, line_end, _TAB)
            while block[place] != _TAB:
                place += 1
            lines[count].tabs[index] = place
            place += 1
        state[NUMBER] += 1
        if line_end == at:
            state[BLANK] += 1
            at = stop + 1
            continue
        lines[count].start = at
        lines[count].end = line_end
        lines[count].number = state[NUMBER]
        lines[count].odd = 1
        if tabs == columns - 1:
            for index in range(tabs, COLUMNS_KEPT):
                lines[count].tabs[index] = line_end
        if all_odd or line_end - at > longest:
            plain = 0
        if plain and tabs == columns - 1 and _columns_are_right(block, lines, count):
            first = lines[count].tabs[0]
            if last < 0 or not _same_name(block, at, first, names, pool, last):
                last = name_slot(names, pool, KIND_CONTIG, block, at, first)
                if last < 0:
                    state[NAME_AT] = at
                    state[NAME_SIZE] = first - at
                    state[NUMBER] -= 1
                    status = UNKNOWN_NAME
                    break
            lines[count].odd = 0
            contig = names[last].id
            lines[count].contig = contig
            pos = lines[count].pos
            if contig < state[LAST_CONTIG] or (contig == state[LAST_CONTIG] and pos < state[LAST_POS]):
                state[ORDERED] = 0
            else:
                state[LAST_CONTIG] = contig
                state[LAST_POS] = pos
        count += 1
        at = stop + 1
        if lines[count - 1].odd:
            break
    state[NEXT] = at
    state[COUNT] = count
    return status


@jit
def _same_name(block: Bytes, start: int, end: int, names: Rows, pool: Bytes, slot: int) -> bool:
    if names[slot].size != end - start:
        return False
    at = names[slot].at
    for index in range(end - start):
        if pool[at + index] != block[start + index]:
            return False
    return True


@jit
def _columns_are_right(block: Bytes, lines: Rows, number: int) -> bool:
    """True if the first eight columns are plainly right; sets ``pos``."""
    line = lines[number]
    start = line.start
    filled = start
    for index in range(COLUMNS_KEPT if line.tabs[7] < line.end else COLUMNS_KEPT - 1):
        if line.tabs[index] == filled:
            return False
        filled = line.tabs[index] + 1
    for index in range(start, line.tabs[0]):
        if block[index] == _SPACE:
            return False
    first, last = line.tabs[0] + 1, line.tabs[1]
    if last - first > _POS_DIGITS:
        return False
    pos = 0
    for index in range(first, last):
        digit = block[index] - 48
        if digit < 0 or digit > 9:
            return False
        pos = pos * 10 + digit
    lines[number].pos = pos
    first, last = line.tabs[2] + 1, line.tabs[3]
    if pos + last - first > _MAX_POS:
        return False
    for index in range(first, last):
        if not _IS_BASE[block[index]]:
            return False
    return _alts_are_right(block, line.tabs[3] + 1, line.tabs[4]) and _qual_is_right(
        block, line.tabs[4] + 1, line.tabs[5]
    )


@jit
def _alts_are_right(block: Bytes, start: int, end: int) -> bool:
    if end - start == 1 and block[start] == _DOT:
        return True
    at = start
    while True:
        first = at
        while at < end and block[at] != _COMMA:
            at += 1
        size = at - first
        if size == 0:
            return False
        if block[first] == _LESS:
            if size < 3 or block[at - 1] != _GREATER:
                return False
            for index in range(first + 1, at - 1):
                if block[index] == _LESS or block[index] == _GREATER or block[index] == _SPACE:
                    return False
        elif not (block[first] == _STAR and size == 1):
            for index in range(first, at):
                if not _IS_BASE[block[index]]:
                    return False
        if at == end:
            return True
        at += 1


@jit
def _qual_is_right(block: Bytes, start: int, end: int) -> bool:
    """True for ``.`` and for digits with at most one point among them and an exponent of digits."""
    if end - start == 1 and block[start] == _DOT:
        return True
    at = start
    digits = 0
    if block[at] == 45 or block[at] == 43:
        at += 1
    while at < end and _IS_QUAL[block[at]]:
        at += 1
        digits += 1
    if at < end and block[at] == _DOT:
        at += 1
        while at < end and _IS_QUAL[block[at]]:
            at += 1
            digits += 1
    if digits == 0:
        return False
    if at == end:
        return True
    if block[at] != 69 and block[at] != 101:
        return False
    at += 1
    if at < end and (block[at] == 45 or block[at] == 43):
        at += 1
    if at == end:
        return False
    while at < end:
        if not _IS_QUAL[block[at]]:
            return False
        at += 1
    return True
