"""Records leave in the order that an index needs, or an error says how to get there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_engine.errors import VcfError
from gas_engine.vcf.order import InOrder
from gas_engine.vcf.record import Record, parse_record

PLACES = st.lists(st.tuples(st.sampled_from(["1", "2", "X"]), st.integers(1, 20)), max_size=40)


def records_at(places: list[tuple[str, int]]) -> list[Record]:
    return [
        parse_record(line, f"{chrom}\t{pos}\t.\tA\tG\t.\t.\tI={line}".encode(), 8)
        for line, (chrom, pos) in enumerate(places, start=2)
    ]


@given(PLACES)
def test_small_inputs_are_sorted_stably_with_contigs_as_they_appear(places: list[tuple[str, int]]) -> None:
    appearance = list(dict.fromkeys(chrom for chrom, _ in places))
    expected = sorted(
        records_at(places), key=lambda record: (appearance.index(record.chrom.decode()), record.pos)
    )
    in_order = InOrder(records_at(places), 1_000_000, 10)
    assert list(in_order) == expected
    assert in_order.sorted_here == (expected != records_at(places))


@given(PLACES, st.integers(0, 30_000))
def test_beyond_the_bound_an_input_is_in_order_or_refused(places: list[tuple[str, int]], bound: int) -> None:
    expected = list(InOrder(records_at(places), 1_000_000, 10))
    if expected == records_at(places):
        assert list(InOrder(records_at(places), bound, 10)) == expected
        return
    given_back: list[Record] = []
    refused = False
    try:
        given_back += InOrder(records_at(places), bound, 10)
    except VcfError:
        refused = True
    assert refused or given_back == expected


def test_the_refusal_names_the_first_late_record_and_the_way_out() -> None:
    places = [("1", 5), ("1", 9), ("1", 7), ("1", 1)]
    for bound in (0, 800, 1200):
        with pytest.raises(
            VcfError, match=r"Line 4, column 2 \(POS\): 1:7 after a later position .* bcftools sort"
        ):
            list(InOrder(records_at(places), bound, 10))


def test_the_number_of_contigs_is_capped() -> None:
    with pytest.raises(VcfError, match='another contig, "c3", where one of at most 3 contigs'):
        list(InOrder(records_at([(f"c{number}", 1) for number in range(5)]), 1_000_000, 3))


def test_an_input_in_order_is_held_no_longer_than_the_bound() -> None:
    taken = 0

    def counted() -> list[Record]:
        return records_at([("1", pos) for pos in range(1, 100)])

    def stream() -> object:
        nonlocal taken
        for record in counted():
            taken += 1
            yield record

    first = next(iter(InOrder(stream(), 5_000, 10)))  # type: ignore[arg-type] # a generator of records
    assert first.pos == 1
    assert taken == 10
