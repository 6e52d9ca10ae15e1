"""The engine as the handlers see it: a stream in, five files and a few counts out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import gas_engine
from gas_annotator.shelf import Shelf
from gas_core.domain.keys import ResultKeys
from gas_engine.bundle import Manifest
from gas_engine.errors import AssemblyError, EngineError, NoContigError

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


class UnknownBundleError(EngineError):
    """The job asks for a bundle that this deployment does not have (any more)."""

    def __init__(self, name: str, offered: tuple[str, ...], *, fits: str = "") -> None:
        self.name = name
        self.offered = offered
        self.fits = fits
        super().__init__(name, offered, fits)

    def __str__(self) -> str:
        return f"This service has no reference called {self.name}"


class MisfitError(EngineError):
    """The file does not fit what was tried, as ``misfit`` tells; it does fit ``fits``, if that is one."""

    def __init__(self, misfit: NoContigError | AssemblyError, fits: str) -> None:
        self.misfit = misfit
        self.fits = fits
        super().__init__(misfit, fits)


class Engine(Protocol):
    """Annotates one input into a directory of its own, with the bundle named; ``""``: one that it fits.

    ``progress`` is told records and bytes read, at least every half second; what it raises ends the run and
    passes through. A ``gas_engine.errors.EngineError`` tells what is wrong with the input.
    """

    def __call__(
        self, open_input: OpenInput, directory: Path, progress: Callable[[int, int], None], *, bundle: str
    ) -> Annotated: ...


class BundleEngine:
    """``Engine``: gas_engine with the bundles of a shelf.

    Whether a file fits is known at its end. Where none was chosen, the likely ones are tried first, so that
    hardly any file is read twice.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __call__(
        self, open_input: OpenInput, directory: Path, progress: Callable[[int, int], None], *, bundle: str
    ) -> Annotated:
        def annotated(name: str) -> Annotated:
            outputs = gas_engine.OutputPaths(directory)
            with open_input() as source:
                summary = gas_engine.annotate(
                    source,
                    self._shelf.open(name),
                    outputs,
                    lambda now: progress(now.records, now.bytes_read),
                )
            return _annotated(summary, outputs)

        offered = tuple(self._shelf.manifests)
        if bundle and bundle not in offered:
            raise UnknownBundleError(bundle, offered, fits=self._fitting(open_input, offered))
        tried = (bundle,) if bundle else self._likely_first(open_input, offered)
        misfits: list[NoContigError | AssemblyError] = []
        for name in tried:
            try:
                return annotated(name)
            except (NoContigError, AssemblyError) as misfit:
                misfits.append(misfit)
        others = [name for name in offered if name not in tried]
        raise MisfitError(_nearest(misfits, tried), self._fitting(open_input, others))

    def _likely_first(self, open_input: OpenInput, names: Sequence[str]) -> Sequence[str]:
        if len(names) == 1:
            return names
        _, ranked = self._ranked(open_input, names)
        return tuple(dict.fromkeys([*(each.name for each in ranked), *names]))

    def _fitting(self, open_input: OpenInput, names: Sequence[str]) -> str:
        """Of these the likeliest whose bases are the file's, by its first records; ``""`` if none is."""
        if not names:
            return ""
        sample, ranked = self._ranked(open_input, names)
        found = (each.name for each in ranked if gas_engine.agrees(sample, self._shelf.open(each.name)))
        return next(found, "")

    def _ranked(
        self, open_input: OpenInput, names: Sequence[str]
    ) -> tuple[gas_engine.Sample, list[Manifest]]:
        with open_input() as source:
            sample = gas_engine.sample_of(source)
        return sample, gas_engine.likely(sample, [self._shelf.manifests[name] for name in names])


def _nearest(
    misfits: Sequence[NoContigError | AssemblyError], tried: Sequence[str]
) -> NoContigError | AssemblyError:
    """What says most about what to do: contigs that are there with other bases, else contigs of none."""
    for misfit in misfits:
        if isinstance(misfit, AssemblyError):
            return misfit
    first = next(misfit for misfit in misfits if isinstance(misfit, NoContigError))
    names = " or ".join(filter(None, [", ".join(tried[:-1]), tried[-1]]))
    return NoContigError(names, first.found, more=first.more, hint=first.hint)


def _annotated(summary: gas_engine.Summary, outputs: gas_engine.OutputPaths) -> Annotated:
    counts = {
        "records": summary.records.read,
        "records_annotated": summary.records.annotated,
        "alleles": summary.alleles.read,
        "alleles_known": summary.alleles.known,
    }
    return Annotated(counts, outputs.vcf, outputs.index, outputs.table, outputs.log, outputs.summary)
