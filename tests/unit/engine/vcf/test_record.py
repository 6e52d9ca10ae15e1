"""One line is a record, or an error that names line and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_engine.errors import VcfError
from gas_engine.vcf.record import MAX_POS, parse_record

GOOD = b"MT\t73\trs1\tA\tG,C\t50.5\tPASS\tAC=1,2;DB\tGT:DP\t0/1:3\t1|2:."


def with_column(number: int, value: bytes) -> bytes:
    columns = GOOD.split(b"\t")
    columns[number - 1] = value
    return b"\t".join(columns)


def test_a_good_line_is_split_and_comes_out_byte_for_byte() -> None:
    record = parse_record(9, GOOD, 11)
    assert (record.chrom, record.pos, record.ref, record.alts) == (b"MT", 73, b"A", (b"G", b"C"))
    assert record.format == b"GT:DP"
    assert record.to_line() == GOOD + b"\n"


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        (1, b"chr 1", 'Line 9, column 1 (CHROM): "chr 1" where a contig name (ASCII, no space) belongs.'),
        (1, b"", "Line 9, column 1 (CHROM): an empty column where a value (. when there is none) belongs."),
        (2, b"abc", 'Line 9, column 2 (POS): "abc" where a position (a whole number) belongs.'),
        (2, b"-5", 'Line 9, column 2 (POS): "-5" where a position (a whole number) belongs.'),
        (2, b"1e3", 'Line 9, column 2 (POS): "1e3" where a position (a whole number) belongs.'),
        (
            2,
            b"999999999999",
            f'Line 9, column 2 (POS): "999999999999" where a position up to {MAX_POS:,} belongs.',
        ),
        (4, b"-", 'Line 9, column 4 (REF): "-" where a base or bases (A, C, G, T, N) belongs.'),
        (4, b"A,C", 'Line 9, column 4 (REF): "A,C" where a base or bases (A, C, G, T, N) belongs.'),
        (
            5,
            b"G,,C",
            "Line 9, column 5 (ALT): nothing where an allele (bases, *, <ID>, a breakend or .) belongs.",
        ),
        (5, b"D3", 'Line 9, column 5 (ALT): "D3" where an allele (bases, *, <ID>, a breakend or .) belongs.'),
        (6, b"high", 'Line 9, column 6 (QUAL): "high" where a number or . belongs.'),
        (6, b"1_000", 'Line 9, column 6 (QUAL): "1_000" where a number or . belongs.'),
        (8, b"", "Line 9, column 8 (INFO): an empty column where a value (. when there is none) belongs."),
        (
            8,
            b"AC=1;END=536870912",
            'Line 9, column 8 (INFO): "536870912" where an END up to 536,870,911 belongs.',
        ),
        (3, b"\x00\x01", "Line 9, column 3 (ID): the control byte 0x00 where text belongs."),
        (8, b"AC=\x07", "Line 9, column 8 (INFO): the control byte 0x07 where text belongs."),
        (11, b"0/1\x7f", "Line 9, column 11 (sample): the control byte 0x7f where text belongs."),
        (8, b"AC=1\rMT", "Line 9, column 8 (INFO): the control byte 0x0d where text belongs."),
    ],
)
def test_a_fault_is_told_with_line_column_and_what_belongs_there(
    column: int, value: bytes, sentence: str
) -> None:
    with pytest.raises(VcfError) as caught:
        parse_record(9, with_column(column, value), 11)
    assert str(caught.value) == sentence
    assert (caught.value.line, caught.value.column) == (9, column)


def test_missing_and_extra_columns_are_told_by_number() -> None:
    with pytest.raises(VcfError, match="Line 3, column 9: a line of 8 columns where a record of 11 columns"):
        parse_record(3, b"\t".join(GOOD.split(b"\t")[:8]), 11)
    with pytest.raises(
        VcfError, match="Line 3, column 12: a line of 12 columns where a record of 11 columns"
    ):
        parse_record(3, GOOD + b"\t0/0", 11)


def test_spaces_instead_of_tabs_are_guessed() -> None:
    with pytest.raises(VcfError, match="spaces where tabs belong"):
        parse_record(3, b"MT 73 . A G . . .", 8)


def test_a_second_header_is_called_so() -> None:
    with pytest.raises(VcfError, match="Line 40: a second header where a record"):
        parse_record(40, b"##fileformat=VCFv4.2", 8)


@pytest.mark.parametrize(
    "alt",
    [
        b"a",
        b"ACGTN",
        b"*",
        b"<DEL>",
        b"<DUP:TANDEM>",
        b"G]17:198982]",
        b"[MT:5[A",
        b"C[<ctg1>:7[",
        b".A",
        b"G.",
        b"R",
        b"<*>",
    ],
)
def test_every_form_of_alt_is_taken(alt: bytes) -> None:
    assert parse_record(1, with_column(5, alt), 11).alts == (alt,)


def test_a_missing_alt_is_no_allele() -> None:
    assert parse_record(1, with_column(5, b"."), 11).alts == ()


def test_old_indel_forms_are_taken_in_vcf_3_3_alone() -> None:
    assert parse_record(1, with_column(5, b"D3,IACG"), 11, vcf3=True).alts == (b"D3", b"IACG")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_a_vcf_error(line: bytes) -> None:
    text = line.translate(None, b"\n")
    said = ""
    try:
        came_out = parse_record(1, text, 8).to_line()
    except VcfError as error:
        said = str(error)
    assert said.isprintable() if said else came_out == text + b"\n"
