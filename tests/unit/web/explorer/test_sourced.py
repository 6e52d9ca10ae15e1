"""Values that the reference took of VCF sources are on a variant's page and in every export."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gas_core.domain.job import ObjectRef
from gas_core.domain.keys import standing_keys
from gas_engine.bundle import Field
from gas_engine.outputs.table import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gas_core.domain.job import Job

FIELDS = (
    Field("ClinVar", "CLNSIG", "String", "Significance"),
    Field("gnomAD", "AF", "Float", "Frequency"),
    Field("gnomAD", "D", "Integer", "Difference"),
)
SAID = {"ClinVar_CLNSIG": "=<b>likely&benign", "gnomAD_AF": 1e-05, "gnomAD_D": -3}


@pytest.fixture
def sourced(explored: Callable[..., Job], row: Callable[..., dict[str, Any]], world: Any) -> Job:
    """A job with two variants, of which the sources know the first."""
    job = explored()
    rows = [
        row(1, 73, "A>G", "missense_variant") | SAID,
        row(2, 80, "A>G", "missense_variant") | dict.fromkeys(SAID),
    ]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema_of(FIELDS, ())), file)
    world.store.put_for_test(ObjectRef(job.s3_results_bucket, standing_keys(job).table), file.getvalue())
    return job


def test_the_page_of_a_variant_tells_the_values_that_it_has(ada: Any, sourced: Job) -> None:
    address = f"/annotations/{sourced.job_id}/results"
    known = ada.get(f"{address}/1/1").get_data(as_text=True)
    assert "ClinVar_CLNSIG" in known
    assert "=&lt;b&gt;likely&amp;benign" in known
    assert "1e-05" in known
    assert "ClinVar_CLNSIG" not in ada.get(f"{address}/2/1").get_data(as_text=True)


def test_exports_have_them_as_columns_and_run_none_of_them(ada: Any, sourced: Job) -> None:
    def export(kind: str) -> bytes:
        data: bytes = ada.get(f"/annotations/{sourced.job_id}/results/export?format={kind}").data
        return data

    first, second = csv.DictReader(io.StringIO(export("csv").decode("utf-8-sig")))
    assert {name: first[name] for name in SAID} == {
        "ClinVar_CLNSIG": "'=<b>likely&benign",
        "gnomAD_AF": "0.00001",
        "gnomAD_D": "-3",
    }
    assert {second[name] for name in SAID} == {""}
    assert pl.read_parquet(io.BytesIO(export("parquet"))).select(list(SAID)).row(0, named=True) == SAID
    assert json.loads(export("jsonl").splitlines()[0]).items() >= SAID.items()
    assert b"PK" in export("xlsx")[:2]
