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


def test_phases_that_are_not_stated_contradict_nothing() -> None:
    assert read(ENSEMBL_GFF3.replace("150\t200\t.\t-\t0", "150\t200\t.\t-\t.")).cds_phase == 0


def test_a_transcript_whose_gene_has_no_row_keeps_the_name_it_gives() -> None:
    orphan = "".join(line for line in ENSEMBL_GFF3.splitlines(keepends=True) if "\tgene\t" not in line)
    found = read(orphan)
    assert (found.gene_id, found.symbol, found.biotype) == ("ENSG1", "", "protein_coding")
