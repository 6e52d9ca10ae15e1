"""Recipes of docs/operator/bundles.md: all but the downloads runs, on small files in the same dialects."""

# ruff: noqa: E501 - rows as the files have them
from __future__ import annotations

import gzip
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from gas_engine.bundle import Bundle
from gas_engine.cli import main
from gas_local.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "operator" / "bundles.md").read_text()
RECIPES = {
    section.partition(":")[0].partition(",")[0]: section.partition("```sh\n")[2].partition("```")[0]
    for section in PAGE.split("\n## ")
    if "```sh\n" in section
}
SEQUENCE = "ATGGCTTGGAAATAA" + "ACGTACGTAC" * 10
ENSEMBL = """##gff-version 3
#!genebuild-last-updated 2026-01
{0}\te\tgene\t1\t15\t.\t+\t.\tID=gene:ENSG1;Name=ABC;biotype=protein_coding;gene_id=ENSG1;version=4
{0}\te\tmRNA\t1\t15\t.\t+\t.\tID=transcript:ENST1;Parent=gene:ENSG1;biotype=protein_coding;transcript_id=ENST1;version=2
{0}\te\texon\t1\t15\t.\t+\t.\tParent=transcript:ENST1;exon_id=E2
{0}\te\tCDS\t1\t15\t.\t+\t0\tID=CDS:ENSP1;Parent=transcript:ENST1;protein_id=ENSP1
"""
GENCODE = """##gff-version 3
##description: evidence-based annotation of the human genome (GRCh38), version 47 (Ensembl 113)
{0}\th\tgene\t1\t15\t.\t+\t.\tID=ENSG1;gene_id=ENSG1;gene_type=protein_coding;gene_name=ABC
{0}\th\ttranscript\t1\t15\t.\t+\t.\tID=ENST1.2;Parent=ENSG1;gene_id=ENSG1;transcript_id=ENST1.2;gene_type=protein_coding;gene_name=ABC;transcript_type=protein_coding
{0}\th\texon\t1\t15\t.\t+\t.\tID=exon:1;Parent=ENST1.2
{0}\th\tCDS\t1\t15\t.\t+\t0\tID=CDS:1;Parent=ENST1.2;protein_id=ENSP1
{0}\th\tstop_codon\t13\t15\t.\t+\t0\tID=stop:1;Parent=ENST1.2
"""
REFSEQ = """##gff-version 3
#!annotation-source NCBI RefSeq GCF_1.1-RS_2026_01
{0}\tRefSeq\tregion\t1\t115\t.\t+\t.\tID={0}:1..115;Dbxref=taxon:9606;Name=1;chromosome=1;genome=chromosome
{0}\tBestRefSeq\tgene\t1\t15\t.\t+\t.\tID=gene-ABC;Name=ABC;gbkey=Gene;gene=ABC;gene_biotype=protein_coding
{0}\tBestRefSeq\tmRNA\t1\t15\t.\t+\t.\tID=rna-NM_1.2;Parent=gene-ABC;Name=NM_1.2;gene=ABC;transcript_id=NM_1.2
{0}\tBestRefSeq\texon\t1\t15\t.\t+\t.\tID=exon-NM_1.2-1;Parent=rna-NM_1.2;transcript_id=NM_1.2
{0}\tBestRefSeq\tCDS\t1\t15\t.\t+\t0\tID=cds-NP_1.1;Parent=rna-NM_1.2;Name=NP_1.1;protein_id=NP_1.1
"""
REPORT = """# Assembly name:  made up\r
# Sequence-Name\tSequence-Role\tAssigned-Molecule\tAssigned-Molecule-Location/Type\tGenBank-Accn\tRelationship\tRefSeq-Accn\tAssembly-Unit\tSequence-Length\tUCSC-style-name\r
1\tassembled-molecule\t1\tChromosome\tCM000001.1\t=\t{0}\tPrimary Assembly\t115\tchr1\r
MT\tassembled-molecule\tMT\tMitochondrion\tJ01415.2\t=\tNC_012920.1\tnon-nuclear\t115\tchrM\r
HG1_PATCH\tfix-patch\t1\tChromosome\tKN196472.1\t=\tNW_009646194.1\tPATCHES\t186494\tna\r
"""
DBSNP = """##fileformat=VCFv4.2
##dbSNP_BUILD_ID=156
##INFO=<ID=RS,Number=1,Type=Integer,Description="dbSNP ID (i.e. rs number)">
##INFO=<ID=COMMON,Number=0,Type=Flag,Description="RS is a common SNP">
##contig=<ID={0}>
##contig=<ID=NW_009646194.1>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
{0}\t5\trs1\tC\tT\t.\t.\tRS=1;COMMON
{0}\t6\trs2\tT\tG\t.\t.\tRS=2;COMMON
NW_009646194.1\t6\trs3\tT\tG\t.\t.\tRS=3;COMMON
"""
CLINVAR = """##fileformat=VCFv4.1
##fileDate=2026-01-05
##source=ClinVar
##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Aggregate germline classification for this single variant">
##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description="ClinVar review status">
##INFO=<ID=CLNDN,Number=.,Type=String,Description="ClinVar's preferred disease name">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
{0}\t5\t17\tC\tT\t.\t.\tCLNSIG=Pathogenic;CLNREVSTAT=criteria_provided,_single_submitter;CLNDN=Leigh_syndrome|not_provided
NT_113889.1\t5\t18\tC\tT\t.\t.\tCLNSIG=Benign
"""
BANDS = "chr1\t0\t20\tp36.33\tgneg\nchr1_KI270762v1_alt\t0\t20\t\tgneg\n"
DUPLICATIONS = (
    "585\tchr1\t0\t20\tchr15:7\t0\t+\tchr15\t100\t120\n585\tchr1_KI270762v1_alt\t0\t20\tchr9:2\t0\t+\n"
)


