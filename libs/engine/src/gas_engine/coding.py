"""What a change within an exon does to the message and the protein it codes for.

Rules follow Ensembl VEP's VariationEffect module as we know it; no output of VEP was compared. The corners:

- A change of the first codon is ``start_retained_variant`` if a codon that begins a protein in the contig's
  genetic code still stands there, or has moved up to the second codon; else ``start_lost``. The first
  residue is always Met, as in RefSeq's proteins.
- A stop that poly(A) completes (``T`` or ``TA`` at the end of six mitochondrial genes) is a stop like any
  other: a change there is ``stop_lost`` or ``stop_retained_variant``, with
  ``incomplete_terminal_codon_variant`` beside it; VEP does not complete it and, as we read it, says that
  alone.
- A change in frame is ``inframe_insertion`` if it leaves the residues that it touches whole, before or behind
  what it adds, and ``inframe_deletion`` if codons lose bases and gain none; else it is
  ``protein_altering_variant``, unless a stop is all that there was before or comes first now. That is how
  VEP tells them, though the Sequence Ontology would call more of them insertions.
- A deletion in frame that takes the start codon is both ``start_lost`` and ``inframe_deletion``.
- Where a codon holds a base that is not A, C, G or T, or a change goes across the edge of the coding
  sequence and its effect on start or stop does not say more, there is ``coding_sequence_variant``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gas_engine import hgvs
from gas_engine.allele import shared_prefix
from gas_engine.codon import STOP, UNKNOWN

if TYPE_CHECKING:
    from gas_engine.spliced import Spliced

_CODON = 3


@dataclass(slots=True)
class CodingEffect:
    """Terms and columns for a change that touches the coding sequence."""

    terms: set[str] = field(default_factory=set)
    protein: str = ""
    amino_acids: str = ""
    codons: str = ""


@dataclass(frozen=True, slots=True)
class MessageChange:
    """A change on the message: bases [``start``, ``end``) of it, 0-based, become ``alt`` (its own strand)."""

    spliced: Spliced
    start: int
    end: int
    alt: str

    @property
    def message(self) -> str:
        """The changed message."""
        sequence = self.spliced.sequence
        return sequence[: self.start] + self.alt + sequence[self.end :]

    @property
    def growth(self) -> int:
        """Bases gained; negative for bases lost."""
        return len(self.alt) - (self.end - self.start)

    @property
    def touches_start(self) -> bool:
        """True if it touches the first codon, and the model is known to begin with it."""
        first = self.spliced.cds_start
        if self.spliced.lead:
            return False
        if self.start == self.end:
            return first < self.start < first + _CODON
        return self.start < first + _CODON and self.end > first

    @property
    def keeps_start(self) -> bool:
        """True if a start codon still stands where the first codon is."""
        first = self.spliced.cds_start
        return self.start >= first and self.message[first : first + _CODON] in self.spliced.code.starts

    @property
    def moves_start(self) -> bool:
        """True if a start codon stands before a second codon that is whole: the protein stays as it is."""
        second = self.spliced.cds_start + _CODON
        codon = self.message[max(second + self.growth - _CODON, 0) : second + self.growth]
        return self.end <= second and codon in self.spliced.code.starts

    def proteins(self) -> tuple[str, str]:
        """Protein before and after, each to its first stop, which is included where there is one."""
        spliced = self.spliced
        tail = spliced.utr3[len(spliced.sequence) - spliced.cds_end :]
        lead = "N" * spliced.lead
        before = _read(spliced, lead + spliced.sequence[spliced.cds_start :] + tail)
        after = _read(spliced, lead + self.message[spliced.cds_start :] + tail)
        return before, after


def _read(spliced: Spliced, frame: str) -> str:
    """Translate to the first stop; the first residue is Met where the model has its start."""
    protein = spliced.code.translate(frame)
    if not spliced.lead and frame[:_CODON] in spliced.code.starts:
        protein = "M" + protein[1:]
    return protein[: protein.index(STOP) + 1] if STOP in protein else protein


def effect_across_edge(change: MessageChange, *, on_message: bool) -> CodingEffect:
    """A change that lies only partly in the coding sequence.

    ``on_message`` is False if part of it lies in an intron or off the transcript: then what the message
    becomes is not known.
    """
    effect = CodingEffect()
    spliced = change.spliced
    if change.touches_start:
        kept = on_message and change.moves_start
        effect.terms.add("start_retained_variant" if kept else "start_lost")
        effect.protein = "" if kept else "p.Met1?"
        return effect
    effect.terms.add("coding_sequence_variant")
    last_codon = spliced.cds_end - (_CODON - len(spliced.tail))
    touches_end = change.end > last_codon and change.start < spliced.cds_end
    if touches_end and spliced.cds.endswith(_stop_codons(spliced)):
        before, after = change.proteins()
        if on_message and before == after:
            effect.terms = {"stop_retained_variant"}
            effect.protein = hgvs.unchanged_protein(before, len(before) - 1, len(before))
        elif on_message:
            effect.terms = {"stop_lost"}
            effect.protein = hgvs.extended_protein(before, after)
        else:
            effect.terms.add("stop_lost")
    return effect


def _stop_codons(spliced: Spliced) -> tuple[str, ...]:
    return tuple(codon for codon, letter in spliced.code.amino_acids.items() if letter == STOP)


def effect_in_coding_sequence(change: MessageChange) -> CodingEffect:
    """A change that lies wholly in the coding sequence, on one piece of the message."""
    spliced = change.spliced
    offset = spliced.lead - spliced.cds_start
    start, end = change.start + offset, change.end + offset
    first, last = codons_around(start, end)
    cds = spliced.cds
    ref_codons, alt_codons = cds[first:last], cds[first:start] + change.alt + cds[end:last]
    effect = CodingEffect(codons=_show_codons(cds[first:start], cds[start:end], change.alt, cds[end:last]))
    ref, alt = _letters(spliced, ref_codons, first), _letters(spliced, alt_codons, first)
    effect.amino_acids = ref if ref == alt else f"{ref or '-'}/{alt or '-'}"
    in_last = bool(len(cds) % _CODON and last >= len(cds)) or bool(spliced.tail and last >= len(cds))
    if in_last:
        effect.terms.add("incomplete_terminal_codon_variant")
    if UNKNOWN in ref or (UNKNOWN in alt and not change.growth % _CODON):
        effect.terms.add("coding_sequence_variant")
        return effect
    local = _Local(first // _CODON, ref, alt, ref_codons, alt_codons)
    if change.touches_start:
        if not (change.keeps_start or change.moves_start):
            effect.terms.add("start_lost")
            effect.protein = "p.Met1?"
            if change.growth % _CODON:
                effect.terms.add("frameshift_variant")
            elif change.growth and local.only_loses_codons:
                effect.terms.add("inframe_deletion")
            return effect
        effect.terms.add("start_retained_variant")
        if change.growth and change.moves_start:
            effect.protein = "p.Met1="
            return effect
    if change.growth % _CODON:
        _frameshift(change, effect, local)
    elif change.growth:
        _in_frame(change, effect, local)
    else:
        _substitution(change, effect, local)
    return effect


def codons_around(start: int, end: int) -> tuple[int, int]:
    """First base and end of the codons that hold [start, end); none for an insertion between two codons."""
    before = start % _CODON
    if start == end:
        return (start, start) if before == 0 else (start - before, start - before + _CODON)
    return start - before, (end - 1) // _CODON * _CODON + _CODON


def _show_codons(before: str, ref: str, alt: str, after: str) -> str:
    """VEP's Codons column: the changed bases in capitals."""
    before, after = before.lower(), after.lower()
    return f"{before + ref + after or '-'}/{before + alt + after or '-'}"


