"""The engine's one entry: a VCF in, the five files of a run out, or its text alone.

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
from gas_engine.errors import AssemblyError, NoContigError, NoSamplesError, ResumeError
from gas_engine.haplotypes.writer import HaplotypeWriter
from gas_engine.kernel.registry import Registry
from gas_engine.limits import Limits
from gas_engine.notes import notes_on, notes_on_haplotypes
from gas_engine.outputs.log import render_log
from gas_engine.outputs.parts import TableParts
from gas_engine.outputs.summary import (
    EngineInfo,
    HaplotypeCounts,
    InputInfo,
    SourceInfo,
    Summary,
    Timing,
)
from gas_engine.outputs.tally import Tally, by_count
from gas_engine.pick import Keep, Pick
from gas_engine.records import RecordStatus
from gas_engine.resume import Parts, Resumption, identity
from gas_engine.stream import Contigs, Lines, RecordStream, Workspace, needs_python, workspace
from gas_engine.vcf import bgzf
from gas_engine.vcf.declare import Declarations
from gas_engine.vcf.fields import OurFields
from gas_engine.vcf.header import Header, read_header
from gas_engine.vcf.source import Source
from gas_engine.vcf.writer import BodyWriter, TextWriter
from gas_engine.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from gas_engine.bundle import Bundle
    from gas_engine.checkpoint import Checkpoints
    from gas_engine.outputs.paths import OutputPaths

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
    pick: Pick = Pick(),  # noqa: B008 - frozen, too
    checkpoints: Checkpoints | None = None,
    haplotypes: bool = False,
    hgvs: bool = True,
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
    pick
        Which consequences of an allele are kept; all, if nothing is said.
    checkpoints
        If given, the run leaves checkpoints in a hidden directory beside the outputs, and goes on from the
        last one it finds there. Whatever stops it, but a fault of the input, leaves that directory.
    haplotypes
        Tell in INFO/CSQ_HAPLOTYPE what coding variants do together that phased genotypes put on one
        haplotype.
    hgvs
        False leaves HGVSc, HGVSp and HGVSg empty, which takes less time.

    Raises
    ------
    EngineError
        The input cannot be annotated; the text is a sentence for the person who sent it.
    StoppedError
        ``checkpoints`` was told to stop, and a checkpoint is written.
    ValueError
        Haplotypes are asked for with checkpoints: records that are held back are in none.
    """
    if checkpoints and haplotypes:
        raise ValueError(
            "a run with haplotypes cannot be resumed: leave out one of checkpoints and haplotypes"
        )
    run = Run(
        input, bundle, limits, progress, pick, checkpoints=checkpoints, haplotypes=haplotypes, hgvs=hgvs
    )
    with outputs.resumable() if checkpoints else outputs.staged() as staged:
        return run.into(staged)


def annotate_text(
    input: BinaryIO,  # noqa: A002 - as above
    bundle: Bundle,
    out: BinaryIO,
    progress: Callable[[Progress], None],
    *,
    limits: Limits = Limits(),  # noqa: B008 - as above
    pick: Pick = Pick(),  # noqa: B008 - as above
    hgvs: bool = True,
) -> Summary:
    """Annotate one VCF and write the text of the result to a stream, as it comes, for another program.

    As `annotate`, but for these: there is no table, and an error may come when a part was written, though the
    usual ones (no VCF, another assembly) come before. A name that is undeclared and that the first records
    (4 MiB) do not use stays undeclared; the summary's notes tell how many.
    """
    return Run(input, bundle, limits, progress, pick, checkpoints=None, hgvs=hgvs).into_text(out)


