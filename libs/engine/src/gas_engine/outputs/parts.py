"""The table of a run in parts: a Parquet file from checkpoint to checkpoint, as its footer comes last."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from gas_engine.outputs.parquet import join
from gas_engine.outputs.table import TableWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

    from gas_engine.bundle import Field
    from gas_engine.records import AnnotatedRecord


class TableParts:
    """Write rows as they come, after ``done`` parts that are finished."""

    def __init__(self, directory: Path, done: int, fields: Sequence[Field], marks: Sequence[str]) -> None:
        self._directory = directory
        self._done = done
        self._fields = fields
        self._marks = marks
        self._writer = TableWriter(self._part(done), fields, marks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)

    @property
    def between_row_groups(self) -> bool:
        """True if every row is in a row group that is written or being written."""
        return self._writer.between_row_groups

    def add(self, number: int, annotated: AnnotatedRecord) -> None:
        """Add the rows of record ``number`` of the output."""
        self._writer.add(number, annotated)

    def add_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows that are packed already."""
        self._writer.add_batch(batch)

    def settle(self) -> int:
        """End the part, which is then on the disk, and begin the next; return how many are finished."""
        self._writer.__exit__(None, None, None)
        with self._part(self._done).open("rb") as file:
            os.fsync(file.fileno())
        self._done += 1
        self._writer = TableWriter(self._part(self._done), self._fields, self._marks)
        return self._done

    def finish(self, table: Path, tick: Callable[[], None]) -> None:
        """Make one file of the parts, once the writer is closed."""
        if self._done:
            join([self._part(number) for number in range(self._done + 1)], table, tick)
        else:
            self._part(0).replace(table)

    def _part(self, number: int) -> Path:
        return self._directory / f"table-{number}.parquet"
