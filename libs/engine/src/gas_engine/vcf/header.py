"""The header: what it declares, what the records use beyond that, and the header that we write.

Lines of the input are kept byte for byte, with three exceptions told here and nowhere else: a field of ours
from an earlier run is dropped, another tool's field of our name is renamed, and VCF 3.3 lines are put into
the form of 4.x, as our output is stated as 4.x.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gas_engine.errors import VcfError
from gas_engine.limits import Limits, size_text
from gas_engine.vcf.record import FIXED_COLUMNS, SAMPLELESS_COLUMNS
from gas_engine.vcf.text import readable, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("VCFv4.0", "VCFv4.1", "VCFv4.2", "VCFv4.3", "VCFv4.4", "VCFv4.5")
# What an input of VCF 3.3, or one without a version, is stated as.
STATED_VERSION = "VCFv4.2"
# Stands in the Description of every field of ours, so that a later run knows them again.
OURS = b"from GAS"

_VERSION_LINE = re.compile(rb"##(?:file)?format=(VCFv\S+)\s*")
_DECLARATION = re.compile(rb"##(INFO|FILTER|FORMAT|contig)=<(.*)>\s*", re.DOTALL)
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_ID = re.compile(rb"(?:^|,)\s*ID=([^,>]+)")
_LENGTH = re.compile(rb"(?:^|,)\s*length=([0-9]+)")
_VCF3_FIELD = re.compile(rb'##(INFO|FORMAT)=([^,<]+),(-?[0-9]+),([A-Za-z]+),("[^"]*")\s*')
_VCF3_FILTER = re.compile(rb'##FILTER=([^,<]+),("[^"]*")\s*')


@dataclass(slots=True)
class Header:
    """The header of one input.

    ``meta`` holds its ``##`` lines but for the version; ``column_line`` is the #CHROM line to write and
    ``columns`` counts those of the one read; ``declared`` maps INFO, FILTER, FORMAT and contig to
    the IDs declared; ``contig_lengths`` holds the lengths that are stated.
    """

    version: str
    stated_version: str
    meta: list[bytes]
    column_line: bytes
    columns: int
    declared: dict[str, set[bytes]]
    contig_lengths: dict[str, int] = field(default_factory=dict)
    reference: str = ""

    @property
    def vcf3(self) -> bool:
        return self.version == "VCFv3.3"

    @property
    def samples(self) -> int:
        return max(0, self.columns - SAMPLELESS_COLUMNS)


def read_header(lines: Iterator[tuple[int, bytes]], limits: Limits) -> Header:
    """Take the header off the front of ``lines``, the #CHROM line being its last.

    Raises
    ------
    VcfError
        A version we do not read, no #CHROM line, wrong or repeated column names, a header beyond its cap.
    """
    version = ""
    meta: list[bytes] = []
    size = 0
    number = 0
    for number, line in lines:
        size += len(line)
        if size > limits.max_header_bytes:
            raise VcfError(
                number, None, "", f"a header of more than {size_text(limits.max_header_bytes)}", "a record"
            )
        if line.startswith(b"##"):
            if b"\0" in line:
                raise VcfError(number, None, "", "the control byte 0x00", "a header line")
            if match := _VERSION_LINE.fullmatch(line):
                # A repeated version line says nothing new and must not stand but in front.
                version = version or _known_version(number, match[1])
            else:
                meta.append(line)
        elif line.startswith(b"#CHROM"):
            return _header(version, meta, number, line)
        elif line.strip():
            raise VcfError(number, None, "", shown(line), "the #CHROM header line")
    raise VcfError(number + 1, None, "", "the end of the file", "the #CHROM header line")


def _known_version(number: int, version: bytes) -> str:
    text = readable(version)
    if text not in (*VERSIONS, "VCFv3.3"):
        raise VcfError(number, None, "", shown(version), "VCFv4.0 to VCFv4.5, or VCFv3.3,")
    return text


def _header(version: str, meta: list[bytes], number: int, column_line: bytes) -> Header:
    columns = _checked_columns(number, column_line)
    stated = version if version in VERSIONS else STATED_VERSION
    if version == "VCFv3.3":
        meta = [_from_vcf3(line) for line in meta]
    header = Header(
        version=version,
        stated_version=stated,
        meta=meta,
        column_line=column_line if columns != SAMPLELESS_COLUMNS else column_line.removesuffix(b"\tFORMAT"),
        columns=columns,
        declared={"INFO": set(), "FILTER": {b"PASS"}, "FORMAT": set(), "contig": set()},
    )
    for line in meta:
        if declaration := declaration_of(line):
            kind, name, body = declaration
            header.declared[kind].add(name)
            if kind == "contig" and (length := _LENGTH.search(body)):
                header.contig_lengths[readable(name)] = int(length[1])
        elif line.startswith(b"##reference="):
            header.reference = readable(line.partition(b"=")[2].strip())
    return header


def _checked_columns(number: int, line: bytes) -> int:
    names = line.removeprefix(b"#").split(b"\t")
    expected = FIXED_COLUMNS if len(names) <= len(FIXED_COLUMNS) else (*FIXED_COLUMNS, b"FORMAT")
    for column, name in enumerate(expected, start=1):
        found = names[column - 1] if column <= len(names) else b""
        if found != name:
            hint = " (spaces where tabs belong?)" if b" " in line and b"\t" not in line else ""
            raise VcfError(number, column, "", shown(found) + hint, f"the column name {name.decode()}")
    samples = names[len(FIXED_COLUMNS) + 1 :]
    if len(set(samples)) != len(samples):
        met: set[bytes] = set()
        for column, name in enumerate(samples, start=len(FIXED_COLUMNS) + 2):
            if name in met:
                raise VcfError(
                    number, column, "", f"the sample {shown(name)} a second time", "a new sample name"
                )
            met.add(name)
    return len(names)


def declaration_of(line: bytes) -> tuple[str, bytes, bytes] | None:
    """Return (kind, ID, body without quoted text) of an INFO, FILTER, FORMAT or contig line, else None."""
    match = _DECLARATION.fullmatch(line)
    if not match:
        return None
    body = _QUOTED.sub(b'""', match[2])
    name = _ID.search(body)
    return (match[1].decode(), name[1].strip(), body) if name else None


def _from_vcf3(line: bytes) -> bytes:
    """Put ``##INFO=NS,1,Integer,"text"`` and ``##FILTER=q10,"text"`` into the form of 4.x."""
    if match := _VCF3_FIELD.fullmatch(line):
        kind, name, count, type_, text = match.groups()
        count = b"." if count.startswith(b"-") else count
        return b"##%s=<ID=%s,Number=%s,Type=%s,Description=%s>" % (kind, name, count, type_, text)
    if match := _VCF3_FILTER.fullmatch(line):
        return b"##FILTER=<ID=%s,Description=%s>" % match.groups()
    return line
