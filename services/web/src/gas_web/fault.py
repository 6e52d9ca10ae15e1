"""What a researcher has to see to mend a file: the line that a job failed at, and the lines to edit."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import structlog

from gas_core.domain.errors import GasError
from gas_core.domain.job import Job
from gas_core.ports import ObjectStore

AROUND_LINES = 2
"""So many lines are shown on either side."""
LINE_CHARACTERS = 400
"""Of each line; a file with many samples has lines of megabytes."""
EDIT_BYTES = 256 << 10
"""Files up to this size are edited on the submit page; a field with more lines helps nobody."""
READ_BYTES = 8 << 20
"""Of the unpacked file. Lines further on are named and not shown: no page may take seconds."""
_CHUNK_BYTES = 1 << 16
_GZIP = b"\x1f\x8b"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FaultLine:
    """A line in pieces: before the column at fault, that column, and after it; ``cut`` if it goes on."""

    number: int
    before: str
    fault: str
    after: str
    cut: bool
    at_fault: bool


def read_fault(job: Job, *, store: ObjectStore) -> tuple[FaultLine, ...]:
    """The lines around the one at fault; none if no line is, or it is too far into the file to be shown."""
    failure = job.failure
    if failure is None or not failure.line:
        return ()
    shown = range(max(failure.line - AROUND_LINES, 1), failure.line + AROUND_LINES + 1)
    try:
        with store.open(job.input) as stream:
            lines = dict(_lines(stream, shown))
    except (GasError, zlib.error) as error:
        log.warning("fault_not_shown", job_id=job.job_id, error=type(error).__name__)
        return ()
    if failure.line not in lines:
        return ()
    return tuple(
        _piece(number, text, failure.column if number == failure.line else 0, at_fault=number == failure.line)
        for number, text in lines.items()
    )


def editable(job: Job) -> bool:
    """Whether it failed at something in its lines that may be edited on a page, as far as the row tells."""
    failure = job.failure
    return failure is not None and bool(failure.line) and job.input_bytes <= EDIT_BYTES


def read_lines(job: Job, *, store: ObjectStore) -> str:
    """The unpacked text of a file to edit; empty if it is larger than that, is gone, or is no text."""
    text = bytearray()
    try:
        with store.open(job.input) as stream:
            for chunk in _unpacked(stream, whole=True):
                text += chunk
                if len(text) > EDIT_BYTES:
                    return ""
        lines = text.decode()
    except (GasError, zlib.error, UnicodeDecodeError) as error:
        log.warning("lines_not_shown", job_id=job.job_id, error=type(error).__name__)
        return ""
    # A page cannot hold a zero byte, and what comes back from it has to be the file.
    return "" if "\0" in lines else lines


def _lines(stream: BinaryIO, wanted: range) -> Iterator[tuple[int, str]]:
    """Number and beginning of the wanted lines, as far as they lie within ``READ_BYTES``."""
    number, line, whole = 1, bytearray(), 0
    most = LINE_CHARACTERS * 4 + 1  # UTF-8
    for chunk in _unpacked(stream):
        whole += len(chunk)
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            if number in wanted:
                line += part[: most - len(line)]
                yield number, _text(line)
                line.clear()
            number += 1
            if number >= wanted.stop:
                return
        if number in wanted:
            line += rest[: max(most - len(line), 0)]
        if whole >= READ_BYTES:
            break
    if number in wanted and line:
        yield number, _text(line)


def _unpacked(stream: BinaryIO, *, whole: bool = False) -> Iterator[bytes]:
    """The text of a plain, gzip or BGZF file, as far as it goes; ``whole``: zlib.error if it ends early."""
    data = stream.read(_CHUNK_BYTES)
    if not data.startswith(_GZIP):
        while data:
            yield data
            data = stream.read(_CHUNK_BYTES)
        return
    member = zlib.decompressobj(wbits=31)
    while data:
        unpacked = member.decompress(data, _CHUNK_BYTES)
        if unpacked:
            yield unpacked
        data = member.unconsumed_tail
        if member.eof:
            data = member.unused_data or stream.read(_CHUNK_BYTES)
            member = zlib.decompressobj(wbits=31)
        elif not data:
            data = stream.read(_CHUNK_BYTES)
            if whole and not data:
                raise zlib.error("cut short")


def _text(line: bytes | bytearray) -> str:
    return line.decode(errors="replace").rstrip("\r")


def _piece(number: int, text: str, column: int, *, at_fault: bool) -> FaultLine:
    """Tabs are shown as they stand; the column at fault is set apart, where it is within what is shown."""
    kept = text[:LINE_CHARACTERS]
    fields = kept.split("\t")
    if not 0 < column <= len(fields):
        return FaultLine(number, kept, "", "", len(text) > len(kept), at_fault)
    before, after = fields[: column - 1], fields[column:]
    return FaultLine(
        number,
        "".join(f"{field}\t" for field in before),
        fields[column - 1],
        "".join(f"\t{field}" for field in after),
        len(text) > len(kept),
        at_fault,
    )
