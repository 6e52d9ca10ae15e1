"""Records leave in the order that an index needs, or an error says how to get there."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_engine import Limits, default_bundle
from gas_engine.errors import VcfError
from gas_engine.kernel.registry import Registry
from gas_engine.stream import Contigs, Lines
from gas_engine.vcf.declare import Declarations
from gas_engine.vcf.header import read_header
from gas_engine.vcf.source import Source

PLACES = st.lists(st.tuples(st.sampled_from(["1", "2", "X"]), st.integers(1, 20)), max_size=40)
HEAD = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
BUNDLE = default_bundle()


def read(
    places: list[tuple[str, int]], max_sort_bytes: int, max_names: int = 10, *, odd: bool = False
) -> tuple[Lines, list[int]]:
    """Numbers of the records in the order they come; the first is line 3. An odd one is read by Python."""
    records = [
        f"{chrom}\t{pos}\t.\tA\tG\t.\t.\tI={'ö' if odd and number % 3 == 0 else number}\n"
        for number, (chrom, pos) in enumerate(places)
    ]
    limits = Limits(max_sort_bytes=max_sort_bytes, max_names=max_names)
    source = Source(io.BytesIO(HEAD + "".join(records).encode()), limits)
    header = read_header(source.lines(), limits)
    contigs = Contigs(Registry(), BUNDLE, Declarations(header, limits), limits)
    lines = Lines(source, header, limits, contigs, all_odd=False)
    return lines, [int(number) for piece in lines.pieces() for number in piece.lines["number"]]


@given(PLACES, st.booleans())
def test_small_inputs_are_sorted_stably_with_contigs_as_they_appear(
    places: list[tuple[str, int]],
    odd: bool,  # noqa: FBT001
) -> None:
    appearance = list(dict.fromkeys(chrom for chrom, _ in places))
    order = sorted(
        range(len(places)), key=lambda number: (appearance.index(places[number][0]), places[number][1])
    )
    lines, numbers = read(places, 1_000_000, odd=odd)
    assert numbers == [number + 3 for number in order]
    assert lines.sorted_here == (order != list(range(len(places))))


@given(PLACES, st.booleans())
def test_beyond_the_bound_an_input_is_in_order_or_refused(places: list[tuple[str, int]], odd: bool) -> None:  # noqa: FBT001
    lines, numbers = read(places, 1_000_000, odd=odd)
    if lines.sorted_here:
        with pytest.raises(VcfError, match="after a later position"):
            read(places, 0, odd=odd)
    else:
        assert read(places, 0, odd=odd)[1] == numbers


def test_the_refusal_names_the_first_late_record_and_the_way_out() -> None:
    places = [("1", 5), ("1", 9), ("1", 7), ("1", 1)]
    with pytest.raises(
        VcfError, match=r"Line 5, column 2 \(POS\): 1:7 after a later position .* bcftools sort"
    ):
        read(places, 0)


def test_a_record_that_comes_late_in_a_long_input_is_refused_by_its_line() -> None:
    places = (
        [("1", pos) for pos in range(1, 20_001)] + [("1", 7)] + [("1", pos) for pos in range(20_001, 20_010)]
    )
    with pytest.raises(VcfError, match=r"Line 20003, column 2 \(POS\): 1:7 after a later position"):
        read(places, 5_000)


def test_the_number_of_contigs_is_capped() -> None:
    with pytest.raises(VcfError, match=r'Line 6, .* another contig, "c3", where one of at most 3 contigs'):
        read([(f"c{number}", 1) for number in range(5)], 1_000_000, 3)
