"""Published mitochondrial variants, and the tables of MITOMAP where a package that carries them is installed.

Effects are what is held here. The citations in the table were written partly from memory and not looked up.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gas_engine.consequence import annotate_allele
from gas_engine.hgvs import spell

if TYPE_CHECKING:
    from collections.abc import Callable

    from gas_engine.bundle import Bundle

    Tables = Callable[[str], list[list[str]]]


class Published(NamedTuple):
    """A row of published_variants.tsv."""

    pos: int
    ref: str
    alt: str
    symbol: str
    consequence: str
    protein: str
    source: str
    mitomap: str


def published() -> list[Published]:
    lines = Path(__file__).with_name("published_variants.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [Published(int(pos), *rest) for pos, *rest in rows]


def expected_protein(change: str) -> str:
    """Of ``R340H`` the name that HGVS gives it."""
    match = re.fullmatch(r"([A-Z]|Ter)(\d+)([A-Z]|Ter)", change)
    assert match, change
    old, number, new = match.groups()
    name = f"p.{spell(old.replace('Ter', '*'))}{number}"
    return f"{name}=" if old == new else name + spell(new.replace("Ter", "*"))


@pytest.mark.parametrize("variant", published(), ids=lambda v: f"m.{v.pos}{v.ref}>{v.alt}-{v.symbol}")
def test_published_variant_has_its_published_effect(rcrs: Bundle, variant: Published) -> None:
    contig = rcrs.contigs[0]
    found = annotate_allele(rcrs, contig, variant.pos, variant.ref, variant.alt).consequences
    (on_gene,) = [c for c in found if c.symbol == variant.symbol]
    assert variant.consequence in on_gene.terms
    if variant.consequence == "start_lost":
        assert on_gene.hgvs_p.endswith(":p.Met1?")
    elif variant.protein != "-":
        assert on_gene.hgvs_p.partition(":")[2].startswith(expected_protein(variant.protein))


def test_the_table_agrees_with_the_column_copied_from_mitomap() -> None:
    checked = [v for v in published() if v.mitomap != "-" and v.protein != "-"]
    assert len(checked) > 40
    assert [v for v in checked if v.protein not in v.mitomap.replace("Term", "Ter")] == []


def info_of(row: list[str]) -> dict[str, str]:
    return dict(field.partition("=")[::2] for field in row[7].split(";"))


def substitutions(rows: list[list[str]]) -> list[tuple[int, str, str, dict[str, str]]]:
    """Position, reference, alternative base and INFO of the rows that change one base."""
    return [
        (int(row[1]), row[3], row[4], info_of(row))
        for row in rows
        if row[3] != row[4] and {row[3], row[4]} <= set("ACGT")
    ]


def test_the_column_copied_from_mitomap_is_what_its_table_says(mitomap: Tables) -> None:
    told = {
        (int(row[1]), row[3], alt): info_of(row).get("aachange", "")
        for row in mitomap("mitomap_disease.vcf")
        for alt in row[4].split(",")
    }
    missing = set()
    for variant in published():
        change = told.get((variant.pos, variant.ref, variant.alt))
        if change is None:
            missing.add(variant.pos)
        elif variant.protein == "-" and variant.mitomap == "-":
            assert change == "", variant
        else:
            # A cell of several alleles tells all their changes.
            assert variant.mitomap == change or set(variant.mitomap.split(",")) <= set(change.split(","))
    # 9203 and common variants, which this table of diseases leaves out
    assert missing == {8860, 9203, 14_766, 15_326}


def test_every_amino_acid_in_mitomap_is_ours_but_for_start_codons(rcrs: Bundle, mitomap: Tables) -> None:
    contig = rcrs.contigs[0]
    same, other_start, different = 0, set(), set()
    for pos, ref, alt, info in substitutions(mitomap("mitomap_variants_coding.vcf")):
        change = re.fullmatch(r"([A-Z])-([A-Z]|Term?|\*)", info["AminoAcidChange"])
        found = annotate_allele(rcrs, contig, pos, ref, alt).consequences
        on_gene = [c for c in found if c.symbol == info["Locus"]]
        if change is None or not on_gene:
            continue  # RNA genes, and two genes in one cell
        old, new = change[1], "*" if change[2].startswith("Ter") else change[2]
        if on_gene[0].amino_acids == (old if old == new else f"{old}/{new}"):
            same += 1
        elif on_gene[0].protein_position == "1":
            other_start.add((pos, ref, alt))
        else:
            different.add((pos, ref, alt))
    assert same > 11_000
    # codons that table 2 has as starts too; MITOMAP reads them as inside of a protein
    assert other_start == {(14671, "C", "G"), (14673, "T", "C")}
    # a slip: MITOMAP gives Cys to Arg, without a codon number, for the lone T that ends MT-CYB
    assert different == {(15887, "T", "C")}


def test_every_rna_mutation_in_mitomap_lies_in_the_gene_that_it_names(rcrs: Bundle, mitomap: Tables) -> None:
    same, elsewhere = 0, set()
    for pos, ref, alt, info in substitutions(mitomap("mitomap_mutations_rna.vcf")):
        found = annotate_allele(rcrs, rcrs.contigs[0], pos, ref, alt).consequences
        (*on_gene,) = (c for c in found if c.symbol == info["Locus"] and not c.distance)
        if on_gene:
            assert on_gene[0].terms == ("non_coding_transcript_exon_variant",)
            same += 1
        else:
            elsewhere.add((pos, info["Locus"]))
    assert same > 400
    assert elsewhere == {
        # what is cut off around a tRNA, and the bases between two genes
        (576, "MT-CR"),
        (4401, "MT-NC2"),
        (7445, "MT-TS1 precursor"),
        # a slip: MT-TS2 ends at 12265, and MITOMAP's own table of genes says so
        (12271, "MT-TS2"),
    }
