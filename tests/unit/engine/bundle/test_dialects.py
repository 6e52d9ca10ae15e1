"""One gene in the dialects that people have: Ensembl and GENCODE, GFF3 and GTF, and RefSeq."""

# ruff: noqa: E501 - rows as the files have them
from __future__ import annotations

import pytest

from gas_engine.bundle import Contig
from gas_engine.bundle.genes import Transcript, read_genes
from gas_engine.errors import BundleError

CHROMOSOME = Contig("chr7", 5000, ("7",))

ENSEMBL_GFF3 = """\
7\te\tgene\t101\t400\t.\t-\t.\tID=gene:ENSG1;Name=ABC;biotype=protein_coding;gene_id=ENSG1;version=4
7\te\tmRNA\t101\t400\t.\t-\t.\tID=transcript:ENST1;Parent=gene:ENSG1;biotype=protein_coding;transcript_id=ENST1;version=2
7\te\texon\t101\t200\t.\t-\t.\tParent=transcript:ENST1;exon_id=E2
7\te\tCDS\t150\t200\t.\t-\t0\tID=CDS:ENSP1;Parent=transcript:ENST1;protein_id=ENSP1
7\te\texon\t301\t400\t.\t-\t.\tParent=transcript:ENST1;exon_id=E1
7\te\tCDS\t301\t360\t.\t-\t0\tID=CDS:ENSP1;Parent=transcript:ENST1;protein_id=ENSP1
"""
GENCODE_GFF3 = """\
chr7\th\tgene\t101\t400\t.\t-\t.\tID=ENSG1;gene_id=ENSG1;gene_type=protein_coding;gene_name=ABC
chr7\th\ttranscript\t101\t400\t.\t-\t.\tID=ENST1.2;Parent=ENSG1;gene_id=ENSG1;transcript_id=ENST1.2;gene_type=protein_coding;gene_name=ABC;transcript_type=protein_coding
chr7\th\texon\t301\t400\t.\t-\t.\tID=exon:1;Parent=ENST1.2
chr7\th\texon\t101\t200\t.\t-\t.\tID=exon:2;Parent=ENST1.2
chr7\th\tCDS\t301\t360\t.\t-\t0\tID=CDS:1;Parent=ENST1.2;protein_id=ENSP1
chr7\th\tCDS\t150\t200\t.\t-\t0\tID=CDS:1;Parent=ENST1.2;protein_id=ENSP1
chr7\th\tstop_codon\t150\t152\t.\t-\t0\tID=stop:1;Parent=ENST1.2
"""
ENSEMBL_GTF = """\
#!genome-build x
7\te\tgene\t101\t400\t.\t-\t.\tgene_id "ENSG1"; gene_version "4"; gene_name "ABC"; gene_biotype "protein_coding";
7\te\ttranscript\t101\t400\t.\t-\t.\tgene_id "ENSG1"; transcript_id "ENST1"; transcript_version "2"; gene_name "ABC"; transcript_biotype "protein_coding"; tag "basic"; tag "CCDS";
7\te\texon\t301\t400\t.\t-\t.\tgene_id "ENSG1"; transcript_id "ENST1"; exon_number "1";
7\te\tCDS\t301\t360\t.\t-\t0\tgene_id "ENSG1"; transcript_id "ENST1"; protein_id "ENSP1"; exon_number "1";
7\te\texon\t101\t200\t.\t-\t.\tgene_id "ENSG1"; transcript_id "ENST1"; exon_number "2";
7\te\tCDS\t153\t200\t.\t-\t0\tgene_id "ENSG1"; transcript_id "ENST1"; protein_id "ENSP1"; exon_number "2";
7\te\tstop_codon\t150\t152\t.\t-\t0\tgene_id "ENSG1"; transcript_id "ENST1"; exon_number "2";
"""
BARE_GTF = """\
chr7\tu\texon\t301\t400\t.\t-\t.\tgene_id "ENSG1"; transcript_id "ENST1.2"; gene_name "ABC"; transcript_type "protein_coding"
chr7\tu\tCDS\t301\t360\t.\t-\t0\tgene_id "ENSG1"; transcript_id "ENST1.2"; protein_id "ENSP1"
chr7\tu\texon\t101\t200\t.\t-\t.\tgene_id "ENSG1"; transcript_id "ENST1.2"
chr7\tu\tCDS\t153\t200\t.\t-\t0\tgene_id "ENSG1"; transcript_id "ENST1.2"
chr7\tu\tstop_codon\t150\t152\t.\t-\t0\tgene_id "ENSG1"; transcript_id "ENST1.2"
"""
REFSEQ_GFF3 = """\
NC_000007.14\tRefSeq\tregion\t1\t5000\t.\t+\t.\tID=NC_000007.14:1..5000;Dbxref=taxon:9606;Name=7;chromosome=7;genome=chromosome
NC_000007.14\tBestRefSeq\tgene\t101\t400\t.\t-\t.\tID=gene-ABC;Name=ABC;gbkey=Gene;gene=ABC;gene_biotype=protein_coding
NC_000007.14\tBestRefSeq\tmRNA\t101\t400\t.\t-\t.\tID=rna-NM_1.2;Parent=gene-ABC;Name=NM_1.2;gene=ABC;transcript_id=NM_1.2
NC_000007.14\tBestRefSeq\texon\t301\t400\t.\t-\t.\tID=exon-NM_1.2-1;Parent=rna-NM_1.2;transcript_id=NM_1.2
NC_000007.14\tBestRefSeq\texon\t101\t200\t.\t-\t.\tID=exon-NM_1.2-2;Parent=rna-NM_1.2;transcript_id=NM_1.2
NC_000007.14\tBestRefSeq\tCDS\t301\t360\t.\t-\t0\tID=cds-NP_1.1;Parent=rna-NM_1.2;Name=NP_1.1;protein_id=NP_1.1
NC_000007.14\tBestRefSeq\tCDS\t150\t200\t.\t-\t0\tID=cds-NP_1.1;Parent=rna-NM_1.2;Name=NP_1.1;protein_id=NP_1.1
"""


