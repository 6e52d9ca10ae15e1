"""Tables of a few alleles, written with the engine's own schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gas_core.domain.job import ObjectRef
from gas_core.domain.keys import standing_keys
from gas_engine.outputs.table import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import World
    from gas_core.domain.job import Job

Row = dict[str, Any]


def row(record: int, pos: int, change: str, consequence: str | None = None, **more: Any) -> Row:
    """A row of the table; ``change`` is ``A>G``."""
    ref, _, alt = change.partition(">")
    said = {
        "record": record,
        "contig_name": "MT",
        "contig": "MT",
        "pos": pos,
        "ids": [],
        "ref": ref,
        "qual": None,
        "filter": "PASS",
        "allele": 1,
        "alt": alt,
        "variant_class": "SNV",
        "allele_frequency": None,
        "status": "annotated",
        "skipped": None,
        "known_ids": [],
        "regions": [],
        "consequence": consequence,
        "consequences": [],
        **more,
    }
    told = {name: said.get(name) for name in SCHEMA.names}
    if consequence and not told["consequences"]:
        told["consequences"] = [
            {field.name: told.get(field.name) for field in SCHEMA.field("consequences").type.value_type}
            | {"terms": [consequence]}
        ]
    return told


ROWS = [
    row(
        1,
        73,
        "A>G",
        "upstream_gene_variant",
        impact="MODIFIER",
        symbol="MT-TF",
        ids=["rs1"],
        known_ids=["rs1"],
    ),
    row(
        2,
        3310,
        "C>T",
        "missense_variant",
        impact="MODERATE",
        symbol="MT-ND1",
        qual=50.0,
        allele_frequency=0.5,
        hgvs_c="T1:c.4C>T",
        hgvs_p="P1:p.Pro2Ser",
    ),
    row(
        3,
        3312,
        "CTA>C",
        "frameshift_variant",
        impact="HIGH",
        symbol="MT-ND1",
        variant_class="deletion",
        filter="q10",
        allele_frequency=0.25,
    ),
    row(3, 3312, "CTA>CTG", "synonymous_variant", impact="LOW", symbol="MT-ND1", allele=2),
    row(4, 15000, "A>", status="no_alt", alt=None, allele=0, variant_class=None),
    row(5, 9, "T>C", status="outside_bundle", contig_name="chrX", contig="chrX"),
]


@pytest.fixture
def write_table() -> Callable[[list[Row], Path], Path]:
    def write(rows: list[Row], path: Path) -> Path:
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, row_group_size=2)
        return path

    return write


@pytest.fixture(name="row")
def row_maker() -> Callable[..., Row]:
    return row


@pytest.fixture
def rows() -> list[Row]:
    """Four alleles of MT that were annotated, one record without ALT, one on another contig."""
    return [dict(each) for each in ROWS]


@pytest.fixture
def explored(
    world: World, tmp_path: Path, write_table: Callable[[list[Row], Path], Path]
) -> Callable[..., Job]:
    """Makes a job of Ada's whose table has these rows, and whose VCF is that."""

    def make(
        rows: list[Row] = ROWS, *, vcf: bytes = b"", name: str = "sample.vcf", state: str = "COMPLETED"
    ) -> Job:
        job = world.job(state, name=name)
        keys = standing_keys(job)
        table = write_table(rows, tmp_path / "made.parquet").read_bytes()
        world.store.put_for_test(ObjectRef(job.s3_results_bucket, keys.table), table)
        if vcf:
            world.store.put_for_test(ObjectRef(job.s3_results_bucket, keys.vcf), vcf)
        return job

    return make
