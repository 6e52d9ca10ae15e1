"""CSQ entries stand in VEP's layout, with VEP's escapes."""

import pytest

from gas_engine.model import TranscriptConsequence
from gas_engine.vcf.csq import CSQ_COLUMNS, csq_entries, escaped


def test_every_column_stands_in_its_place() -> None:
    values = {name: name.lower() for name in TranscriptConsequence.__slots__ if name != "terms"}
    said = TranscriptConsequence(terms=("missense_variant", "splice_region_variant"), **values)
    (entry,) = csq_entries("T", [said], ["rs1", "COSV2"])
    columns = dict(zip(CSQ_COLUMNS, entry.split("|"), strict=True))
    assert columns == {
        "Allele": "T",
        "Consequence": "missense_variant&splice_region_variant",
        "IMPACT": "impact",
        "SYMBOL": "symbol",
        "Gene": "gene_id",
        "Feature_type": "feature_type",
        "Feature": "transcript_id",
        "BIOTYPE": "biotype",
        "EXON": "exon",
        "INTRON": "intron",
        "HGVSc": "hgvs_c",
        "HGVSp": "hgvs_p",
        "cDNA_position": "cdna_position",
        "CDS_position": "cds_position",
        "Protein_position": "protein_position",
        "Amino_acids": "amino_acids",
        "Codons": "codons",
        "Existing_variation": "rs1&COSV2",
        "STRAND": "strand",
        "DISTANCE": "distance",
        "HGVSg": "hgvs_g",
    }


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        ("p.Ala52=", "p.Ala52%3D"),
        ("HVS 1", "HVS_1"),
        ("a;b,c|d%e", "a%3Bb%2Cc%7Cd%25e"),
        ("MT-ND1", "MT-ND1"),
    ],
)
def test_values_cannot_break_the_field(value: str, safe: str) -> None:
    assert escaped(value) == safe
