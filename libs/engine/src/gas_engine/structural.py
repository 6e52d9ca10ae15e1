"""Structural variants: symbolic alleles and breakends, by the stretch of the reference that they concern.

A symbolic allele has no letters, so that all there is to go by is where it lies: the stretch from the base
after POS to END, or as long as SVLEN says. Terms are those that Ensembl VEP's predicates for structural
variants give (``VariationEffect.pm`` of ensembl-variation, read as of 2019, and its change of 2023 that
keeps ``feature_truncation`` and ``feature_elongation`` to exons); no output of VEP was compared. As there:

- A deletion of a whole transcript is ``transcript_ablation``, a duplication of one
  ``transcript_amplification``, and nothing else is said.
- A deletion within one exon's coding sequence is ``frameshift_variant`` or ``inframe_deletion``; one that
  takes bases of the first or last codon is ``start_lost`` or ``stop_lost``.
- What else touches coding sequence is ``coding_sequence_variant``; UTRs, introns and exons of non-coding
  transcripts are told by overlap. No splice terms: whether a splice site works after that is not known.
- ``feature_truncation`` is a deletion of, or a breakend in, an exon; ``feature_elongation`` an insertion into
  one, or a duplication of one within the transcript. An inversion and a copy number that may be either
  have the terms of the place alone.

Records are rare and long, so this is plain Python alone: the compiled core leaves them to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gas_engine.bundle.intervals import overlaps
from gas_engine.codon import STOP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gas_engine.bundle.genes import Segment
    from gas_engine.spliced import Spliced

LONGEST: Final = 10_000_000
"""Bases of the longest stretch that is annotated, as in VEP: longer ones have thousands of genes."""

DELETION: Final = "deletion"
DUPLICATION: Final = "duplication"
TANDEM_DUPLICATION: Final = "tandem_duplication"
INSERTION: Final = "insertion"
INVERSION: Final = "inversion"
COPY_NUMBER: Final = "copy_number_variation"
GAIN: Final = "copy_number_gain"
LOSS: Final = "copy_number_loss"
BREAKEND: Final = "breakend"

_TYPES: Final = {
    "DEL": DELETION,
    "DUP": DUPLICATION,
    "DUP:TANDEM": TANDEM_DUPLICATION,
    "INS": INSERTION,
    "INV": INVERSION,
    "CNV": COPY_NUMBER,
}
_LOSSES: Final = frozenset({DELETION, LOSS})
_GAINS: Final = frozenset({DUPLICATION, TANDEM_DUPLICATION, GAIN})
WHOLE: Final = frozenset({"transcript_ablation", "transcript_amplification"})
"""Terms of a whole transcript, beside which nothing is said."""
_SYMBOL: Final = re.compile(r"<([^<>]+)>")
_COPIES: Final = re.compile(r"CN=?([0-9]{1,3})")
_BREAKEND: Final = re.compile(r"[^\[\]]*[\[\]].+[\[\]][^\[\]]*|\.[A-Za-z]+|[A-Za-z]+\.")
_ASSEMBLED: Final = re.compile(r"[A-Za-z]+<[^<>]+>")
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}")
_CODON: Final = 3


def structural_class(alt: str) -> str:
    """What kind of structural variant an ALT is; empty for one that is none, or says nothing of its kind.

    Names are the Sequence Ontology's, as VEP writes them. ``<CN0>`` is a loss, ``<CN2>`` and more a gain, as
    the 1000 Genomes Project counts copies of an allele. Subtypes go by their type: ``<INS:ME:ALU>`` inserts,
    and so does ``C<ctg1>``, which puts a contig of the assembly file behind a base.

    >>> structural_class("<DUP:TANDEM>"), structural_class("G]17:198982]"), structural_class("<NON_REF>")
    ('tandem_duplication', 'breakend', '')
    """
    symbol = _SYMBOL.fullmatch(alt)
    if not symbol:
        if _ASSEMBLED.fullmatch(alt):
            return INSERTION
        return BREAKEND if _BREAKEND.fullmatch(alt) else ""
    name = symbol[1].upper()
    if copies := _COPIES.fullmatch(name):
        count = int(copies[1])
        return LOSS if not count else GAIN if count > 1 else COPY_NUMBER
    while name and name not in _TYPES:
        name = name.rpartition(":")[0]
    return _TYPES.get(name, "")


@dataclass(frozen=True, slots=True)
class Stretch:
    """The bases [``start``, ``end``) that a structural variant concerns, 0-based.

    An insertion has ``end == start`` and lies before base ``start``; a breakend is told by the base at POS.
    """

    kind: str
    start: int
    end: int


def stretch_of(pos: int, alts: Sequence[str], number: int, info: bytes, length: int) -> Stretch | None:
    """Where ALT ``number`` (from 1) of those at 1-based ``pos`` lies on a contig of ``length`` bases.

    None if the record does not tell, or the contig ends before. END is the record's, SVLEN each allele's own
    (negative for a deletion before VCF 4.4), so that several alleles go by SVLEN first and one goes by END.
    """
    kind = structural_class(alts[number - 1])
    if not kind:
        return None
    if kind == BREAKEND:
        return Stretch(kind, max(pos - 1, 0), max(pos, 1))
    if kind == INSERTION:
        return Stretch(kind, pos, pos)
    stated = dict(entry.partition("=")[::2] for entry in info.decode("latin-1").split(";"))
    end = _whole(stated.get("END", ""))
    sizes = stated.get("SVLEN", "").split(",")
    size = abs(_whole(sizes[number - 1])) if number <= len(sizes) else 0
    by_size = pos + size if size else 0
    by_end = end if end > pos else 0
    last = (by_size or by_end) if len(alts) > 1 else (by_end or by_size)
    return Stretch(kind, pos, last) if pos < last <= length else None


def _whole(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0


def terms_on(spliced: Spliced, stretch: Stretch) -> set[str]:
    """Terms for a transcript that the stretch touches."""
    transcript = spliced.transcript
    start, end, kind = stretch.start, stretch.end, stretch.kind
    if start <= transcript.start and end >= transcript.end:
        if kind in _LOSSES:
            return {"transcript_ablation"}
        if kind in _GAINS:
            return {"transcript_amplification"}
    exonic = [exon for exon in transcript.exons if overlaps(start, end, *exon)]
    terms = _terms_of_place(spliced, stretch, exonic)
    within = transcript.start <= start and end <= transcript.end
    if exonic and (kind in _LOSSES or kind == BREAKEND):
        terms.add("feature_truncation")
    if exonic and within and (kind in _GAINS or kind == INSERTION):
        terms.add("feature_elongation")
    return terms


def _terms_of_place(spliced: Spliced, stretch: Stretch, exonic: list[Segment]) -> set[str]:
    transcript = spliced.transcript
    start, end = stretch.start, stretch.end
    terms = {"intron_variant"} if any(overlaps(start, end, *each) for each in transcript.introns) else set()
    if transcript.cds is None:
        if any(overlaps(start, end, *each) for each in transcript.mature):
            return terms | {"mature_miRNA_variant"}
        return terms | {"non_coding_transcript_exon_variant" if exonic else "non_coding_transcript_variant"}
    first, last = transcript.cds
    coding = _pieces(exonic, first, last, stretch)
    before, after = ("5_prime_UTR_variant", "3_prime_UTR_variant")[:: transcript.strand]
    if _pieces(exonic, transcript.start, first, stretch):
        terms.add(before)
    if _pieces(exonic, last, transcript.end, stretch):
        terms.add(after)
    if coding:
        terms |= _coding_terms(spliced, stretch, coding)
    return terms or {"coding_transcript_variant"}


def _pieces(exons: list[Segment], first: int, last: int, stretch: Stretch) -> list[Segment]:
    """What of the exons lies in [``first``, ``last``) and is touched by the stretch, in whole pieces."""
    cut = ((max(start, first), min(end, last)) for start, end in exons)
    return [each for each in cut if each[0] < each[1] and overlaps(stretch.start, stretch.end, *each)]


def _coding_terms(spliced: Spliced, stretch: Stretch, coding: list[Segment]) -> set[str]:
    if stretch.kind not in _LOSSES:
        return {"coding_sequence_variant"}
    terms = {
        term
        for term, codon in (("start_lost", _first_codon(spliced)), ("stop_lost", _stop_codon(spliced)))
        if codon and overlaps(stretch.start, stretch.end, *codon)
    }
    left, right = coding[0]
    if len(coding) == 1 and left <= stretch.start and stretch.end <= right:
        shifts = (stretch.end - stretch.start) % _CODON
        return terms | {"frameshift_variant" if shifts else "inframe_deletion"}
    return terms or {"coding_sequence_variant"}


def _first_codon(spliced: Spliced) -> Segment | None:
    """The first three coding bases on the genome; None where the model does not begin with its start."""
    if spliced.lead:
        return None
    return _end_of_cds(spliced, left=spliced.transcript.strand > 0, size=_CODON)


def _stop_codon(spliced: Spliced) -> Segment | None:
    """The last coding bases on the genome, as many as the stop has there; None where there is no stop."""
    if spliced.code.amino_acid(spliced.cds[-_CODON:]) != STOP:
        return None
    return _end_of_cds(spliced, left=spliced.transcript.strand < 0, size=_CODON - len(spliced.tail))


def _end_of_cds(spliced: Spliced, *, left: bool, size: int) -> Segment:
    assert spliced.transcript.cds is not None  # noqa: S101 - the caller has seen coding bases
    first, last = spliced.transcript.cds
    return (first, first + size) if left else (last - size, last)