def _letters(spliced: Spliced, codons: str, first: int) -> str:
    """Amino acids of codons, X for one that is not whole; a start codon reads Met."""
    letters = spliced.code.translate(codons) + (UNKNOWN if len(codons) % _CODON else "")
    if first == 0 and not spliced.lead and codons[:_CODON] in spliced.code.starts:
        return "M" + letters[1:]
    return letters


@dataclass(frozen=True, slots=True)
class _Local:
    """The residues and codons that a change touches, before and after; ``index`` is the first's, 0-based."""

    index: int
    ref: str
    alt: str
    ref_codons: str
    alt_codons: str

    @property
    def loses_stop(self) -> bool:
        return STOP in self.ref and STOP not in self.alt

    @property
    def gains_stop(self) -> bool:
        return STOP in self.alt and STOP not in self.ref

    def name(self, start: int, end: int) -> str:
        """Residues ``start`` to ``end`` of the stretch, as HGVS writes a range."""
        first = f"{hgvs.spell(self.ref[start])}{self.index + start + 1}"
        last = f"{hgvs.spell(self.ref[end - 1])}{self.index + end}"
        return first if end - start == 1 else f"{first}_{last}"

    @property
    def only_gains_residues(self) -> bool:
        """True if the residues touched stand whole before or behind new ones, read up to a stop."""
        alt = self.alt[: self.alt.index(STOP) + 1] if STOP in self.alt else self.alt
        return len(self.alt) > len(self.ref) and (alt.startswith(self.ref) or alt.endswith(self.ref))

    @property
    def only_loses_codons(self) -> bool:
        """True if the codons touched lose one piece and gain nothing."""
        shared = shared_prefix(self.ref_codons, self.alt_codons)
        return len(self.alt_codons) < len(self.ref_codons) and self.ref_codons.endswith(
            self.alt_codons[shared:]
        )

    def in_frame_terms(self) -> set[str]:
        """What kind of change in frame it is; nothing where the stop says all."""
        if self.only_gains_residues:
            return {"inframe_insertion"}
        if self.only_loses_codons:
            return {"inframe_deletion"}
        begins_with_stop = self.ref.startswith(STOP) or self.alt.startswith(STOP)
        return set() if begins_with_stop else {"protein_altering_variant"}


