"""The header is kept as it came, understood where we need it, and refused where it is none."""

import pytest

from gas_engine.errors import VcfError
from gas_engine.limits import Limits
from gas_engine.vcf.header import Header, read_header

COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


def header_of(*lines: bytes, limits: Limits | None = None) -> Header:
    return read_header(iter(enumerate(lines, start=1)), limits or Limits())


@pytest.mark.parametrize("version", [b"VCFv4.0", b"VCFv4.1", b"VCFv4.2", b"VCFv4.3", b"VCFv4.4", b"VCFv4.5"])
def test_every_version_4_is_read_and_stated_as_it_is(version: bytes) -> None:
    header = header_of(b"##fileformat=" + version, COLUMNS)
    assert header.version == header.stated_version == version.decode()


@pytest.mark.parametrize("version", [b"VCFv4.6", b"VCFv3.2", b"VCFv5", b"VCFvX"])
def test_other_versions_are_refused_by_name(version: bytes) -> None:
    with pytest.raises(
        VcfError, match=f'Line 1: "{version.decode()}" where VCFv4.0 to VCFv4.5, or VCFv3.3, belongs'
    ):
        header_of(b"##fileformat=" + version, COLUMNS)


def test_vcf_3_3_declarations_are_put_into_the_form_of_4() -> None:
    header = header_of(
        b"##fileformat=VCFv3.3",
        b'##INFO=NS,1,Integer,"Number of samples"',
        b'##INFO=AF,-1,Float,"Frequency"',
        b'##FILTER=q10,"Quality below 10"',
        b'##FORMAT=GT,1,String,"Genotype"',
        COLUMNS,
    )
    assert header.stated_version == "VCFv4.2"
    assert header.meta == [
        b'##INFO=<ID=NS,Number=1,Type=Integer,Description="Number of samples">',
        b'##INFO=<ID=AF,Number=.,Type=Float,Description="Frequency">',
        b'##FILTER=<ID=q10,Description="Quality below 10">',
        b'##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    ]
    assert header.declared["INFO"] == {b"NS", b"AF"}


def test_a_missing_version_is_stated_for_the_output() -> None:
    header = header_of(b"##source=me", COLUMNS)
    assert (header.version, header.stated_version) == ("", "VCFv4.2")


def test_samples_lengths_and_reference_are_understood() -> None:
    header = header_of(
        b"##fileformat=VCFv4.2",
        b"##reference=file:///hg19.fa",
        b"##contig=<ID=chrM,length=16571,assembly=hg19>",
        b'##INFO=<ID=X,Number=1,Type=String,Description="says ID=Y, length=3 > all">',
        COLUMNS + b"\tFORMAT\tS1\tS2",
    )
    assert header.samples == 2
    assert header.contig_lengths == {"chrM": 16571}
    assert header.reference == "file:///hg19.fa"
    assert header.declared["INFO"] == {b"X"}


def test_a_repeated_version_line_is_left_out_and_repeated_declarations_stay() -> None:
    twice = b'##INFO=<ID=X,Number=1,Type=String,Description="x">'
    header = header_of(b"##fileformat=VCFv4.2", twice, b"##fileformat=VCFv4.2", twice, COLUMNS)
    assert header.meta == [twice, twice]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((b"##fileformat=VCFv4.2",), "Line 2: the end of the file where the #CHROM header line belongs."),
        (
            (b"##fileformat=VCFv4.2", b"MT\t73\t.\tA\tG\t.\t.\t."),
            'Line 2: "MT\\t73\\t.\\tA\\tG\\t.\\t.\\t." where the #CHROM header line belongs.',
        ),
        (
            (b"##fileformat=VCFv4.2", COLUMNS.replace(b"\t", b" ")),
            "spaces where tabs belong?",
        ),
        (
            (b"##fileformat=VCFv4.2", COLUMNS.replace(b"REF", b"Ref")),
            'Line 2, column 4: "Ref" where the column name REF belongs.',
        ),
        (
            (b"##fileformat=VCFv4.2", COLUMNS.removesuffix(b"\tINFO")),
            "Line 2, column 8: nothing where the column name INFO belongs.",
        ),
        (
            (b"##fileformat=VCFv4.2", COLUMNS + b"\tFORMAT\tS1\tS2\tS1"),
            'Line 2, column 12: the sample "S1" a second time where a new sample name belongs.',
        ),
    ],
)
def test_a_faulty_header_is_told_with_its_place(lines: tuple[bytes, ...], sentence: str) -> None:
    with pytest.raises(VcfError) as caught:
        header_of(*lines)
    assert sentence in str(caught.value)


def test_an_endless_header_is_capped() -> None:
    with pytest.raises(VcfError, match="Line 3: a header of more than 1 KiB where a record belongs"):
        header_of(*[b"##x=" + b"y" * 500] * 9, limits=Limits(max_header_bytes=1024))
