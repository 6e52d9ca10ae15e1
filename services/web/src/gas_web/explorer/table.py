"""A job's table, read lazily: only the columns that a question needs, in batches, so that memory is bounded.

What a view matches is remembered as the numbers of its rows, 10 bytes each, so that the next page costs one
look at a hundred rows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from gas_core.domain.job import Job
from gas_web.explorer import bins, layout
from gas_web.explorer.bins import Bin, Density
from gas_web.explorer.cache import Key, TableCache, key_of
from gas_web.explorer.columns import COLUMNS, MOST_CHARACTERS, READ
from gas_web.explorer.errors import VariantNotFoundError
from gas_web.explorer.query import Group, View
from gas_web.explorer.terms import TERMS

PAGE_ROWS: Final = 100
COUNTED_AT_ONCE: Final = 50_000
"""Rows of a table whose counts no page need wait for: they take some milliseconds."""
_QUERIES_AT_ONCE = 2
"""Each holds some batches of rows and takes every core anyway."""
_REMEMBERED_BYTES = 64 * 1024 * 1024
_OVERVIEWS = 64
_MOST_NAMES = 500
"""Of a column's names, those kept for charts and suggestions: a file may hold a FILTER of its own per row."""

# Enough to find rows; what the page shows is fetched for the rows on it.
_KEYS = pl.col("row").cast(pl.UInt32), pl.col("record").cast(pl.UInt32), pl.col("allele").cast(pl.UInt16)


def _ends(allele: str) -> list[pl.Expr]:
    column = pl.col(allele)
    return [
        column.str.head(MOST_CHARACTERS),
        column.str.tail(5).alias(f"{allele}_end"),
        column.str.len_bytes().alias(f"{allele}_length"),
    ]


# What names a variant, and its status: said in place of a consequence where there is none.
_ALWAYS: Final = (
    *(pl.col(name) for name in ("record", "allele", "contig_name", "pos", "status")),
    *_ends("ref"),
    *_ends("alt"),
)
FLAT: Final = (
    "record",
    "contig_name",
    "pos",
    "ids",
    "ref",
    "alt",
    "qual",
    "filter",
    "allele",
    "variant_class",
    "allele_frequency",
    "status",
    "skipped",
    "known_ids",
    "regions",
    "hgvs_g",
    "consequence",
    "impact",
    "symbol",
    "gene_id",
    "transcript_id",
    "biotype",
    "hgvs_c",
    "hgvs_p",
    "protein_position",
    "amino_acids",
    "codons",
    "exon",
    "intron",
    "cdna_position",
    "cds_position",
    "strand",
    "distance",
)
"""Columns of an export with one row per allele and its most severe consequence."""
_COUNTED: Final = {
    "consequence": "consequences",
    "impact": "impacts",
    "variant_class": "classes",
    "symbol": "genes",
    "contig_name": "contigs",
    "filter": "filters",
    "biotype": "biotypes",
}

_SEVERITY = pl.Enum([term.name for term in TERMS])

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts of the whole table by name, most frequent first; rows without one are in none."""

    total: int
    known: int
    consequences: dict[str, int]
    impacts: dict[str, int]
    classes: dict[str, int]
    genes: dict[str, int]
    contigs: dict[str, int]
    filters: dict[str, int]
    biotypes: dict[str, int]
    qualities: tuple[Bin, ...]
    frequencies: tuple[Bin, ...]
    density: Density

    @property
    def novel(self) -> int:
        return self.total - self.known


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a view: ``first`` is the number of the first (1-based), ``count`` how many the view has."""

    rows: list[Row]
    first: int
    count: int

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


