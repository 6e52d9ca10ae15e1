"""Region tracks: named stretches of the genome, read from BED."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gas_engine.bundle.intervals import IntervalIndex
from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gas_engine.bundle.manifest import Contig

_MIN_COLUMNS: Final = 3


def read_bed(
    lines: Iterable[str], track: str, contig_of: Callable[[str], Contig | None]
) -> IntervalIndex[str]:
    """Regions of a BED text (0-based half-open); a region without a name is called ``contig:first-last``.

    Raises
    ------
    BundleError
        Naming the line, for a row that is malformed, on no contig or past its end.
    """
    regions: list[tuple[str, int, int, str]] = []
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
        regions.append((contig.name, start, end, name))
    return IntervalIndex(regions)
