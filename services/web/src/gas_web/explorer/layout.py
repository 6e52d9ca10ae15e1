"""Tables as the engine wrote them, in whichever version, made into one shape for all questions.

Results stay with their users for years, so every version that ever was is read. Columns that nobody asks for
are not read, whatever is said of them here: the scan is lazy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from gas_web.explorer.errors import TableVersionError

_VERSION, _CSQ_FIELDS = "gas_table_version", "gas_csq_fields"
_FROM_LIST: Final = ("exon", "intron", "cdna_position", "cds_position")
_NUMBERS: Final = {"strand": pl.Int8, "distance": pl.Int64}
_ESCAPES: Final = {"%25": "%", "%3B": ";", "%3D": "=", "%2C": ",", "%7C": "|"}


def scan(path: Path) -> pl.LazyFrame:
    """A table with the most severe consequence in flat columns, and all in the list ``consequences``.

    Raises
    ------
    TableVersionError
        The table is of a version that this service does not know.
    """
    told = pl.read_parquet_metadata(path)
    found = pl.scan_parquet(path)
    match told.get(_VERSION):
        case "1":
            return found.with_columns(_from_nested())
        case "2":
            return found.with_columns(consequences=_from_text(told[_CSQ_FIELDS].split("|"))).drop("csq")
        case other:
            raise TableVersionError(version=other or "none")


def _from_nested() -> list[pl.Expr]:
    """Version 1: these stood only in the list of consequences, the first of which is the most severe."""
    first = pl.col("consequences").list.first().struct
    return [
        *(first.field(name) for name in _FROM_LIST),
        *(first.field(name).cast(kind, strict=False) for name, kind in _NUMBERS.items()),
    ]


def _from_text(fields: list[str]) -> pl.Expr:
    """Version 2: entries joined with commas, of values joined with bars; what would part them is escaped."""
    cut = pl.element().str.split_exact("|", len(fields) - 1).struct.rename_fields(fields)
    told = [
        pl.element().struct.field(name).str.replace_many(_ESCAPES)
        if name != "terms"
        else pl.element().struct.field(name).str.split("&")
        for name in fields
    ]
    entries = pl.col("csq").str.split(",").list.eval(cut).list.eval(pl.struct(told))
    return entries.fill_null([])
