"""What the genome browser draws a variant against: the sequence and genes of a bundle, where they are here.

The bundles that GAS ships are small enough to stand among this service's own files. Others may have
gigabytes, and no web process holds one: their variants are drawn on contigs as long as the file's last
variant says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gas_web.bundles import SHIPPED
from gas_web.explorer.table import Row

_AROUND = 40
"""Bases shown on each side of a variant: few enough that the letters can be read."""
_WIDEST = 5_000


@dataclass(frozen=True, slots=True)
class Reference:
    """What the bundle is called, and static files: a FASTA with its index, genes, other names of contigs."""

    name: str
    sequence: str
    index: str
    genes: str
    aliases: str


_SHIPPED: Final = {
    (bundle.name, bundle.assembly): Reference(
        name=bundle.name,
        sequence=f"references/{bundle.name}/sequence.fa",
        index=f"references/{bundle.name}/sequence.fa.fai",
        genes=f"references/{bundle.name}/genes.gff3",
        aliases=f"references/{bundle.name}/aliases.tsv",
    )
    for bundle in SHIPPED.values()
}


def reference_of(summary: Mapping[str, Any]) -> Reference | None:
    """The reference that a job was held against, if its files are here."""
    engine = summary.get("engine", {})
    return _SHIPPED.get((engine.get("bundle"), engine.get("assembly")))


def place_of(row: Row) -> str:
    """The place of a variant with what stands around it, as the browser reads it."""
    end = row["pos"] + min(len(row["ref"]), _WIDEST) - 1
    return f"{row['contig_name']}:{max(row['pos'] - _AROUND, 1)}-{end + _AROUND}"
