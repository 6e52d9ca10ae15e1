"""What an allele does to the transcripts it touches, in Sequence Ontology terms.

Terms, their order and their columns are Ensembl VEP's by its documentation, not by a run of it: README.md
tells what was compared with what. Corners that the documentation leaves open are told in the modules
concerned (``structure``, ``coding``). One thing is ours: on a circular
contig, distances to genes go around the origin. Alleles are taken without the bases that REF and ALT share,
as VEP does with ``--minimal``; consequences are called where the record puts them, HGVS names are moved to
their most 3' place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gas_engine.allele import trim, vep_alleles, why_skipped
from gas_engine.bundle.genes import NMD
from gas_engine.bundle.intervals import overlaps
from gas_engine.coding import CodingEffect, MessageChange, effect_across_edge, effect_in_coding_sequence
from gas_engine.codon import reverse_complement
from gas_engine.errors import EngineError
from gas_engine.hgvs import Change, genomic_name, transcript_name
from gas_engine.model import AlleleAnnotation, TranscriptConsequence
from gas_engine.pick import Pick
from gas_engine.structural import BREAKEND, LONGEST, WHOLE, terms_on
from gas_engine.structure import numbers, splice_terms, touched
from gas_engine.terms import ACCESSION, IMPACT, SEVERITY, impact_of, most_severe_first

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle, Contig
    from gas_engine.bundle.genes import Transcript
    from gas_engine.spliced import Spliced
    from gas_engine.structural import Stretch
    from gas_engine.structure import Placed

__all__ = ["ACCESSION", "IMPACT", "SEVERITY", "annotate_allele", "annotate_structural", "ref_matches"]

ALL: Final = Pick()
REACH: Final = 5000
"""Bases before and after a transcript that VEP calls upstream and downstream."""


def ref_matches(bundle: Bundle, contig: Contig, pos: int, ref: str) -> bool:
    """True if ``ref`` (1-based ``pos``) is what the reference has there; False too past the contig's end."""
    start = pos - 1
    end = start + len(ref)
    return start >= 0 and end <= contig.length and bundle.sequence(contig.name, start, end) == ref.upper()


def annotate_allele(
    bundle: Bundle, contig: Contig, pos: int, ref: str, alt: str, *, pick: Pick = ALL
) -> AlleleAnnotation:
    """All that is to be said of one ALT allele at 1-based ``pos``, as far as ``pick`` keeps it.

    ``skipped`` is ``overlapping_deletion`` for ``*``, ``symbolic`` for ``<DEL>`` and breakends,
    ``no_alternate`` for ``.``, ``<*>`` and ``<NON_REF>``, ``same_as_reference``, or ``not_bases`` for
    anything else but letters of the IUPAC code. For the Allele column of a record with several ALTs see
    :func:`gas_engine.allele.vep_alleles`.

    Raises
    ------
    EngineError
        If REF lies outside of the contig. A circular contig is no exception: VCF has no record across the
        origin.
    """
    reason = why_skipped(ref, alt)
    if reason:
        return AlleleAnnotation(allele=alt, skipped=reason)
    if pos < 1 or pos - 1 + len(ref) > contig.length:
        raise EngineError(
            f"The record at {contig.name}:{pos} reaches out of the contig, which ends at {contig.length}: "
            "write a change across the origin as two records."
        )
    change = Change(*trim(pos - 1, ref.upper(), alt.upper()))
    name = genomic_name(bundle, contig, change)
    found = [
        (transcript, consequence)
        for transcript in bundle.transcripts_near(contig, change.start, change.end, REACH)
        if (consequence := _on_transcript(bundle, contig, transcript, change, name)) is not None
    ]
    return AlleleAnnotation(
        allele=vep_alleles(ref, (alt,))[0],
        consequences=_kept(found, pick, hgvs_g=name),
        known_ids=bundle.known_ids(contig, pos - 1, ref, alt),
        values=bundle.known_values(contig, pos - 1, ref, alt),
        overlaps=bundle.overlaps(contig, change.start, change.end),
    )


def annotate_structural(
    bundle: Bundle, contig: Contig, alt: str, stretch: Stretch, *, pick: Pick = ALL
) -> AlleleAnnotation:
    """All that is to be said of a structural variant, as far as ``pick`` keeps it.

    ``allele`` is its kind, as VEP has it, and a breakend's whole ALT. It has no HGVS names, whose letters are
    not known, and no known identifiers. ``skipped`` is ``too_long`` beyond `LONGEST` bases.
    """
    allele = alt if stretch.kind == BREAKEND else stretch.kind
    if stretch.end - stretch.start > LONGEST:
        return AlleleAnnotation(allele=alt, skipped="too_long")
    found = [
        (transcript, consequence)
        for transcript in bundle.transcripts_near(contig, stretch.start, stretch.end, REACH)
        if (consequence := _structural_on_transcript(bundle, contig, transcript, stretch)) is not None
    ]
    return AlleleAnnotation(
        allele=allele,
        consequences=_kept(found, pick),
        overlaps=bundle.overlaps(contig, stretch.start, stretch.end),
    )


