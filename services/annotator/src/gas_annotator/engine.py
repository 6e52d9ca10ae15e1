"""The engine as the handlers see it: a stream in, five files and a few counts out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import gas_engine
from gas_core.domain.keys import ResultKeys
from gas_engine.errors import AssemblyError, NoContigError

OpenInput = Callable[[], AbstractContextManager[BinaryIO]]
"""Opens the input at its first byte, as often as it is called."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """What a run left. ``counts`` are the few numbers that the row, the list of jobs and the mail tell."""

    counts: dict[str, int]
    vcf: Path
    index: Path
    table: Path
    log: Path
    summary: Path

    def uploads(self, keys: ResultKeys) -> tuple[tuple[Path, str, str], ...]:
        """File, key and content type of each; the summary last, as it vouches for the others."""
        return (
            (self.vcf, keys.vcf, "application/gzip"),
            (self.index, keys.index, "application/octet-stream"),
            (self.table, keys.table, "application/vnd.apache.parquet"),
            (self.log, keys.log, "text/plain; charset=utf-8"),
            (self.summary, keys.summary, "application/json"),
        )


class Engine(Protocol):
    """Annotates one input into a directory of its own.

    ``progress`` is told records and bytes read, at least every half second; what it raises ends the run and
    passes through. A ``gas_engine.errors.EngineError`` tells what is wrong with the input.
    """

    def __call__(
        self, open_input: OpenInput, directory: Path, progress: Callable[[int, int], None]
    ) -> Annotated: ...


class BundleEngine:
    """``Engine``: gas_engine with reference bundles, opened once.

    A file is annotated with the first bundle that it fits. Whether it does is known at its end, so that a
    file of the second is read twice.
    """

    def __init__(self, bundles: Sequence[gas_engine.Bundle]) -> None:
        self._bundles = tuple(bundles)

    def __call__(
        self, open_input: OpenInput, directory: Path, progress: Callable[[int, int], None]
    ) -> Annotated:
        outputs = gas_engine.OutputPaths(directory)
        misfits: list[NoContigError | AssemblyError] = []
        for bundle in self._bundles:
            try:
                with open_input() as source:
                    summary = gas_engine.annotate(
                        source, bundle, outputs, lambda now: progress(now.records, now.bytes_read)
                    )
            except (NoContigError, AssemblyError) as misfit:
                misfits.append(misfit)
            else:
                return _annotated(summary, outputs)
        # A file whose contigs are there and whose bases are others says more about what to do.
        raise next((misfit for misfit in misfits if isinstance(misfit, AssemblyError)), misfits[0])


def _annotated(summary: gas_engine.Summary, outputs: gas_engine.OutputPaths) -> Annotated:
    counts = {
        "records": summary.records.read,
        "records_annotated": summary.records.annotated,
        "alleles": summary.alleles.read,
        "alleles_known": summary.alleles.known,
    }
    return Annotated(counts, outputs.vcf, outputs.index, outputs.table, outputs.log, outputs.summary)
