"""What changes on one haplotype do to a protein where they must be read together.

Changes of a transcript are read together where they share a codon, where one lies in the frame that another
has shifted, and where one lies behind a start that is lost or a stop that is gained: it is not translated.
Others do what each does alone, and are not told again. Together they are one change of the message, from the
first to the last of them, and are told by the rules for one (`gas_engine.coding`). Changes behind the new
stop belong to a compound, and change nothing in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gas_engine.allele import trim
from gas_engine.bundle.intervals import overlaps
from gas_engine.coding import CodingEffect, MessageChange, codons_around, effect_in_coding_sequence
from gas_engine.codon import STOP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gas_engine.spliced import Spliced

_CODON: Final = 3


@dataclass(frozen=True, slots=True)
class Compound:
    """Changes that are read together: ``members``, by their number, from ``first`` up to ``end``.

    ``effect`` is what they do; ``start`` and ``stop`` are the bases of the coding sequence in frame, 0-based
    half-open, that differ (the same twice for bases that are only added). ``covered`` are those, in whole
    codons of the reference, that were read to tell it; None for its end where no stop is met.
    """

    members: range
    effect: CodingEffect
    start: int
    stop: int
    covered: tuple[int, int | None]


def compounds(spliced: Spliced, changes: Sequence[MessageChange]) -> tuple[list[Compound], bool]:
    """Read changes of one haplotype, all within the coding sequence, in order and without overlap.

    Returned are those of two members or more, and whether what follows the last change is not translated.
    """
    found = []
    first = 0
    ends = False
    while first < len(changes):
        end = _read_with(spliced, changes, first)
        if end - first == 1 and not may_end(spliced, changes[first]):
            first = end
            continue
        told = _Reading(spliced, changes[first:end]).told()
        ends = told.ends
        if ends:
            end = len(changes)
        if end - first > 1:
            found.append(
                Compound(range(first, end), told.effect, told.start, told.stop, (told.first, told.last))
            )
        first = end
    return found, ends


def may_end(spliced: Spliced, change: MessageChange) -> bool:
    """False if what follows a change is read as ever: frame and start stay, and it makes no stop."""
    if change.growth % _CODON or change.touches_start:
        return True
    first, last = codons_of(spliced, change)
    return _stop_end(change, first, last + change.growth) is not None


def _read_with(spliced: Spliced, changes: Sequence[MessageChange], first: int) -> int:
    """The end of the changes that share codons or a shifted frame with the first one."""
    growth = changes[first].growth
    _, last = codons_of(spliced, changes[first])
    end = first + 1
    while end < len(changes):
        begin, behind = codons_of(spliced, changes[end])
        # only within the first codon may bases be added without a shift of what follows
        shifted = growth % _CODON if last > _CODON else _shifts(_joined(spliced, changes[first:end]))
        if not shifted and begin >= last:
            break
        growth += changes[end].growth
        last = max(last, behind)
        end += 1
    return end


def _shifts(change: MessageChange) -> bool:
    """True if what follows is read in another frame."""
    return change.growth % _CODON != 0 and not _moves_start(change)


def _moves_start(change: MessageChange) -> bool:
    """True if the protein begins where it did, at a start codon that moved up to the second codon."""
    return change.touches_start and change.growth != 0 and change.moves_start


def _joined(spliced: Spliced, changes: Sequence[MessageChange]) -> MessageChange:
    """Changes as one, with the bases between them."""
    start = at = changes[0].start
    pieces = []
    for change in changes:
        pieces += [spliced.sequence[at : change.start], change.alt]
        at = change.end
    return MessageChange(spliced, start, at, "".join(pieces))


def codons_of(spliced: Spliced, change: MessageChange) -> tuple[int, int]:
    """First base and end of the codons that a change touches, in the coding sequence in frame."""
    offset = spliced.lead - spliced.cds_start
    return codons_around(change.start + offset, change.end + offset)


def _stop_end(change: MessageChange, first: int, limit: int | None) -> int | None:
    """End of the first stop of the changed reading from ``first`` on, up to ``limit``, if any."""
    spliced = change.spliced
    sequence = spliced.sequence
    begin = max(first - spliced.lead, 0) + spliced.cds_start
    text = "N" * max(spliced.lead - first, 0) + sequence[begin : change.start] + change.alt
    if limit is None:
        text += sequence[change.end :] + spliced.utr3[len(sequence) - spliced.cds_end :]
    else:
        text += sequence[change.end : change.end + max(limit - first - len(text), 0)]
        text = text[: limit - first]
    letter = spliced.code.amino_acid
    for at in range(0, len(text) - 2, _CODON):
        if letter(text[at : at + _CODON]) == STOP:
            return first + at + _CODON
    return None


@dataclass(frozen=True, slots=True)
class _Told:
    """``ends``: what follows is not translated. The others as in `Compound`."""

    effect: CodingEffect
    start: int
    stop: int
    first: int
    last: int | None
    ends: bool


class _Reading:
    """Changes that are read together, before it is known where their reading ends."""

    def __init__(self, spliced: Spliced, changes: Sequence[MessageChange]) -> None:
        self._spliced = spliced
        self._changes = changes
        self._offset = spliced.lead - spliced.cds_start

    def told(self) -> _Told:
        whole = _joined(self._spliced, self._changes)
        first, last = codons_around(whole.start + self._offset, whole.end + self._offset)
        shifted = _shifts(whole)
        stop_end = None
        if not _moves_start(whole):
            stop_end = _stop_end(whole, first, None if shifted else last + whole.growth)
        if stop_end is None:
            effect, change = self._effect(whole)
            ends = shifted or "start_lost" in effect.terms
            return self._as_told(effect, change, first, None if shifted else last, ends=ends)
        growth = count = 0
        for change in self._changes:
            # where it begins once those before are made
            if change.start + self._offset + growth >= stop_end:
                break
            growth += change.growth
            count += 1
        effect, change = self._effect(_joined(self._spliced, self._changes[:count]))
        return self._as_told(effect, change, first, stop_end - growth, ends=True)

    def _effect(self, change: MessageChange) -> tuple[CodingEffect, MessageChange]:
        """What a change does, without the bases that it leaves as they were."""
        trimmed = _trimmed(change)
        edges = {self._spliced.cds_start, self._spliced.cds_end}
        if trimmed.start == trimmed.end and (not trimmed.alt or trimmed.start in edges):
            # the message is the reference's, or its coding sequence is: codons are told as they are touched
            trimmed = change
        return effect_in_coding_sequence(trimmed), trimmed

    def _as_told(
        self, effect: CodingEffect, change: MessageChange, first: int, last: int | None, *, ends: bool
    ) -> _Told:
        return _Told(effect, change.start + self._offset, change.end + self._offset, first, last, ends)


def _trimmed(change: MessageChange) -> MessageChange:
    """Without the bases shared at both ends, those that come first on the genome taken off first, as ever."""
    ref = change.spliced.sequence[change.start : change.end]
    if change.spliced.transcript.strand > 0:
        start, ref, alt = trim(change.start, ref, change.alt)
        return MessageChange(change.spliced, start, start + len(ref), alt)
    behind, ref, alt = trim(0, ref[::-1], change.alt[::-1])
    end = change.end - behind
    return MessageChange(change.spliced, end - len(ref), end, alt[::-1])


def lies_in(start: int, end: int, covered: tuple[int, int | None]) -> bool:
    """True if bases of the coding sequence in frame, none for an insertion, lie in what was read."""
    first, last = covered
    return overlaps(start, end, first, max(end, first) + 1 if last is None else last)
