"""The chunks of a tabix index (Li 2011, Bioinformatics 27:718), one batch of records after another."""

from __future__ import annotations

from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import Longs, Rows

_LINEAR_BITS = 14
# Indexer state
CONTIG, BIN, BEGIN, END, FIRST, COUNT = range(6)
STATE = 6


@jit
def bin_number(start: int, end: int) -> int:
    """The smallest bin that holds [``start``, ``end``)."""
    last = end - 1
    for level in range(5):
        shift = _LINEAR_BITS + 3 * level
        if start >> shift == last >> shift:
            return ((1 << (3 * (5 - level))) - 1) // 7 + (start >> shift)
    return 0


@jit
def index_sites(
    sites: Rows, offsets: Longs, block_bytes: int, text_at: int, chunks: Longs, linear: Longs, state: Longs
) -> tuple[int, int]:
    """Add records until the contig changes; return (records taken, chunks written).

    ``chunks`` gets (bin, begin, end) rows of virtual offsets; ``linear`` the first offset of each window, -1
    where none; ``state`` goes on from batch to batch.
    """
    made = 0
    for number in range(sites.size):
        site = sites[number]
        if state[CONTIG] != site.contig:
            return number, made
        start = max(site.start, 0)
        end = max(site.end, start + 1)
        at, stop = text_at + site.text_start, text_at + site.text_end
        begin = offsets[at // block_bytes] << 16 | at % block_bytes
        finish = offsets[stop // block_bytes] << 16 | stop % block_bytes
        own = bin_number(start, end)
        if own != state[BIN]:
            if state[BIN] >= 0:
                chunks[made, 0], chunks[made, 1], chunks[made, 2] = state[BIN], state[BEGIN], state[END]
                made += 1
            state[BIN] = own
            state[BEGIN] = begin
        state[END] = finish
        if state[COUNT] == 0:
            state[FIRST] = begin
        state[COUNT] += 1
        for window in range(start >> _LINEAR_BITS, ((end - 1) >> _LINEAR_BITS) + 1):
            if linear[window] < 0:
                linear[window] = begin
    return sites.size, made
