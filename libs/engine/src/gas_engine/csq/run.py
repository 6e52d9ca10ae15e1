"""Annotate with bcftools csq behind the same seam as our own engine, and leave what it can.

Our own reader goes through the input, with all its checks and limits. Of each record csq gets place and
alleles alone, and only what it can take: on a contig of the bundle, REF as the reference has it, bases. Its
word (BCSQ) goes into the record, every other byte of which is as it came. So csq neither meets what it would
stop at, nor writes a record anew.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from gas_engine.annotate import Run
from gas_engine.consequence import ref_matches
from gas_engine.csq.caller import Caller
from gas_engine.csq.files import reference_files
from gas_engine.errors import CsqError
from gas_engine.kernel import layout
from gas_engine.limits import Limits
from gas_engine.pick import Pick
from gas_engine.records import RecordStatus
from gas_engine.stream import Lines
from gas_engine.variant_class import variant_class
from gas_engine.vcf.fields import REF_MISMATCH, OurFields, info_line, mismatch_line, with_entries
from gas_engine.vcf.header import OURS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gas_engine.annotate import Progress
    from gas_engine.bundle import Bundle, Contig
    from gas_engine.outputs.paths import OutputPaths
    from gas_engine.outputs.summary import Summary
    from gas_engine.resume import Resumption
    from gas_engine.stream import Contigs, Piece
    from gas_engine.vcf.declare import Declarations
    from gas_engine.vcf.header import Header
    from gas_engine.vcf.record import Record
    from gas_engine.vcf.writer import BodyWriter

BCSQ: Final = b"BCSQ"
_FORMAT: Final = b"Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change"
_BASES: Final = re.compile(rb"[ACGT]+")
_SENT_RECORDS: Final = 1000


def annotate_with_csq(
    input: BinaryIO,  # noqa: A002 - as of annotate
    bundle: Bundle,
    outputs: OutputPaths,
    progress: Callable[[Progress], None],
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen, so that sharing one is safe
) -> Summary:
    """Annotate one VCF with bcftools csq; parameters and errors are those of `gas_engine.annotate`.

    It leaves the VCF, its index, summary and log. There is no table: csq has words of its own and none of
    HGVS, known IDs or IMPACT, and a table of it would say what it does not.

    Raises
    ------
    CsqError
        pysam is not installed, or csq ended otherwise than well.
    """
    if find_spec("pysam") is None:
        raise CsqError
    run = _CsqRun(input, bundle, limits, progress, Pick(), checkpoints=None)
    with outputs.staged(with_table=False) as staged:
        return run.into(staged)


class _CsqFields(OurFields):
    def _declared(self, bundle: Bundle) -> dict[bytes, bytes]:
        text = b"Consequences by bcftools csq, each record alone (%s). Format: %s" % (OURS, _FORMAT)
        return {BCSQ: info_line(BCSQ, text), REF_MISMATCH: mismatch_line(bundle)}


class _CsqRun(Run):
    """One call: records wait in order until csq has said what it says of them."""

    _done = 0

    def _fields(self, header: Header) -> OurFields:
        return _CsqFields(self._bundle, header)

    def _notes(self) -> tuple[str, ...]:
        return (f"Consequences are those of bcftools csq {_csq_version()}, in INFO/BCSQ; there is no table.",)

    def _provenance(self) -> bytes:
        return super()._provenance() + f" engine=csq-{_csq_version()}".encode()

    @property
    def _records(self) -> int:
        return self._done

    def _write_records(
        self,
        header: Header,
        fields: OurFields,
        declarations: Declarations,
        contigs: Contigs,
        *,
        body: BodyWriter,
        staged: OutputPaths,
        resumption: Resumption | None,  # noqa: ARG002 - it has no checkpoints
    ) -> Lines:
        lines = Lines(self._source, header, self._limits, contigs, all_odd=True)
        with body, ExitStack() as callers:
            self._open = callers
            self._body = body
            self._files = reference_files(self._bundle, staged.directory / "csq")
            self._callers: dict[int, Caller] = {}
            self._waiting: deque[tuple[Record, int, Caller | None]] = deque()
            for piece in lines.pieces():
                for number in range(0, len(piece.lines), _SENT_RECORDS):
                    self._take(piece, slice(number, number + _SENT_RECORDS), fields, declarations)
                    self._write_said()
                    self._report(self._stage)
            for caller in self._callers.values():
                caller.end()
            self._write_said()
            if self._waiting:
                raise CsqError(0, "it left out records")
        return lines

    def _take(self, piece: Piece, part: slice, fields: OurFields, declarations: Declarations) -> None:
        """Give records to csq, as far as it can take them, and have all of them wait."""
        given: dict[int, list[bytes]] = {}
        for line in piece.lines[part]:
            record = piece.odd.pop(int(line["number"]))
            record.info = fields.cleared(record.info)
            declarations.note(record)
            contig = self._bundle.contig(record.chrom.decode())
            alts = self._alleles_of(record, contig)
            code = contig.genetic_code if contig and alts else None
            if contig and code is not None:
                columns = (contig.name.encode(), record.pos_text, b".", record.ref.upper(), b",".join(alts))
                given.setdefault(code, []).append(b"\t".join((*columns, b".", b".", b".\n")))
            self._waiting.append((record, int(line["contig"]), None if code is None else self._caller(code)))
        for code, texts in given.items():
            self._callers[code].send(b"".join(texts))

    def _caller(self, code: int) -> Caller:
        if code not in self._callers:
            caller = Caller(self._files, code, self._bundle.contigs, self._tick)
            self._callers[code] = self._open.enter_context(caller)
        return self._callers[code]

    def _alleles_of(self, record: Record, contig: Contig | None) -> list[bytes]:
        """The alleles for csq, none where it cannot take the record; count what becomes of it."""
        tally = self._tally
        chrom = record.chrom.decode()
        (tally.contigs if contig else tally.contigs_outside)[chrom] += 1
        ref = record.ref.decode().upper()
        for alt in record.alts:
            tally.classes[variant_class(ref, alt.decode().upper())] += 1
        alts = [alt.upper() for alt in record.alts if _BASES.fullmatch(alt.upper())]
        if contig is None:
            status = RecordStatus.OUTSIDE_BUNDLE
        elif not ref_matches(self._bundle, contig, record.pos, ref):
            status = RecordStatus.REF_MISMATCH
            record.info = with_entries(record.info, [REF_MISMATCH])
        elif not record.alts:
            status = RecordStatus.NO_ALT
        elif not alts or not _BASES.fullmatch(ref.encode()):
            status = RecordStatus.SKIPPED
        else:
            tally.statuses[RecordStatus.ANNOTATED] += 1
            tally.alleles_annotated += len(alts)
            tally.skipped["not_bases"] += len(record.alts) - len(alts)
            return alts
        tally.statuses[status] += 1
        reason = "not_bases" if status is RecordStatus.SKIPPED else status.value
        tally.skipped[reason] += len(record.alts)
        return []

    def _write_said(self) -> None:
        """Write the records at the front of which all is said."""
        while self._waiting:
            record, contig, caller = self._waiting[0]
            if caller is not None:
                if not caller.said:
                    return
                if said := caller.said.popleft():
                    record.info = with_entries(record.info, [BCSQ + b"=" + said])
                    self._count(said)
            self._waiting.popleft()
            out = record.to_line()
            site = np.zeros(1, layout.SITE)
            site["text_end"], site["contig"] = len(out), contig
            site["start"], site["end"] = record.pos - 1, record.end
            self._body.write(out, site)
            self._done += 1

    def _count(self, said: bytes) -> None:
        """Count a record once under each of csq's words and genes."""
        entries = [entry.split("|") for entry in said.decode("utf-8", "replace").split(",")]
        words = {word for entry in entries for word in entry[0].removeprefix("*").split("&")}
        self._tally.consequences.update(words)
        self._tally.genes.update({entry[1] for entry in entries if entry[1:] and entry[1]})


def _csq_version() -> str:
    from pysam.version import __bcftools_version__ as version

    return str(version)
