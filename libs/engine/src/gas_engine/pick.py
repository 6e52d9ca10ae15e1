"""Which of an allele's consequences are kept, where a reader wants one rather than all of them.

Criteria are those of Ensembl VEP's ``--pick_order``, in its order where nothing else is asked (CCDS, which no
bundle has, left out). Each compares two transcripts; the first that tells them apart decides, and where none
does, the more severe consequence stays, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gas_engine.errors import PickError
from gas_engine.terms import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gas_engine.bundle.genes import Transcript
    from gas_engine.model import TranscriptConsequence

RANK: Final = "rank"
_LAST: Final = 100  # of a transcript that its source does not rate


class Keep(StrEnum):
    """How many consequences an allele keeps."""

    ALL = "all"
    """One for every transcript near."""
    GENE = "gene"
    """The one of each gene that the order puts first."""
    ALLELE = "allele"
    """The one that the order puts first."""
    MOST_SEVERE = "most_severe"
    """The most severe one; the order decides between equals."""


def _appris(transcript: Transcript) -> int:
    """Principal 1 to 5, then alternative 1 and 2."""
    if not transcript.appris:
        return _LAST
    return int(transcript.appris[1:]) + (10 if transcript.appris[0] == "A" else 0)


def _size(transcript: Transcript) -> int:
    """Coding bases, or bases of the message of one that makes no protein."""
    first, last = transcript.cds or (transcript.start, transcript.end)
    return sum(max(min(end, last) - max(start, first), 0) for start, end in transcript.exons)


_CRITERIA: Final[dict[str, Callable[[Transcript], int]]] = {
    "mane_select": lambda transcript: transcript.mane != "MANE_Select",
    "mane_plus_clinical": lambda transcript: transcript.mane != "MANE_Plus_Clinical",
    "canonical": lambda transcript: not transcript.canonical,
    "appris": _appris,
    "tsl": lambda transcript: int(transcript.tsl or _LAST),
    "biotype": lambda transcript: transcript.biotype != "protein_coding",
    RANK: lambda _: 0,  # of the consequence, not of the transcript
    "length": lambda transcript: -_size(transcript),
}
ORDER: Final = tuple(_CRITERIA)
"""VEP's order: MANE Select, MANE Plus Clinical, canonical, APPRIS, TSL, biotype, rank, length."""


@dataclass(frozen=True, slots=True)
class Pick:
    """What to keep, and by which criteria, the first the most important.

    Raises
    ------
    PickError
        For a criterion that there is none of, or twice the same.
    """

    keep: Keep = Keep.ALL
    order: tuple[str, ...] = ORDER

    def __post_init__(self) -> None:
        for name in self.order:
            if name not in _CRITERIA or self.order.count(name) > 1:
                raise PickError(name, ORDER)

    def __str__(self) -> str:
        """As the header of the output states it."""
        return f"{self.keep.value}:{','.join(self.order)}"

    @property
    def criteria(self) -> tuple[str, ...]:
        """The order that decides in the end."""
        if self.keep is not Keep.MOST_SEVERE:
            return self.order
        return (RANK, *(name for name in self.order if name != RANK))

    def keys(self, transcript: Transcript) -> tuple[int, ...]:
        """What each criterion says of a transcript, less being better; 0 for the rank."""
        return tuple(int(_CRITERIA[name](transcript)) for name in self.criteria)

    def kept(self, found: Sequence[tuple[Transcript, TranscriptConsequence]]) -> list[TranscriptConsequence]:
        """Consequences that are kept, in the order they come in, the most severe first."""
        if self.keep is Keep.ALL:
            return [consequence for _, consequence in found]
        best: dict[str | int, tuple[tuple[int, ...], int]] = {}
        for number, (transcript, consequence) in enumerate(found):
            group: str | int = 0
            if self.keep is Keep.GENE:
                group = consequence.symbol or consequence.gene_id or number
            rank = SEVERITY[consequence.terms[0]]
            key = tuple(
                rank if name == RANK else value
                for name, value in zip(self.criteria, self.keys(transcript), strict=True)
            )
            best[group] = min(best.get(group, (key, number)), (key, number))
        return [found[number][1] for number in sorted(number for _, number in best.values())]
