"""The columns that a reader can show and move. They are the page's alone: exports have every field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from gas_web.explorer.errors import QueryError

MOST_CHARACTERS: Final = 500
"""Of a value on the page: an allele may have millions, and a hundred of them would fill the memory."""
_MOST_NAMES = 4


def _text(column: pl.Expr) -> pl.Expr:
    return column.cast(pl.String).str.head(MOST_CHARACTERS)


_FEW = pl.element()
_REGION = pl.format("{} ({})", *(_text(_FEW.struct.field(name)) for name in ("name", "track")))
# What a page reads of the table, by the name that a row has it by then.
READ: Final[dict[str, pl.Expr]] = {
    **{name: pl.col(name) for name in ("qual", "allele_frequency", "consequence", "impact")},
    **{
        name: _text(pl.col(name))
        for name in (
            *("filter", "variant_class", "symbol", "gene_id", "transcript_id", "biotype"),
            *("hgvs_g", "hgvs_c", "hgvs_p", "protein_position", "amino_acids", "codons"),
            *("exon", "intron", "cdna_position", "cds_position", "strand", "distance"),
        )
    },
    **{name: pl.col(name).list.head(_MOST_NAMES).list.eval(_text(_FEW)) for name in ("ids", "known_ids")},
    "regions": pl.col("regions").list.head(_MOST_NAMES).list.eval(_REGION),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its heading, what the menu says of it, and which of ``READ`` it is made of."""

    label: str
    about: str
    reads: tuple[str, ...]
    look: str = ""
    """Classes of its cells: ``number``, ``mono``, ``whole`` (never broken into lines)."""


COLUMNS: Final = {
    "gene": Heading("Gene", "Gene", ("symbol",)),
    "consequence": Heading("Consequence", "Most severe consequence", ("consequence", "impact")),
    "hgvs_p": Heading("Protein", "Change of the protein (HGVS p.)", ("hgvs_p",), "mono"),
    "hgvs_c": Heading("Transcript", "Change of the transcript (HGVS c.)", ("hgvs_c",), "mono"),
    "id": Heading("ID", "ID, of the file and known ones", ("ids", "known_ids")),
    "class": Heading("Kind", "Kind of variant", ("variant_class",)),
    "af": Heading("AF", "Allele frequency in this file", ("allele_frequency",), "number"),
    "quality": Heading("Quality", "Quality (QUAL)", ("qual",), "number"),
    "filter": Heading("FILTER", "FILTER of the file", ("filter",)),
    "impact": Heading("Impact", "Impact of the consequence", ("impact",), "whole"),
    "status": Heading("Status", "Status: annotated, or why not", (), "whole"),
    "hgvs_g": Heading("Genome", "Change of the genome (HGVS g.)", ("hgvs_g",), "mono"),
    "gene_id": Heading("Gene ID", "ID of the gene", ("gene_id",), "mono whole"),
    "transcript_id": Heading("Transcript ID", "ID of the transcript", ("transcript_id",), "mono whole"),
    "biotype": Heading("Biotype", "Biotype of the transcript", ("biotype",), "whole"),
    "exon": Heading("Exon", "Exon, of how many", ("exon",), "number"),
    "intron": Heading("Intron", "Intron, of how many", ("intron",), "number"),
    "cdna_position": Heading("In cDNA", "Position in the cDNA", ("cdna_position",), "number"),
    "cds_position": Heading("In CDS", "Position in the coding sequence", ("cds_position",), "number"),
    "protein_position": Heading("In protein", "Position in the protein", ("protein_position",), "number"),
    "amino_acids": Heading("Amino acids", "Amino acids, before and after", ("amino_acids",), "mono"),
    "codons": Heading("Codons", "Codons, before and after", ("codons",), "mono"),
    "strand": Heading("Strand", "Strand of the transcript", ("strand",), "number"),
    "distance": Heading("Distance", "Distance from the transcript, in bases", ("distance",), "number"),
    "regions": Heading("Regions", "Regions that it lies in", ("regions",)),
}
"""By their names in an address, which are those of the filters where there are any."""
USUAL: Final = ("gene", "consequence", "hgvs_p", "hgvs_c", "id", "class", "af", "quality", "filter")


def columns_of(text: str) -> tuple[str, ...]:
    """The columns that an address names, with commas between; none are the usual ones.

    Raises
    ------
    QueryError
        There is no such column.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not COLUMNS.keys() >= set(names):
        raise QueryError(f"There is no such column. There are {', '.join(COLUMNS)}.")
    return names


def remembered(text: str) -> tuple[str, ...]:
    """The columns of a choice that was kept; one that there is no more is left out."""
    return tuple(name for name in text.split(",") if name in COLUMNS)


def arranged(ticked: Sequence[str], order: str) -> tuple[tuple[str, ...], str]:
    """What the form of the columns asks for, and which of its buttons the reader is to find again.

    ``ticked`` are those to be shown, ``order`` the button: ``show``, ``usual``, or ``up:gene`` and
    ``down:gene`` for one place nearer to the start or the end of those.

    Raises
    ------
    QueryError
        There is no such column or button.
    """
    names = list(columns_of(",".join(ticked)))
    step, _, name = order.partition(":")
    match step:
        case "show":
            return tuple(names), ""
        case "usual":
            return (), ""
        case "up" | "down" if name in names:
            here = names.index(name)
            there = here - 1 if step == "up" else here + 1
            names.insert(min(max(there, 0), len(names) - 1), names.pop(here))
            return tuple(names), f"{step}-{name}"
        case _:
            raise QueryError("Columns are shown, or moved up or down where they are shown.")
