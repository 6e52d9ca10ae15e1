"""The second bundle that is shipped is SARS-CoV-2, and says of lineage B.1.1.7 what was published of it."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import polars as pl
import pytest

from gas_engine import Bundle, OutputPaths, annotate
from gas_engine.bundle import shipped_directory
from gas_engine.errors import BundleError

EXAMPLES = Path(__file__).parents[4] / "examples"
# Rambaut et al., "Preliminary genomic characterisation of an emergent SARS-CoV-2 lineage in the UK", 2020.
# Y144 is the second of two tyrosines and 145 by the 3' rule; D614G and P4715L are those of lineage B.1.
PUBLISHED = {
    "ORF1ab": {"Thr1001Ile", "Ala1708Asp", "Ile2230Thr", "Ser3675_Phe3677del", "Pro4715Leu"},
    "S": {
        "His69_Val70del", "Tyr145del", "Asn501Tyr", "Ala570Asp", "Asp614Gly", "Pro681His", "Thr716Ile",
        "Ser982Ala", "Asp1118His",
    },
    "ORF8": {"Gln27Ter", "Arg52Ile", "Tyr73Cys"},
    "N": {"Asp3Leu", "Arg203_Gly204delinsLysArg", "Ser235Phe"},
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(shipped_directory("SARS-CoV-2"))


def test_the_sequence_is_that_of_wuhan_hu_1(bundle: Bundle) -> None:
    (contig,) = bundle.contigs
    sequence = bundle.sequence(contig.name, 0, contig.length)
    # M5 of NC_045512.2 in sequence dictionaries
    digest = hashlib.md5(sequence.encode(), usedforsecurity=False).hexdigest()
    assert (len(sequence), digest) == (29_903, "105c82802b67521950854a851fc6eefd")
    assert bundle.contig("MN908947.3") is contig


def test_lineage_b_1_1_7_has_the_changes_of_proteins_that_were_published(
    bundle: Bundle, tmp_path: Path
) -> None:
    with (EXAMPLES / "sars-cov-2.vcf").open("rb") as vcf:
        annotate(vcf, bundle, OutputPaths(tmp_path), lambda _: None)
    table = pl.read_parquet(tmp_path / "table.parquet").filter(pl.col("consequence") != "synonymous_variant")
    found: dict[str, set[str]] = {}
    for gene, change in table.drop_nulls("hgvs_p").select("symbol", "hgvs_p").iter_rows():
        found.setdefault(gene, set()).add(change.partition(":p.")[2])
    assert found == PUBLISHED


def test_the_script_makes_the_sample_again(bundle: Bundle) -> None:
    spec = importlib.util.spec_from_file_location("make_sars_cov_2", EXAMPLES / "make_sars_cov_2.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (EXAMPLES / "sars-cov-2.vcf").read_text() == module.make_sample(bundle)


def test_bundle_that_is_not_shipped_is_refused_by_name() -> None:
    with pytest.raises(BundleError, match="No bundle 'GRCh38' comes with the engine"):
        shipped_directory("GRCh38")