class Memory:
    """What was found out about tables, for as long as there is room. The tables never change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._overviews: OrderedDict[Key, Overview] = OrderedDict()
        self._matches: OrderedDict[tuple[Key, tuple[object, ...]], pl.DataFrame] = OrderedDict()

    def overview(self, key: Key) -> Overview | None:
        with self._lock:
            return self._overviews.get(key)

    def keep_overview(self, key: Key, overview: Overview) -> None:
        with self._lock:
            self._overviews[key] = overview
            while len(self._overviews) > _OVERVIEWS:
                self._overviews.popitem(last=False)

    def matches(self, key: Key, question: tuple[object, ...]) -> pl.DataFrame | None:
        with self._lock:
            found = self._matches.get((key, question))
            if found is not None:
                self._matches.move_to_end((key, question))
            return found

    def keep_matches(self, key: Key, question: tuple[object, ...], matches: pl.DataFrame) -> None:
        with self._lock:
            self._matches[key, question] = matches
            taken = sum(int(each.estimated_size()) for each in self._matches.values())
            while taken > _REMEMBERED_BYTES and len(self._matches) > 1:
                _, gone = self._matches.popitem(last=False)
                taken -= int(gone.estimated_size())


class Explorer:
    """The tables of jobs, for whoever may read them."""

    def __init__(self, cache: TableCache) -> None:
        self._cache = cache
        self._memory = Memory()
        self._slots = threading.BoundedSemaphore(_QUERIES_AT_ONCE)

    @contextmanager
    def reading(self, job: Job) -> Iterator[Table]:
        """The table of a job; raises as ``TableCache.reading``."""
        with self._cache.reading(job) as path:
            yield Table(path, key_of(job), self._memory, self._slots)


class Table:
    """Questions to one table; each answers from memory if it was asked before."""

    def __init__(self, path: Path, key: Key, memory: Memory, slots: threading.BoundedSemaphore) -> None:
        self._key = key
        self._memory = memory
        self._slots = slots
        self.scan = layout.scan(path)
        told = pl.read_parquet_metadata(path).get("gas_sourced", "")
        self.sourced = tuple(told.split(",")) if told else ()
        """Columns with values of VCF sources, as in ``ClinVar_CLNSIG``: those that the reference has."""
        self.flat = (*FLAT, *self.sourced)

    @property
    def total(self) -> int:
        """How many rows there are; the end of the file tells."""
        return int(self._collect(self.scan.select(pl.len())).item())

    @property
    def tells_frequencies(self) -> bool:
        """True if any allele has a frequency in the file; the first one ends the search."""
        told = self.scan.select("allele_frequency").filter(pl.col("allele_frequency").is_not_null()).head(1)
        return self._collect(told).height > 0

    def overview_at_hand(self) -> Overview | None:
        """Counts of the whole table if they are known or quickly made, so that a page need not wait."""
        return self.overview() if self.total <= COUNTED_AT_ONCE else self._memory.overview(self._key)

    def overview(self) -> Overview:
        """Counts of the whole table."""
        found = self._memory.overview(self._key)
        if found is None:
            found = self._count()
            self._memory.keep_overview(self._key, found)
        return found

    def page(self, view: View) -> Page:
        """The hundred rows of a view from ``view.row`` on; the last ones if that is past the end."""
        whole = not view.groups and view.sort == "position"
        matches = None if whole else self.matches(view)
        count = self.total if matches is None else matches.height
        first = view.row if view.row <= count else max((count - 1) // PAGE_ROWS * PAGE_ROWS, 0) + 1
        if matches is None:
            # The first page that a reader sees: no row but its own is looked at.
            wanted = self._collect(self.scan.slice(first - 1, PAGE_ROWS).select("record", "allele"))
        else:
            wanted = matches.slice(first - 1, PAGE_ROWS)
        rows = self._fetch(wanted, view.shown) if count else []
        return Page(rows, first, count)

    def matches(self, view: View) -> pl.DataFrame:
        """The rows of a view, in its order: ``row`` (from 0), ``record`` and ``allele`` of each."""
        question = view.groups, view.any, view.sort
        found = self._memory.matches(self._key, question)
        if found is None:
            found = self._find(view)
            self._memory.keep_matches(self._key, question, found)
        return found

    def spelled(self, column: str, names: Iterable[str]) -> list[str]:
        """Those of some names that a column has, in the table's own spelling, whatever their case."""
        wanted = pl.Series([name.lower() for name in names], dtype=pl.String)
        name = pl.col(column).cast(pl.String)
        found = self.scan.select(name.unique()).filter(name.str.to_lowercase().is_in(wanted.implode()))
        return self._collect(found)[column].to_list()

    def best_without(self, view: View) -> tuple[Group, int] | None:
        """The filter or group whose removal shows most rows, and how many; None if no single one helps."""
        if view.any or not view.groups:
            return None
        counts = {}
        for place, group in enumerate(view.groups):
            rest = view.dropping(group).expression()
            counts[str(place)] = pl.len() if rest is None else rest.sum()
        found = self._collect(self.scan.select(**counts)).row(0)
        best = max(range(len(found)), key=lambda place: int(found[place]))
        return (view.groups[best], int(found[best])) if found[best] else None

    def variant(self, record: int, allele: int) -> Row:
        """Everything about one row.

        Raises
        ------
        VariantNotFoundError
            The table has none of that number.
        """
        found = self._collect(
            self.scan.filter((pl.col("record") == record) & (pl.col("allele") == allele)).head(1)
        )
        if not found.height:
            raise VariantNotFoundError(record=record, allele=allele)
        return found.row(0, named=True)

    def before_at_its_place(self, row: Row) -> int:
        """How many records stand before that of a row at the same position of the VCF."""
        same = (
            (pl.col("contig_name") == row["contig_name"])
            & (pl.col("pos") == row["pos"])
            & (pl.col("record") < row["record"])
        )
        return int(self._collect(self.scan.filter(same).select(pl.col("record").n_unique())).item())

    def chunks(self, view: View, columns: tuple[str, ...] | None, size: int) -> Iterator[pl.DataFrame]:
        """Columns (None: all) of the rows of a view, in the order of the file, ``size`` rows of it at a time.

        A slice is read without what stands before it; looking for its rows by number would read whole groups.
        """
        numbers = self.matches(replace(view, sort="position"))["row"]
        for start, wanted in _slices(numbers, size):
            found = self._collect(self.scan.slice(start, size).select(columns or pl.all()))
            yield found[wanted - start]

    def _fetch(self, wanted: pl.DataFrame, columns: tuple[str, ...]) -> list[Row]:
        """What the page shows in these columns of some rows of ``matches``, in their order."""
        records = wanted["record"].cast(pl.Int64).unique()
        names = dict.fromkeys(name for column in columns for name in COLUMNS[column].reads)
        # The bounds let whole row groups be left unread.
        found = self._collect(
            self.scan.filter(
                pl.col("record").is_between(records.min(), records.max()),
                pl.col("record").is_in(records.implode()),
            ).select(*_ALWAYS, **{name: READ[name] for name in names})
        )
        keys = wanted.select(pl.col("record").cast(pl.Int64), pl.col("allele").cast(pl.Int32))
        return keys.join(found, on=("record", "allele"), how="left", maintain_order="left").to_dicts()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Leave to run a query of one's own: few run at once, so that their memory is bounded."""
        with self._slots:
            yield

    def _find(self, view: View) -> pl.DataFrame:
        wanted = view.expression()
        rows = self.scan.with_row_index("row")
        if wanted is not None:
            rows = rows.filter(wanted)
        if view.sort == "position":
            return self._collect(rows.select(_KEYS))
        # An enumeration sorts by the place of its names, most severe first.
        rank = pl.col("consequence").cast(_SEVERITY, strict=False).alias("rank")
        ranked = self._collect(rows.select(*_KEYS, rank))
        return ranked.sort("rank", maintain_order=True, nulls_last=True).drop("rank")

    def _count(self) -> Overview:
        questions = [
            self.scan.group_by(pl.col(column).alias("name")).len().drop_nulls() for column in _COUNTED
        ]
        whole = self.scan.select(total=pl.len(), known=(pl.col("known_ids").list.len() > 0).sum())
        qualities = bins.binned(self.scan, "qual", bins.QUALITY_EDGES)
        frequencies = bins.binned(self.scan, "allele_frequency", bins.FREQUENCY_EDGES)
        extents = bins.extents(self.scan)
        with self._slots:
            *counts, one, quality, frequency, extent = pl.collect_all(
                [*questions, whole, qualities, frequencies, extents], engine="streaming"
            )
        total, known = one.row(0)
        named = {
            name: _most_first(each.with_columns(pl.col("name").cast(pl.String)))
            for name, each in zip(_COUNTED.values(), counts, strict=True)
        }
        shown = bins.drawn(extent)
        width = bins.bin_width(shown)
        counted = self._collect(bins.density_counts(self.scan, shown, width))
        return Overview(
            total=total,
            known=known,
            **named,
            qualities=bins.bins(quality, bins.QUALITY_EDGES),
            frequencies=bins.bins(frequency, bins.FREQUENCY_EDGES),
            density=bins.density(shown, counted, width, contigs=extent.height),
        )

    def _collect(self, question: pl.LazyFrame) -> pl.DataFrame:
        with self._slots:
            return question.collect(engine="streaming")


def _most_first(counts: pl.DataFrame) -> dict[str, int]:
    short = counts.filter(pl.col("name").str.len_bytes() <= MOST_CHARACTERS)
    most = short.sort("len", "name", descending=[True, False]).head(_MOST_NAMES)
    return dict(zip(most["name"], most["len"], strict=True))


def _slices(numbers: pl.Series, size: int) -> Iterator[tuple[int, pl.Series]]:
    """Ascending row numbers by the slice of ``size`` rows that they lie in, with its first row."""
    at = 0
    while at < len(numbers):
        start = int(numbers[at]) // size * size
        end = int(numbers.search_sorted(start + size))
        yield start, numbers.slice(at, end - at)
        at = end