def read(text: str) -> Transcript:
    names = {CHROMOSOME.name: CHROMOSOME, **dict.fromkeys(CHROMOSOME.aliases, CHROMOSOME)}
    (transcript,) = read_genes(text.splitlines(), names.get)
    return transcript


@pytest.mark.parametrize(
    ("text", "transcript_id", "versioned_id", "gene_id", "protein_id"),
    [
        (ENSEMBL_GFF3, "ENST1", "ENST1.2", "ENSG1", "ENSP1"),
        (GENCODE_GFF3, "ENST1.2", "ENST1.2", "ENSG1", "ENSP1"),
        (ENSEMBL_GTF, "ENST1", "ENST1.2", "ENSG1", "ENSP1"),
        (BARE_GTF, "ENST1.2", "ENST1.2", "ENSG1", "ENSP1"),
        (REFSEQ_GFF3, "NM_1.2", "NM_1.2", "gene-ABC", "NP_1.1"),
    ],
)
def test_every_dialect_gives_the_same_gene(
    text: str, transcript_id: str, versioned_id: str, gene_id: str, protein_id: str
) -> None:
    assert read(text) == Transcript(
        transcript_id=transcript_id,
        versioned_id=versioned_id,
        gene_id=gene_id,
        symbol="ABC",
        biotype="protein_coding",
        contig="chr7",
        strand=-1,
        exons=((100, 200), (300, 400)),
        cds=(149, 360),
        cds_phase=0,
        protein_id=protein_id,
    )


