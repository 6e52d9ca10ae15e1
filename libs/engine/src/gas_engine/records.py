"""What becomes of one record: which contig it lies on, whether REF fits, what each ALT does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gas_engine.allele import vep_alleles
from gas_engine.consequence import annotate_allele, annotate_structural, ref_matches
from gas_engine.model import AlleleAnnotation
from gas_engine.structural import BREAKEND, stretch_of, structural_class
from gas_engine.variant_class import variant_class
from gas_engine.vcf.csq import csq_entries, escaped
from gas_engine.vcf.fields import CSQ, REF_MISMATCH, OurFields, with_entries, with_ids
from gas_engine.vcf.record import is_vcf3_indel

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle, Contig
    from gas_engine.pick import Pick
    from gas_engine.vcf.record import Record


class RecordStatus(StrEnum):
    """What became of a record; every record has exactly one."""

    ANNOTATED = "annotated"
    """At least one allele was annotated."""
    SKIPPED = "skipped"
    """No allele is a plain sequence; each tells its own reason."""
    NO_ALT = "no_alt"
    """ALT is missing: a site without a variant."""
    REF_MISMATCH = "ref_mismatch"
    """REF contradicts the bundle, or lies past the contig's ends; flagged with GAS_REF_MISMATCH."""
    OUTSIDE_BUNDLE = "outside_bundle"
    """The bundle has no such contig."""


@dataclass(frozen=True, slots=True)
class Allele:
    """One ALT with what is said of it; ``number`` counts from 1, ``alt`` is upper case as analysed."""

    number: int
    alt: str
    variant_class: str
    annotation: AlleleAnnotation


@dataclass(frozen=True, slots=True)
class AnnotatedRecord:
    """A record and its alleles. ``contig`` is the bundle's name for CHROM, or CHROM itself outside it."""

    record: Record
    status: RecordStatus
    contig: str
    ref: str
    alleles: tuple[Allele, ...]


class RecordAnnotator:
    """Annotate records against one bundle, and write the result into their ID and INFO."""

    def __init__(
        self, bundle: Bundle, fields: OurFields, *, vcf3: bool, pick: Pick, hgvs: bool = True
    ) -> None:
        self._bundle = bundle
        self._fields = fields
        self._vcf3 = vcf3
        self._pick = pick
        self._hgvs = hgvs

    def annotate(self, record: Record) -> AnnotatedRecord:
        chrom, ref = record.chrom.decode(), record.ref.decode().upper()
        alts = [alt.decode() for alt in record.alts]
        contig = self._bundle.contig(chrom)
        if contig is None:
            return self._passed(record, RecordStatus.OUTSIDE_BUNDLE, chrom, ref, alts)
        if not (_at_telomere(record.pos, alts, contig) or ref_matches(self._bundle, contig, record.pos, ref)):
            return self._passed(record, RecordStatus.REF_MISMATCH, contig.name, ref, alts)
        if not alts:
            return AnnotatedRecord(record, RecordStatus.NO_ALT, contig.name, ref, ())
        alleles = []
        for number, alt in enumerate(alts, start=1):
            if self._vcf3 and is_vcf3_indel(record.alts[number - 1]):
                alleles.append(Allele(number, alt, "vcf3_indel", AlleleAnnotation(alt, skipped="vcf3_indel")))
                continue
            sequence = alt.upper() if alt.isalpha() else alt
            stretch = stretch_of(record.pos, alts, number, record.info, contig.length)
            if stretch is None:
                said = annotate_allele(self._bundle, contig, record.pos, ref, sequence, pick=self._pick)
            else:
                said = annotate_structural(self._bundle, contig, alt, stretch, pick=self._pick)
            if not self._hgvs:
                said = _unnamed(said)
            alleles.append(Allele(number, sequence, variant_class(ref, sequence), said))
        annotated = any(allele.annotation.consequences for allele in alleles)
        status = RecordStatus.ANNOTATED if annotated else RecordStatus.SKIPPED
        return AnnotatedRecord(record, status, contig.name, ref, tuple(alleles))

    def _passed(
        self, record: Record, status: RecordStatus, contig: str, ref: str, alts: list[str]
    ) -> AnnotatedRecord:
        alleles = []
        for number, alt in enumerate(alts, start=1):
            vcf3_indel = self._vcf3 and is_vcf3_indel(record.alts[number - 1])
            kind = "vcf3_indel" if vcf3_indel else variant_class(ref, alt.upper())
            alleles.append(Allele(number, alt, kind, AlleleAnnotation(alt, skipped=status.value)))
        return AnnotatedRecord(record, status, contig, ref, tuple(alleles))

    def write_into(self, annotated: AnnotatedRecord) -> None:
        """Add IDs, overlaps, sources, consequences and the flag to the record's ID and INFO columns."""
        record = annotated.record
        entries: list[bytes] = []
        if annotated.status is RecordStatus.REF_MISMATCH:
            entries.append(REF_MISMATCH)
        said = [allele.annotation for allele in annotated.alleles]
        for track, key in self._fields.tracks.items():
            names = dict.fromkeys(name for each in said for name in each.overlaps.get(track, ()))
            if names:
                entries.append(key + b"=" + ",".join(map(escaped, names)).encode())
        for field in self._bundle.fields:
            if any(field in each.values for each in said):
                values = ",".join(each.values.get(field, ".") for each in said)
                entries.append(f"{field.key}={values}".encode())
        names_of_alleles = vep_alleles(annotated.ref, [allele.alt for allele in annotated.alleles])
        csq = [
            entry
            for name, allele, each in zip(names_of_alleles, annotated.alleles, said, strict=True)
            for entry in csq_entries(
                each.allele if structural_class(allele.alt) else name,
                each.consequences,
                each.known_ids,
                self._bundle.marks,
            )
        ]
        if csq:
            entries.append(CSQ + b"=" + ",".join(csq).encode())
        record.info = with_entries(record.info, entries)
        record.id = with_ids(record.id, (id_ for each in said for id_ in each.known_ids))


def _unnamed(said: AlleleAnnotation) -> AlleleAnnotation:
    unnamed = tuple(replace(each, hgvs_c="", hgvs_p="", hgvs_g="") for each in said.consequences)
    return replace(said, consequences=unnamed)


def _at_telomere(pos: int, alts: list[str], contig: Contig) -> bool:
    """True for a breakend before the first base or behind the last, where REF has no base to contradict.

    Section "Telomeres" of VCF 4.1 to 4.5.
    """
    return pos in {0, contig.length + 1} and {structural_class(alt) for alt in alts} == {BREAKEND}
