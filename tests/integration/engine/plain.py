"""The slow twin of a run: record after record in plain Python; the fast one must say the same.

It shares with the engine what the engine falls back on (`parse_record`, `RecordAnnotator`) and, where that is
not at stake, the parts around; it knows nothing of blocks, arrays, batches or threads.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pysam

from gas_engine import Bundle, Keep, Limits, OutputPaths, Pick, annotate, annotate_text
from gas_engine.outputs.table import TableWriter
from gas_engine.outputs.tally import Tally, by_count
from gas_engine.records import RecordAnnotator
from gas_engine.vcf.declare import Declarations
from gas_engine.vcf.fields import OurFields
from gas_engine.vcf.header import read_header
from gas_engine.vcf.record import parse_record
from gas_engine.vcf.source import Source
from gas_engine.version import __version__

ALL = Pick()


@dataclass
class Said:
    """All that a run says: the lines of the VCF, the rows of the table, and the counts."""

    lines: list[bytes]
    rows: list[dict[str, Any]]
    counts: dict[str, Any]


def plainly(data: bytes, bundle: Bundle, directory: Path, pick: Pick = ALL, *, hgvs: bool = True) -> Said:
    """Annotate with the twin."""
    directory.mkdir(exist_ok=True)
    limits = Limits()
    numbered = Source(io.BytesIO(data), limits).lines()
    header = read_header(numbered, limits)
    fields = OurFields(bundle, header)
    declarations = Declarations(header, limits)
    annotator = RecordAnnotator(bundle, fields, vcf3=header.vcf3, pick=pick, hgvs=hgvs)
    records = [
        parse_record(number, line, header.columns, vcf3=header.vcf3)
        for number, line in numbered
        if line.strip()
    ]
    ranks = {chrom: rank for rank, chrom in enumerate(dict.fromkeys(record.chrom for record in records))}
    tally = Tally()
    body = []
    with TableWriter(directory / "plain.parquet", bundle.fields, bundle.marks) as table:
        for number, record in enumerate(sorted(records, key=lambda each: (ranks[each.chrom], each.pos)), 1):
            record.info = fields.cleared(record.info)
            declarations.note(record)
            annotated = annotator.annotate(record)
            annotator.write_into(annotated)
            body.append(record.to_line().removesuffix(b"\n"))
            table.add(number, annotated)
            tally.add(annotated)
    provenance = (
        f"##gas_engine={__version__} bundle={bundle.name} version={bundle.version} assembly={bundle.assembly}"
    )
    if pick.keep is not Keep.ALL:
        provenance += f" pick={pick.keep}:{','.join(pick.order)}"
    if not hgvs:
        provenance += " hgvs=no"
    head = [
        b"##fileformat=" + header.stated_version.encode(),
        *fields.header_lines(header.meta),
        *declarations.lines(bundle),
        *fields.lines,
        *([] if provenance.encode() in header.meta else [provenance.encode()]),
        header.column_line,
    ]
    names = (
        "most_severe",
        "consequences",
        "impacts",
        "locations",
        "genes",
        "tracks",
        "allele_sources",
        "contigs",
        "contigs_outside",
    )
    counts = {name: by_count(getattr(tally, name)) for name in names}
    counts["records"] = asdict(tally.record_counts())
    counts["alleles"] = asdict(tally.allele_counts())
    return Said(head + body, rows_of(directory / "plain.parquet"), counts)


def fast(data: bytes, bundle: Bundle, directory: Path, pick: Pick = ALL, *, hgvs: bool = True) -> Said:
    """Annotate with the engine, into files and as text; the latter says the same."""
    outputs = OutputPaths(directory / "fast")
    annotate(io.BytesIO(data), bundle, outputs, lambda _: None, pick=pick, hgvs=hgvs)
    with pysam.BGZFile(str(outputs.vcf), "r", None) as vcf:
        lines = vcf.read().removesuffix(b"\n").split(b"\n")
    counts = json.loads(outputs.summary.read_text())
    text = io.BytesIO()
    summary = annotate_text(io.BytesIO(data), bundle, text, lambda _: None, pick=pick, hgvs=hgvs)
    assert text.getvalue() == b"\n".join([*lines, b""])
    assert {name: counts[name] for name in ("alleles", "genes")} == {
        "alleles": asdict(summary.alleles),
        "genes": summary.genes,
    }
    return Said(lines, rows_of(outputs.table), counts)


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def assert_the_same(
    data: bytes, bundle: Bundle, directory: Path, pick: Pick = ALL, *, hgvs: bool = True
) -> Said:
    """Run both and compare every byte and every cell; return what they say."""
    expected = plainly(data, bundle, directory, pick, hgvs=hgvs)
    found = fast(data, bundle, directory, pick, hgvs=hgvs)
    assert_equal(expected, found)
    return found


def assert_equal(expected: Said, found: Said) -> None:
    """Compare every byte and every cell."""
    for number, (line, other) in enumerate(zip(expected.lines, found.lines, strict=False)):
        assert line == other, f"line {number}"
    assert len(expected.lines) == len(found.lines)
    for number, (row, other_row) in enumerate(zip(expected.rows, found.rows, strict=False)):
        for name, value in row.items():
            assert repr(value) == repr(other_row[name]), f"row {number}, {name}"
    assert len(expected.rows) == len(found.rows)
    for name, count in expected.counts.items():
        assert count == found.counts[name], name
        assert list(count) == list(found.counts[name]), name
