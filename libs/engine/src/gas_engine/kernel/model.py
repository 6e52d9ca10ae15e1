"""Working memory for the kernel, and an empty batch for it to fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gas_engine.kernel import layout
from gas_engine.kernel.layout import Bytes, Columns, Longs, Model, Scratch, Tallies
from gas_engine.kernel.pick import KEEP_ALL, KEEP_GENE, KEEP_ONE, Picks
from gas_engine.kernel.terms import COUNT
from gas_engine.kernel.words import CLASSES, REASONS, STATUSES
from gas_engine.pick import RANK, Keep

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.pick import Pick

ROWS: Final = 16_384
"""Rows of the table in a batch."""
_ITEMS: Final = 1 << 18
_TEXT_BYTES: Final = 1 << 22
_MOST_CONTIGS: Final = 1 << 14


def longest_message(model: Model) -> int:
    """Bytes that the longest message of a reference takes, changed in any way."""
    return int(model.transcripts["length"].max(initial=0)) + layout.LONGEST_ALLELE + 16


def new_scratch(longest: int) -> Scratch:
    """Working memory for one thread and messages of up to ``longest`` bytes."""
    scratch = Scratch(
        arena=np.empty(layout.ARENA_BYTES, np.uint8),
        alleles=np.zeros(layout.MOST_ALLELES, layout.ALLELE),
        effects=np.zeros(layout.MOST_EFFECTS, layout.EFFECT),
        order=np.zeros(layout.MOST_EFFECTS, np.int32),
        found=np.zeros(layout.MOST_EFFECTS, np.int32),
        regions=np.zeros(layout.MOST_EFFECTS, np.int32),
        message=np.empty(longest, np.uint8),
        before=np.empty(longest, np.uint8),
        after=np.empty(longest, np.uint8),
        state=np.zeros(layout.STATE, np.int64),
    )
    scratch.state[layout.MESSAGE_OF] = -1
    return scratch


def new_local() -> Bytes:
    """Four rows for the codons and letters that an allele touches."""
    return np.empty((4, 2 * layout.LONGEST_ALLELE + 16), np.uint8)


def picks_of(pick: Pick, bundle: Bundle) -> Picks:
    """How to pick, for a reference; its transcripts are looked at only where that matters."""
    keep = {Keep.ALL: KEEP_ALL, Keep.GENE: KEEP_GENE}.get(pick.keep, KEEP_ONE)
    rated = [pick.keys(transcript) for transcript in bundle.transcripts] if keep != KEEP_ALL else []
    rank_at = pick.criteria.index(RANK) if RANK in pick.criteria else -1
    return Picks(keep, rank_at, np.array(rated, np.int32).reshape(len(rated), len(pick.criteria)))


def new_columns() -> Columns:
    """An empty batch; `ROWS` rows fit."""
    return Columns(
        rows=np.zeros(ROWS, layout.ROW),
        regions=np.zeros(_ITEMS, layout.REGION_ITEM),
        values=np.zeros(_ITEMS, layout.FIELD_ITEM),
        doubtful=np.zeros(2 * ROWS, layout.DOUBTFUL),
        text=np.empty((layout.TEXTS, _TEXT_BYTES), np.uint8),
        # Not a power of two, or an item of every column would lie in the same set of the processor's cache.
        offsets=np.zeros((layout.TEXTS, _ITEMS + 16), np.int32),
    )


def new_tallies(genes: int, tracks: int, sources: int) -> Tallies:
    """All counts at zero."""

    def zeros(size: int) -> Longs:
        return np.zeros(size, np.int64)

    return Tallies(
        statuses=zeros(len(STATUSES)),
        skipped=zeros(len(REASONS)),
        classes=zeros(len(CLASSES)),
        most_severe=zeros(COUNT),
        consequences=zeros(COUNT),
        genes=zeros(max(genes, 1)),
        gene_seen=zeros(max(genes, 1)),
        tracks=zeros(max(tracks, 1)),
        sources=zeros(max(sources, 1)),
        contigs=zeros(_MOST_CONTIGS),
        sums=zeros(8),
    )
