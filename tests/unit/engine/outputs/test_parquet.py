"""Parquet files joined are, byte for byte, the file that one writer makes of all their row groups."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gas_engine.outputs import table
from gas_engine.outputs.parquet import join
from gas_engine.outputs.table import SCHEMA, TableWriter

FLAT = [field.name for field in SCHEMA if pa.types.is_dictionary(field.type)]


def rows(first: int, count: int) -> pa.RecordBatch:
    """Rows of the table with something of every type in them."""
    numbers = range(first, first + count)
    values = {
        "record": list(numbers),
        "pos": [7 * number for number in numbers],
        "ids": [[f"rs{number}"] * (number % 3) for number in numbers],
        "ref": ["ACGT"[number % 4] for number in numbers],
        "qual": [None if number % 5 == 0 else number / 3 for number in numbers],
        "allele": [1] * count,
        "known_ids": [[]] * count,
        "regions": [[{"track": "t", "name": str(number)}] for number in numbers],
        "csq": [f"intron_variant|MODIFIER|G{number}" for number in numbers],
        **{name: [f"{name}{number % 4}" for number in numbers] for name in FLAT},
    }
    columns = [
        pa.array(values.get(field.name, [None] * count), pa.string()).dictionary_encode()
        if field.name in FLAT
        else pa.array(values.get(field.name, [None] * count), field.type)
        for field in SCHEMA
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def written(path: Path, *groups: pa.RecordBatch) -> Path:
    with TableWriter(path, (), ()) as writer:
        for group in groups:
            writer.add_batch(group)
    return path


@pytest.mark.parametrize("cuts", [(0, 3), (1, 3), (1, 2, 3), (0, 0, 3, 3)])
def test_parts_joined_are_the_file_of_one_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuts: tuple[int, ...]
) -> None:
    monkeypatch.setattr(table, "_ROW_GROUP_ROWS", 400)
    groups = [rows(400 * number, 400) for number in range(3)]
    whole = written(tmp_path / "whole.parquet", *groups)
    edges = [0, *cuts]
    parts = [
        written(tmp_path / f"{number}.parquet", *groups[start:end])
        for number, (start, end) in enumerate(pairwise(edges))
    ]
    ticks: list[None] = []
    join(parts, tmp_path / "joined.parquet", lambda: ticks.append(None))
    joined = tmp_path / "joined.parquet"
    assert pq.read_metadata(joined).num_row_groups == 3
    assert joined.read_bytes() == whole.read_bytes()
    assert ticks


def test_more_row_groups_than_a_short_list_holds_are_joined(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    parts = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    values = pa.table({"flag": [True, False, None], "x": [1, 200, -(2**40)], "y": [0.5, 1.0, 2.0]})
    writers = [pq.ParquetWriter(path, values.schema) for path in (whole, *parts)]
    for number in range(40):
        writers[0].write_table(values)
        writers[1 + (number >= 20)].write_table(values)
    for writer in writers:
        writer.close()
    joined = tmp_path / "joined.parquet"
    join(parts, joined, lambda: None)
    assert joined.read_bytes() == whole.read_bytes()
