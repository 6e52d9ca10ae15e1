"""Which effects of an allele are kept. Twin: ``gas_engine.pick``."""

from __future__ import annotations

from typing import NamedTuple

from gas_engine.kernel.jit import jit
from gas_engine.kernel.layout import Ints, Model, Scratch

KEEP_ALL, KEEP_GENE, KEEP_ONE = range(3)


class Picks(NamedTuple):
    """How to pick. ``keys`` (transcripts, criteria) are what `Pick.keys` says."""

    keep: int
    rank_at: int  # the column in whose place the rank counts; -1 where it does not
    keys: Ints


@jit
def kept_effects(m: Model, s: Scratch, picks: Picks, begin: int, end: int) -> int:
    """Keep of the sorted effects ``s.order[begin:end]`` what is asked for; return where they now end."""
    if picks.keep == KEEP_ALL:
        return end
    kept = begin
    for index in range(begin, end):
        effect = s.order[index]
        beaten = False
        # one that was dropped was beaten by one that is kept, or by one yet to come
        for other in range(begin, kept):
            beaten = beaten or _beats(m, s, picks, s.order[other], effect, True)
        for other in range(index + 1, end):
            beaten = beaten or _beats(m, s, picks, s.order[other], effect, False)
        if not beaten:
            s.order[kept] = effect
            kept += 1
    return kept


@jit
def _beats(m: Model, s: Scratch, picks: Picks, one: int, other: int, first: bool) -> bool:
    """True if both compete and ``one`` goes before ``other``; ``first`` says so where all is equal."""
    a, b = s.effects[one].transcript, s.effects[other].transcript
    if picks.keep == KEEP_GENE and (
        m.transcripts[a].gene < 0 or m.transcripts[a].gene != m.transcripts[b].gene
    ):
        return False
    for column in range(picks.keys.shape[1]):
        x, y = picks.keys[a, column], picks.keys[b, column]
        if column == picks.rank_at:
            x, y = s.effects[one].first_term, s.effects[other].first_term
        if x != y:
            return bool(x < y)
    return first