@dataclass(frozen=True)
class Names:
    """What the files of one recipe call the first chromosome, by kind, and the mitochondrion in the FASTA."""

    fasta: str
    mitochondrion: str
    accession: str
    vcf: str


NAMES = {
    "GRCh38": Names("chr1", "chrM", "NC_000001.11", "1"),
    "GRCh37": Names("1", "MT", "NC_000001.10", "1"),
    "T2T-CHM13": Names("chr1", "chrM", "NC_060925.1", "chr1"),
    "Mouse": Names("1", "MT", "NC_000067.7", "1"),
    "SARS-CoV-2": Names("NC_045512.2", "", "NC_045512.2", ""),
}


def test_every_recipe_is_tried() -> None:
    assert list(RECIPES) == list(NAMES)


@pytest.mark.parametrize("recipe", NAMES)
def test_a_recipe_makes_a_bundle_of_files_in_its_dialects(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = RECIPES[recipe].replace("\\\n", " ")
    if "bcftools" in text and not shutil.which("bcftools"):
        pytest.skip("bcftools is not installed")
    built = []
    for line in text.splitlines():
        words = shlex.split(line)
        if words[0] == "curl":
            name = words[-1].rpartition("/")[2]
            made = content(name, NAMES[recipe]).encode()
            (tmp_path / name).write_bytes(gzip.compress(made) if name.endswith(".gz") else made)
        elif words[0] == "gas-engine":
            answer = CliRunner().invoke(main, words[1:])
            assert answer.exit_code == 0, answer.output
            if "build" in words:
                built.append(words)
        else:
            subprocess.run(["bash", "-euo", "pipefail", "-c", line], check=True)
    (words,) = built
    bundle = Bundle.load(tmp_path / words[words.index("-o") + 1])
    contig = bundle.contigs[0]
    assert [transcript.symbol for transcript in bundle.transcripts] == ["ABC"]
    assert bundle.contig(NAMES[recipe].accession) == contig
    if "--known" in words:
        assert bundle.known_ids(contig, 4, "C", "T") == ("rs1",)
        values = {field.key: value for field, value in bundle.known_values(contig, 4, "C", "T").items()}
        assert values == {key: SAID[key] for key in SAID if key.partition("_")[2] in sources(words)}
    if "--track" in words:
        assert bundle.overlaps(contig, 4, 5)["cytoband"]
    if "--genetic-code" in words:
        mitochondrion = bundle.contig(NAMES[recipe].mitochondrion)
        assert mitochondrion is not None
        assert (mitochondrion.genetic_code, mitochondrion.circular) == (2, True)
    for source in bundle.manifest.sources:
        assert source.sha256
        assert source.version or source.part not in {"genes", "known", "ClinVar"}


SAID = {
    "ClinVar_ID": "17",
    "ClinVar_CLNSIG": "Pathogenic",
    "ClinVar_CLNREVSTAT": "criteria_provided&_single_submitter",
    "ClinVar_CLNDN": "Leigh_syndrome|not_provided",
}


def sources(words: list[str]) -> list[str]:
    return words[words.index("--source") + 1].rpartition(":")[2].split(",") if "--source" in words else []


def content(name: str, names: Names) -> str:
    """What a file of that name has in it."""
    if name.endswith((".fa.gz", ".fna.gz")):
        mitochondrion = f">{names.mitochondrion} dna\n{SEQUENCE}\n" if names.mitochondrion else ""
        return f">{names.fasta} dna:chromosome\n{SEQUENCE}\n{mitochondrion}"
    if name.endswith(".gff.gz"):
        return REFSEQ.format(names.accession)
    if name.endswith(".gff3.gz"):
        return (GENCODE if name.startswith("gencode") else ENSEMBL).format(names.fasta)
    if name.endswith("_assembly_report.txt"):
        return REPORT.format(names.accession)
    if name.endswith(".vcf.gz"):
        return (CLINVAR if "clinvar" in name.lower() else DBSNP).format(names.vcf)
    return DUPLICATIONS if "SuperDups" in name else BANDS
