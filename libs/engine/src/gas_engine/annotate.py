"""The engine's one entry: a VCF in, the five files of a run out.

>>> from gas_engine import OutputPaths, annotate, default_bundle  # doctest: +SKIP
>>> with open("in.vcf", "rb") as vcf:  # doctest: +SKIP
...     summary = annotate(vcf, default_bundle(), OutputPaths(Path("out")), print)
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from gas_engine.assembly import likely_assembly, stated_assembly
from gas_engine.errors import AssemblyError, NoContigError
from gas_engine.limits import Limits
from gas_engine.notes import notes_on
from gas_engine.outputs.log import render_log
from gas_engine.outputs.summary import EngineInfo, InputInfo, SourceInfo, Summary, Timing
from gas_engine.outputs.table import TableWriter
from gas_engine.outputs.tally import Tally, by_count
from gas_engine.records import RecordAnnotator, RecordStatus
from gas_engine.vcf.declare import Declarations
from gas_engine.vcf.fields import OurFields
from gas_engine.vcf.reader import Reader
from gas_engine.vcf.source import Source
from gas_engine.vcf.writer import BodyWriter, index_vcf, join_header_and_body
from gas_engine.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gas_engine.bundle import Bundle
    from gas_engine.outputs.paths import OutputPaths

_PROGRESS_RECORDS = 1000
_PROGRESS_SECONDS = 0.5
_CONTIGS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``bytes_total`` is None for a stream whose end is not known.

    ``stage`` is ``annotating``, ``writing`` (header and index) or ``done``.
    """

    records: int
    bytes_read: int
    bytes_total: int | None
    stage: str


def annotate(
    input: BinaryIO,  # noqa: A002 - the name every caller uses for what goes in
    bundle: Bundle,
    outputs: OutputPaths,
    progress: Callable[[Progress], None],
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen, so that sharing one is safe
) -> Summary:
    """Annotate one VCF, read once from front to back, in bounded memory.

    Parameters
    ----------
    input
        Plain, gzip or BGZF, at its first byte.
    bundle
        The reference to hold it against.
    outputs
        Where the five files go. They appear together at the end, or not at all.
    progress
        Called at least every 1,000 records, and every 0.5 s while bytes come in. What it raises ends the
        work and passes through.
    limits
        Caps against inputs that would not end.

    Raises
    ------
    EngineError
        The input cannot be annotated; the text is a sentence for the person who sent it.
    """
    run = _Run(input, bundle, limits, progress)
    with outputs.staged() as staged:
        return run.into(staged)


class _Run:
    """One call of `annotate`: the parts and what they share."""

    def __init__(
        self, stream: BinaryIO, bundle: Bundle, limits: Limits, progress: Callable[[Progress], None]
    ) -> None:
        self._bundle = bundle
        self._limits = limits
        self._progress = progress
        self._stage = "annotating"
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._last_report = self._clock
        self._tally = Tally()
        self._source = Source(stream, limits, self._tick)

    def into(self, staged: OutputPaths) -> Summary:
        reader = Reader(self._source, self._limits)
        header = reader.header
        fields = OurFields(self._bundle, header)
        declarations = Declarations(header, self._limits)
        body = staged.directory / "body.bgz"
        self._write_records(reader, fields, declarations, body, staged.table)
        self._check_assembly(reader)
        self._report("writing")
        provenance = self._provenance()
        lines = [
            b"##fileformat=" + header.stated_version.encode(),
            *fields.header_lines(header.meta),
            *declarations.lines(self._bundle),
            *fields.lines,
            *([] if provenance in header.meta else [provenance]),
            header.column_line,
        ]
        join_header_and_body(staged.vcf, lines, body, self._tick)
        index_vcf(staged.vcf)
        notes = notes_on(reader, declarations, fields, self._tally.records_read)
        summary = self._summary(reader, tuple(notes))
        staged.log.write_text(render_log(summary), encoding="utf-8")
        staged.summary.write_text(summary.to_json(), encoding="utf-8")
        self._report("done")
        return summary

    def _write_records(
        self, reader: Reader, fields: OurFields, declarations: Declarations, body: Path, table: Path
    ) -> None:
        annotator = RecordAnnotator(self._bundle, fields, vcf3=reader.header.vcf3)
        with BodyWriter(body) as out, TableWriter(table) as rows:
            for record in reader:
                record.info = fields.cleared(record.info)
                declarations.note(record)
                annotated = annotator.annotate(record)
                annotator.write_into(annotated)
                out.write(record)
                rows.add(annotated)
                self._tally.add(annotated)
                if self._tally.records_read % _PROGRESS_RECORDS == 0:
                    self._report(self._stage)
                else:
                    self._tick()

    def _check_assembly(self, reader: Reader) -> None:
        """Refuse a file that belongs to another reference; an empty one belongs to any."""
        tally = self._tally
        checked = tally.records_on_bundle
        if tally.records_read and not checked:
            found = tuple(tally.contigs_outside)
            raise NoContigError(
                self._bundle.name,
                found[:_CONTIGS_NAMED],
                more=len(found) > _CONTIGS_NAMED,
                hint=stated_assembly(reader.header),
            )
        contradicting = tally.statuses[RecordStatus.REF_MISMATCH]
        if 2 * contradicting > checked:
            hint = likely_assembly(reader.header, self._bundle)
            raise AssemblyError(self._bundle.name, contradicting, checked, hint)

    def _provenance(self) -> bytes:
        bundle = self._bundle
        text = f"bundle={bundle.name} version={bundle.version} assembly={bundle.assembly}"
        return f"##gas_engine={__version__} {text}".encode()

    def _tick(self) -> None:
        if time.monotonic() - self._last_report >= _PROGRESS_SECONDS:
            self._report(self._stage)

    def _report(self, stage: str) -> None:
        self._stage = stage
        self._last_report = time.monotonic()
        source = self._source
        self._progress(Progress(self._tally.records_read, source.bytes_read, source.bytes_total, stage))

    def _summary(self, reader: Reader, notes: tuple[str, ...]) -> Summary:
        tally, source, bundle = self._tally, self._source, self._bundle
        seconds = time.monotonic() - self._clock
        return Summary(
            engine=EngineInfo(
                version=__version__,
                bundle=bundle.name,
                bundle_version=bundle.version,
                assembly=bundle.assembly,
                sources=tuple(
                    SourceInfo(each.part, each.name, each.version) for each in bundle.manifest.sources
                ),
            ),
            input=InputInfo(
                version=reader.header.version,
                compression=source.compression,
                bytes=source.bytes_read,
                uncompressed_bytes=source.uncompressed_bytes,
                sha256=source.sha256,
                samples=reader.header.samples,
            ),
            records=tally.record_counts(),
            alleles=tally.allele_counts(),
            most_severe=by_count(tally.most_severe),
            consequences=by_count(tally.consequences),
            impacts=by_count(tally.impacts),
            locations=by_count(tally.locations),
            genes=by_count(tally.genes),
            tracks=by_count(tally.tracks),
            contigs=by_count(tally.contigs),
            contigs_outside=by_count(tally.contigs_outside),
            notes=notes,
            timing=Timing(
                started=self._started.isoformat(timespec="seconds"),
                seconds=round(seconds, 3),
                records_per_second=round(tally.records_read / seconds, 1),
            ),
        )
