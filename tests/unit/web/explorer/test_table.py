"""A view gives the rows that a plain look at the table gives, on every page."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.datastructures import MultiDict

from gas_web.explorer.bins import MOST_BINS, MOST_CONTIGS
from gas_web.explorer.errors import VariantNotFoundError
from gas_web.explorer.query import View, view_of
from gas_web.explorer.table import PAGE_ROWS, Memory, Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Rows = list[dict[str, Any]]


def view(*filters: str, **args: str) -> View:
    return view_of(MultiDict([*(("f", text) for text in filters), *args.items()]))


@pytest.fixture
def table(write_table: Callable[[Rows, Path], Path], tmp_path: Path) -> Callable[[Rows], Table]:
    def make(rows: Rows) -> Table:
        path = write_table(rows, tmp_path / "table.parquet")
        return Table(path, ("job", 1), Memory(), threading.BoundedSemaphore(1))

    return make


def found(table: Table, asked: View) -> list[tuple[int, int]]:
    return [(row["record"], row["allele"]) for row in table.page(asked).rows]


@pytest.mark.parametrize(
    ("filters", "alleles"),
    [
        ((), [(1, 1), (2, 1), (3, 1), (3, 2), (4, 0), (5, 1)]),
        (("impact:is:HIGH",), [(3, 1)]),
        (("impact:is:HIGH,MODERATE",), [(2, 1), (3, 1)]),
        (("impact:not:MODIFIER",), [(2, 1), (3, 1), (3, 2), (4, 0), (5, 1)]),
        (("gene:is:MT-ND1",), [(2, 1), (3, 1), (3, 2)]),
        (("gene:not:MT-ND1",), [(1, 1), (4, 0), (5, 1)]),
        (("gene:is:no-such-gene",), []),
        (("consequence:is:synonymous variant",), [(3, 2)]),
        (("coding:is:yes",), [(2, 1), (3, 1), (3, 2)]),
        (("coding:is:no",), [(1, 1), (4, 0), (5, 1)]),
        (("known:is:yes",), [(1, 1)]),
        (("known:is:no",), [(2, 1), (3, 1), (3, 2), (4, 0), (5, 1)]),
        (("id:is:rs1",), [(1, 1)]),
        (("id:is:rs",), []),
        (("region:is:MT:3310-3311",), [(2, 1)]),
        (("region:is:MT:3314",), [(3, 1), (3, 2)]),
        (("region:is:MT:3315-14999",), []),
        (("contig:is:chrX",), [(5, 1)]),
        (("class:is:deletion",), [(3, 1)]),
        (("hgvs_c:has:c.4C>",), [(2, 1)]),
        (("hgvs_p:has:(Pro|.*",), []),
        (("hgvs_p:is:P1:p.Pro2Ser",), [(2, 1)]),
        (("af:min:0.5",), [(2, 1)]),
        (("af:max:0.25",), [(3, 1)]),
        (("af:below:0.5",), [(3, 1)]),
        (("af:in:0.25..0.5",), [(3, 1)]),
        (("quality:min:1",), [(2, 1)]),
        (("filter:not:PASS",), [(3, 1)]),
        (("status:is:no_alt",), [(4, 0)]),
        (("gene:is:MT-ND1", "impact:is:LOW,HIGH"), [(3, 1), (3, 2)]),
        (("gene:is:MT-ND1", "known:is:yes"), []),
    ],
)
def test_filters_find_what_they_say(
    table: Callable[[Rows], Table], rows: Rows, filters: tuple[str, ...], alleles: list[tuple[int, int]]
) -> None:
    here = table(rows)
    asked = view(*filters)
    assert found(here, asked) == alleles
    assert here.page(asked).count == len(alleles)


def test_any_of_several_filters_is_enough_where_asked(table: Callable[[Rows], Table], rows: Rows) -> None:
    asked = view("known:is:yes", "af:max:0.25", match="any")
    assert found(table(rows), asked) == [(1, 1), (3, 1)]


@pytest.mark.parametrize(
    ("match", "alleles"),
    [
        # (HIGH or known) and not (on chrX): all groups, any of a group.
        ("all", [(1, 1), (3, 1)]),
        # (HIGH and known) or on MT's end: any group, all of a group.
        ("any", [(4, 0)]),
    ],
)
def test_groups_join_the_other_way_than_filters_do(
    table: Callable[[Rows], Table], rows: Rows, match: str, alleles: list[tuple[int, int]]
) -> None:
    alone = {"all": "contig:not:chrX", "any": "region:is:MT:14000-16000"}[match]
    grouped = [("f", alone), ("f1", "impact:is:HIGH"), ("f1", "known:is:yes"), ("match", match)]
    assert found(table(rows), view_of(MultiDict(grouped))) == alleles


def test_a_group_as_a_whole_may_be_what_shows_nothing(table: Callable[[Rows], Table], rows: Rows) -> None:
    asked = view_of(MultiDict([("f", "gene:is:MT-ND1"), ("f1", "known:is:yes"), ("f1", "contig:is:chrX")]))
    best = table(rows).best_without(asked)
    assert best is not None
    assert ([each.text for each in best[0]], best[1]) == (["known:is:yes", "contig:is:chrX"], 3)


def test_sorted_by_impact_the_most_severe_comes_first_and_the_unannotated_last(
    table: Callable[[Rows], Table], rows: Rows
) -> None:
    asked = view(sort="impact")
    assert found(table(rows), asked) == [(3, 1), (2, 1), (3, 2), (1, 1), (4, 0), (5, 1)]


@pytest.mark.parametrize("sort", ["position", "impact"])
def test_pages_together_have_every_row_once(
    table: Callable[[Rows], Table], row: Callable[..., Any], sort: str
) -> None:
    total = 2 * PAGE_ROWS + 7
    here = table([row(number, number, "A>G", "intron_variant") for number in range(1, total + 1)])
    seen: list[tuple[int, int]] = []
    first = 1
    while first <= total:
        page = here.page(view(row=str(first), sort=sort))
        assert (page.first, page.count) == (first, total)
        seen += [(each["record"], each["allele"]) for each in page.rows]
        first = page.last + 1
    assert seen == [(number, 1) for number in range(1, total + 1)]


def test_a_row_past_the_end_shows_the_last_page(
    table: Callable[[Rows], Table], row: Callable[..., Any]
) -> None:
    here = table([row(number, number, "A>G") for number in range(1, PAGE_ROWS + 3)])
    page = here.page(view(row="999999"))
    assert (page.first, page.last) == (PAGE_ROWS + 1, PAGE_ROWS + 2)


def test_the_overview_counts_the_whole_table(table: Callable[[Rows], Table], rows: Rows) -> None:
    overview = table(rows).overview()
    assert (overview.total, overview.known, overview.novel) == (6, 1, 5)
    assert overview.impacts == {"HIGH": 1, "LOW": 1, "MODERATE": 1, "MODIFIER": 1}
    assert overview.genes == {"MT-ND1": 3, "MT-TF": 1}
    assert overview.classes == {"SNV": 4, "deletion": 1}
    assert overview.contigs == {"MT": 5, "chrX": 1}


def test_of_several_filters_the_one_is_named_whose_removal_shows_most(
    table: Callable[[Rows], Table], rows: Rows
) -> None:
    here = table(rows)
    best = here.best_without(view("gene:is:MT-ND1", "known:is:yes"))
    assert best is not None
    assert ([each.text for each in best[0]], best[1]) == (["known:is:yes"], 3)
    assert here.best_without(view("gene:is:a", "impact:is:HIGH", "id:is:rs9")) is None


def test_a_variant_has_all_its_consequences(table: Callable[[Rows], Table], rows: Rows) -> None:
    here = table(rows)
    assert here.variant(3, 2)["consequences"][0]["terms"] == ["synonymous_variant"]
    with pytest.raises(VariantNotFoundError):
        here.variant(3, 3)


def test_an_empty_table_is_no_mistake(table: Callable[[Rows], Table]) -> None:
    here = table([])
    assert here.overview().total == 0
    assert here.page(view("impact:is:HIGH")).rows == []
    assert here.page(view("impact:is:HIGH")).first == 1


def test_every_bin_of_a_picture_counts_what_its_filter_finds(
    table: Callable[[Rows], Table], row: Callable[..., Any]
) -> None:
    numbers = [None, 0.0, 0.001, 0.05, 0.049, 0.1, 0.95, 1.0, -1.0]
    here = table([row(place, place, "A>G", allele_frequency=value) for place, value in enumerate(numbers, 1)])
    bins = here.overview().frequencies
    for each in bins:
        low = f"af:min:{each.low}" if each.low is not None else "af:min:-10"
        high = (f"af:below:{each.high}",) if each.high is not None else ()
        assert here.page(view(low, *high)).count == each.count
    assert sum(each.count for each in bins) == len(numbers) - 1


def test_a_picture_has_no_empty_bins_at_its_ends(
    table: Callable[[Rows], Table], row: Callable[..., Any]
) -> None:
    here = table([row(1, 1, "A>G", qual=25.0), row(2, 2, "A>G", qual=60.0), row(3, 3, "A>G")])
    assert [(each.low, each.high, each.count) for each in here.overview().qualities] == [
        (20, 30, 1),
        (30, 50, 0),
        (50, 100, 1),
    ]


def test_the_density_has_every_allele_once(table: Callable[[Rows], Table], row: Callable[..., Any]) -> None:
    places = [1, 50, 51, 999, 1000, 16_500]
    rows = [row(number, pos, "A>G") for number, pos in enumerate(places, 1)]
    rows += [row(len(places) + 1, 3, "A>G", contig_name="chrX")]
    density = table(rows).overview().density
    assert density.width == 50
    assert [(track.contig, track.last, sum(track.counts)) for track in density.tracks] == [
        ("MT", 16_500, 6),
        ("chrX", 3, 1),
    ]
    assert density.tracks[0].counts[:2] == (2, 1)


def test_the_density_of_thousands_of_contigs_shows_those_with_most(
    table: Callable[[Rows], Table], row: Callable[..., Any]
) -> None:
    rows = [row(number, 1, "A>G", contig_name=f"scaffold{number}") for number in range(1, 3001)]
    rows.append(row(3001, 2_000_000_000, "A>G", contig_name="scaffold2999"))
    density = table(rows).overview().density
    assert density.contigs == 3000
    assert len(density.tracks) == MOST_CONTIGS
    assert density.tracks[-1].contig == "scaffold2999"
    assert sum(len(track.counts) for track in density.tracks) <= MOST_BINS
