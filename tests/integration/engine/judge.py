"""A judge of names and terms: it makes the change that a name tells and looks what becomes of it.

It shares no code with the engine but the genetic codes' tables: genome, message and protein are strings here,
changed letter by letter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gas_engine.codon import GENETIC_CODES, THREE_LETTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gas_engine.bundle import Contig
    from gas_engine.bundle.genes import Transcript

COMPLEMENT = dict(zip("ACGTNRY", "TGCANYR", strict=True))
LETTER = {name: letter for letter, name in THREE_LETTERS.items()}
RESIDUE = r"([A-Z][a-z]{2})(\d+)"
RANGE = rf"{RESIDUE}(?:_{RESIDUE})?"
ADDED = r"((?:[A-Z][a-z]{2})*)"


def reverse_complement(bases: str) -> str:
    return "".join(COMPLEMENT[base] for base in reversed(bases))


def letters(names: str) -> str:
    return "".join(LETTER[names[i : i + 3]] for i in range(0, len(names), 3))


def to_stop(protein: str) -> str:
    return protein[: protein.index("*") + 1] if "*" in protein else protein


def changed_by(name: str, bases: str, place: Callable[[str], int]) -> str:
    """What a name of the kinds g., n. and c. makes of ``bases``; ``place`` finds what it tells, 0-based."""
    found = re.fullmatch(r"([-*]?\d+)(?:_([-*]?\d+))?(delins|del|dup|inv|ins|=)?([A-Z]*)(?:>([A-Z]))?", name)
    assert found, f"{name}: of no known kind"
    start, end = place(found[1]), place(found[2] or found[1]) + 1
    assert 0 <= start < end <= len(bases), f"{name}: out of the sequence"
    kind, told, alt = found[3], found[4], found[5]
    old = bases[start:end]
    match kind:
        case None:
            assert told == old, f"{name}: {old} is there"
            new = alt
        case "del":
            new = ""
        case "dup":
            new = old + old
        case "inv":
            new = reverse_complement(old)
        case "delins":
            new = told
        case "=":
            new = old
        case _:
            assert end - start == 2, f"{name}: an insertion is between neighbours"
            new = old[0] + told + old[1]
    return bases[:start] + new + bases[end:]


class Change(NamedTuple):
    """Bases [``start``, ``end``) of the genome, 0-based, become ``alt``; no base is shared at either end."""

    start: int
    end: int
    alt: str


class Read(NamedTuple):
    """The protein before and after a change that lies within the coding part of one exon, to the first stop.

    ``moved`` is what is read after it if reading begins as many bases later as were gained: the start codon
    may have moved.
    """

    before: str
    after: str
    moved: str


def read(contig: Contig, bases: str, transcript: Transcript, change: Change) -> Read | None:
    """Read the protein before and after a change.

    None if the change does not lie wholly between the first and the last coding base of one exon.
    """
    if transcript.cds is None:
        return None
    first, last = transcript.cds
    start, end, _ = change
    edge = start == end  # an insertion at an edge lies on neither side
    if not any(max(a, first) + edge <= start and end + edge <= min(b, last) for a, b in transcript.exons):
        return None
    before, behind = message(bases, transcript), message(bases, transcript, change)
    skipped, _ = coding_part(transcript)
    later = max(skipped + len(behind) - len(before), 0)
    return Read(
        *(
            translated(contig, transcript, message[place:])
            for message, place in ((before, skipped), (behind, skipped), (behind, later))
        )
    )


def message(bases: str, transcript: Transcript, change: Change | None = None) -> str:
    """The exons' bases on the transcript's strand, one of them changed if the change lies within it."""
    whole = ""
    for a, b in transcript.exons:
        piece = bases[a:b]
        if change is not None:
            start, end, alt = change
            edge = start == end
            if a + edge <= start and end + edge <= b:
                piece = bases[a:start] + alt + bases[end:b]
        whole += piece
    return whole if transcript.strand > 0 else reverse_complement(whole)


def coding_part(transcript: Transcript) -> tuple[int, int]:
    """Where in the message the coding bases lie, 0-based and half-open; nowhere if there are none."""
    if transcript.cds is None:
        return 0, 0
    first, last = transcript.cds
    size = sum(b - a for a, b in transcript.exons)
    before = sum(max(0, min(b, first) - a) for a, b in transcript.exons)
    behind = sum(max(0, b - max(a, last)) for a, b in transcript.exons)
    return (before, size - behind) if transcript.strand > 0 else (behind, size - before)


def translated(contig: Contig, transcript: Transcript, frame: str) -> str:
    """The protein of a message's coding sequence and what follows, to its first stop."""
    code = GENETIC_CODES[contig.genetic_code]
    frame = "N" * ((3 - transcript.cds_phase) % 3) + frame + ("AA" if code.mitochondrial else "")
    codons = [frame[i : i + 3] for i in range(0, len(frame) - 2, 3)]
    protein = "".join(code.amino_acids.get(codon, "X") for codon in codons)
    if transcript.cds_phase == 0 and codons and codons[0] in code.starts:
        protein = "M" + protein[1:]
    return to_stop(protein)


def protein_by(name: str, before: str) -> str | None:
    """What a name of the kind p. makes of a protein, to its stop; None if the name does not tell it.

    A frameshift and an extension tell one new residue and how far it is to the next stop: what lies between
    is a dot.
    """
    if name in {"p.?", "p.Met1?"}:
        return None
    body = name.removeprefix("p.")
    if found := re.fullmatch(rf"{RESIDUE}([A-Z][a-z]{{2}})(fs|ext)Ter(\d+|\?)", body):
        index = int(found[2]) - 1
        assert before[index] == LETTER[found[1]], name
        new = before[:index] + LETTER[found[3]]
        if found[5] == "?":
            return new + "?"
        # fsTer counts from the first residue changed, extTer from the one behind the old stop
        size = index + int(found[5]) + (found[4] == "ext")
        return new + "." * (size - len(new) - 1) + "*" if size > len(new) else new
    found = re.fullmatch(rf"{RANGE}(=|del|dup|ins|delins)?{ADDED}", body)
    assert found, f"{name}: of no known kind"
    start = int(found[2]) - 1
    end = int(found[4] or found[2])
    if end > len(before):
        return None  # behind a stop within the gene's model
    assert before[start] == LETTER[found[1]], name
    if found[3]:
        assert before[end - 1] == LETTER[found[3]], name
    old, new = before[start:end], letters(found[6])
    match found[5]:
        case "=":
            new = old
        case "dup":
            new = old + old
        case "ins":
            assert end - start == 2, name
            new = old[0] + new + old[1]
        case None:
            assert end - start == 1, name
    return to_stop(before[:start] + new + before[end:])


def agree(told: str, after: str) -> bool:
    """Whether a protein told, with dots for what is not told, is the one read."""
    if told.endswith("?"):
        return "*" not in after and after.startswith(told[:-1])
    return len(told) == len(after) and all(a in {b, "."} for a, b in zip(told, after, strict=True))