def _structural_on_transcript(
    bundle: Bundle, contig: Contig, transcript: Transcript, stretch: Stretch
) -> TranscriptConsequence | None:
    if not overlaps(stretch.start, stretch.end, transcript.start, transcript.end):
        return _beside(contig, transcript, stretch, "")
    spliced = bundle.spliced(transcript)
    place = Place(spliced, stretch)
    terms = terms_on(spliced, stretch)
    if transcript.biotype == NMD and not terms & WHOLE:
        terms.add("NMD_transcript_variant")
    return consequence_of(
        transcript,
        terms,
        exon=numbers(transcript, transcript.exons, stretch),
        intron=numbers(transcript, transcript.introns, stretch),
        cdna_position=place.cdna_position,
        cds_position=place.cds_position,
        protein_position=place.protein_position,
    )


def _kept(
    found: list[tuple[Transcript, TranscriptConsequence]], pick: Pick, *, hgvs_g: str = ""
) -> tuple[TranscriptConsequence, ...]:
    """What is said of an allele, the most severe first; that it lies between genes where none is near."""
    found.sort(key=_order)
    nothing = TranscriptConsequence(("intergenic_variant",), IMPACT["intergenic_variant"], hgvs_g=hgvs_g)
    return tuple(pick.kept(found)) or (nothing,)


def _order(found: tuple[Transcript, TranscriptConsequence]) -> tuple[int, bool, int, str]:
    _, consequence = found
    return (
        SEVERITY[consequence.terms[0]],
        not consequence.distance and consequence.biotype != "protein_coding",
        int(consequence.distance or 0),
        consequence.transcript_id,
    )


def _on_transcript(
    bundle: Bundle, contig: Contig, transcript: Transcript, change: Change, hgvs_g: str
) -> TranscriptConsequence | None:
    """The effect on one transcript; None if it is out of reach."""
    if not overlaps(change.start, change.end, transcript.start, transcript.end):
        return _beside(contig, transcript, change, hgvs_g)
    if not change.alt and change.start <= transcript.start and change.end >= transcript.end:
        return consequence_of(transcript, {"transcript_ablation"}, hgvs_g=hgvs_g)
    spliced = bundle.spliced(transcript)
    place = Place(spliced, change)
    effect = place.coding_effect(change.alt) if place.in_coding else CodingEffect()
    terms = splice_terms(transcript, change) | place.terms() | effect.terms
    if not spliced.coding and not place.exonic and "intron_variant" in terms:
        terms.add("non_coding_transcript_variant")
    if not terms:
        # a change within an intron too short to be one
        terms.add("coding_transcript_variant" if spliced.coding else "non_coding_transcript_variant")
    if transcript.biotype == NMD:
        terms.add("NMD_transcript_variant")
    return consequence_of(
        transcript,
        terms,
        exon=numbers(transcript, transcript.exons, change),
        intron=numbers(transcript, transcript.introns, change),
        hgvs_c=transcript_name(spliced, change, lambda index: bundle.sequence(contig.name, index, index + 1)),
        hgvs_p=f"{transcript.protein_id}:{effect.protein}" if effect.protein else "",
        cdna_position=place.cdna_position,
        cds_position=place.cds_position,
        protein_position=place.protein_position,
        amino_acids=effect.amino_acids,
        codons=effect.codons,
        hgvs_g=hgvs_g,
    )


def _beside(
    contig: Contig, transcript: Transcript, change: Placed, hgvs_g: str
) -> TranscriptConsequence | None:
    """Upstream or downstream, whichever is nearer; DISTANCE is 1 for the base next to the transcript."""
    left = transcript.start + 1 - change.end
    right = change.start + 1 - transcript.end
    if contig.circular:
        left, right = left % contig.length, right % contig.length
    elif left < 1:
        left = right
    elif right < 1:
        right = left
    distance = min(left, right)
    if distance > REACH:
        return None
    is_left = left < right if contig.circular else change.end <= transcript.start
    upstream = is_left == (transcript.strand > 0)
    term = "upstream_gene_variant" if upstream else "downstream_gene_variant"
    return consequence_of(transcript, {term}, distance=str(distance), hgvs_g=hgvs_g)


def consequence_of(transcript: Transcript, terms: set[str], **columns: str) -> TranscriptConsequence:
    ordered = most_severe_first(terms)
    return TranscriptConsequence(
        terms=ordered,
        impact=impact_of(ordered),
        symbol=transcript.symbol,
        gene_id=transcript.gene_id,
        feature_type="Transcript",
        transcript_id=transcript.transcript_id,
        biotype=transcript.biotype,
        strand=str(transcript.strand),
        canonical=transcript.canonical,
        mane=transcript.mane,
        tsl=transcript.tsl,
        appris=transcript.appris,
        **columns,
    )


