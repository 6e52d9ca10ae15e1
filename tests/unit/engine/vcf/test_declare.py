"""What records use and the header forgot is declared, so that strict readers take the output."""

import pytest

from gas_engine.bundle import default_bundle
from gas_engine.errors import VcfError
from gas_engine.limits import Limits
from gas_engine.vcf.declare import Declarations
from gas_engine.vcf.header import read_header
from gas_engine.vcf.record import parse_record

COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS"


def declared_for(*records: bytes, meta: tuple[bytes, ...] = (), limits: Limits | None = None) -> list[bytes]:
    limits = limits or Limits()
    header = read_header(iter(enumerate((b"##fileformat=VCFv4.2", *meta, COLUMNS), start=1)), limits)
    declarations = Declarations(header, limits)
    for number, record in enumerate(records, start=9):
        declarations.note(parse_record(number, record, 10))
    lines = declarations.lines(default_bundle())
    assert len(lines) == declarations.total
    return lines


def test_contigs_get_the_length_that_the_bundle_knows() -> None:
    lines = declared_for(b"chrM\t1\t.\tG\tA\t.\t.\t.\tGT\t1", b"odd\t1\t.\tG\tA\t.\t.\t.\tGT\t1", meta=(GT,))
    assert lines == [b"##contig=<ID=chrM,length=16569>", b"##contig=<ID=odd>"]


GT = b'##FORMAT=<ID=GT,Number=1,Type=String,Description="g">'


def test_reserved_fields_get_the_shape_of_the_specification_and_others_are_strings() -> None:
    lines = declared_for(
        b"c\t1\t.\tG\tA\t.\tq10;low\tAC=1;ODD=x;SEEN;BOTH\tGT:DP:XX\t1:2:3",
        b"c\t2\t.\tG\tA\t.\tq10\tBOTH=2\tGT\t1",
        meta=(b"##contig=<ID=c>",),
    )
    note = b'Description="Not declared in the input">'
    assert lines == [
        b"##INFO=<ID=AC,Number=A,Type=Integer," + note,
        b"##INFO=<ID=ODD,Number=.,Type=String," + note,
        b"##INFO=<ID=SEEN,Number=0,Type=Flag," + note,
        b"##INFO=<ID=BOTH,Number=.,Type=String," + note,
        b"##FILTER=<ID=q10," + note,
        b"##FILTER=<ID=low," + note,
        b"##FORMAT=<ID=GT,Number=1,Type=String," + note,
        b"##FORMAT=<ID=DP,Number=1,Type=Integer," + note,
        b"##FORMAT=<ID=XX,Number=.,Type=String," + note,
    ]


def test_what_is_declared_is_not_declared_again() -> None:
    meta = (GT, b'##INFO=<ID=AC,Number=A,Type=Integer,Description="x">', b"##contig=<ID=c,length=9>")
    assert declared_for(b"c\t1\t.\tG\tA\t.\tPASS\tAC=1\tGT\t1", meta=meta) == []


def test_a_file_that_invents_names_without_end_is_stopped() -> None:
    records = [b"c\t%d\t.\tG\tA\t.\t.\tK%d=1\tGT\t1" % (number, number) for number in range(1, 9)]
    with pytest.raises(
        VcfError, match=r'Line 12, column 8 \(INFO\): another name, "K4", where one of at most 3'
    ):
        declared_for(*records, limits=Limits(max_names=3))
