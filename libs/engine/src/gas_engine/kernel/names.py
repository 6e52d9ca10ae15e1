"""Names met in a file, in one open hash table: contigs, INFO keys, FILTER and FORMAT columns."""

from __future__ import annotations

import numpy as np

from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import GUESSES, MOST_GUESSES, Bytes, Longs, Rows
from gas_engine.kernel.text import same

_OFFSET, _PRIME = 14695981039346656037, 1099511628211  # FNV-1a, 64 bits


@jit
def name_hash(kind: int, text: Bytes, start: int, end: int) -> np.uint64:
    """The hash that `name_slot` looks for."""
    hashed = np.uint64(_OFFSET) ^ np.uint64(kind)
    for index in range(start, end):
        hashed = (hashed ^ np.uint64(text[index])) * np.uint64(_PRIME)
    return hashed | np.uint64(1)  # 0 marks a free slot


@jit
def name_slot(names: Rows, pool: Bytes, kind: int, text: Bytes, start: int, end: int) -> int:
    """Where a name stands in the table, or -1 - (the free slot where it belongs)."""
    hashed = name_hash(kind, text, start, end)
    mask = names.size - 1
    slot = np.int64(hashed >> np.uint64(20)) & mask
    while names[slot].hash != 0:
        if (
            names[slot].hash == hashed
            and names[slot].kind == kind
            and same(pool, names[slot].at, names[slot].at + names[slot].size, text, start, end)
        ):
            return int(slot)
        slot = (slot + 1) & mask
    return int(-1 - slot)


@jit
def enter_name(
    names: Rows, pool: Bytes, kind: int, at: int, size: int, number: int, use: int, new_at: int, new_size: int
) -> int:
    """Fill the row of a name that is not in the table yet and stands in the pool; return its slot."""
    slot = -1 - name_slot(names, pool, kind, pool, at, at + size)
    names[slot].hash = name_hash(kind, pool, at, at + size)
    names[slot].kind = kind
    names[slot].at = at
    names[slot].size = size
    names[slot].id = number
    names[slot].use = use
    names[slot].new_at = new_at
    names[slot].new_size = new_size
    return slot


@jit
def expected_slot(
    names: Rows, pool: Bytes, state: Longs, place: int, kind: int, text: Bytes, start: int, end: int
) -> int:
    """`name_slot`, looked up only if it is not the name that the last record had at that place."""
    if place < MOST_GUESSES:
        guess = state[GUESSES + place]
        if names[guess].kind == kind and same(
            pool, names[guess].at, names[guess].at + names[guess].size, text, start, end
        ):
            return int(guess)
    slot = name_slot(names, pool, kind, text, start, end)
    if slot >= 0 and place < MOST_GUESSES:
        state[GUESSES + place] = slot
    return slot
