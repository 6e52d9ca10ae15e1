"""What the engine says of one allele: the shapes that pass between consequence calling and output.

Positions are 1-based where named ``pos`` and 0-based half-open where named ``start``/``end``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gas_engine.bundle import Field


@dataclass(frozen=True, slots=True)
class TranscriptConsequence:
    """The effect of one allele on one transcript; one entry of the CSQ field.

    Fields follow VEP's columns of the same names. An empty string means "does not apply".
    ``terms`` are Sequence Ontology terms, most severe first; there is always at least one.
    """

    terms: tuple[str, ...]
    impact: str
    symbol: str = ""
    gene_id: str = ""
    feature_type: str = ""
    transcript_id: str = ""
    biotype: str = ""
    exon: str = ""
    intron: str = ""
    hgvs_c: str = ""
    hgvs_p: str = ""
    cdna_position: str = ""
    cds_position: str = ""
    protein_position: str = ""
    amino_acids: str = ""
    codons: str = ""
    strand: str = ""
    distance: str = ""
    hgvs_g: str = ""
    canonical: str = ""
    mane: str = ""
    tsl: str = ""
    appris: str = ""


@dataclass(frozen=True, slots=True)
class AlleleAnnotation:
    """All that is said of one ALT allele of one record.

    ``allele`` is VEP's Allele column: the ALT without the base that an indel shares with REF, ``-`` for a
    deletion. ``consequences`` are sorted most severe first and are never empty for an allele that was
    annotated. ``values`` are those that VCF sources have for it. ``skipped`` is a reason (``symbolic``,
    ``overlapping_deletion``, ``vcf3_indel``, ...) when the allele is passed through without consequences;
    then ``consequences`` is empty.
    """

    allele: str
    consequences: tuple[TranscriptConsequence, ...] = ()
    known_ids: tuple[str, ...] = ()
    values: dict[Field, str] = field(default_factory=dict)
    overlaps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    skipped: str = ""