class Run:
    """One call of `annotate`: the parts and what they share. Other engines override what is theirs."""

    def __init__(
        self,
        stream: BinaryIO,
        bundle: Bundle,
        limits: Limits,
        progress: Callable[[Progress], None],
        pick: Pick,
        *,
        checkpoints: Checkpoints | None,
        haplotypes: bool = False,
        hgvs: bool = True,
    ) -> None:
        self._bundle = bundle
        self._limits = limits
        self._pick = pick
        self._checkpoints = checkpoints
        self._records_before = 0  # done by the runs that this one goes on with
        self._with_hgvs = hgvs
        self._with_haplotypes = haplotypes
        self._haplotypes: HaplotypeCounts | None = None
        self._progress = progress
        self._stage = "annotating"
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._last_report = self._clock
        self._tally = Tally()
        self._stream: RecordStream | None = None
        self._source = Source(stream, limits, self._tick)

    def into(self, staged: OutputPaths) -> Summary:
        header = read_header(self._source.lines(), self._limits)
        fields = self._fields(header)
        declarations = Declarations(header, self._limits)
        contigs = Contigs(Registry(), self._bundle, declarations, self._limits)
        with bgzf.threads() as pool:
            resumption = self._resumption(header, staged)
            body = _body(staged, pool, resumption)
            lines = self._write_records(
                header, fields, declarations, contigs, body=body, staged=staged, resumption=resumption
            )
            self._check_assembly(header)
            self._report("writing")
            head = self._head(header, fields, declarations)
            body.finish(staged.vcf, staged.index, head, contigs.met, self._tick)
        notes = (*self._notes(), *notes_on(header, lines, declarations, fields, self._tally))
        summary = self._summary(header, notes)
        staged.log.write_text(render_log(summary), encoding="utf-8")
        staged.summary.write_text(summary.to_json(), encoding="utf-8")
        self._report("done")
        return summary

    def into_text(self, out: BinaryIO) -> Summary:
        header = read_header(self._source.lines(), self._limits)
        fields = self._fields(header)
        declarations = Declarations(header, self._limits)
        contigs = Contigs(Registry(), self._bundle, declarations, self._limits)
        declared = 0

        def head() -> list[bytes]:
            nonlocal declared
            if self._stream is not None:
                self._stream.hand_over_counts()
            self._check_assembly(header)
            declared = declarations.total
            return self._head(header, fields, declarations)

        body = TextWriter(out, head)
        all_odd = needs_python(header, self._bundle)
        lines = Lines(self._source, header, self._limits, contigs, all_odd=all_odd)
        with workspace(self._bundle) as work:
            stream = self._record_stream(header, fields, declarations, contigs, work, body=body, table=None)
            for piece in lines.pieces():
                stream.add(piece)
                self._tick()
            stream.finish()
        self._check_assembly(header)
        body.finish()
        notes = (*self._notes(), *notes_on(header, lines, declarations, fields, self._tally))
        if late := declarations.total - declared:
            notes += (f"Names that came undeclared after the header was written: {late}; they stay so.",)
        self._report("done")
        return self._summary(header, notes)

    def _head(self, header: Header, fields: OurFields, declarations: Declarations) -> list[bytes]:
        """Lines of the output's header, as far as the records are known."""
        provenance = self._provenance()
        return [
            b"##fileformat=" + header.stated_version.encode(),
            *fields.header_lines(header.meta),
            *declarations.lines(self._bundle),
            *fields.lines,
            *([] if provenance in header.meta else [provenance]),
            header.column_line,
        ]

    def _fields(self, header: Header) -> OurFields:
        if self._with_haplotypes and not header.samples:
            raise NoSamplesError
        return OurFields(self._bundle, header, haplotypes=self._with_haplotypes)

    def _notes(self) -> tuple[str, ...]:
        return () if self._haplotypes is None else tuple(notes_on_haplotypes(self._haplotypes))

    @property
    def _records(self) -> int:
        return self._stream.records if self._stream else 0

    def _write_records(
        self,
        header: Header,
        fields: OurFields,
        declarations: Declarations,
        contigs: Contigs,
        *,
        body: BodyWriter,
        staged: OutputPaths,
        resumption: Resumption | None,
    ) -> Lines:
        lines = Lines(
            self._source,
            header,
            self._limits,
            contigs,
            all_odd=needs_python(header, self._bundle),
            with_crc=resumption is not None,
        )
        begun = resumption.begun if resumption else None
        done = begun.parts if begun else 0
        with (
            body,
            TableParts(staged.directory, done, self._bundle.fields, self._bundle.marks) as table,
            workspace(self._bundle) as work,
        ):
            held = None
            if self._with_haplotypes:
                held = HaplotypeWriter(body, self._bundle, header, contigs, self._limits)
            stream = self._record_stream(
                header, fields, declarations, contigs, work, body=held or body, table=table
            )
            if resumption:
                resumption.follow(Parts(lines, contigs, declarations, self._tally, body, table, stream))
                self._records_before = stream.records
            for piece in lines.pieces():
                stream.add(piece)
                self._tick()
            stream.finish()
            if held is not None:
                self._haplotypes = held.finish()
        table.finish(staged.table, self._tick)
        return lines

    def _record_stream(
        self,
        header: Header,
        fields: OurFields,
        declarations: Declarations,
        contigs: Contigs,
        work: Workspace,
        *,
        body: BodyWriter | HaplotypeWriter | TextWriter,
        table: TableParts | None,
    ) -> RecordStream:
        self._stream = RecordStream(
            self._bundle,
            header,
            fields,
            declarations,
            contigs,
            work=work,
            body=body,
            table=table,
            tally=self._tally,
            on_records=lambda: self._report(self._stage),
            limits=self._limits,
            pick=self._pick,
            hgvs=self._with_hgvs,
        )
        return self._stream

    def _resumption(self, header: Header, staged: OutputPaths) -> Resumption | None:
        if self._checkpoints is None:
            return None
        same = identity(header, self._bundle, self._provenance())
        return Resumption(self._checkpoints, staged, same, self._source.line)

    def _check_assembly(self, header: Header) -> None:
        """Refuse a file that belongs to another reference; an empty one belongs to any."""
        tally = self._tally
        checked = tally.records_on_bundle
        if tally.records_read and not checked:
            found = tuple(tally.contigs_outside)
            raise NoContigError(
                self._bundle.name,
                found[:_CONTIGS_NAMED],
                more=len(found) > _CONTIGS_NAMED,
                hint=stated_assembly(header),
            )
        contradicting = tally.statuses[RecordStatus.REF_MISMATCH]
        if 2 * contradicting > checked:
            hint = likely_assembly(header, self._bundle)
            raise AssemblyError(self._bundle.name, contradicting, checked, hint)

    def _provenance(self) -> bytes:
        bundle = self._bundle
        text = f"bundle={bundle.name} version={bundle.version} assembly={bundle.assembly}"
        if self._pick.keep is not Keep.ALL:
            text += f" pick={self._pick}"
        if self._with_haplotypes:
            text += " haplotypes=yes"
        if not self._with_hgvs:
            text += " hgvs=no"
        return f"##gas_engine={__version__} {text}".encode()

    def _tick(self) -> None:
        if time.monotonic() - self._last_report >= _PROGRESS_SECONDS:
            self._report(self._stage)

    def _report(self, stage: str) -> None:
        self._stage = stage
        self._last_report = time.monotonic()
        source = self._source
        self._progress(Progress(self._records, source.bytes_read, source.bytes_total, stage))

    def _summary(self, header: Header, notes: tuple[str, ...]) -> Summary:
        tally, source, bundle = self._tally, self._source, self._bundle
        seconds = time.monotonic() - self._clock
        return Summary(
            engine=EngineInfo(
                version=__version__,
                bundle=bundle.name,
                bundle_version=bundle.version,
                assembly=bundle.assembly,
                sources=tuple(
                    SourceInfo(each.part, each.name, each.version, each.sha256)
                    for each in bundle.manifest.sources
                ),
            ),
            input=InputInfo(
                version=header.version,
                compression=source.compression,
                bytes=source.bytes_read,
                uncompressed_bytes=source.uncompressed_bytes,
                sha256=source.sha256,
                samples=header.samples,
            ),
            records=tally.record_counts(),
            alleles=tally.allele_counts(),
            most_severe=by_count(tally.most_severe),
            consequences=by_count(tally.consequences),
            impacts=by_count(tally.impacts),
            locations=by_count(tally.locations),
            genes=by_count(tally.genes),
            tracks=by_count(tally.tracks),
            allele_sources=by_count(tally.allele_sources),
            contigs=by_count(tally.contigs),
            contigs_outside=by_count(tally.contigs_outside),
            notes=notes,
            haplotypes=self._haplotypes,
            timing=Timing(
                started=self._started.isoformat(timespec="seconds"),
                seconds=round(seconds, 3),
                records_per_second=round((tally.records_read - self._records_before) / seconds, 1),
            ),
        )


def _body(staged: OutputPaths, pool: ThreadPoolExecutor, resumption: Resumption | None) -> BodyWriter:
    settled = resumption.begun.body if resumption and resumption.begun else None
    try:
        return BodyWriter(staged.directory / "body.bgz", pool, settled)
    except ValueError as error:
        raise ResumeError(staged.directory, "is damaged") from error
