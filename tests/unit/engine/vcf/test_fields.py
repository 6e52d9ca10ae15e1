"""Our INFO fields join the user's without ever standing twice, and known IDs join the ID column."""

import pytest

from gas_engine.bundle import default_bundle
from gas_engine.limits import Limits
from gas_engine.vcf.fields import OurFields, quoted, with_entries, with_ids
from gas_engine.vcf.header import Header, declaration_of, read_header

COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
VEP = b'##INFO=<ID=CSQ,Number=.,Type=String,Description="Annotations from Ensembl VEP. Format: Allele">'


def header_with(*meta: bytes) -> Header:
    lines = (b"##fileformat=VCFv4.2", *meta, COLUMNS)
    return read_header(iter(enumerate(lines, start=1)), Limits())


def test_a_field_of_another_tool_is_kept_under_another_name() -> None:
    header = header_with(VEP)
    fields = OurFields(default_bundle(), header)
    assert fields.cleared(b"AC=1;CSQ=T|x;DB") == b"AC=1;CSQ_INPUT=T|x;DB"
    assert fields.header_lines(header.meta) == [VEP.replace(b"ID=CSQ", b"ID=CSQ_INPUT")]
    assert fields.kept_as(header) == [("CSQ", "CSQ_INPUT")]
    assert b"CSQ_INPUT" in header.declared["INFO"]


def test_the_new_name_is_free() -> None:
    header = header_with(VEP, VEP.replace(b"ID=CSQ", b"ID=CSQ_INPUT"))
    assert OurFields(default_bundle(), header).cleared(b"CSQ=1;CSQ_INPUT=2") == b"CSQ_INPUT2=1;CSQ_INPUT=2"


def test_fields_of_an_earlier_run_are_replaced() -> None:
    bundle = default_bundle()
    ours = OurFields(bundle, header_with())
    header = header_with(*ours.lines)
    again = OurFields(bundle, header)
    assert again.header_lines(header.meta) == []
    assert again.cleared(b"AC=1;CSQ=T|x;GAS_REF_MISMATCH;DB") == b"AC=1;DB"
    assert again.cleared(b"CSQ=T|x") == b"."
    assert again.kept_as(header) == []


def test_info_without_our_names_is_the_same_bytes() -> None:
    fields = OurFields(default_bundle(), header_with())
    for info in (b".", b"AC=1;;DB;", b"XCSQ=1;CSQX=2", b"NOTE=CSQ"):
        assert fields.cleared(info) == info


def test_every_line_of_ours_is_a_declaration_and_known_as_ours() -> None:
    for line in OurFields(default_bundle(), header_with()).lines:
        declaration = declaration_of(line)
        assert declaration is not None
        assert declaration[0] == "INFO"
        assert b"from GAS" in line


def test_text_is_safe_between_quotes() -> None:
    assert quoted('a "b"\n\\c') == b'a \\"b\\" \\\\c'


@pytest.mark.parametrize(
    ("info", "joined"), [(b".", b"X=1;Y"), (b"AC=1", b"AC=1;X=1;Y"), (b"AC=1;", b"AC=1;X=1;Y")]
)
def test_entries_are_appended(info: bytes, joined: bytes) -> None:
    assert with_entries(info, [b"X=1", b"Y"]) == joined
    assert with_entries(info, []) == info


@pytest.mark.parametrize(
    ("ids", "known", "joined"),
    [
        (b".", [], b"."),
        (b".", ["rs1", "rs2", "rs1"], b"rs1;rs2"),
        (b"mine", ["rs1"], b"mine;rs1"),
        (b"rs1;mine", ["rs1"], b"rs1;mine"),
        (b"rs12", ["rs1"], b"rs12;rs1"),
    ],
)
def test_known_ids_join_those_already_there(ids: bytes, known: list[str], joined: bytes) -> None:
    assert with_ids(ids, known) == joined
