"""Every bad input ends in its sentence, or in a result that says what was done; never in half a file."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysam
import pytest

from gas_engine import EngineError, Limits
from gas_engine.vcf.bgzf import EOF as BGZF_EOF

Runner = Callable[..., Any]
Maker = Callable[..., str]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            "The file looks like a picture (PNG). Choose the .vcf or .vcf.gz.",
        ),
        (
            b"<html><body>Sign in</body></html>",
            "The file looks like a web page (HTML). Choose the .vcf or .vcf.gz.",
        ),
        (b"%PDF-1.7\n", "The file looks like a PDF document. Choose the .vcf or .vcf.gz."),
        (
            gzip.compress(b"BAM\x01" + bytes(64)) + BGZF_EOF,
            "The file looks like a BAM alignment file. Choose the .vcf or .vcf.gz.",
        ),
        (
            b"PK\x03\x04" + bytes(26) + b"xl/workbook.xml",
            "The file looks like a spreadsheet (Excel). Choose the .vcf or .vcf.gz.",
        ),
        (b"", "The file is empty. Choose the .vcf or .vcf.gz that holds your variants."),
        (b"##fileformat=VCFv4.2\n", "Line 2: the end of the file where the #CHROM header line belongs."),
    ],
)
def test_what_is_no_vcf_is_refused_in_a_sentence(
    run_engine: Runner, tmp_path: Path, data: bytes, sentence: str
) -> None:
    with pytest.raises(EngineError) as caught:
        run_engine(data)
    assert str(caught.value) == sentence
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ("MT 73x . A G . . .", 'Line 4, column 2 (POS): "73x" where a position (a whole number) belongs.'),
        ("MT 73 . A G . .", "Line 4, column 8: a line of 7 columns where a record of 8 columns belongs."),
        (
            "MT 73 . A G . . . extra",
            "Line 4, column 9: a line of 9 columns where a record of 8 columns belongs.",
        ),
        ("MT 73 . A G . . AC=\x00\x01", "Line 4, column 8 (INFO): the control byte 0x00 where text belongs."),
        (
            "##fileformat=VCFv4.2",
            "Line 4: a second header where a record (join files with bcftools concat) belongs.",
        ),
        ("#CHROM POS", "Line 4: a second header where a record (join files with bcftools concat) belongs."),
    ],
)
def test_a_faulty_line_is_named_with_its_column(
    run_engine: Runner, vcf_text: Maker, tmp_path: Path, record: str, sentence: str
) -> None:
    with pytest.raises(EngineError) as caught:
        run_engine(vcf_text("MT 64 . C T . . .", record, "MT 80 . C T . . ."))
    assert str(caught.value) == sentence
    assert list((tmp_path / "out").iterdir()) == []


def test_a_header_without_records_completes_with_a_note(run_engine: Runner, vcf_text: Maker) -> None:
    run = run_engine(vcf_text())
    assert run.summary.records.read == 0
    assert run.summary.notes == ("No records, so nothing to annotate.",)
    assert all(path.exists() for path in run.outputs.all)
    with pysam.VariantFile(str(run.outputs.vcf)) as vcf:
        assert list(vcf) == []


def test_truncated_files_are_refused(
    run_engine: Runner, vcf_text: Maker, snv_at: Maker, tmp_path: Path
) -> None:
    text = vcf_text(*map(snv_at, range(1, 3000))).encode()
    path = tmp_path / "in.vcf.gz"
    with pysam.BGZFile(str(path), "w", None) as out:
        out.write(text)
    for data in (gzip.compress(text)[:-9], path.read_bytes()[: -len(BGZF_EOF)], path.read_bytes()[:5000]):
        with pytest.raises(EngineError, match="cut short after"):
            run_engine(data)
        assert list((tmp_path / "out").iterdir()) == []


def test_a_gzip_bomb_is_refused(run_engine: Runner, vcf_text: Maker) -> None:
    record = "MT 64 . C T . . .".replace(" ", "\t") + "\n"
    bomb = gzip.compress(vcf_text().encode() + record.encode() * 300_000, 9)
    limits = Limits(max_ratio=50, ratio_grace_bytes=1_000_000)
    with pytest.raises(EngineError, match="unpacks to more than 50 times its size"):
        run_engine(bomb, limits)
    with pytest.raises(EngineError, match="unpacks to more than 1 MiB"):
        run_engine(bomb, Limits(max_uncompressed_bytes=1024 * 1024))


def test_unsorted_records_come_out_sorted_and_the_note_says_so(
    run_engine: Runner, vcf_text: Maker, snv_at: Maker
) -> None:
    records = [snv_at(pos, f"I={pos}") for pos in range(100, 400, 3)]
    shuffled = random.Random(1).sample(records, len(records))
    run = run_engine(
        vcf_text("odd 9 . A C . . .", "MT 64 . C T . . .", *shuffled, "odd 3 . A C . . ."), Limits()
    )
    assert [(row[0], int(row[1])) for row in run.records] == [
        ("odd", 3),
        ("odd", 9),
        ("MT", 64),
        *(("MT", pos) for pos in range(100, 400, 3)),
    ]
    assert any("sorted by contig and position" in note for note in run.summary.notes)


def test_a_line_of_a_megabyte_passes(run_engine: Runner, vcf_text: Maker) -> None:
    note = "A" * 1_000_000
    run = run_engine(vcf_text(f"MT 64 . C T . . NOTE={note}"))
    assert run.records[0][7].startswith(f"NOTE={note};")


def test_three_thousand_samples_pass(run_engine: Runner, vcf_text: Maker) -> None:
    names = tuple(f"S{number}" for number in range(3000))
    genotypes = " ".join("0/1" for _ in names)
    run = run_engine(vcf_text(f"MT 64 . C T . . . GT {genotypes}", samples=names))
    assert run.summary.input.samples == 3000
    assert run.records[0][9:] == ["0/1"] * 3000


def test_invalid_utf8_passes_through_as_it_is_and_is_counted(run_engine: Runner, vcf_text: Maker) -> None:
    text = vcf_text("MT 64 . C T . . NOTE=Größe", "MT 72 . T C . . OK=1", meta=("##source=Größe",))
    run = run_engine(text.encode("latin-1"))
    assert "##source=Größe".encode("latin-1") in run.lines
    assert any(
        line.split(b"\t")[7].startswith("NOTE=Größe;".encode("latin-1"))
        for line in run.lines
        if b"MT\t" in line
    )
    assert any(note.startswith("Lines that are not UTF-8: 2;") for note in run.summary.notes)


def test_windows_line_ends_blank_lines_and_a_missing_last_newline_are_forgiven(
    run_engine: Runner, vcf_text: Maker
) -> None:
    text = vcf_text("MT 64 . C T . . AC=1", "", "MT 72 . T C . . AC=2").rstrip("\n")
    plain, windows = run_engine(text).lines, run_engine(text.replace("\n", "\r\n")).lines
    assert plain == windows
    assert len(run_engine(text).records) == 2


@pytest.mark.parametrize(
    ("contigs", "named"),
    [(["chr1"], "chr1"), (["chr1", "chrX"], "chr1, chrX"), (list("1234567"), "1, 2, 3, 4, 5...")],
)
def test_a_file_of_other_contigs_fails_with_the_sentence(
    run_engine: Runner, vcf_text: Maker, tmp_path: Path, contigs: list[str], named: str
) -> None:
    with pytest.raises(EngineError) as caught:
        run_engine(vcf_text(*(f"{contig} 100 . A G . . ." for contig in contigs)))
    assert str(caught.value) == f"no record lies on a contig of rCRS: found {named}"
    assert list((tmp_path / "out").iterdir()) == []


def test_records_on_other_contigs_pass_through_unchanged_if_some_match(
    run_engine: Runner, vcf_text: Maker
) -> None:
    run = run_engine(vcf_text("chr1 5 rs9 A G . . AC=1", "chrM 64 . C T . . .", "chrX 7 . A G . . ."))
    assert run.records[0] == ["chr1", "5", "rs9", "A", "G", ".", ".", "AC=1"]
    assert run.summary.contigs_outside == {"chr1": 1, "chrX": 1}
    assert (run.summary.records.annotated, run.summary.records.outside_bundle) == (1, 2)
    assert "chrX: 1" in run.outputs.log.read_text()


@pytest.mark.parametrize("name", ["MT", "chrM", "M", "chrMT", "NC_012920.1"])
def test_the_mitochondrial_contig_is_known_by_its_names(
    run_engine: Runner, vcf_text: Maker, name: str
) -> None:
    run = run_engine(vcf_text(f"{name} 64 . C T . . ."))
    assert run.summary.records.annotated == 1
    assert run.records[0][0] == name


def test_a_ref_that_contradicts_the_reference_is_flagged_and_counted(
    run_engine: Runner, vcf_text: Maker
) -> None:
    run = run_engine(
        vcf_text("MT 64 . C T . . .", "MT 72 . G C . . AC=1", "MT 73 . A G . . .", "MT 16600 . A G . . .")
    )
    assert [row[7] for row in run.records][1::2] == ["AC=1;GAS_REF_MISMATCH", "GAS_REF_MISMATCH"]
    assert (run.summary.records.annotated, run.summary.records.ref_mismatch) == (2, 2)


@pytest.mark.parametrize(
    ("meta", "named"),
    [
        (("##contig=<ID=chrM,length=16571>",), "NC_001807, the Yoruba mitochondrial sequence of UCSC hg19"),
        (("##reference=file:///ref/ucsc.hg19.fasta",), "NC_001807"),
        (("##reference=human_b36_both.fasta",), "NCBI36 (hg18)"),
        (("##contig=<ID=chr1,length=248956422>",), "GRCh38 (hg38)"),
        ((), "NC_001807"),
    ],
)
def test_a_file_of_another_assembly_fails_and_names_the_likely_one(
    run_engine: Runner, vcf_text: Maker, tmp_path: Path, meta: tuple[str, ...], named: str
) -> None:
    with pytest.raises(EngineError) as caught:
        run_engine(vcf_text("chrM 64 . A T . . .", "chrM 72 . G C . . .", "chrM 73 . A G . . .", meta=meta))
    sentence = str(caught.value)
    assert sentence.startswith("REF contradicts rCRS in 2 of 3 records: the file was likely called on ")
    assert named in sentence
    assert list((tmp_path / "out").iterdir()) == []


def test_old_indels_of_vcf_3_3_pass_through_and_are_counted(run_engine: Runner, vcf_text: Maker) -> None:
    text = vcf_text(
        "MT 64 . C D2 . 0 NS=1", "MT 72 . T C,IACG . q10 NS=1", meta=('##INFO=NS,1,Integer,"Samples"',)
    )
    run = run_engine(text.replace("VCFv4.2", "VCFv3.3"))
    assert run.lines[0] == b"##fileformat=VCFv4.2"
    assert run.records[0][:8] == ["MT", "64", ".", "C", "D2", ".", "0", "NS=1"]
    assert run.summary.alleles.skipped == {"vcf3_indel": 2}
    assert run.summary.alleles.annotated == 1
    with pysam.VariantFile(str(run.outputs.vcf)) as vcf:
        assert [record.alts for record in vcf] == [("D2",), ("C", "IACG")]


def test_alleles_that_are_no_sequence_pass_through_with_their_reason(
    run_engine: Runner, vcf_text: Maker
) -> None:
    run = run_engine(
        vcf_text(
            "MT 64 . C *,T . . .",
            "MT 72 . T <X> . . END=99",
            "MT 73 . A <DEL> . . .",
            "MT 80 . C . . . .",
        )
    )
    assert run.records[1][7] == "END=99"
    assert run.summary.alleles.annotated == 1
    assert sum(run.summary.alleles.skipped.values()) == 3
    assert (run.summary.records.annotated, run.summary.records.skipped, run.summary.records.no_alt) == (
        1,
        2,
        1,
    )


@pytest.mark.parametrize("end", ["END=abc", "END=", "END", "END=-4", "END=3", "END=536870911"])
def test_an_end_that_makes_no_sense_does_not_stop_the_index(
    run_engine: Runner, vcf_text: Maker, end: str
) -> None:
    run = run_engine(vcf_text("MT 64 . C T . . .", f"MT 72 . T <DEL> . . {end}", "MT 73 . A G . . ."))
    assert run.records[1][7] == end
    with pysam.TabixFile(str(run.outputs.vcf)) as tabix:
        assert sum(1 for _ in tabix.fetch("MT")) == 3


def test_format_without_samples_is_left_out_so_that_htslib_reads_the_file(
    run_engine: Runner, vcf_text: Maker
) -> None:
    text = vcf_text("MT 64 . C T . . . GT").replace("\tINFO\n", "\tINFO\tFORMAT\n")
    run = run_engine(text)
    assert len(run.records[0]) == 8
    assert "The FORMAT column stands without samples; it was left out." in run.summary.notes
    with pysam.VariantFile(str(run.outputs.vcf)) as vcf:
        assert [record.pos for record in vcf] == [64]


def test_a_position_before_the_first_base_is_flagged_and_indexed(run_engine: Runner, vcf_text: Maker) -> None:
    run = run_engine(vcf_text("MT 0 . N <DEL> . . .", "MT 64 . C T . . ."))
    assert run.records[0][7] == "GAS_REF_MISMATCH"
    with pysam.TabixFile(str(run.outputs.vcf)) as tabix:
        assert sum(1 for _ in tabix.fetch("MT", 10, 100)) == 1