def test_a_frame_that_contradicts_itself_is_refused() -> None:
    # on the minus strand 60 bases come first, so that the next piece begins a codon
    wrong = ENSEMBL_GFF3.replace("150\t200\t.\t-\t0", "150\t200\t.\t-\t1")
    with pytest.raises(
        BundleError, match=r"ENST1 contradicts itself: piece 150\.\.200 has phase 1, and 0 follows"
    ):
        read(wrong)


@pytest.mark.parametrize("mark", ["exception=ribosomal slippage", "exception=rearrangement required"])
def test_a_frame_that_claims_an_exception_is_left_alone(mark: str) -> None:
    slipping = REFSEQ_GFF3.replace("150\t200\t.\t-\t0\t", f"150\t200\t.\t-\t1\t{mark};")
    assert read(slipping).cds == (149, 360)


@pytest.mark.parametrize(
    ("strand", "first", "second", "exons"),
    [
        ("+", (101, 160), (160, 205), ((100, 160), (159, 205))),  # the last base is read again
        ("+", (101, 160), (162, 206), ((100, 160), (161, 206))),  # a base is left out
        ("-", (161, 220), (101, 161), ((100, 161), (160, 220))),
    ],
)
def test_where_the_ribosome_slips_the_message_is_what_it_reads(
    strand: str, first: tuple[int, int], second: tuple[int, int], exons: tuple[tuple[int, int], ...]
) -> None:
    low, high = min(first[0], second[0]), max(first[1], second[1])
    rows = [f"7\tR\texon\t{low}\t{high}\t.\t{strand}\t.\tParent=rna-1"]
    rows += [
        f"7\tR\tCDS\t{start}\t{end}\t.\t{strand}\t0\tParent=rna-1;exception=ribosomal slippage"
        for start, end in (first, second)
    ]
    found = read("\n".join([f"7\tR\tmRNA\t{low}\t{high}\t.\t{strand}\t.\tID=rna-1", *rows]))
    assert (found.exons, found.cds) == (exons, (low - 1, high))
    # without rows of exons, as viruses have it, the pieces of the coding sequence are the exons
    bare = read("\n".join([f"7\tR\tgene\t{low}\t{high}\t.\t{strand}\t.\tID=rna-1", *rows[1:]]))
    assert bare.exons == exons
    unsaid = "\n".join(rows).replace(";exception=ribosomal slippage", "")
    found = read(f"7\tR\tmRNA\t{low}\t{high}\t.\t{strand}\t.\tID=rna-1\n{unsaid}")
    assert (found.exons == exons) == (exons[0][1] > exons[1][0])


def test_exons_that_overlap_are_refused() -> None:
    wrong = ENSEMBL_GFF3.replace("exon\t301\t400", "exon\t200\t400")
    with pytest.raises(BundleError, match=r"exons of transcript ENST1 overlap: 101\.\.200 and 200\.\.400"):
        read(wrong)


def test_phases_that_are_not_stated_contradict_nothing() -> None:
    assert read(ENSEMBL_GFF3.replace("150\t200\t.\t-\t0", "150\t200\t.\t-\t.")).cds_phase == 0


def test_a_transcript_whose_gene_has_no_row_keeps_the_name_it_gives() -> None:
    orphan = "".join(line for line in ENSEMBL_GFF3.splitlines(keepends=True) if "\tgene\t" not in line)
    found = read(orphan)
    assert (found.gene_id, found.symbol, found.biotype) == ("ENSG1", "", "protein_coding")


