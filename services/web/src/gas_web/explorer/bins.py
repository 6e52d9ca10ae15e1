"""Numbers of a table in bins, for its pictures: where the alleles lie, how sure and how frequent they are.

Only one column or two are read, and what comes back is as small as the picture, whatever the table's size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

QUALITY_EDGES: Final = (10, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
FREQUENCY_EDGES: Final = (0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Finer where rare variants are, which are what most readers look for."""
MOST_CONTIGS: Final = 25
"""Of a density: those with most alleles."""
MOST_BINS: Final = 400
"""Of a density, all contigs together; each is a link on the page."""
_MOST_BINS_ALONE = 60
"""Of a contig that is alone."""
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Bin:
    """How many alleles have a number of at least ``low`` and below ``high``; None: no bound."""

    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Track:
    """A contig's alleles by position: ``counts`` of bins as wide as the density's, from position 1 on."""

    contig: str
    last: int
    """The last position that an allele has."""
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Density:
    """Where the alleles lie: bins of ``width`` bases on the contigs with most, in the order of the file."""

    width: int
    tracks: tuple[Track, ...]
    contigs: int
    """How many contigs the table has."""


def binned(scan: pl.LazyFrame, column: str, edges: Sequence[float]) -> pl.LazyFrame:
    """Count the values of ``column``: ``bin`` 0 is below the first edge, n at the n-th or above it."""
    place = pl.sum_horizontal((pl.col(column) >= edge).cast(pl.UInt8) for edge in edges)
    return scan.filter(pl.col(column).is_not_null()).group_by(place.alias("bin")).len()


def bins(found: pl.DataFrame, edges: Sequence[float]) -> tuple[Bin, ...]:
    """The bins of ``binned``, without the empty ones at both ends."""
    counts = dict(zip(found["bin"], found["len"], strict=True))
    if not counts:
        return ()
    bounds = [None, *edges, None]
    return tuple(
        Bin(bounds[place], bounds[place + 1], counts.get(place, 0))
        for place in range(min(counts), max(counts) + 1)
    )


def extents(scan: pl.LazyFrame) -> pl.LazyFrame:
    """Each contig's last position, its first record and how many alleles it has."""
    return scan.group_by(contig="contig_name").agg(
        last=pl.col("pos").max(), first=pl.col("record").min(), alleles=pl.len()
    )


def drawn(found: pl.DataFrame) -> pl.DataFrame:
    """Those of ``extents`` that a density shows, in the order of the file."""
    short = found.with_columns(pl.col("contig").cast(pl.String)).filter(
        pl.col("contig").str.len_chars() <= _LONGEST_NAME, pl.col("last") > 0
    )
    return short.sort("alleles", "first", descending=[True, False]).head(MOST_CONTIGS).sort("first")


def bin_width(shown: pl.DataFrame) -> int:
    """Of 1, 2 or 5 and zeros: as narrow as the number of bins allows."""
    ends = [int(last) for last in shown["last"]]
    most = MOST_BINS if len(ends) > 1 else _MOST_BINS_ALONE
    width = 1
    while True:
        for step in (1, 2, 5):
            if sum(-(-last // (width * step)) for last in ends) <= most:
                return width * step
        width *= 10


def density_counts(scan: pl.LazyFrame, shown: pl.DataFrame, width: int) -> pl.LazyFrame:
    """Alleles of the contigs shown by ``bin``, numbered from 0."""
    contig = pl.col("contig_name").cast(pl.String).alias("contig")
    return (
        scan.select(contig, bin=(pl.col("pos") - 1) // width)
        .filter(pl.col("contig").is_in(shown["contig"].implode()), pl.col("bin") >= 0)
        .group_by("contig", "bin")
        .len()
    )


def density(shown: pl.DataFrame, counted: pl.DataFrame, width: int, *, contigs: int) -> Density:
    """The pictures of ``density_counts``."""
    by_contig: dict[str, dict[int, int]] = {}
    for contig, place, count in counted.iter_rows():
        by_contig.setdefault(contig, {})[place] = count
    tracks = [
        Track(
            contig,
            last,
            tuple(by_contig.get(contig, {}).get(place, 0) for place in range((last - 1) // width + 1)),
        )
        for contig, last in shown.select("contig", "last").iter_rows()
    ]
    return Density(width, tuple(tracks), contigs)
