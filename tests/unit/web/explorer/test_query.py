"""An address becomes a checked view, or a sentence that says what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from gas_engine import terms as engine
from gas_web.explorer.errors import QueryError
from gas_web.explorer.query import (
    FIELDS,
    MAX_FILTERS,
    OPERATORS,
    Kind,
    View,
    filter_of,
    region_of,
    search_of,
    view_of,
)
from gas_web.explorer.terms import CODING, TERMS


def view(*filters: str, **args: str) -> View:
    return view_of(MultiDict([*(("f", text) for text in filters), *args.items()]))


def test_an_address_without_arguments_is_the_whole_table() -> None:
    assert view() == View()
    assert view().args == {}
    assert view().expression() is None


@pytest.mark.parametrize(
    "text",
    [
        "impact:is:HIGH,MODERATE",
        "gene:not:MT-ND1",
        "region:is:MT:100-300",
        "af:max:0.01",
        "coding:is:yes",
        "hgvs_p:has:p.(Ala:52)",
        "id:is:rs1;2",
    ],
)
def test_a_view_reads_back_from_its_own_address(text: str) -> None:
    wanted = view(text, "known:is:no", match="any", sort="impact", row="101")
    assert view_of(MultiDict(wanted.args)) == wanted
    assert wanted.filters[0].text == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("impact", "cannot be filtered that way"),
        ("nothing:is:1", "no such field"),
        ("__class__:is:1", "no such field"),
        ("impact:eval:HIGH", "cannot be filtered that way"),
        ("impact:is:", "a value is missing"),
        ("impact:is:SEVERE", "Impact is one of HIGH, MODERATE, LOW, MODIFIER"),
        ("impact:is:,,", "give 1 to 200 values"),
        ("gene:is:" + ",".join(map(str, range(201))), "give 1 to 200 values"),
        ("gene:is:" + "x" * 2001, "longer than 2000 characters"),
        ("gene:is:a\x00b", "not plain text"),
        ("af:max:few", "a number"),
        ("af:max:nan", "a number"),
        ("quality:min:inf", "a number"),
        ("af:in:0.1", "a range like"),
        ("af:in:0.1..0.1", "a range like"),
        ("af:in:0.1..x", "a number"),
        ("coding:is:maybe", "yes or no"),
        ("region:is:MT", "write it like MT:100-300"),
        ("region:is:MT:300-100", "ends before it starts"),
        ("region:is:MT:,", "write it like MT:100-300"),
    ],
)
def test_what_does_not_parse_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        filter_of(text)


@pytest.mark.parametrize(
    "args",
    [{"match": "none"}, {"sort": "record; drop"}, {"row": "0"}, {"row": "-1"}, {"row": "x"}, {"row": "²"}],
)
def test_a_view_that_there_is_not_is_refused(args: dict[str, str]) -> None:
    with pytest.raises(QueryError):
        view(**args)


def test_filters_are_bounded() -> None:
    many = [f"gene:is:G{number}" for number in range(MAX_FILTERS)]
    full = view(*many)
    with pytest.raises(QueryError, match="20 filters at most"):
        view(*many, "gene:is:one-more")
    with pytest.raises(QueryError, match="20 filters at most"):
        full.joining(filter_of("impact:is:HIGH"), 3)
    with pytest.raises(QueryError, match="20 filters at most"):
        full.adding(filter_of("impact:is:HIGH"))
    assert len(full.choosing(filter_of("impact:is:HIGH")).filters) == MAX_FILTERS


def test_choosing_takes_the_place_of_filters_of_that_field_and_adding_does_not() -> None:
    before = view("impact:is:LOW", "known:is:yes", row="201")
    high = filter_of("impact:is:HIGH")
    assert before.choosing(high) == view("known:is:yes", "impact:is:HIGH")
    assert before.adding(high) == view("impact:is:LOW", "known:is:yes", "impact:is:HIGH")
    assert before.adding(filter_of("impact:is:LOW")).filters == before.filters


GROUPED = MultiDict(
    [("f", "known:is:no"), ("f1", "impact:is:HIGH"), ("f1", "gene:is:MT-ND1"), ("f2", "af:max:0.1")]
)


def test_filters_of_a_group_stand_under_its_number() -> None:
    grouped = view_of(GROUPED)
    # A group of one is a filter like any other.
    assert grouped.args == {
        "f": ["known:is:no", "af:max:0.1"],
        "f1": ["impact:is:HIGH", "gene:is:MT-ND1"],
    }
    assert view_of(MultiDict(grouped.args)) == grouped
    assert [each.text for each in grouped.filters] == [
        "known:is:no",
        "af:max:0.1",
        "impact:is:HIGH",
        "gene:is:MT-ND1",
    ]


def test_a_filter_joins_another_or_a_group_and_leaves_it_again() -> None:
    single = view("known:is:no", "impact:is:HIGH")
    gene = filter_of("gene:is:MT-ND1")
    paired = single.joining(gene, 1)
    assert paired.args == {"f": ["known:is:no"], "f1": ["impact:is:HIGH", "gene:is:MT-ND1"]}
    assert paired.joining(gene, 1) == paired
    assert paired.joining(filter_of("id:is:rs1"), 1).args["f1"] == [
        "impact:is:HIGH",
        "gene:is:MT-ND1",
        "id:is:rs1",
    ]
    assert paired.without(gene, of=paired.groups[1]) == single
    assert paired.dropping(paired.groups[1]) == view("known:is:no")
    with pytest.raises(QueryError, match="no filter to join"):
        single.joining(gene, 2)


def test_choosing_lets_groups_stand() -> None:
    grouped = view_of(GROUPED)
    chosen = grouped.choosing(filter_of("impact:is:LOW"))
    assert chosen.args["f"] == ["known:is:no", "af:max:0.1", "impact:is:LOW"]
    assert chosen.args["f1"] == grouped.args["f1"]


@pytest.mark.parametrize("name", ["f0", "f21", "f01", "f999999999999", "f٣"])
def test_a_group_that_there_cannot_be_is_refused_and_not_passed_over(name: str) -> None:
    with pytest.raises(QueryError, match="Groups of filters are numbered from 1 to 20"):
        view(**{name: "impact:is:HIGH"})


def test_filters_in_groups_are_bounded_all_together() -> None:
    many = MultiDict((f"f{number % 7 + 1}", f"gene:is:G{number}") for number in range(MAX_FILTERS + 1))
    with pytest.raises(QueryError, match="20 filters at most"):
        view_of(many)


def test_terms_may_be_written_as_the_page_shows_them() -> None:
    assert filter_of("consequence:is:Missense variant, 5 prime utr variant").values == (
        "missense_variant",
        "5_prime_UTR_variant",
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("MT-ND1", "gene:is:MT-ND1"),
        ("mt-nd1", "gene:is:MT-ND1"),
        ("MT:100-300", "region:is:MT:100-300"),
        (" MT:1,000 ", "region:is:MT:1000-1000"),
        ("RS123", "id:is:rs123"),
        ("mt", "contig:is:MT"),
        ("no-such-gene", "gene:is:no-such-gene"),
    ],
)
def test_the_search_box_takes_genes_regions_contigs_and_ids(typed: str, meant: str) -> None:
    assert search_of(typed, genes=["MT-ND1", "MT-ND2"], contigs=["MT"]).text == meant


def test_a_contig_may_have_colons_in_its_name() -> None:
    region = region_of("HLA-A*01:01:100-300")
    assert (region.contig, region.start, region.end) == ("HLA-A*01:01", 100, 300)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_reads_in_words_and_makes_an_expression(name: str) -> None:
    value = {Kind.NUMBER: "1", Kind.FLAG: "yes", Kind.REGION: "MT:1-2"}.get(FIELDS[name].kind, "x")
    value = "HIGH" if name == "impact" else value
    for operator in OPERATORS[FIELDS[name].kind]:
        condition = filter_of(f"{name}:{operator}:{'1..2' if operator == 'in' else value}")
        assert condition.words
        assert set(condition.expression().meta.root_names()) <= set(FIELDS[name].columns)


def test_terms_are_those_of_the_engine_in_its_order() -> None:
    def told(terms: Any) -> list[tuple[str, str, str]]:
        return [(term.name, term.accession, term.impact) for term in terms]

    assert told(TERMS) == told(engine.TERMS)
    assert all(term.definition for term in TERMS)
    assert set(CODING) <= {term.name for term in TERMS}
