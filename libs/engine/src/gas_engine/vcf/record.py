"""One record line: checked, split no further than needed, and able to come out again byte for byte."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gas_engine.errors import VcfError
from gas_engine.vcf.text import shown

FIXED_COLUMNS = (b"CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO")
MISSING = b"."
SAMPLELESS_COLUMNS = len(FIXED_COLUMNS) + 1
# The .tbi format bins positions below 2^29 (tabix paper, Li 2011); it covers a record up to its END.
MAX_POS = 2**29 - 1

_CONTROLS = bytes({*range(9), *range(10, 32), 127})
_FIRST_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BASES = re.compile(rb"[ACGTURYSWKMBDHVNacgturyswkmbdhvn]+")
_ALT = re.compile(
    # Bases and a symbol insert a contig of the assembly file: C<ctg1>.
    rb"[ACGTURYSWKMBDHVNacgturyswkmbdhvn]+(?:<[^<>,\s]+>)?|\*|<[^<>,\s]+>"
    rb"|[^\[\],\s]*[\[\]][^\[\],\s]+:[0-9]+[\[\]][^\[\],\s]*|\.[A-Za-z]+|[A-Za-z]+\.",
)
_END = re.compile(rb"(?:^|;)END=([0-9]+)(?:;|$)")
_SVLEN = re.compile(rb"(?:^|;)SVLEN=([^;]+)")
_SPANNING = re.compile(rb"<(?:DEL|DUP|INV|CNV)[:>]")
_VCF3_INDEL = re.compile(rb"D[0-9]+|I[ACGTNacgtn]+")


@dataclass(slots=True)
class Record:
    """A record with its original columns. Only ``id`` and ``info`` are ever rewritten.

    ``pos`` is 1-based; ``rest`` is FORMAT and all samples as one piece, or None; ``alts`` is empty for ``.``.
    """

    line: int
    chrom: bytes
    pos: int
    pos_text: bytes
    id: bytes
    ref: bytes
    alts: tuple[bytes, ...]
    alt_text: bytes
    qual: bytes
    filter: bytes
    info: bytes
    rest: bytes | None

    @property
    def size_bytes(self) -> int:
        """About the length of the line."""
        return len(self.ref) + len(self.alt_text) + len(self.info) + len(self.rest or b"")

    @property
    def format(self) -> bytes | None:
        """The FORMAT column, or None where the file has none."""
        return None if self.rest is None else self.rest.partition(b"\t")[0]

    @property
    def end(self) -> int:
        """The last position that the record concerns (1-based), which is where its index entry ends.

        As htslib has it: the last of REF, END, SVLEN of symbols that have a length on the reference, and
        LEN of a block of reference, ``<*>``. VCF 4.5 states END no more.
        """
        ends = [self.pos - 1 + len(self.ref)]
        if b"END=" in self.info and (end := _END.search(self.info)):
            ends.append(int(end[1]))
        if b"SVLEN=" in self.info and (sizes := _SVLEN.search(self.info)):
            lengths = zip(self.alts, sizes[1].split(b","), strict=False)
            ends += [
                self.pos + _whole(size.removeprefix(b"-")) for alt, size in lengths if _SPANNING.match(alt)
            ]
        if b"<*>" in self.alts and self.rest is not None:
            ends += [self.pos - 1 + length for length in _block_lengths(self.rest)]
        return min(max(ends), MAX_POS)

    def to_line(self) -> bytes:
        """Return the line with its line feed."""
        columns = [
            self.chrom,
            self.pos_text,
            self.id,
            self.ref,
            self.alt_text,
            self.qual,
            self.filter,
            self.info,
        ]
        if self.rest is not None:
            columns.append(self.rest)
        return b"\t".join(columns) + b"\n"


def _block_lengths(rest: bytes) -> list[int]:
    """LEN of each sample that has one."""
    keys, *samples = (column.split(b":") for column in rest.split(b"\t"))
    if b"LEN" not in keys:
        return []
    number = keys.index(b"LEN")
    return [_whole(values[number]) for values in samples if number < len(values)]


def _whole(digits: bytes) -> int:
    """A number of any length, beyond what an index holds not to the digit; 0 for other text."""
    return int(digits.lstrip(b"0")[: len(str(MAX_POS)) + 1] or 0) if digits.isdigit() else 0


def is_vcf3_indel(alt: bytes) -> bool:
    """Tell the indel forms of VCF 3.3, ``D3`` and ``IACG``."""
    return _VCF3_INDEL.fullmatch(alt) is not None


def parse_record(number: int, line: bytes, columns: int, *, vcf3: bool = False) -> Record:
    """Read one line that has as many columns as the #CHROM line.

    Parameters
    ----------
    number
        Its line number, for errors.
    columns
        How many columns the #CHROM line has, at least 8.
    vcf3
        Allow the indel forms of VCF 3.3 in ALT.

    Raises
    ------
    VcfError
        Naming line and column.
    """
    if len(line.translate(None, _CONTROLS)) != len(line):
        raise _garbage(number, line)
    if line.count(b"\t") != columns - 1:
        raise _wrong_count(number, line, columns)
    chrom, pos, id_, ref, alt, qual, filter_, info, *rest = line.split(b"\t", 8)
    _check_filled(
        number, (chrom, pos, id_, ref, alt, qual, filter_, info, *(r.partition(b"\t")[0] for r in rest))
    )
    if b" " in chrom or not chrom.isascii():
        raise VcfError(number, 1, "CHROM", shown(chrom), "a contig name (ASCII, no space)")
    position = _position(number, pos, ref)
    alts = () if alt == MISSING else tuple(alt.split(b","))
    _check_alleles(number, ref, alts, vcf3=vcf3)
    if qual != MISSING and not _is_number(qual):
        raise VcfError(number, 6, "QUAL", shown(qual), "a number or .")
    if b"END=" in info and (end := _END.search(info)) and not _fits_index(end[1]):
        raise VcfError(number, 8, "INFO", shown(end[1]), f"an END up to {MAX_POS:,}")
    # htslib reads no file with FORMAT and no sample; without samples FORMAT says nothing, so it goes.
    others = rest[0] if columns > SAMPLELESS_COLUMNS else None
    return Record(number, chrom, position, pos, id_, ref, alts, alt, qual, filter_, info, others)


def _position(number: int, text: bytes, ref: bytes) -> int:
    if not text.isdigit():
        raise VcfError(number, 2, "POS", shown(text), "a position (a whole number)")
    if not _fits_index(text) or int(text) + len(ref) > MAX_POS:
        raise VcfError(number, 2, "POS", shown(text), f"a position up to {MAX_POS:,}")
    return int(text)


def _fits_index(digits: bytes) -> bool:
    # Python refuses to make a number of thousands of digits, so their count goes first.
    return len(digits) <= len(str(MAX_POS)) and int(digits) <= MAX_POS


def _check_alleles(number: int, ref: bytes, alts: tuple[bytes, ...], *, vcf3: bool) -> None:
    if not _BASES.fullmatch(ref):
        raise VcfError(number, 4, "REF", shown(ref), "a base or bases (A, C, G, T, N)")
    for allele in alts:
        if not allele.isascii() or not (_ALT.fullmatch(allele) or (vcf3 and is_vcf3_indel(allele))):
            raise VcfError(number, 5, "ALT", shown(allele), "an allele (bases, *, <ID>, a breakend or .)")


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return b"_" not in text and b" " not in text


def _check_filled(number: int, values: tuple[bytes, ...]) -> None:
    if all(values):
        return
    column = values.index(b"") + 1
    name = (*FIXED_COLUMNS, b"FORMAT")[column - 1].decode()
    raise VcfError(number, column, name, "an empty column", "a value (. when there is none)")


def _garbage(number: int, line: bytes) -> VcfError:
    place = _FIRST_CONTROL.search(line)
    start = place.start() if place else 0
    column = line.count(b"\t", 0, start) + 1
    names = (*FIXED_COLUMNS, b"FORMAT")
    name = names[column - 1].decode() if column <= len(names) else "sample"
    return VcfError(number, column, name, f"the control byte 0x{line[start]:02x}", "text")


def _wrong_count(number: int, line: bytes, columns: int) -> VcfError:
    if line.startswith(b"#"):
        return VcfError(number, None, "", "a second header", "a record (join files with bcftools concat)")
    found = line.count(b"\t") + 1
    spaces = " (spaces where tabs belong?)" if len(line.split()) == columns else ""
    expected = f"a record of {columns} columns"
    return VcfError(number, min(found, columns) + 1, "", f"a line of {found} columns{spaces}", expected)