@pytest.mark.parametrize(
    ("text", "old", "new", "marks"),
    [
        (
            ENSEMBL_GFF3,
            "version=2",
            "version=2;tag=basic,Ensembl_canonical,MANE_Select;transcript_support_level=1 (assigned to previous version 1)",
            ("YES", "MANE_Select", "1", ""),
        ),
        (
            GENCODE_GFF3,
            "transcript_type=protein_coding",
            "transcript_type=protein_coding;transcript_support_level=5;tag=basic,MANE_Plus_Clinical,appris_alternative_2,CCDS",
            ("", "MANE_Plus_Clinical", "5", "A2"),
        ),
        (
            GENCODE_GFF3,
            "transcript_type=protein_coding",
            "transcript_type=protein_coding;transcript_support_level=NA;tag=appris_principal_1",
            ("", "", "", "P1"),
        ),
        (
            ENSEMBL_GTF,
            'tag "basic"; tag "CCDS"',
            'tag "basic"; tag "Ensembl_canonical"; tag "MANE_Select"; transcript_support_level "3"',
            ("YES", "MANE_Select", "3", ""),
        ),
        (
            REFSEQ_GFF3,
            "gene=ABC;transcript_id=NM_1.2\n",
            "gene=ABC;tag=MANE Select;transcript_id=NM_1.2\n",
            ("YES", "MANE_Select", "", ""),
        ),
        (
            REFSEQ_GFF3,
            "gene=ABC;transcript_id=NM_1.2\n",
            "gene=ABC;tag=MANE Plus Clinical;transcript_id=NM_1.2\n",
            ("", "MANE_Plus_Clinical", "", ""),
        ),
        (
            REFSEQ_GFF3,
            "gene=ABC;transcript_id=NM_1.2\n",
            "gene=ABC;tag=RefSeq Select;transcript_id=NM_1.2\n",
            ("YES", "", "", ""),
        ),
    ],
)
def test_how_the_source_rates_a_transcript_is_read_from_its_tags(
    text: str, old: str, new: str, marks: tuple[str, ...]
) -> None:
    assert old in text
    found = read(text.replace(old, new))
    assert (found.canonical, found.mane, found.tsl, found.appris) == marks


REFSEQ_MIRNA = """\
7\tBestRefSeq\tgene\t101\t168\t.\t-\t.\tID=gene-MIR1;Name=MIR1;gbkey=Gene;gene=MIR1;gene_biotype=miRNA
7\tBestRefSeq\tprimary_transcript\t101\t168\t.\t-\t.\tID=rna-NR_1.1;Parent=gene-MIR1;transcript_id=NR_1.1
7\tBestRefSeq\texon\t101\t168\t.\t-\t.\tID=exon-NR_1.1-1;Parent=rna-NR_1.1;transcript_id=NR_1.1
7\tBestRefSeq\tmiRNA\t142\t163\t.\t-\t.\tID=rna-MIR1;Parent=rna-NR_1.1;gene=MIR1;product=mir-1-5p
7\tBestRefSeq\texon\t142\t163\t.\t-\t.\tID=exon-MIR1-1;Parent=rna-MIR1
7\tBestRefSeq\tmiRNA\t105\t126\t.\t-\t.\tID=rna-MIR1-2;Parent=rna-NR_1.1;gene=MIR1;product=mir-1-3p
7\tBestRefSeq\texon\t105\t126\t.\t-\t.\tID=exon-MIR1-2-1;Parent=rna-MIR1-2
"""


def test_mature_micro_rnas_are_parts_of_their_primary_transcript() -> None:
    found = read(REFSEQ_MIRNA)
    assert (found.transcript_id, found.biotype) == ("NR_1.1", "miRNA")
    assert (found.exons, found.mature) == (((100, 168),), ((104, 126), (141, 163)))


def test_a_mirna_of_ensembl_is_a_transcript_of_its_own() -> None:
    rows = (
        "7\te\tncRNA_gene\t101\t168\t.\t-\t.\tID=gene:ENSG2;biotype=miRNA;gene_id=ENSG2",
        "7\te\tmiRNA\t101\t168\t.\t-\t.\tID=transcript:ENST2;Parent=gene:ENSG2;biotype=miRNA",
        "7\te\texon\t101\t168\t.\t-\t.\tParent=transcript:ENST2",
    )
    found = read("\n".join(rows))
    assert (found.transcript_id, found.exons, found.mature) == ("ENST2", ((100, 168),), ())
