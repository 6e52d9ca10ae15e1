"""Exactly what a view matches, as a file, streamed: however long it is, a few thousand rows are held at once.

Rows come in the order of the VCF. Spreadsheets run a cell that begins with ``=`` as a formula, so CSV and
TSV, which people open in them, put an apostrophe before such text; the other formats keep every byte. An
Excel file says of each cell whether it is text, so that nothing in it is ever run.
"""

from __future__ import annotations

import gzip
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl
import xlsxwriter

from gas_web.explorer.bgzf import packed
from gas_web.explorer.query import View
from gas_web.explorer.table import Table

SHEET_ROWS: Final = 1_048_576
"""Of one sheet in Excel, the header among them."""
_CELL_CHARACTERS = 32_767
"""Of one cell in Excel."""
_FLAT_ROWS = 32_768
_NESTED_ROWS = 4096
"""A row of all consequences may take 10 KiB."""
_PIECE_BYTES = 256 * 1024
_NUMBERS = frozenset({"record", "allele", "pos", "qual", "allele_frequency", "strand", "distance"})


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: what a reader is told of it, and its ending and media type."""

    label: str
    about: str
    suffix: str
    media_type: str


FORMATS: Final = {
    "vcf": Format("VCF", "whole records, packed with bgzip", "vcf.gz", "application/gzip"),
    "tsv": Format("TSV", "a row per allele, most severe consequence", "tsv", "text/tab-separated-values"),
    "csv": Format("CSV", "the same, for spreadsheets", "csv", "text/csv"),
    "xlsx": Format(
        "Excel",
        f"the same, the first {SHEET_ROWS - 1:,} rows: a sheet has no room for more",
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "jsonl": Format("JSON lines", "a row per allele, all consequences", "jsonl", "application/x-ndjson"),
    "parquet": Format(
        "Parquet", "a row per allele, all consequences", "parquet", "application/vnd.apache.parquet"
    ),
}


def rows(table: Table, view: View, kind: str, *, directory: Path | None = None) -> Iterator[bytes]:
    """The rows of a view as a file of ``kind``, any but VCF.

    Parquet and Excel are written to ``directory`` first: what begins them is known at their end.
    """
    if kind == "xlsx":
        return _workbook(table, view, directory)
    if kind == "jsonl":
        return _json_lines(table, view)
    if kind == "parquet":
        return _parquet(table, view, directory)
    return _separated(table, view, "," if kind == "csv" else "\t")


def records(table: Table, view: View, vcf: BinaryIO) -> Iterator[bytes]:
    """The records of a view out of the job's ``annot.vcf.gz``, in one pass, as BGZF.

    A record with several alleles is there if one of them is in the view, whole.
    """
    # In the order of the file; a record's alleles follow each other.
    wanted = table.matches(replace(view, sort="position"))["record"].unique(maintain_order=True)
    return packed(_lines(vcf, iter(wanted)))


def _lines(vcf: BinaryIO, wanted: Iterator[int]) -> Iterator[bytes]:
    coming = next(wanted, None)
    number = 0
    with gzip.GzipFile(fileobj=vcf) as lines:
        for line in lines:
            if line.startswith(b"#"):
                yield line
                continue
            if coming is None:
                return
            number += 1
            if number == coming:
                yield line
                coming = next(wanted, None)
    if coming is not None:
        raise EOFError(f"the VCF has {number} records, the table one numbered {coming}")


def _json_lines(table: Table, view: View) -> Iterator[bytes]:
    for chunk in table.chunks(view, None, _NESTED_ROWS):
        yield chunk.write_ndjson().encode()


def _separated(table: Table, view: View, separator: str) -> Iterator[bytes]:
    numbers = _numbers(table)
    columns = [_flat(name, numbers) for name in table.flat]
    # Spreadsheets take a file for UTF-8 only if it says so.
    yield ("\N{ZERO WIDTH NO-BREAK SPACE}" if separator == "," else "").encode() + (
        separator.join(table.flat).encode() + b"\n"
    )
    for chunk in table.chunks(view, table.flat, _FLAT_ROWS):
        said = chunk.select(columns).write_csv(include_header=False, separator=separator)
        yield said.encode()


def _workbook(table: Table, view: View, directory: Path | None) -> Iterator[bytes]:
    """A sheet of the rows, one at a time in memory, and a note where they are not all there."""
    with tempfile.TemporaryDirectory(dir=directory, prefix="sheet-") as folder:
        path = Path(folder, "rows.xlsx")
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with xlsxwriter.Workbook(path, options) as book:
            sheet = book.add_worksheet("Variants")
            sheet.freeze_panes(1, 0)
            numbers = _numbers(table)
            for place, name in enumerate(table.flat):
                sheet.write_string(0, place, name)
            written = 1
            for chunk in table.chunks(view, table.flat, _FLAT_ROWS):
                for row in chunk.select([_plain(name, numbers) for name in table.flat]).iter_rows():
                    if written == SHEET_ROWS:
                        break
                    for place, cell in enumerate(row):
                        _write_cell(sheet, written, place, cell)
                    written += 1
                if written == SHEET_ROWS:
                    break
            count = table.matches(view).height
            if count > written - 1:
                note = book.add_worksheet("Not everything")
                note.write_string(0, 0, f"A sheet has room for {SHEET_ROWS - 1:,} rows, and there are")
                note.write_number(1, 0, count)
                note.write_string(2, 0, "TSV, CSV and Parquet have them all.")
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece


def _write_cell(sheet: xlsxwriter.worksheet.Worksheet, row: int, place: int, cell: object) -> None:
    if isinstance(cell, int | float) and math.isfinite(cell):
        sheet.write_number(row, place, cell)
    elif cell is not None:
        sheet.write_string(row, place, str(cell)[:_CELL_CHARACTERS])


def _numbers(table: Table) -> frozenset[str]:
    kinds = table.scan.select(table.sourced).collect_schema()
    return _NUMBERS | {name for name, kind in kinds.items() if kind.is_numeric()}


def _flat(name: str, numbers: frozenset[str]) -> pl.Expr:
    """A column as text of one line that no spreadsheet runs; numbers as they are."""
    column = _plain(name, numbers)
    if name in numbers:
        return column
    column = column.str.replace_all(r"[\t\r\n]", " ")
    runs = column.str.contains(r"^\s*[=+\-@]")
    return pl.when(runs).then(pl.concat_str(pl.lit("'"), column)).otherwise(column).alias(name)


def _plain(name: str, numbers: frozenset[str]) -> pl.Expr:
    """A column as text, lists joined; numbers as they are."""
    column = pl.col(name)
    if name in numbers:
        return column
    if name in {"ids", "known_ids"}:
        column = column.list.join(";")
    elif name == "regions":
        region = pl.concat_str(pl.element().struct["track"], pl.element().struct["name"], separator=":")
        column = column.list.eval(region).list.join(";")
    return column.cast(pl.String)


def _parquet(table: Table, view: View, directory: Path | None) -> Iterator[bytes]:
    wanted = view.expression()
    found = table.scan if wanted is None else table.scan.filter(wanted)
    # Its index comes last, so that it cannot be sent before it is whole.
    with tempfile.TemporaryFile(dir=directory) as file:
        with table.slot():
            shown = found.select(*table.flat, "consequences")
            shown.sink_parquet(file, compression="zstd", engine="streaming")
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece
