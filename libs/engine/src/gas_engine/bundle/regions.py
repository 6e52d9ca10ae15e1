"""Region tracks: named stretches of the genome, read from BED."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

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


def read_bed(lines: Iterable[str], track: str, contig_of: Callable[[str], Contig | None]) -> list[Region]:
    """Regions of a BED text, in its order; one without a name is called ``contig:first-last``.

    Raises
    ------
    BundleError
        Naming the line, for a row that is malformed, on no contig or past its end.
    """
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
            raise BundleError(f"Track {track}, line {number}: contig {columns[0]!r} is not in the FASTA.")
        start, end = int(columns[1]), int(columns[2])
        if not start < end <= contig.length:
            raise BundleError(f"Track {track}, line {number}: {start}-{end} is no stretch of {contig.name}.")
        name = columns[3] if len(columns) > _MIN_COLUMNS else f"{contig.name}:{start + 1}-{end}"
        regions.append(Region(contig.name, start, end, name))
    return regions
