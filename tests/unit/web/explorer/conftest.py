"""Tables of a few alleles, written with the engine's own schema, and with that of its first version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gas_core.domain.job import ObjectRef
from gas_core.domain.keys import standing_keys
from gas_engine.outputs.table import SCHEMA
from gas_engine.vcf.csq import escaped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import World
    from gas_core.domain.job import Job

Row = dict[str, Any]
_FIELDS = (
    *("impact", "symbol", "gene_id", "feature_type", "transcript_id", "biotype", "exon", "intron", "hgvs_c"),
    *("hgvs_p", "cdna_position", "cds_position", "protein_position", "amino_acids", "codons"),
    *("strand", "distance"),
)
_CONSEQUENCE = pa.struct([("terms", pa.list_(pa.string())), *((name, pa.string()) for name in _FIELDS)])
_ONLY_NESTED = ("exon", "intron", "cdna_position", "cds_position", "strand", "distance")
# As version 1 was: all consequences nested, and some fields of the most severe there alone.
FIRST_SCHEMA = pa.schema(
    [
        *(field for field in SCHEMA if field.name not in {*_ONLY_NESTED, "csq"}),
        pa.field("consequences", pa.list_(_CONSEQUENCE), nullable=False),
    ],
    metadata={"gas_table_version": "1"},
)


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
    told = {name: said.get(name) for name in (*SCHEMA.names, "consequences")}
    if consequence and not told["consequences"]:
        told["consequences"] = [{name: told.get(name) for name in _FIELDS} | {"terms": [consequence]}]
    first = told["consequences"][0] if told["consequences"] else {}
    numbers = {name: int(first[name]) for name in ("strand", "distance") if first.get(name)}
    return told | {name: first.get(name) for name in _ONLY_NESTED[:4]} | numbers


def _as_text(each: Row) -> str:
    return "|".join(["&".join(each["terms"]), *(escaped(each.get(name) or "") for name in _FIELDS)])


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
def version() -> str:
    """Of the tables that are written; a test may say another."""
    return "2"


@pytest.fixture
def write_table(version: str) -> Callable[[list[Row], Path], Path]:
    def write(rows: list[Row], path: Path) -> Path:
        if version == "1":
            table = pa.Table.from_pylist(rows, FIRST_SCHEMA)
        else:
            texts = [",".join(map(_as_text, each["consequences"])) or None for each in rows]
            table = pa.Table.from_pylist(
                [each | {"csq": text} for each, text in zip(rows, texts, strict=True)], SCHEMA
            )
            table = table.replace_schema_metadata(SCHEMA.metadata | {b"gas_table_version": version.encode()})
        pq.write_table(table, path, row_group_size=2)
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