class Place:
    """Where on the message a change lies; positions are 0-based, None where it is not on the message.

    An insertion between two exonic bases lies before base ``first``; one at the very edge of the coding
    sequence leaves it whole and belongs to the untranslated region beside it.
    """

    def __init__(self, spliced: Spliced, change: Placed) -> None:
        self._spliced = spliced
        self._start, self._end = change.start, change.end
        self._insertion = change.start == change.end
        start, end = touched(change)
        transcript = spliced.transcript
        ends = (spliced.cdna_position(start), spliced.cdna_position(end - 1))
        self.first, self.last = ends if transcript.strand > 0 else ends[::-1]
        pieces = [
            (max(start, exon_start), min(end, exon_end))
            for exon_start, exon_end in transcript.exons
            if overlaps(start, end, exon_start, exon_end)
        ]
        self.exonic = bool(pieces)
        self.whole = len(pieces) == 1 and pieces[0] == (start, end)
        spans = [
            sorted(p for p in (spliced.cdna_position(a), spliced.cdna_position(b - 1)) if p is not None)
            for a, b in pieces
        ]
        low = min((span[0] for span in spans), default=0)
        high = max((span[-1] + 1 for span in spans), default=0)
        if self._insertion and self.whole:
            low = high = low + 1
        self.low, self.high = low, high

    @property
    def before_coding(self) -> bool:
        """True if it touches the 5' untranslated region."""
        if self._insertion and self.whole:
            return self.low <= self._spliced.cds_start
        return self.exonic and self.low < self._spliced.cds_start

    @property
    def after_coding(self) -> bool:
        """True if it touches the 3' untranslated region."""
        if self._insertion and self.whole:
            return self.high >= self._spliced.cds_end
        return self.exonic and self.high > self._spliced.cds_end

    @property
    def in_coding(self) -> bool:
        """True if it touches the coding sequence."""
        return (
            self._spliced.coding
            and self.exonic
            and self.low < self._spliced.cds_end
            and self.high > self._spliced.cds_start
        )

    def terms(self) -> set[str]:
        """Terms for the exons outside of the coding sequence."""
        if not self._spliced.coding:
            if any(overlaps(self._start, self._end, *each) for each in self._spliced.transcript.mature):
                return {"mature_miRNA_variant"}
            return {"non_coding_transcript_exon_variant"} if self.exonic else set()
        before = {"5_prime_UTR_variant"} if self.before_coding else set()
        return before | ({"3_prime_UTR_variant"} if self.after_coding else set())

    def coding_effect(self, alt: str) -> CodingEffect:
        """What it does to the protein; ``alt`` are the new bases of the genome's forward strand."""
        if self._insertion and not self.whole:
            # between exon and intron: no base of the exon is touched, and where the new ones go is not known
            return CodingEffect({"coding_sequence_variant"})
        spliced = self._spliced
        if spliced.transcript.strand < 0:
            alt = reverse_complement(alt)
        change = MessageChange(spliced, self.low, self.high, alt)
        if self.whole and spliced.cds_start <= self.low and self.high <= spliced.cds_end:
            return effect_in_coding_sequence(change)
        return effect_across_edge(change, on_message=self.whole)

    @property
    def cdna_position(self) -> str:
        """VEP's cDNA_position, from 1."""
        return _span(_plus(self.first, 1), _plus(self.last, 1)) if self.exonic else ""

    @property
    def cds_position(self) -> str:
        """VEP's CDS_position, from 1; bases missing before the first codon are counted."""
        first, last = self._coding_ends()
        return _span(_plus(first, 1), _plus(last, 1))

    @property
    def protein_position(self) -> str:
        """VEP's Protein_position, from 1."""
        first, last = self._coding_ends()
        return _span(
            None if first is None else first // 3 + 1,
            None if last is None else last // 3 + 1,
        )

    def _coding_ends(self) -> tuple[int | None, int | None]:
        spliced = self._spliced
        if not self.in_coding:
            return None, None
        offset = spliced.lead - spliced.cds_start
        inside = range(spliced.cds_start, spliced.cds_end)
        first = _plus(self.first, offset) if self.first in inside else None
        last = _plus(self.last, offset) if self.last in inside else None
        return first, last


def _plus(position: int | None, offset: int) -> int | None:
    return None if position is None else position + offset


def _span(first: int | None, last: int | None) -> str:
    if first is None and last is None:
        return ""
    if first == last:
        return str(first)
    return f"{'?' if first is None else first}-{'?' if last is None else last}"
