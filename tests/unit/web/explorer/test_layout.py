"""Results of every version of the engine are read; what is of another is told, not guessed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from gas_core.domain.job import Job

MANY = [
    {
        "terms": ["missense_variant", "splice_region_variant"],
        "impact": "MODERATE",
        "symbol": "A|B,C;D=E%2C",
        "hgvs_p": "P1:p.Pro2=",
        "exon": "2/7",
        "strand": "-1",
        "distance": "",
    },
    {"terms": ["upstream_gene_variant"], "impact": "MODIFIER", "strand": "1", "distance": "77"},
]


def exported(visitor: Any, job: Job, kind: str) -> bytes:
    data: bytes = visitor.get(f"/annotations/{job.job_id}/results/export?format={kind}").data
    return data


@pytest.mark.parametrize("version", ["1", "2"])
def test_all_consequences_come_out_of_a_table_of_either_version(
    ada: Any, words: Any, explored: Callable[..., Job], row: Callable[..., Any]
) -> None:
    made = row(1, 73, "A>G", "missense_variant", consequences=MANY, symbol="A|B,C;D=E%2C")
    job = explored([made, row(2, 90, "C>", status="no_alt", alt=None, allele=0)])
    lines = [json.loads(line) for line in exported(ada, job, "jsonl").splitlines()]
    frame = pl.read_parquet(io.BytesIO(exported(ada, job, "parquet")))
    for rows in (lines, frame.to_dicts()):
        assert rows[1]["consequences"] == []
        assert [
            {name: value for name, value in each.items() if value} for each in rows[0]["consequences"]
        ] == [{name: value for name, value in each.items() if value} for each in MANY]
    assert frame.select("exon", "strand", "distance").rows() == [("2/7", -1, None), (None, None, None)]
    page = words(ada.get(f"/annotations/{job.job_id}/results/1/1"))
    assert "splice region variant" in page
    assert "P1:p.Pro2=" in page
    assert "Distance, bases 77" in page


@pytest.mark.parametrize("version", ["3"])
def test_a_table_of_another_version_is_told_and_the_download_offered(
    ada: Any, words: Any, explored: Callable[..., Job]
) -> None:
    job = explored()
    answer = ada.get(f"/annotations/{job.job_id}/results")
    assert answer.status_code == 200
    assert "was written by another version of this service" in words(answer)
    assert f"/annotations/{job.job_id}/download" in answer.text
