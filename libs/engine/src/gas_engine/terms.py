"""Sequence Ontology terms the engine can say, most severe first, with their accession and VEP's IMPACT.

Order and impact are those of Ensembl VEP's table "Calculated variant consequences"
(ensembl.org/info/genome/variation/prediction/predicted_data.html); accessions are the Sequence Ontology's.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Term(NamedTuple):
    """A consequence: Sequence Ontology name and accession, and VEP's rating of it."""

    name: str
    accession: str
    impact: str


TERMS: Final = (
    Term("transcript_ablation", "SO:0001893", "HIGH"),
    Term("splice_acceptor_variant", "SO:0001574", "HIGH"),
    Term("splice_donor_variant", "SO:0001575", "HIGH"),
    Term("stop_gained", "SO:0001587", "HIGH"),
    Term("frameshift_variant", "SO:0001589", "HIGH"),
    Term("stop_lost", "SO:0001578", "HIGH"),
    Term("start_lost", "SO:0002012", "HIGH"),
    Term("transcript_amplification", "SO:0001889", "HIGH"),
    Term("feature_elongation", "SO:0001907", "HIGH"),
    Term("feature_truncation", "SO:0001906", "HIGH"),
    Term("inframe_insertion", "SO:0001821", "MODERATE"),
    Term("inframe_deletion", "SO:0001822", "MODERATE"),
    Term("missense_variant", "SO:0001583", "MODERATE"),
    Term("protein_altering_variant", "SO:0001818", "MODERATE"),
    Term("splice_donor_5th_base_variant", "SO:0001787", "LOW"),
    Term("splice_region_variant", "SO:0001630", "LOW"),
    Term("splice_donor_region_variant", "SO:0002170", "LOW"),
    Term("splice_polypyrimidine_tract_variant", "SO:0002169", "LOW"),
    Term("incomplete_terminal_codon_variant", "SO:0001626", "LOW"),
    Term("start_retained_variant", "SO:0002019", "LOW"),
    Term("stop_retained_variant", "SO:0001567", "LOW"),
    Term("synonymous_variant", "SO:0001819", "LOW"),
    Term("coding_sequence_variant", "SO:0001580", "MODIFIER"),
    Term("mature_miRNA_variant", "SO:0001620", "MODIFIER"),
    Term("5_prime_UTR_variant", "SO:0001623", "MODIFIER"),
    Term("3_prime_UTR_variant", "SO:0001624", "MODIFIER"),
    Term("non_coding_transcript_exon_variant", "SO:0001792", "MODIFIER"),
    Term("intron_variant", "SO:0001627", "MODIFIER"),
    Term("NMD_transcript_variant", "SO:0001621", "MODIFIER"),
    Term("non_coding_transcript_variant", "SO:0001619", "MODIFIER"),
    Term("coding_transcript_variant", "SO:0001968", "MODIFIER"),
    Term("upstream_gene_variant", "SO:0001631", "MODIFIER"),
    Term("downstream_gene_variant", "SO:0001632", "MODIFIER"),
    Term("intergenic_variant", "SO:0001628", "MODIFIER"),
)

SEVERITY: Final = {term.name: rank for rank, term in enumerate(TERMS)}
"""Rank of each term, 0 the most severe."""

IMPACT: Final = {term.name: term.impact for term in TERMS}
ACCESSION: Final = {term.name: term.accession for term in TERMS}


def most_severe_first(terms: set[str]) -> tuple[str, ...]:
    """Order terms as VEP prints them, the most severe first."""
    return tuple(sorted(terms, key=SEVERITY.__getitem__))


def impact_of(terms: tuple[str, ...]) -> str:
    """VEP's IMPACT of a set of terms: that of the most severe."""
    return IMPACT[min(terms, key=SEVERITY.__getitem__)]
