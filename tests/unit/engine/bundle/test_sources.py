"""VCF sources: IDs and chosen INFO fields of the same alleles, however their files name and spell them."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pysam
import pytest

from gas_engine import OutputPaths, annotate
from gas_engine.bundle import AlleleSource, Bundle, TrackSource, build_bundle, diff_bundles
from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = """##fileformat=VCFv4.2
##fileDate=2026-01-05
##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency of \\"ALT\\", of all">
##INFO=<ID=AD,Number=R,Type=Integer,Description="Depth">
##INFO=<ID=AN,Number=1,Type=Integer,Description="Chromosomes">
##INFO=<ID=SIG,Number=.,Type=String,Description="Significance">
##INFO=<ID=COMMON,Number=0,Type=Flag,Description="Common">
##INFO=<ID=GL,Number=G,Type=Float,Description="Likelihoods">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
"""
REPORT = """# Assembly name:  s1
# Sequence-Name\tSequence-Role\tAssigned-Molecule\tAssigned-Molecule-Location/Type\tGenBank-Accn\tRelationship\tRefSeq-Accn\tAssembly-Unit\tSequence-Length\tUCSC-style-name
1\tassembled-molecule\t1\tChromosome\tCM000663.2\t=\tNC_000001.11\tPrimary Assembly\t115\tchr1
HSCHR1\talt-scaffold\t1\tChromosome\tKI270762.1\t=\tNT_187515.1\tALT_REF_LOCI_1\t115\tna
"""  # noqa: E501 - as NCBI writes it


def vcf(path: Path, *records: str) -> Path:
    path.write_text(HEADER + "".join("\t".join(record.split(" ")) + "\n" for record in records))
    return path


def build(inputs: Path, *fields: str, source: Path, out: str = "out", **options: Any) -> Bundle:
    return build_bundle(
        inputs / "small.fa",
        inputs / "small.gff3",
        inputs / out,
        name="small",
        assembly="s1",
        allele_sources=[AlleleSource("S", source, fields)],
        **options,
    )


def annotated(bundle: Bundle, directory: Path, *records: str) -> tuple[list[str], list[dict[str, str]]]:
    """Header lines of the sources' fields, and INFO of each record without what is no source's."""
    text = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    text += "".join("\t".join((*record.split(" "), ".", ".", ".")) + "\n" for record in records)
    outputs = OutputPaths(directory)
    annotate(io.BytesIO(text.encode()), bundle, outputs, lambda _: None)
    with pysam.BGZFile(str(outputs.vcf), "r", None) as stream:
        lines = stream.read().decode().splitlines()
    return [line for line in lines if line.startswith("##INFO=<ID=S_")], [
        values_of(line.split("\t")[7]) for line in lines if line[0] != "#"
    ]


def values_of(info: str) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in info.split(";"))
    return {key: value for key, _, value in pairs if key.startswith("S_")}


def test_records_get_the_fields_of_their_own_alleles(inputs: Path, tmp_path: Path) -> None:
    source = vcf(
        inputs / "s.vcf",
        "chr1 5 rs1 C T,G . PASS AF=0.25,1e-05;AD=9,3,2;AN=12;SIG=likely,_benign|x&y;COMMON",
        "1 20 . A AT . q;r AF=.;AN=7",
    )
    bundle = build(inputs, "AF", "AD", "AN", "SIG", "COMMON", "ID", "FILTER", source=source)
    header, (three, other, insertion) = annotated(
        bundle, tmp_path / "run", "1 5 . C A,G,T", "1 5 . C CT", "1 20 . A AT"
    )
    assert three == {
        "S_AF": ".,1e-05,0.25",
        "S_AD": ".,2,3",
        "S_AN": ".,12,12",
        "S_SIG": ".,likely&_benign|x%26y,likely&_benign|x%26y",
        "S_COMMON": ".,1,1",
        "S_ID": ".,rs1,rs1",
        "S_FILTER": ".,PASS,PASS",
    }
    assert insertion == {"S_AN": "7", "S_FILTER": "q&r"}
    assert other == {}
    assert header[:2] == [
        (
            '##INFO=<ID=S_AF,Number=A,Type=Float,Description="Frequency of \\"ALT\\", of all '
            '(AF of the same allele in S, from GAS)">'
        ),
        '##INFO=<ID=S_AD,Number=A,Type=Integer,Description="Depth (AD of the same allele in S, from GAS)">',
    ]
    table = pq.read_table(tmp_path / "run" / "table.parquet")
    assert table["S_AF"].to_pylist() == [None, 1e-05, 0.25, None, None]
    assert table["S_AN"].to_pylist() == [None, 12, 12, None, 7]
    assert table["S_COMMON"].to_pylist() == [None, 1, 1, None, None]
    assert table["known_ids"].to_pylist() == [[]] * 5, "a source gives no IDs"


def test_an_allele_is_found_however_either_file_spells_it(inputs: Path, tmp_path: Path) -> None:
    # ACGTACGTAC: a repeat of four, so that one insertion has many places
    source = vcf(inputs / "s.vcf", "1 20 . ACGT ACGTACGT . . AN=5", "1 30 . ACG A . . AN=6")
    bundle = build(inputs, "AN", source=source)
    _, found = annotated(bundle, tmp_path / "run", "1 15 . A AACGT", "1 24 . A ACGTA", "1 31 . CGT T")
    assert found == [{"S_AN": "5"}, {"S_AN": "5"}, {"S_AN": "6"}]


def test_a_run_tells_the_checksum_of_what_its_reference_was_made_of(inputs: Path, tmp_path: Path) -> None:
    source = vcf(inputs / "s.vcf", "1 5 . C T . . AN=8")
    annotated(build(inputs, "AN", source=source), tmp_path, "1 5 . C T")
    told = json.loads(OutputPaths(tmp_path).summary.read_text())["engine"]["sources"]
    (ours,) = [each for each in told if each["part"] == "S"]
    assert ours["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()


def test_several_records_of_an_allele_are_joined_without_repeats(inputs: Path, tmp_path: Path) -> None:
    source = vcf(
        inputs / "s.vcf",
        "1 5 . C T . . AN=3;SIG=benign",
        "1 16 . A G . . AN=3",
        "1 5 . C T . . AN=4;SIG=benign",
        "1 4 . GC GT . . SIG=other",
    )
    bundle = build(inputs, "AN", "SIG", source=source)
    header, found = annotated(bundle, tmp_path / "run", "1 5 . C T")
    assert found == [{"S_AN": "3&4", "S_SIG": "benign&other"}]
    assert [field.type for field in bundle.fields] == ["String", "String"], "3&4 is no Integer"
    assert "S_AN,Number=A,Type=String" in header[0]


def test_a_value_that_is_no_number_makes_its_field_a_string(inputs: Path) -> None:
    source = vcf(inputs / "s.vcf", "1 5 . C T . . AN=many;AF=0.5", "1 5 . C G . . AN=1,2")
    assert [each.type for each in build(inputs, "AN", "AF", source=source).fields] == ["String", "Float"]


def test_identifiers_and_fields_of_several_files_meet_in_one_allele(inputs: Path, tmp_path: Path) -> None:
    one = vcf(inputs / "one.vcf", "1 5 rs1 C T . . .", "1 16 rs2 A G . . .")
    two = vcf(inputs / "two.vcf", "1 5 COSV1;rs1 C T . . AN=2")
    source = vcf(inputs / "s.vcf", "1 5 . C T . . AN=8")
    options = {"known_vcfs": [one, two], "source": source}
    bundle = build(inputs, "AN", **options)
    assert bundle.known_count == 2
    contig = bundle.contigs[0]
    assert bundle.known_ids(contig, 4, "C", "T") == ("rs1", "COSV1")
    assert list(bundle.known_values(contig, 4, "C", "T").values()) == ["8"]
    text = build(inputs, "AN", out="text", as_text=True, **options)
    assert text.known_ids(contig, 4, "C", "T") == ("rs1", "COSV1")
    assert text.known_values(contig, 4, "C", "T") == bundle.known_values(contig, 4, "C", "T")
    assert annotated(text, tmp_path / "one", "1 5 . C T") == annotated(bundle, tmp_path / "two", "1 5 . C T")


def test_diff_tells_another_value_of_a_known_allele(inputs: Path) -> None:
    build(inputs, "AN", source=vcf(inputs / "s.vcf", "1 5 . C T . . AN=8"))
    build(inputs, "AN", source=vcf(inputs / "s.vcf", "1 5 . C T . . AN=9"), out="other")
    told = diff_bundles(inputs / "out", inputs / "other")
    assert told["known_alleles"]["changed"] == 1
    assert not told["same"]


def test_an_assembly_report_tells_what_inputs_call_the_contigs(inputs: Path) -> None:
    (inputs / "report.txt").write_text(REPORT)
    source = vcf(inputs / "s.vcf", "NC_000001.11 5 . C T . . AN=8", "NT_187515.1 5 . C T . . AN=9")
    bundle = build(
        inputs, "AN", source=source, assembly_report=inputs / "report.txt", aliases={"1": ["one", "uno"]}
    )
    (contig,) = bundle.contigs
    assert contig.aliases == ("one", "uno", "CM000663.2", "NC_000001.11", "chr1")
    assert list(bundle.known_values(contig, 4, "C", "T").values()) == ["8"]
    (origin,) = [each for each in bundle.manifest.sources if each.part == "S"]
    assert (origin.name, origin.version, len(origin.sha256)) == ("s.vcf", "2026-01-05", 64)
    assert origin.note == "Rows left out: on a contig that the FASTA lacks (1: NT_187515.1)."


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (
            REPORT.replace("\t115\t", "\t116\t"),
            r"none of its sequences is a contig .* the FASTA has 1 \(115\)",
        ),
        (">1\nACGT\n", "line 1: this is no row of one"),
    ],
)
def test_a_report_of_another_assembly_is_refused(inputs: Path, report: str, sentence: str) -> None:
    (inputs / "report.txt").write_text(report)
    with pytest.raises(BundleError, match=sentence):
        build(inputs, "AN", source=vcf(inputs / "s.vcf"), assembly_report=inputs / "report.txt")


def many(*odd: str) -> Iterable[str]:
    return (*["1 5 . C T . . AN=8;AF=0.5"] * 300, *odd)


def test_a_few_rows_that_do_not_fit_are_left_out_and_counted(inputs: Path) -> None:
    (inputs / "sites.bed").write_text("1\t0\t6\thead\n1_alt\t0\t6\thead\n")
    bundle = build(
        inputs,
        "AF",
        source=vcf(inputs / "s.vcf", *many("1 5 . G T . . AF=1", "1 6 . T G . . AF=1,2", "2 6 . T G . . .")),
        known_vcfs=[vcf(inputs / "known.vcf", *many("1 115 . CA C . . ."))],
        tracks=[TrackSource("sites", "", inputs / "sites.bed")],
    )
    notes = {each.part: each.note for each in bundle.manifest.sources}
    assert notes == {
        "sequence": "",
        "genes": "",
        "known": "Rows left out: REF contradicts the reference (1).",
        "S": "Rows left out: REF contradicts the reference (1); another number of values than the header "
        "tells (1); on a contig that the FASTA lacks (1: 2).",
        "sites": "Rows left out: on a contig that the FASTA lacks (1: 1_alt).",
    }
    assert not bundle.known_values(bundle.contigs[0], 5, "T", "G")


@pytest.mark.parametrize(
    ("fields", "records", "sentence"),
    [
        (
            "AN",
            ["1 5 . C T . . AN=1", "1 5 . G T . . AN=1"],
            r"line 11: REF G contradicts .* \(1 of 2 rows\)",
        ),
        ("AF", ["1 5 . C T . . AF=1,2"], r"line 10: AF=1,2 for 1 ALT \(1 of 1 rows\)\. Repair it"),
        ("AN", ["2 5 . C T . . AN=1"], "contig '2' is not in the FASTA, nor is that of any other row: tell"),
        ("AN", ["1 5 . C"], "line 10: this is not a VCF record"),
        ("AN", ["1 5 . C T . ."], "a record without INFO at 1:5"),
        ("NO", [], "Source S declares no INFO field 'NO'; it declares AF, AD, AN, SIG, COMMON, GL"),
        ("GL", [], "GL of source S has a value for each genotype, not allele"),
        ("AN,AN", [], "'S_AN' would name two things"),
        ("", [], "Source S declares no INFO field ''"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused(
    inputs: Path, fields: str, records: list[str], sentence: str
) -> None:
    with pytest.raises(BundleError, match=sentence):
        build(inputs, *fields.split(","), source=vcf(inputs / "s.vcf", *records))
    assert not (inputs / "out").exists()


def test_names_that_meet_those_of_something_else_are_refused(inputs: Path) -> None:
    source = vcf(inputs / "s.vcf")
    for name, field, word in (
        ("GAS", "REF_MISMATCH", "GAS_REF_MISMATCH"),
        ("CSQ", "HAPLOTYPE", "CSQ_HAPLOTYPE"),
        ("hgvs", "c", "hgvs_c"),
        ("known", "AN", "known"),
    ):
        with pytest.raises(BundleError, match=f"'{word}' would name two things"):
            build_bundle(
                inputs / "small.fa",
                inputs / "small.gff3",
                inputs / "out",
                name="small",
                assembly="s1",
                allele_sources=[AlleleSource(name, source, (field,))],
            )
    with pytest.raises(BundleError, match="Source name 'a b' must be letters, digits and _"):
        build_bundle(
            inputs / "small.fa",
            inputs / "small.gff3",
            inputs / "out",
            name="small",
            assembly="s1",
            allele_sources=[AlleleSource("a b", source, ("AN",))],
        )
