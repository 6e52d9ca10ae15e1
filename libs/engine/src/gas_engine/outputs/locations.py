"""Where an allele lies, in the few words a reader counts by; decided by its most severe term."""

from __future__ import annotations

from typing import Final

CODING: Final = "coding"
OTHER: Final = "other"

_TERMS: Final = {
    CODING: (
        "stop_gained",
        "frameshift_variant",
        "stop_lost",
        "start_lost",
        "inframe_insertion",
        "inframe_deletion",
        "missense_variant",
        "protein_altering_variant",
        "incomplete_terminal_codon_variant",
        "start_retained_variant",
        "stop_retained_variant",
        "synonymous_variant",
        "coding_sequence_variant",
        "coding_transcript_variant",
    ),
    "splice site": (
        "splice_acceptor_variant",
        "splice_donor_variant",
        "splice_donor_5th_base_variant",
        "splice_region_variant",
        "splice_donor_region_variant",
        "splice_polypyrimidine_tract_variant",
    ),
    "UTR": ("5_prime_UTR_variant", "3_prime_UTR_variant"),
    "RNA gene": ("non_coding_transcript_exon_variant", "mature_miRNA_variant"),
    "intron": ("intron_variant", "non_coding_transcript_variant", "NMD_transcript_variant"),
    "near a gene": ("upstream_gene_variant", "downstream_gene_variant"),
    "intergenic": ("intergenic_variant",),
    OTHER: (
        "transcript_ablation",
        "transcript_amplification",
        "feature_elongation",
        "feature_truncation",
    ),
}
LOCATION_OF_TERM: Final = {term: location for location, terms in _TERMS.items() for term in terms}
"""Location class of every term the engine can say."""

OUTSIDE_GENES: Final = frozenset((*_TERMS["near a gene"], *_TERMS["intergenic"]))
"""Terms of an allele that touches no gene."""
