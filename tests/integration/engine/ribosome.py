"""What a haplotype's protein is, the slow way: bases of the genome are changed, spliced, and read one by one.

It knows nothing of the engine but the table of the genetic code. Which changes must be read together is told
by the reading itself: between two places where the ribosome stands between codons of the reference, reading
in the reference's frame, whatever was changed belongs together; and so does all that it never gets to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from gas_engine.codon import THREE_LETTERS, genetic_code, reverse_complement

CODE = genetic_code(1)
LETTERS = {name: letter for letter, name in THREE_LETTERS.items()}


class Change(NamedTuple):
    """REF at 0-based ``start`` becomes ALT; neither begins nor ends with what they share."""

    start: int
    ref: str
    alt: str
    name: str

    @property
    def end(self) -> int:
        return self.start + len(self.ref)


class Step(NamedTuple):
    """Something that the ribosome comes across: a base as it was, or a change in place of some."""

    letters: str
    replaced: int
    name: str


@dataclass(frozen=True)
class Gene:
    """0-based half-open, exons in genomic order; ``cds`` from the first to the last coding base."""

    sequence: str = field(repr=False)
    exons: tuple[tuple[int, int], ...]
    cds: tuple[int, int]
    strand: int

    def steps(self, changes: list[Change]) -> list[Step]:
        """The message from the first coding base on."""
        inserted = {change.start: change for change in changes if change.start == change.end}
        replacing = {change.start: change for change in changes if change.start < change.end}
        found = []
        for exon_start, exon_end in self.exons:
            place = exon_start
            while place < exon_end:
                if place in inserted and place > exon_start:
                    found.append((place, Step(inserted[place].alt, 0, inserted[place].name)))
                if change := replacing.get(place):
                    found.append((place, Step(change.alt, len(change.ref), change.name)))
                    place = change.end
                else:
                    found.append((place, Step(self.sequence[place], 1, "")))
                    place += 1
        if self.strand < 0:
            found.reverse()
            found = [
                (place, step._replace(letters=reverse_complement(step.letters))) for place, step in found
            ]
            return [step for place, step in found if place < self.cds[1]]
        return [step for place, step in found if place >= self.cds[0]]


@dataclass(frozen=True)
class Reading:
    """``groups`` are the names of changes that are read together, in the order of the message.

    ``shifted`` tells of each group whether it leaves the frame moved where its reading ends; ``unread`` are
    the changes that the ribosome does not get to.
    """

    protein: str
    groups: list[list[str]]
    shifted: list[bool]
    start_lost: bool
    unread: frozenset[str]


def read(gene: Gene, changes: list[Change]) -> Reading:
    """Read the message with all these changes made."""
    coding = sum(max(0, min(end, gene.cds[1]) - max(start, gene.cds[0])) for start, end in gene.exons)
    steps = gene.steps(changes)
    letters = "".join(step.letters for step in steps)
    first = moved_start(steps)
    start_lost = first is None and letters[:3] != "ATG"
    begin = first or 0
    protein, stop = "", len(letters)
    for at in range(begin, len(letters) - 2, 3):
        protein += CODE.amino_acid(letters[at : at + 3])
        if protein.endswith("*"):
            stop = at + 3
            break
    groups: list[list[str]] = [[]]
    shifted = [False]
    ended = False
    unread: set[str] = set()
    emitted = consumed = 0
    for step in steps:
        clean = (consumed % 3 == 0 and (emitted - begin) % 3 == 0) or (first is not None and consumed == 3)
        if clean and not ended and groups[-1]:
            groups.append([])
            shifted.append(False)
        if consumed >= coding:
            break
        if not ended:
            shifted[-1] = (emitted + len(step.letters) - consumed - step.replaced - begin) % 3 != 0
        if step.name:
            groups[-1].append(step.name)
            if ended:
                unread.add(step.name)
        emitted += len(step.letters)
        consumed += step.replaced
        if groups[-1] and (emitted >= stop or start_lost):
            ended = True
    found = [group for group in groups if group]
    return Reading(protein, found, shifted, start_lost, frozenset(unread))


def moved_start(steps: list[Step]) -> int | None:
    """By how many letters the start codon has moved up to the second codon; None if it has not."""
    letters = ""
    consumed = 0
    for step in steps:
        letters += step.letters
        consumed += step.replaced
        if consumed > 3:
            return None
        if consumed == 3 and len(letters) != 3 and letters.endswith("ATG"):
            return len(letters) - 3
    return None


def named(protein: str, name: str) -> str:
    """The protein that an HGVS name (without what stands before ``p.``) makes of one; up to its stop."""
    residue = r"([A-Z][a-z]{2})([0-9]+)"

    def index(number: str, letter: str) -> int:
        assert protein[int(number) - 1] == LETTERS[letter], name
        return int(number) - 1

    def letters(text: str) -> str:
        return "".join(LETTERS[part] for part in re.findall("[A-Z][a-z]{2}", text))

    text = name.removeprefix("p.")
    if match := re.fullmatch(rf"{residue}(?:_{residue})?=", text):
        index(match[2], match[1])
        return protein
    if match := re.fullmatch(rf"{residue}([A-Z][a-z]{{2}})(?:fsTer|extTer)([0-9]+|\?)", text):
        # the letters up to the stop are not in the name: ? for each, ~ for all where there is no stop
        at = index(match[2], match[1])
        more = "~" if match[4] == "?" else "?" * (int(match[4]) - (2 if "fs" in text else 1)) + "*"
        return protein[:at] + LETTERS[match[3]] + more
    if match := re.fullmatch(rf"{residue}(?:_{residue})?(del|dup|delins|ins)?((?:[A-Z][a-z]{{2}})*)", text):
        at = index(match[2], match[1])
        end = index(match[4], match[3]) + 1 if match[3] else at + 1
        kind, new = match[5] or "", letters(match[6])
        if kind == "dup":
            new = protein[at:end] * 2
        elif kind == "ins":
            new = protein[at] + new + protein[end - 1]
        made = protein[:at] + new + protein[end:]
        return made[: made.index("*") + 1] if "*" in made else made
    raise AssertionError(name)
