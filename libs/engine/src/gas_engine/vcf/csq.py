"""The CSQ field in the layout of Ensembl VEP, so that split-vep, slivar and vcf2maf read it.

Escapes follow VEP's VCF output (``OutputFactory/VCF.pm``: lists joined with ``&``, white space to ``_``,
``;`` and ``=`` percent-encoded) and, for ``,`` and ``|`` inside a value, the percent-encoding of VCF 4.3
section 1.2: VEP turns these into ``&`` too, which cannot be told from a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gas_engine.model import TranscriptConsequence

CSQ_COLUMNS = (
    "Allele",
    "Consequence",
    "IMPACT",
    "SYMBOL",
    "Gene",
    "Feature_type",
    "Feature",
    "BIOTYPE",
    "EXON",
    "INTRON",
    "HGVSc",
    "HGVSp",
    "cDNA_position",
    "CDS_position",
    "Protein_position",
    "Amino_acids",
    "Codons",
    "Existing_variation",
    "STRAND",
    "DISTANCE",
    "HGVSg",
)
MARK_COLUMNS = {"canonical": "CANONICAL", "mane": "MANE", "tsl": "TSL", "appris": "APPRIS"}
"""Columns after those, of which a bundle has the ones that its source tells."""


def csq_format(marks: Iterable[str]) -> bytes:
    """Return the names of the columns, as the header states them, for a bundle with these marks."""
    return "|".join((*CSQ_COLUMNS, *(MARK_COLUMNS[mark] for mark in marks))).encode()


_ESCAPES = str.maketrans(
    {"%": "%25", ";": "%3B", "=": "%3D", ",": "%2C", "|": "%7C", " ": "_", "\t": "_", "\n": "_", "\r": "_"}
)


def escaped(value: str) -> str:
    """Make a value safe inside INFO and CSQ.

    >>> escaped("p.Ala52=")
    'p.Ala52%3D'
    """
    # Nearly all values are words; translate() would copy each of them.
    return value if value.isalnum() else value.translate(_ESCAPES)


def csq_entries(
    allele: str,
    consequences: Iterable[TranscriptConsequence],
    known_ids: Sequence[str],
    marks: Sequence[str] = (),
) -> list[str]:
    """Write one entry per consequence of one allele, columns as `csq_format` names them."""
    existing = "&".join(escaped(id_) for id_ in known_ids)
    return [
        "|".join(
            (
                escaped(allele),
                *_effect(each),
                existing,
                each.strand,
                each.distance,
                escaped(each.hgvs_g),
                *_marks(each, marks),
            )
        )
        for each in consequences
    ]


def table_fields(marks: Iterable[str]) -> str:
    """Names of what `table_entries` writes, joined as that is."""
    return "|".join((*_EFFECT, "strand", "distance", *marks))


def table_entries(consequences: Iterable[TranscriptConsequence], marks: Sequence[str] = ()) -> str:
    """The same entries without what all of an allele share (Allele, Existing_variation, HGVSg), joined."""
    return ",".join(
        "|".join((*_effect(each), each.strand, each.distance, *_marks(each, marks))) for each in consequences
    )


_EFFECT = (
    "terms",
    "impact",
    "symbol",
    "gene_id",
    "feature_type",
    "transcript_id",
    "biotype",
    "exon",
    "intron",
    "hgvs_c",
    "hgvs_p",
    "cdna_position",
    "cds_position",
    "protein_position",
    "amino_acids",
    "codons",
)


def _effect(each: TranscriptConsequence) -> tuple[str, ...]:
    return (
        "&".join(each.terms),
        each.impact,
        escaped(each.symbol),
        escaped(each.gene_id),
        each.feature_type,
        escaped(each.transcript_id),
        escaped(each.biotype),
        each.exon,
        each.intron,
        escaped(each.hgvs_c),
        escaped(each.hgvs_p),
        each.cdna_position,
        each.cds_position,
        each.protein_position,
        each.amino_acids,
        each.codons,
    )


def _marks(each: TranscriptConsequence, marks: Iterable[str]) -> Iterator[str]:
    return (escaped(getattr(each, mark)) for mark in marks)
