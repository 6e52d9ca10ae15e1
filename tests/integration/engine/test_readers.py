"""Other people's tools read what we write."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pysam

from gas_engine.vcf.bgzf import EOF as BGZF_EOF
from gas_engine.vcf.csq import CSQ_COLUMNS

Runner = Callable[..., Any]
Maker = Callable[..., str]

RECORDS = ("MT 3243 . A G . . .", "MT 8993 . T G,C . . .", "MT 11778 mine G A 50 PASS AC=1;AN=2")


def output_of(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == "", "a warning about our file is a fault of our file"
    return done.stdout


def test_split_vep_lists_the_columns_and_prints_them(
    run_engine: Runner, vcf_text: Maker, bcftools: str
) -> None:
    path = str(run_engine(vcf_text(*RECORDS)).outputs.vcf)
    listed = [line.split("\t")[1] for line in output_of(bcftools, "+split-vep", "-l", path).splitlines()]
    assert listed == list(CSQ_COLUMNS)
    worst = output_of(
        bcftools, "+split-vep", "-s", "worst", "-f", "%POS %Allele %SYMBOL %Consequence %HGVSp\\n", path
    )
    assert worst.splitlines()[0].startswith("3243 G MT-TL1 non_coding_transcript_exon_variant")
    assert "11778 A MT-ND4 missense_variant" in worst
    assert "p.Arg340His" in worst
    one_a_line = output_of(bcftools, "+split-vep", "-d", "-f", "%POS %Allele %SYMBOL\\n", path).splitlines()
    assert "8993 G MT-ATP6" in one_a_line
    assert "8993 C MT-ATP6" in one_a_line


def test_bcftools_reads_an_input_that_declared_nothing_without_a_warning(
    run_engine: Runner, vcf_text: Maker, bcftools: str
) -> None:
    text = vcf_text(
        "MT 64 . C T . q10 AC=1;AN=2;ODD=x;FLAG GT:DP:ODD 0/1:5:z",
        "chrUn 5 . A <DEL> . . END=90;SVTYPE=DEL GT ./.",
        samples=("S1",),
    )
    path = str(run_engine(text).outputs.vcf)
    assert len(output_of(bcftools, "view", "-H", path).splitlines()) == 2
    assert output_of(bcftools, "index", "--stats", path).split() == ["MT", "16569", "1", "chrUn", ".", "1"]


def test_the_index_finds_every_record(run_engine: Runner, vcf_text: Maker, snv_at: Maker) -> None:
    run = run_engine(vcf_text(*map(snv_at, range(2000, 2500)), *["MT 64 . C T . . ."] * 501))
    with pysam.TabixFile(str(run.outputs.vcf)) as tabix:
        assert [int(row.split("\t")[1]) for row in tabix.fetch("MT", 2099, 2103)] == [2100, 2101, 2102, 2103]
        assert sum(1 for _ in tabix.fetch("MT", 0, 100)) == 501


def test_the_end_marker_stands_at_the_end_alone(run_engine: Runner, vcf_text: Maker) -> None:
    for records in ((), RECORDS):
        data = run_engine(vcf_text(*records)).outputs.vcf.read_bytes()
        assert data.count(BGZF_EOF) == 1
        assert data.endswith(BGZF_EOF)


def test_two_runs_write_the_same_bytes(run_engine: Runner, vcf_text: Maker) -> None:
    def files() -> list[bytes]:
        outputs = run_engine(vcf_text(*RECORDS)).outputs
        return [path.read_bytes() for path in (outputs.vcf, outputs.index, outputs.table)]

    assert files() == files()


def test_vcf_and_table_agree_row_for_row(run_engine: Runner, vcf_text: Maker) -> None:
    run = run_engine(vcf_text(*RECORDS))
    rows = pq.read_table(run.outputs.table).to_pylist()
    with pysam.VariantFile(str(run.outputs.vcf)) as vcf:
        alleles = [(record.pos, record.ref, alt) for record in vcf for alt in record.alts or ()]
    assert [(row["pos"], row["ref"], row["alt"]) for row in rows] == alleles
    assert [row["symbol"] for row in rows] == ["MT-TL1", "MT-ATP6", "MT-ATP6", "MT-ND4"]


def test_an_annotated_file_annotated_again_is_the_same(
    run_engine: Runner, vcf_text: Maker, tmp_path: Path
) -> None:
    once = run_engine(vcf_text(*RECORDS)).lines
    again = run_engine((tmp_path / "out" / "annot.vcf.gz").read_bytes()).lines
    assert again[-3:] == once[-3:]
    assert sorted(again) == sorted(once)


def test_consequences_of_another_tool_are_kept_under_another_name(
    run_engine: Runner, vcf_text: Maker
) -> None:
    meta = (
        '##INFO=<ID=CSQ,Number=.,Type=String,Description="From Ensembl VEP. Format: Allele|Consequence">',
    )
    run = run_engine(vcf_text("MT 3243 . A G . . CSQ=G|other", meta=meta))
    with pysam.VariantFile(str(run.outputs.vcf)) as vcf:
        record = next(vcf)
        assert record.info["CSQ_INPUT"] == ("G|other",)
        assert record.info["CSQ"][0].split("|")[3] == "MT-TL1"
    assert "The input's own INFO field CSQ is kept as CSQ_INPUT." in run.summary.notes
