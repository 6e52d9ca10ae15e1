"""The consequences that an annotation can name, most severe first, in words for a reader.

Order, impact and accession are those that the engine writes (its tests and ours hold them together); the
definitions say in our words what the Sequence Ontology defines.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Term(NamedTuple):
    """A Sequence Ontology term: its accession, its impact by Ensembl's rating, and what it means."""

    name: str
    accession: str
    impact: str
    definition: str


TERMS: Final = (
    Term("transcript_ablation", "SO:0001893", "HIGH", "The whole transcript is deleted."),
    Term(
        "splice_acceptor_variant", "SO:0001574", "HIGH", "Changes the two bases at the 3' end of an intron."
    ),
    Term("splice_donor_variant", "SO:0001575", "HIGH", "Changes the two bases at the 5' end of an intron."),
    Term("stop_gained", "SO:0001587", "HIGH", "A codon becomes a stop codon; the protein is cut short."),
    Term(
        "frameshift_variant",
        "SO:0001589",
        "HIGH",
        "Shifts the reading frame: its length is no multiple of three.",
    ),
    Term("stop_lost", "SO:0001578", "HIGH", "The stop codon changes to another; the protein becomes longer."),
    Term("start_lost", "SO:0002012", "HIGH", "Changes the start codon, so that translation may not begin."),
    Term("transcript_amplification", "SO:0001889", "HIGH", "The whole transcript is there more often."),
    Term("feature_elongation", "SO:0001907", "HIGH", "Makes the transcript longer: an exon has more bases."),
    Term(
        "feature_truncation",
        "SO:0001906",
        "HIGH",
        "Makes the transcript shorter: bases of an exon are gone, or it breaks off there.",
    ),
    Term("inframe_insertion", "SO:0001821", "MODERATE", "Inserts bases into the coding sequence, in frame."),
    Term("inframe_deletion", "SO:0001822", "MODERATE", "Deletes bases from the coding sequence, in frame."),
    Term("missense_variant", "SO:0001583", "MODERATE", "Changes one amino acid or more; the length stays."),
    Term("protein_altering_variant", "SO:0001818", "MODERATE", "Predicted to change the protein."),
    Term("splice_donor_5th_base_variant", "SO:0001787", "LOW", "Changes the fifth base of an intron."),
    Term(
        "splice_region_variant",
        "SO:0001630",
        "LOW",
        "Lies within 1 to 3 bases of the exon, or 3 to 8 of the intron, at a splice site.",
    ),
    Term(
        "splice_donor_region_variant",
        "SO:0002170",
        "LOW",
        "Lies within the third to sixth base of an intron.",
    ),
    Term(
        "splice_polypyrimidine_tract_variant",
        "SO:0002169",
        "LOW",
        "Lies within the pyrimidine tract before the 3' end of an intron.",
    ),
    Term(
        "incomplete_terminal_codon_variant",
        "SO:0001626",
        "LOW",
        "Changes the last codon of a transcript whose end is not complete.",
    ),
    Term(
        "start_retained_variant", "SO:0002019", "LOW", "Changes the start codon, which stays a start codon."
    ),
    Term("stop_retained_variant", "SO:0001567", "LOW", "Changes the stop codon, which stays a stop codon."),
    Term("synonymous_variant", "SO:0001819", "LOW", "Changes a codon; the amino acid stays the same."),
    Term(
        "coding_sequence_variant",
        "SO:0001580",
        "MODIFIER",
        "Changes the coding sequence, how cannot be told.",
    ),
    Term("mature_miRNA_variant", "SO:0001620", "MODIFIER", "Lies within a mature micro-RNA."),
    Term(
        "5_prime_UTR_variant",
        "SO:0001623",
        "MODIFIER",
        "Lies in the untranslated region before the start codon.",
    ),
    Term(
        "3_prime_UTR_variant",
        "SO:0001624",
        "MODIFIER",
        "Lies in the untranslated region after the stop codon.",
    ),
    Term(
        "non_coding_transcript_exon_variant",
        "SO:0001792",
        "MODIFIER",
        "Lies in an exon of a transcript that codes for no protein.",
    ),
    Term("intron_variant", "SO:0001627", "MODIFIER", "Lies within an intron."),
    Term(
        "NMD_transcript_variant",
        "SO:0001621",
        "MODIFIER",
        "Lies in a transcript that the cell breaks down for its early stop.",
    ),
    Term(
        "non_coding_transcript_variant",
        "SO:0001619",
        "MODIFIER",
        "Lies in a transcript that codes for no protein.",
    ),
    Term(
        "coding_transcript_variant",
        "SO:0001968",
        "MODIFIER",
        "Lies in a transcript that codes for a protein.",
    ),
    Term("upstream_gene_variant", "SO:0001631", "MODIFIER", "Lies before the start of a gene, near it."),
    Term("downstream_gene_variant", "SO:0001632", "MODIFIER", "Lies after the end of a gene, near it."),
    Term("intergenic_variant", "SO:0001628", "MODIFIER", "Lies between genes."),
)
BY_NAME: Final = {term.name: term for term in TERMS}
IMPACTS: Final = ("HIGH", "MODERATE", "LOW", "MODIFIER")
_COLOURS: Final = {
    "#FF0000": ("transcript_ablation", "stop_gained", "stop_lost"),
    "#FF581A": ("splice_acceptor_variant", "splice_donor_variant"),
    "#9400D3": ("frameshift_variant",),
    "#FFD700": ("missense_variant", "start_lost"),
    "#FF69B4": ("inframe_insertion", "inframe_deletion", "transcript_amplification"),
    "#FF0080": ("protein_altering_variant",),
    "#FF7F50": (
        "splice_donor_5th_base_variant",
        "splice_region_variant",
        "splice_donor_region_variant",
        "splice_polypyrimidine_tract_variant",
    ),
    "#FF00FF": ("incomplete_terminal_codon_variant",),
    "#76EE00": ("synonymous_variant", "start_retained_variant", "stop_retained_variant"),
    "#458B00": ("coding_sequence_variant", "coding_transcript_variant", "mature_miRNA_variant"),
    "#7AC5CD": ("5_prime_UTR_variant", "3_prime_UTR_variant"),
    "#32CD32": ("non_coding_transcript_exon_variant", "non_coding_transcript_variant"),
    "#02599C": ("intron_variant",),
    "#FF4500": ("NMD_transcript_variant",),
    "#A2B5CD": ("upstream_gene_variant", "downstream_gene_variant"),
    "#636363": ("intergenic_variant",),
}
"""Those that Ensembl draws its terms in; the others share one."""
_COLOUR_OF: Final = {name: colour for colour, names in _COLOURS.items() for name in names}


def impact_of(name: str) -> str:
    """The impact of a term; of one that is not known here, the least."""
    return BY_NAME[name].impact if name in BY_NAME else IMPACTS[-1]


def colour_of(name: str) -> str:
    """The colour that a term is drawn in, as #RRGGBB. Some are faint on white or on black: outline it."""
    return _COLOUR_OF.get(name, "#7F7F7F")


CODING: Final = (
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
)
"""Terms about the coding sequence itself, the ones of VEP's chart "coding consequences"."""
