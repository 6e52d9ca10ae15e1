"""What docs/user promises word by word is what the code says."""

from __future__ import annotations

import gzip
import io
import re
from typing import TYPE_CHECKING

import pytest

import gas_engine
from gas_annotator.failures import failure_of, out_of_tries
from gas_engine import Limits
from gas_engine.errors import EngineError
from gas_engine.terms import IMPACT
from gas_engine.vcf.csq import CSQ_COLUMNS
from gas_local.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs" / "user"
HEADER = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
MIB = 1024**2


def vcf(*records: str) -> bytes:
    return HEADER + b"".join(record.replace(" ", "\t").encode() + b"\n" for record in records)


packed = gzip.compress(vcf("MT 73 . A G . . .", "MT 263 . A G . . ."))
BAD_FILES = {
    "picture": b"\x89PNG\r\n\x1a\n",
    "no header": b"MT\t73\t.\tA\tG\n",
    "empty": b"",
    "cut short": packed[:-10],
    "damaged": packed[:20] + bytes(8) + packed[28:],
    "bomb": gzip.compress(vcf("MT 73 . A G . . X=" + "A" * MIB)),
    "version": HEADER.replace(b"VCFv4.2", b"VCFv9.9"),
    "header not whole": b"##fileformat=VCFv4.2\n",
    "spaces": HEADER.replace(b"\t", b" "),
    "sample twice": HEADER.replace(b"INFO", b"INFO\tFORMAT\tA\tA"),
    "POS": vcf("MT abc . A G . . ."),
    "REF": vcf("MT 73 . A- G . . ."),
    "ALT": vcf("MT 73 . A A/G . . ."),
    "QUAL": vcf("MT 73 . A G high . ."),
    "columns": vcf("MT 73 . A G . ."),
    "long line": vcf("MT 73 . A G . . X=" + "A" * 17 * MIB),
    "other contigs": vcf("chr1 73 . A G . . .", "chrX 73 . A G . . ."),
    "other assembly": vcf("MT 73 . C G . . .", "MT 74 . A G . . .", "MT 75 . C A . . ."),
}


def said_of(data: bytes, folder: Path) -> str:
    """The sentence on the job's page, with the hint where that is part of it in the list."""
    limits = Limits(ratio_grace_bytes=MIB // 2)
    with pytest.raises(EngineError) as caught:
        gas_engine.annotate(
            io.BytesIO(data),
            gas_engine.default_bundle(),
            gas_engine.OutputPaths(folder),
            lambda _progress: None,
            limits=limits,
        )
    failure = failure_of(caught.value, file_name="sample.vcf")
    assert failure
    return f"{failure.sentence} {failure.hint}" if failure.code == "not_vcf" else failure.sentence


def table_below(heading: str, page: str) -> list[list[str]]:
    """Cells of the rows of the first table below a heading."""
    lines = (DOCS / page).read_text().partition(heading)[2].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_sentence_of_a_failed_job_is_in_the_list_and_no_other(tmp_path: Path) -> None:
    said = {said_of(data, tmp_path) for data in BAD_FILES.values()} | {out_of_tries(5).sentence}
    listed = {names_in(row[0])[0] for row in table_below("## Why a job fails", "file-formats.md")}

    def without_offsets(sentences: set[str]) -> set[str]:
        # How many bytes gzip makes of a text is its own affair.
        return {re.sub(r"(after|near byte) \d+", r"\1 N", sentence) for sentence in sentences}

    assert without_offsets(listed) == without_offsets(said)


def test_every_column_of_csq_is_told() -> None:
    rows = table_below("## INFO: `CSQ`", "annotations.md")
    assert sorted(name for row in rows for name in names_in(row[0])) == sorted(CSQ_COLUMNS)


def test_every_term_that_a_mitochondrial_variant_can_have_is_told_with_its_impact() -> None:
    rows = table_below("### Consequences that a mitochondrial variant can have", "annotations.md")
    told = {name: row[1] for row in rows for name in names_in(row[0])}
    assert told == {name: IMPACT[name] for name in told}
    # What takes introns, splice sites, untranslated ends or microRNAs does not happen here.
    elsewhere = re.compile(r"splice|intron|UTR|miRNA|transcript_ablation|^(non_)?coding_transcript_variant")
    assert set(IMPACT) - set(told) == {name for name in IMPACT if elsewhere.search(name)}
