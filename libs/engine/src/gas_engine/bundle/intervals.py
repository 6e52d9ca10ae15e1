"""Which stretches of a contig overlap a stretch: a table of bins, quick to fill and to ask."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

_BIN_BITS: Final = 14  # 16 kb: a gene fills few bins, a bin holds few genes


def overlaps(start: int, end: int, other_start: int, other_end: int) -> bool:
    """True if two 0-based half-open stretches share a base; an empty one must lie strictly inside."""
    return start < other_end and end > other_start


class IntervalIndex(Generic[T]):
    """Items by (contig, start, end), 0-based half-open, found in the order they were given."""

    def __init__(self, items: Iterable[tuple[str, int, int, T]]) -> None:
        self._items = list(items)
        self._bins: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, (contig, start, end, _) in enumerate(self._items):
            for bin_number in range(start >> _BIN_BITS, (end >> _BIN_BITS) + 1):
                self._bins[contig, bin_number].append(number)

    def __len__(self) -> int:
        return len(self._items)

    def find(self, contig: str, start: int, end: int) -> list[T]:
        """Items that overlap the stretch."""
        bins = range(max(start, 0) >> _BIN_BITS, (max(end, 0) >> _BIN_BITS) + 1)
        numbers = sorted({number for b in bins for number in self._bins.get((contig, b), ())})
        return [
            item
            for _, item_start, item_end, item in map(self._items.__getitem__, numbers)
            if overlaps(start, end, item_start, item_end)
        ]

    def everything(self) -> list[T]:
        """All items, in the order they were given."""
        return [item for *_, item in self._items]
