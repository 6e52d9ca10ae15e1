"""VCFs that alleles get identifiers and INFO fields from: dbSNP, ClinVar, gnomAD and their like.

Values are told per ALT: those of fields with Number=A or R are split, all others are the record's and go to
each of its alleles. As the output has a list with an item an ALT, the commas of a value become ``&``, as in
VEP's output; a flag is 1.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from gas_engine.allele import left_align, trim
from gas_engine.bundle.manifest import Field
from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gas_engine.bundle.known import KnownRows
    from gas_engine.bundle.manifest import Contig

    Reader = Callable[[list[str], dict[str, str], int], list[str] | None]
    """What takes a record's columns, INFO and number of ALTs, and gives a value for each of these."""

_MIN_COLUMNS: Final = 5
_COLUMNS: Final = 8
_OWN_COLUMNS: Final = {"ID": 2, "FILTER": 6}
"""Columns that may be asked for as if they were INFO fields, where the header declares none of that name."""
_MANY: Final = 0.01
"""Share of records that may contradict the reference; files of another assembly do in three of four."""
_JUDGED: Final = 10_000  # records after which such a file is given up
_CONTRADICTS: Final = "REF contradicts the reference"
_MISCOUNTED: Final = "another number of values than the header tells"
_ASK: Final = {
    _CONTRADICTS: "Is the file of another assembly?",
    _MISCOUNTED: "Repair it, or leave the field out.",
}
_NAMED: Final = 5
_INFO: Final = re.compile(r"##INFO=<(.*)>\s*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_LETTERS: Final = re.compile(r"[A-Za-z]+")
_TYPES: Final = {"Integer", "Float"}
_ESCAPES: Final = str.maketrans(
    {code: f"%{code:02X}" for code in (*range(32), 127)} | {" ": "_", "&": "%26", ",": "&", "=": "%3D"}
)


class Reference(NamedTuple):
    """What a VCF is held against: contigs by any of their names, their numbers, and their bases."""

    contig_of: Callable[[str], Contig | None]
    number_of: Callable[[str], int]
    sequence: Callable[[str, int, int], str]


class LeftOut:
    """Rows of a file that do not fit the reference: counted and told where they are few, else refused."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._kept = 0
        self._odd: dict[str, int] = {}
        self._first: dict[str, str] = {}
        self._outside = 0
        self._contigs: dict[str, None] = {}

    def kept(self) -> None:
        """Count a row that is used."""
        self._kept += 1

    def outside(self, line: int, contig: str) -> None:
        """Count a row on a contig that the FASTA lacks; patches and alternate loci are in most files."""
        if len(self._contigs) < _NAMED:
            self._contigs[contig] = None
            self._first.setdefault("outside", f"line {line}: contig {contig!r} is not in the FASTA")
        self._outside += 1

    def odd(self, line: int, kind: str, what: str) -> None:
        """Count a row that must not be used: ``kind`` and ``what`` of it are phrases that follow its line."""
        self._first.setdefault(kind, f"line {line}: {what}")
        self._odd[kind] = self._odd.get(kind, 0) + 1
        if self._odd[kind] + self._kept >= _JUDGED:
            self._judge()

    def _judge(self) -> None:
        for kind, count in self._odd.items():
            total = self._kept + sum(self._odd.values())
            if count > _MANY * total:
                raise BundleError(
                    f"{self.what}, {self._first[kind]} ({count:,} of {total:,} rows). {_ASK[kind]}"
                )

    def note(self) -> str:
        """A sentence on what was left out, for the manifest; empty if nothing was.

        Raises
        ------
        BundleError
            If many rows are odd, or none lies on a contig of the FASTA.
        """
        self._judge()
        if self._outside and not self._kept:
            raise BundleError(
                f"{self.what}, {self._first['outside']}, nor is that of any other row: "
                "tell what it is called there by an assembly report or an alias."
            )
        told = [f"{kind} ({count:,})" for kind, count in self._odd.items()]
        if self._outside:
            more = ", …" if len(self._contigs) == _NAMED else ""
            told.append(
                f"on a contig that the FASTA lacks ({self._outside:,}: {', '.join(self._contigs)}{more})"
            )
        return f"Rows left out: {'; '.join(told)}." if told else ""


class _Allele(NamedTuple):
    """An allele of a record, trimmed and left-aligned; ``number`` counts the record's ALTs from 0."""

    number: int
    start: int
    ref_size: int
    alt: str


class _Site(NamedTuple):
    line: int
    columns: list[str]
    contig: int
    alts: int
    alleles: list[_Allele]


def read_known(lines: Iterable[str], reference: Reference, known: KnownRows) -> str:
    """Take the identifiers of a VCF text, in any order; return a sentence on what was left out.

    Raises
    ------
    BundleError
        Naming the line, for a record that is malformed; for a file that does not fit the reference.
    """
    left_out = LeftOut("Known variants")
    for site in _sites(enumerate(lines, 1), reference, left_out, _MIN_COLUMNS):
        left_out.kept()
        for allele in site.alleles:
            for identifier in site.columns[2].split(";"):
                if identifier != ".":
                    known.add(site.contig, allele.start, allele.ref_size, allele.alt, identifier)
    return left_out.note()


def read_source(
    lines: Iterable[str], name: str, wanted: Sequence[str], reference: Reference, known: KnownRows
) -> str:
    """Take INFO fields of a VCF text, in any order; return a sentence on what was left out.

    ``wanted`` may name the columns ID and FILTER too.

    Raises
    ------
    BundleError
        As `read_known`; for a field that the header does not declare, or that has a value a genotype.
    """
    numbered = enumerate(lines, 1)
    declared = {}
    first: list[tuple[int, str]] = []
    for line, text in numbered:
        if not text.startswith("##"):
            first.append((line, text))
            break
        if (found := _declaration(text)) is not None:
            declared[found["ID"]] = found
    fields, readers = zip(*(_field(name, each, declared) for each in wanted), strict=True)
    number = known.add_source(fields)
    left_out = LeftOut(f"Source {name}")
    for site in _sites(chain(first, numbered), reference, left_out, _COLUMNS):
        if len(site.columns) < _COLUMNS:
            raise BundleError(
                f"Source {name} has a record without INFO at {site.columns[0]}:{site.columns[1]}."
            )
        info = dict(_entry(each) for each in site.columns[_COLUMNS - 1].split(";"))
        values = [reader(site.columns, info, site.alts) for reader in readers]
        wrong = next((field.name for field, each in zip(fields, values, strict=True) if each is None), None)
        if wrong:
            left_out.odd(site.line, _MISCOUNTED, f"{wrong}={info[wrong]} for {site.alts} ALT")
            continue
        left_out.kept()
        for allele in site.alleles:
            key = site.contig, allele.start, allele.ref_size, allele.alt
            known.add_values(number, key, [each[allele.number] for each in values if each is not None])
    return left_out.note()


def _sites(
    numbered: Iterable[tuple[int, str]], reference: Reference, left_out: LeftOut, count: int
) -> Iterator[_Site]:
    """Records that lie on the reference and fit it, with those of their alleles that are bases."""
    for line, text in numbered:
        if text.startswith("#"):
            continue
        columns = text.rstrip("\r\n").split("\t", count)[:count]
        if columns == [""]:
            continue
        if len(columns) < _MIN_COLUMNS or not (columns[1].isascii() and columns[1].isdigit()):
            raise BundleError(f"{left_out.what}, line {line}: this is not a VCF record.")
        chrom, pos, _, ref, alts = columns[:_MIN_COLUMNS]
        contig = reference.contig_of(chrom)
        if contig is None:
            left_out.outside(line, chrom)
            continue
        start = int(pos) - 1
        ref = ref.upper()
        if not 0 <= start <= contig.length - len(ref) or (
            reference.sequence(contig.name, start, start + len(ref)) != ref
        ):
            left_out.odd(line, _CONTRADICTS, f"REF {ref} contradicts the reference at {chrom}:{pos}")
            continue
        every = alts.upper().split(",")
        alleles = [
            _Allele(number, *_normalised(reference, contig.name, start, ref, alt))
            for number, alt in enumerate(every)
            if _LETTERS.fullmatch(alt)
        ]
        yield _Site(line, columns, reference.number_of(contig.name), len(every), alleles)


def _normalised(reference: Reference, contig: str, start: int, ref: str, alt: str) -> tuple[int, int, str]:
    if len(ref) == len(alt) == 1 and ref != alt:
        return start, 1, alt  # as most are: a quarter of the time of a build
    start, ref, alt = trim(start, ref, alt)
    if bool(ref) != bool(alt):
        start, ref, alt = left_align(
            start, ref, alt, lambda first, last: reference.sequence(contig, first, last)
        )
    return start, len(ref), alt


def _declaration(line: str) -> dict[str, str] | None:
    """ID, Number, Type and Description of an INFO line; None of any other."""
    match = _INFO.fullmatch(line)
    if not match:
        return None
    quoted = [_ESCAPED.sub(r"\1", text[1]) for text in _QUOTED.finditer(match[1])]
    pairs = [part.partition("=") for part in _QUOTED.sub('"', match[1]).split(",")]
    found = {
        key.strip(): quoted.pop(0) if value == '"' and quoted else value.strip() for key, _, value in pairs
    }
    return found if "ID" in found else None


def _entry(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    return key, value if equals else "1"


def _field(source: str, name: str, declared: dict[str, dict[str, str]]) -> tuple[Field, Reader]:
    """A field, and what reads its value for each ALT: None where these are not as many as they should be."""
    about = declared.get(name)
    if about is None:
        if name not in _OWN_COLUMNS:
            known = ", ".join(list(declared)[:50]) or "none"
            raise BundleError(f"Source {source} declares no INFO field {name!r}; it declares {known}.")
        column = _OWN_COLUMNS[name]
        return (
            Field(source, name, "String", f"Column {name}"),
            lambda columns, _, alts: [_safe(columns[column].replace(";", ","))] * alts,
        )
    if not _KEY.fullmatch(name):
        raise BundleError(f"INFO field {name!r} of source {source} cannot be taken: it is no name of VCF.")
    number, kind = about.get("Number", "."), about.get("Type", "String")
    field = Field(source, name, "Integer" if kind == "Flag" else kind, about.get("Description", name))
    if field.type not in _TYPES:
        field = Field(source, name, "String", field.description)
    if number == "G":
        raise BundleError(f"INFO field {name} of source {source} has a value for each genotype, not allele.")
    if number not in {"A", "R"}:
        return field, lambda _, info, alts: [_safe(info.get(name, ""))] * alts
    skipped = 1 if number == "R" else 0

    def split(_: list[str], info: dict[str, str], alts: int) -> list[str] | None:
        text = info.get(name, "")
        if text in {"", "."}:
            return [""] * alts
        values = [_safe(value) for value in text.split(",")][skipped:]
        return values if len(values) == alts else None

    return field, split


def _safe(value: str) -> str:
    """A value as an item of a list; empty if it is missing."""
    if value.isalnum():
        return value
    return "" if not value.strip(".,") else value.translate(_ESCAPES)
