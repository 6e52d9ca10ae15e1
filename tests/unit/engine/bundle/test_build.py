"""Building a bundle: what goes in comes out, and inputs that contradict each other are refused."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gas_engine.bundle import Bundle, Source, TrackSource, build_bundle, inspect_bundle
from gas_engine.consequence import annotate_allele
from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path


def build(inputs: Path, **options: Any) -> Bundle:
    return build_bundle(
        inputs / "small.fa", inputs / "small.gff3", inputs / "out", name="small", assembly="s1", **options
    )


def test_a_bundle_has_all_that_was_put_in(inputs: Path) -> None:
    (inputs / "known.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nchr1\t5\trs1;COSV2\tC\tT,G\n1\t20\trs9\tAC\tA\n"
    )
    (inputs / "sites.bed").write_text("track name=x\n1\t0\t6\thead\nchr1\t3\t8\n")
    bundle = build(
        inputs,
        known_vcfs=[inputs / "known.vcf"],
        tracks=[TrackSource("sites", "Some sites", inputs / "sites.bed")],
        sources=[Source("sequence", "made up", "1", "none")],
    )
    contig = bundle.contig("chr1")
    assert contig is not None
    assert contig.name == "1"
    assert bundle.sequence("1", 105, 200) == "ACGTACGTAC"  # lower case in the file, cut off at the end
    found = annotate_allele(bundle, contig, 5, "C", "T")
    assert found.known_ids == ("rs1", "COSV2")
    assert found.overlaps == {"sites": ("head", "1:4-8")}
    assert found.consequences[0].terms == ("missense_variant",)
    assert found.consequences[0].hgvs_p == "P1.1:p.Ala2Val"
    described = inspect_bundle(inputs / "out")
    assert described["transcripts_by_biotype"] == {"protein_coding": 1}
    assert described["known_alleles"] == 3
    assert described["tracks"] == [{"name": "sites", "description": "Some sites", "regions": 2}]
    assert described["sources"][0]["name"] == "made up"


def test_gzipped_inputs_make_the_same_bundle(inputs: Path) -> None:
    plain = build(inputs)
    for name in ("small.fa", "small.gff3"):
        (inputs / f"{name}.gz").write_bytes(gzip.compress((inputs / name).read_bytes()))
    zipped = build_bundle(
        inputs / "small.fa.gz", inputs / "small.gff3.gz", inputs / "out2", name="small", assembly="s1"
    )
    assert replace(plain.manifest, sources=()) == replace(zipped.manifest, sources=())


def test_a_stop_codon_of_the_wrong_code_is_suspected(inputs: Path) -> None:
    gff3 = inputs / "small.gff3"
    gff3.write_text(gff3.read_text().replace("\t15\t", "\t18\t"))
    with pytest.raises(BundleError, match="1 of 1 coding transcripts hold stop codons"):
        build(inputs)
    assert not (inputs / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("1\tt\texon", "2\tt\texon", "GFF3 line 4: contig '2' is not in the FASTA"),
        ("t\texon\t1\t15", "t\texon\t1\t1500", "past the end of 1"),
        ("t\texon\t1\t15", "t\texon\t9\t5", r"9\.\.5 is not a stretch"),
        ("Parent=transcript:T1\n", "Parent=transcript:T9\n", "Parent 'transcript:T9', which no row has"),
        ("exon\t1\t15", "exon\t1\t12", "The CDS of transcript T1 does not lie in its exons"),
        ("\texon\t1", "\texon 1", "GFF3 line 4: 8 columns where 9 belong"),
    ],
)
def test_gene_models_that_do_not_fit_are_refused_by_line(
    inputs: Path, old: str, new: str, sentence: str
) -> None:
    gff3 = inputs / "small.gff3"
    assert old in gff3.read_text()
    gff3.write_text(gff3.read_text().replace(old, new))
    with pytest.raises(BundleError, match=sentence):
        build(inputs)


def test_known_variants_of_another_assembly_are_refused(inputs: Path) -> None:
    (inputs / "known.vcf").write_text("#CHROM\tPOS\tID\tREF\tALT\n1\t5\trs1\tA\tT\n")
    with pytest.raises(BundleError, match="line 2: REF A contradicts the reference at 1:5"):
        build(inputs, known_vcfs=[inputs / "known.vcf"])


@pytest.mark.parametrize("row", ["1\t5\n", "1\tx\t9\n", "2\t5\t9\tn\n", "1\t5\t999\tn\n"])
def test_a_bad_bed_row_is_refused_by_line(inputs: Path, row: str) -> None:
    (inputs / "bad.bed").write_text(row)
    with pytest.raises(BundleError, match="Track bad, line 1"):
        build(inputs, tracks=[TrackSource("bad", "", inputs / "bad.bed")])


def test_names_that_cannot_be_used_are_refused(inputs: Path) -> None:
    with pytest.raises(BundleError, match="must be letters, digits and _"):
        build(inputs, tracks=[TrackSource("my sites", "", inputs / "x.bed")])
    with pytest.raises(BundleError, match="'chrX' is not a contig of the FASTA, which has 1"):
        build(inputs, genetic_codes={"chrX": 2})
    with pytest.raises(BundleError, match="Genetic code 99 is not one the engine knows"):
        build(inputs, genetic_codes={"1": 99})


def test_a_file_that_is_no_fasta_is_refused(inputs: Path) -> None:
    (inputs / "small.fa").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    with pytest.raises(BundleError, match=r"small\.fa"):
        build(inputs)


def test_a_bundle_is_never_written_over_another(inputs: Path) -> None:
    build(inputs)
    with pytest.raises(BundleError, match="exists already: choose a new directory"):
        build(inputs)


def test_ncbis_mitochondrial_rows_without_transcripts_are_read(inputs: Path) -> None:
    (inputs / "small.gff3").write_text(
        "1\tRefSeq\tgene\t1\t15\t.\t+\t.\tID=gene-X;Name=X;gene_biotype=protein_coding\n"
        "1\tRefSeq\tCDS\t1\t15\t.\t+\t0\tID=cds-YP_1.1;Parent=gene-X;protein_id=YP_1.1\n"
    )
    (transcript,) = build(inputs).transcripts
    assert (transcript.symbol, transcript.biotype, transcript.protein_id) == ("X", "protein_coding", "YP_1.1")
    assert transcript.exons == ((0, 15),)


def test_soft_masked_bases_and_iupac_letters_are_read_as_they_stand(inputs: Path) -> None:
    fasta = inputs / "small.fa"
    fasta.write_text(">1\natggctRgGaaataa\nacgtNNryACGT\n")
    bundle = build(inputs)
    assert bundle.sequence("1", 0, 27) == "ATGGCTRGGAAATAAACGTNNRYACGT"
    contig = bundle.contig("1")
    assert contig is not None
    # the codon holds a letter that stands for two bases, so that it cannot be read
    assert annotate_allele(bundle, contig, 8, "G", "T").consequences[0].terms == ("coding_sequence_variant",)
    assert annotate_allele(bundle, contig, 5, "C", "T").consequences[0].terms == ("missense_variant",)


def test_known_variants_may_come_in_any_order(inputs: Path) -> None:
    rows = ["1\t20\trs9\tAC\tA\n", "1\t5\trs1\tC\tT\n", "1\t16\trs4\tA\tG\n", "1\t5\trs2\tC\tT\n"]
    (inputs / "known.vcf").write_text("#CHROM\tPOS\tID\tREF\tALT\n" + "".join(rows))
    bundle = build(inputs, known_vcfs=[inputs / "known.vcf"])
    contig = bundle.contig("1")
    assert contig is not None
    assert bundle.known_ids(contig, 4, "C", "T") == ("rs1", "rs2")
    assert bundle.known_ids(contig, 19, "AC", "A") == ("rs9",)
    assert bundle.known_ids(contig, 15, "A", "G") == ("rs4",)


@pytest.mark.parametrize("columns", range(3, 13))
def test_regions_of_three_to_twelve_columns_come_in_any_order(inputs: Path, columns: int) -> None:
    row = "1\t{}\t{}\t{}\t0\t+\t{}\t{}\t0,0,0\t1\t4\t0"
    rows = [
        "\t".join(row.format(s, e, n, s, e).split("\t")[:columns]) for s, e, n in ((9, 13, "b"), (2, 6, "a"))
    ]
    (inputs / "sites.bed").write_text("browser hide all\n" + "\n".join(rows) + "\n")
    bundle = build(inputs, tracks=[TrackSource("sites", "", inputs / "sites.bed")])
    contig = bundle.contig("1")
    assert contig is not None
    first, second = ("a", "b") if columns > 3 else ("1:3-6", "1:10-13")
    assert bundle.overlaps(contig, 3, 4) == {"sites": (first,)}
    assert bundle.overlaps(contig, 10, 11) == {"sites": (second,)}
