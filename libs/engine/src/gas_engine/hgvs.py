"""HGVS names of a change: on the genome (g. or m.), on a transcript (c. or n.) and on a protein (p.).

Rules: HGVS Nomenclature (hgvs-nomenclature.org, version 21). Insertions and deletions are named at their
most 3' place, around the origin of a circular contig; an insertion that repeats what lies before it is a
duplication; a stretch that is replaced by its reverse complement is an inversion. Style is VEP's:
three-letter amino acids, ``Ter`` for a stop, no parentheses around predicted proteins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gas_engine.allele import shared_prefix
from gas_engine.codon import STOP, THREE_LETTERS, genetic_code, reverse_complement

if TYPE_CHECKING:
    from collections.abc import Callable

    from gas_engine.bundle import Bundle, Contig
    from gas_engine.spliced import Spliced


class Change(NamedTuple):
    """What an allele does: ``ref`` at 0-based ``start`` becomes ``alt``; no base that they share is left."""

    start: int
    ref: str
    alt: str

    @property
    def end(self) -> int:
        """One past the last base replaced; an insertion has ``end == start``."""
        return self.start + len(self.ref)


def most_3_prime(change: Change, base: Callable[[int], str], lower: int, upper: int, strand: int) -> Change:
    """Move a pure insertion or deletion as far in the direction of ``strand`` as repeats allow.

    ``base`` gives the forward strand. The change stays within [``lower``, ``upper``), an insertion strictly
    inside of it.
    """
    start, ref, alt = change
    if bool(ref) == bool(alt):
        return change
    moved = ref or alt
    width = len(ref)
    margin = 0 if ref else 1
    if strand > 0:
        while start + width + margin < upper and base(start + width) == moved[0]:
            moved = moved[1:] + moved[0]
            start += 1
    else:
        while start - margin > lower and base(start - 1) == moved[-1]:
            moved = moved[-1] + moved[:-1]
            start -= 1
    return Change(start, moved, "") if ref else Change(start, "", moved)


def genomic_name(bundle: Bundle, contig: Contig, change: Change) -> str:
    """As in ``NC_012920.1:m.11778G>A``; positions on a circular contig go on at 1 after the last base."""
    length = contig.length

    def base(index: int) -> str:
        index = index % length if contig.circular else index
        return bundle.sequence(contig.name, index, index + 1)

    def place(index: int) -> str:
        return str(index % length + 1 if contig.circular else index + 1)

    margin = length if contig.circular else 0  # once around is as far as a repeat can carry
    shifted = most_3_prime(change, base, 0, length + margin, 1)
    if not contig.circular:
        shifted = _with_neighbour(shifted, base, length)
    kind = "m" if genetic_code(contig.genetic_code).mitochondrial else "g"
    return f"{contig.name}:{kind}.{_describe(shifted, base, place, 0, 1)}"


def _with_neighbour(change: Change, base: Callable[[int], str], length: int) -> Change:
    """An insertion before the first or behind the last base has a neighbour on one side: it replaces that."""
    start, ref, alt = change
    if ref or 0 < start < length:
        return change
    if start == 0:
        return Change(0, base(0), alt + base(0))
    size = len(alt)
    if size <= length and "".join(base(index) for index in range(length - size, length)) == alt:
        return change  # a duplication has a name without a neighbour
    return Change(length - 1, base(length - 1), base(length - 1) + alt)


def transcript_name(spliced: Spliced, change: Change, base: Callable[[int], str]) -> str:
    """As in ``ENST00000361381.2:c.1019G>A``; empty for a change that reaches out of the transcript."""
    transcript = spliced.transcript
    lower, upper = transcript.start, transcript.end
    if not (lower <= change.start and change.end <= upper):
        return ""
    shifted = most_3_prime(change, base, lower, upper, transcript.strand)
    bound = lower if transcript.strand > 0 else upper
    text = _describe(shifted, base, lambda index: _transcript_place(spliced, index), bound, transcript.strand)
    return f"{transcript.versioned_id}:{'c' if spliced.coding else 'n'}.{text}"


def _describe(
    change: Change, base: Callable[[int], str], place: Callable[[int], str], bound: int, strand: int
) -> str:
    """The part after ``c.``: where, read in the direction of ``strand``, and what."""
    ref, alt = change.ref, change.alt
    if strand < 0:
        ref, alt = reverse_complement(ref), reverse_complement(alt)

    def stretch(start: int, end: int) -> str:
        first, last = (start, end - 1) if strand > 0 else (end - 1, start)
        return place(first) if first == last else f"{place(first)}_{place(last)}"

    if not ref:
        size = len(alt)
        # what lies just before the insertion, in the direction of the strand
        start = change.start - size if strand > 0 else change.start
        inside = start >= bound if strand > 0 else start + size <= bound
        if inside and "".join(base(index) for index in range(start, start + size)) == change.alt:
            return f"{stretch(start, start + size)}dup"
        return f"{stretch(change.start - 1, change.start + 1)}ins{alt}"
    where = stretch(change.start, change.end)
    if not alt:
        return f"{where}del"
    if len(ref) == len(alt) == 1:
        return f"{where}{ref}>{alt}"
    if alt == reverse_complement(ref):
        return f"{where}inv"
    return f"{where}delins{alt}"


def _transcript_place(spliced: Spliced, base: int) -> str:
    """A base as HGVS counts: 76, -14 before and *6 after the coding sequence, 76+2 and 77-3 in an intron."""
    position = spliced.cdna_position(base)
    if position is not None:
        return _message_place(spliced, position)
    transcript = spliced.transcript
    start, end = next((start, end) for start, end in transcript.introns if start <= base < end)
    near_left = base - start + 1 <= end - base
    if transcript.strand < 0:
        near_left = base - start + 1 < end - base  # the middle base belongs to the 5' exon
    exonic, distance = (start - 1, base - start + 1) if near_left else (end, end - base)
    position = spliced.cdna_position(exonic)
    assert position is not None  # noqa: S101  # an intron's neighbours are exons
    after = near_left == (transcript.strand > 0)
    return f"{_message_place(spliced, position)}{'+' if after else '-'}{distance}"


def _message_place(spliced: Spliced, position: int) -> str:
    if not spliced.coding:
        return str(position + 1)
    if position < spliced.cds_start:
        return str(position - spliced.cds_start)
    if position >= spliced.cds_end:
        return f"*{position - spliced.cds_end + 1}"
    return str(position - spliced.cds_start + 1)


def spell(amino_acids: str) -> str:
    """Amino acids in three letters each."""
    return "".join(THREE_LETTERS[letter] for letter in amino_acids)


def _residue(protein: str, index: int) -> str:
    return f"{THREE_LETTERS[protein[index]]}{index + 1}"


def _residues(protein: str, start: int, end: int) -> str:
    first, last = _residue(protein, start), _residue(protein, end - 1)
    return first if start == end - 1 else f"{first}_{last}"


def unchanged_protein(protein: str, start: int, end: int) -> str:
    """As in ``p.Leu13=``; residues ``start`` to ``end``, 0-based half-open, are those looked at."""
    return f"p.{_residues(protein, start, min(end, len(protein)))}="


def frameshifted_protein(protein: str, changed: str) -> str:
    """As in ``p.Arg97ProfsTer23``; both proteins end with their stop, if they have one."""
    index = shared_prefix(protein, changed)
    if index >= len(changed):
        return "p.?"
    if index >= len(protein) or protein[index] == STOP:
        return extended_protein(protein, changed)
    if changed[index] == STOP:
        return f"p.{_residue(protein, index)}Ter"
    stop = changed.find(STOP)
    end = "?" if stop < 0 else str(stop - index + 1)
    return f"p.{_residue(protein, index)}{spell(changed[index])}fsTer{end}"


def extended_protein(protein: str, changed: str) -> str:
    """As in ``p.Ter110GlnextTer17``, for a lost stop; ``p.?`` if more than the stop was lost."""
    index = shared_prefix(protein, changed)
    if index != len(protein) - 1 or index >= len(changed):
        return "p.?"
    stop = changed.find(STOP)
    end = "?" if stop < 0 else str(stop - index)
    return f"p.{_residue(protein, index)}{spell(changed[index])}extTer{end}"


def replaced_protein(protein: str, changed: str) -> str:
    """As in ``p.Arg340His``, ``p.Lys23_Val25del``, ``p.Lys23dup``: in frame, most 3'."""
    start = shared_prefix(protein, changed)
    ref, alt = protein[start:], changed[start:]
    if STOP in alt[:-1] or (alt.endswith(STOP) and not ref.endswith(STOP)):
        alt = alt[: alt.index(STOP) + 1]
    kept = shared_prefix(ref[::-1], alt[::-1])
    if kept:
        ref, alt = ref[:-kept], alt[:-kept]
    end = start + len(ref)
    if not ref:
        size = len(alt)
        if size <= start and protein[start - size : start] == alt:
            return f"p.{_residues(protein, start - size, start)}dup"
        if start == len(protein):
            return "p.?"  # the model ends there, so it has no residue to name
        return f"p.{_residue(protein, start - 1)}_{_residue(protein, start)}ins{spell(alt)}"
    where = _residues(protein, start, end)
    if not alt:
        return f"p.{where}del"
    return f"p.{where}{'' if len(ref) == len(alt) == 1 else 'delins'}{spell(alt)}"


def truncated_protein(protein: str, start: int, ref: str, alt: str) -> str:
    """A stop gained in frame: residues ``ref`` from ``start`` on become ``alt``, read up to its stop.

    As in ``p.Trp12Ter``, ``p.Lys23_Leu24insArgTer``, ``p.Lys23delinsArgTer``.
    """
    alt = alt[: alt.index(STOP) + 1]
    shared = shared_prefix(ref, alt)
    start, ref, alt = start + shared, ref[shared:], alt[shared:]
    if alt == STOP:
        return f"p.{_residue(protein, start)}Ter"
    if not ref:
        return f"p.{_residue(protein, start - 1)}_{_residue(protein, start)}ins{spell(alt)}"
    return f"p.{_residues(protein, start, start + len(ref))}delins{spell(alt)}"
