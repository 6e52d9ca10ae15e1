"""Region tracks: named stretches of the genome, read from BED."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gas_engine.bundle.sources import LeftOut
from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gas_engine.bundle.manifest import Contig

_MIN_COLUMNS: Final = 3


class Region(NamedTuple):
    """A named stretch of a contig, 0-based half-open."""

    contig: str
    start: int
    end: int
    name: str


def read_bed(
    lines: Iterable[str], track: str, contig_of: Callable[[str], Contig | None]
) -> tuple[list[Region], str]:
    """Regions of a BED text, in its order; one without a name is called ``contig:first-last``.

    With a sentence on rows that lie on contigs which the FASTA lacks, empty if there are none.

    Raises
    ------
    BundleError
        Naming the line, for a row that is malformed or past its contig's end; if none is on a contig.
    """
    left_out = LeftOut(f"Track {track}")
    regions: list[Region] = []
    for number, text in enumerate(lines, 1):
        line = text.rstrip("\r\n")
        if not line or line.startswith(("#", "track", "browser")):
            continue
        columns = line.split("\t")
        if len(columns) < _MIN_COLUMNS or not (columns[1].isdigit() and columns[2].isdigit()):
            raise BundleError(
                f"Track {track}, line {number}: this is not a BED row (contig, start, end, name)."
            )
        contig = contig_of(columns[0])
        if contig is None:
            left_out.outside(number, columns[0])
            continue
        start, end = int(columns[1]), int(columns[2])
        if not start < end <= contig.length:
            raise BundleError(f"Track {track}, line {number}: {start}-{end} is no stretch of {contig.name}.")
        name = columns[3] if len(columns) > _MIN_COLUMNS else f"{contig.name}:{start + 1}-{end}"
        left_out.kept()
        regions.append(Region(contig.name, start, end, name))
    return regions, left_out.note()