def _substitution(change: MessageChange, effect: CodingEffect, local: _Local) -> None:
    ref, alt = local.ref, local.alt
    if ref == alt:
        effect.terms.add("stop_retained_variant" if STOP in ref else "synonymous_variant")
        effect.protein = f"p.{local.name(0, len(ref))}="
    elif local.loses_stop:
        effect.terms.add("stop_lost")
        effect.protein = hgvs.extended_protein(*change.proteins())
    elif STOP in alt and (STOP not in ref or alt.index(STOP) < ref.index(STOP)):
        # also where the codon before the stop becomes one and the old stop is exchanged with it
        effect.terms.add("stop_gained")
        shared = shared_prefix(ref, alt)
        if alt[shared] == STOP:
            effect.protein = f"p.{local.name(shared, shared + 1)}Ter"
        else:
            effect.protein = (
                f"p.{local.name(shared, len(ref))}delins{hgvs.spell(alt[shared : alt.index(STOP) + 1])}"
            )
    else:
        effect.terms.add("missense_variant")
        shared = shared_prefix(ref, alt)
        end = len(ref) - shared_prefix(ref[::-1], alt[::-1])
        kind = "" if end - shared == 1 else "delins"
        effect.protein = f"p.{local.name(shared, end)}{kind}{hgvs.spell(alt[shared:end])}"


def _frameshift(change: MessageChange, effect: CodingEffect, local: _Local) -> None:
    before, after = change.proteins()
    if before == after:
        effect.terms.add("stop_retained_variant" if STOP in local.ref else "frameshift_variant")
        effect.protein = hgvs.unchanged_protein(before, len(before) - 1, len(before))
        return
    effect.terms.add("frameshift_variant")
    if STOP in local.ref or before[shared_prefix(before, after) :] == STOP:
        effect.terms.add("stop_lost")
    elif STOP in local.alt:
        effect.terms.add("stop_gained")
    effect.protein = hgvs.frameshifted_protein(before, after)


def _in_frame(change: MessageChange, effect: CodingEffect, local: _Local) -> None:
    before, after = change.proteins()
    if before == after:
        effect.terms.add("stop_retained_variant")
        effect.protein = hgvs.unchanged_protein(before, len(before) - 1, len(before))
        return
    effect.terms |= local.in_frame_terms()
    if local.loses_stop:
        effect.terms.add("stop_lost")
        effect.protein = hgvs.extended_protein(before, after)
    elif local.gains_stop:
        effect.terms.add("stop_gained")
        effect.protein = hgvs.truncated_protein(before, local.index, local.ref, local.alt)
    else:
        effect.protein = hgvs.replaced_protein(before, after)
