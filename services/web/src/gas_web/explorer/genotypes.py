"""What the samples of a job have at a variant, read from the VCF in the store by its index.

The index (SAM/BAM specifications, "The Tabix index file format") leads to the block of 16,384 bases in which
the record starts; from there the file is read until the record, and no further.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from gas_core.domain.job import ObjectRef
from gas_core.ports import ObjectStore
from gas_web.explorer.errors import GenotypesUnreadableError
from gas_web.explorer.table import Row

_WINDOW_BITS = 14
_MOST_HEADER_BYTES = 64 * 1024 * 1024
_MOST_SCANNED_BYTES = 256 * 1024 * 1024
"""Of text before the record: far more than a window holds."""
_MOST_FIELDS: Final = 12
_LONGEST_VALUE: Final = 60
_SHORT_ALLELE = 12


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    values: list[str]
    """In the order of ``Genotypes.fields``."""


@dataclass(frozen=True, slots=True)
class Genotypes:
    """The FORMAT fields of a record and each sample's values; ``carriers`` have the allele asked for."""

    fields: list[str]
    samples: list[Sample]
    carriers: int


def genotypes_of(row: Row, before: int, *, store: ObjectStore, vcf: ObjectRef, index: ObjectRef) -> Genotypes:
    """The samples at a row of the table; ``before`` records stand at its position before its own.

    Raises
    ------
    ObjectMissingError
        The store has no such file (any more).
    GenotypesUnreadableError
        The index or the VCF is not as it should be.
    """
    with store.open(vcf) as file:
        names = _sample_names(file)
    if not names:
        return Genotypes([], [], 0)
    with store.open(index) as file, gzip.GzipFile(fileobj=file) as packed:
        place = _offset(packed.read(), row["contig_name"], row["pos"])
    with store.open(vcf, start=place >> 16) as file:
        line = _record(file, place & 0xFFFF, row["contig_name"], row["pos"], before)
    return _told(line, names, row["allele"])


def _sample_names(file: BinaryIO) -> list[str]:
    read = 0
    with gzip.GzipFile(fileobj=file) as lines:
        for line in lines:
            if line.startswith(b"#CHROM"):
                return line.rstrip(b"\r\n").decode(errors="replace").split("\t")[9:]
            read += len(line)
            if not line.startswith(b"#") or read > _MOST_HEADER_BYTES:
                break
    raise GenotypesUnreadableError("the VCF has no line of column names")


def _offset(index: bytes, contig: str, pos: int) -> int:
    """Where to begin to read for a position: a virtual offset (block's place << 16, byte in its text)."""
    try:
        magic, contigs, *_, names_bytes = struct.unpack_from("<4s8i", index)
        if magic != b"TBI\x01":
            raise GenotypesUnreadableError("the index is none of tabix")
        at = 36 + names_bytes
        names = index[36:at].split(b"\x00")[:contigs]
        for name in names:
            at, linear = _linear(index, at)
            if name.decode(errors="replace") == contig:
                return _window(index, linear, pos)
    except struct.error as error:
        raise GenotypesUnreadableError("the index is cut short") from error
    raise GenotypesUnreadableError("the index does not know the contig")


def _linear(index: bytes, at: int) -> tuple[int, int]:
    """Where the next contig begins, and where this one's windows do, of one that begins ``at``."""
    (bins,) = struct.unpack_from("<i", index, at)
    at += 4
    for _ in range(bins):
        _, chunks = struct.unpack_from("<Ii", index, at)
        at += 8 + 16 * chunks
    (windows,) = struct.unpack_from("<i", index, at)
    return at + 4 + 8 * windows, at


def _window(index: bytes, linear: int, pos: int) -> int:
    (windows,) = struct.unpack_from("<i", index, linear)
    window = min((pos - 1) >> _WINDOW_BITS, windows - 1)
    # A window in which nothing starts may have none; then the one before is as good.
    for place in range(window, -1, -1):
        (offset,) = struct.unpack_from("<Q", index, linear + 4 + 8 * place)
        if offset:
            return cast("int", offset)
    return 0


def _record(file: BinaryIO, skip: int, contig: str, pos: int, before: int) -> list[str]:
    """The columns of the record at a position that has ``before`` others before it there."""
    chrom, place = contig.encode(), str(pos).encode()
    seen = 0
    for line in _lines(file, skip):
        if line.startswith(b"#"):
            continue
        name, _, rest = line.partition(b"\t")
        here, _, _ = rest.partition(b"\t")
        if name == chrom and here == place:
            if seen == before:
                return line.rstrip(b"\r\n").decode(errors="replace").split("\t")
            seen += 1
        elif name != chrom or int(here) > pos:
            break
    raise GenotypesUnreadableError(contig=contig, pos=pos)


def _lines(file: BinaryIO, skip: int) -> Iterator[bytes]:
    read = 0
    with gzip.GzipFile(fileobj=file) as lines:
        lines.read(skip)
        for line in lines:
            yield line
            read += len(line)
            if read > _MOST_SCANNED_BYTES:
                return


def _told(columns: list[str], names: list[str], allele: int) -> Genotypes:
    fields = columns[8].split(":")[:_MOST_FIELDS] if len(columns) > 8 else []  # noqa: PLR2004 - FORMAT
    alleles = [columns[3], *columns[4].split(",")]
    genotype = fields.index("GT") if "GT" in fields else None
    carriers = 0
    samples = []
    for name, text in zip(names, columns[9:], strict=False):
        values: list[Any] = text.split(":")[: len(fields)]
        values += [""] * (len(fields) - len(values))
        if genotype is not None:
            called = values[genotype]
            carriers += str(allele) in called.replace("|", "/").split("/")
            values[genotype] = _spelled(called, alleles)
        samples.append(Sample(name, [value[:_LONGEST_VALUE] for value in values]))
    return Genotypes(fields, samples, carriers)


def _spelled(called: str, alleles: list[str]) -> str:
    """``0/1`` with its alleles: ``0/1 (A/G)``; one that is long stays a number."""
    separator = "|" if "|" in called else "/"
    spelled = []
    for number in called.split(separator):
        if not number.isdecimal() or int(number) >= len(alleles) or len(alleles[int(number)]) > _SHORT_ALLELE:
            return called
        spelled.append(alleles[int(number)])
    return f"{called} ({separator.join(spelled)})"
