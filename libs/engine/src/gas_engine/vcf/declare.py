"""Declare what records use and the header forgot, so that strict readers (htslib) take our output.

Fields that the VCF specification reserves (4.3, sections 1.6.1 and 1.6.2) get its Number and Type; others
are said to be strings of any number, which contradicts no value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gas_engine.errors import VcfError
from gas_engine.limits import Limits
from gas_engine.vcf.record import MISSING, Record
from gas_engine.vcf.text import as_json, from_json, shown

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.vcf.header import Header

_DESCRIPTION = b"Not declared in the input"
_RESERVED_INFO = {
    b"AC": b"Number=A,Type=Integer",
    b"AF": b"Number=A,Type=Float",
    b"AN": b"Number=1,Type=Integer",
    b"DP": b"Number=1,Type=Integer",
    b"END": b"Number=1,Type=Integer",
    b"MQ": b"Number=1,Type=Float",
    b"NS": b"Number=1,Type=Integer",
    b"SVTYPE": b"Number=1,Type=String",
}
_RESERVED_FORMAT = {
    b"GT": b"Number=1,Type=String",
    b"DP": b"Number=1,Type=Integer",
    b"GQ": b"Number=1,Type=Integer",
    b"AD": b"Number=R,Type=Integer",
    b"PL": b"Number=G,Type=Integer",
    b"FT": b"Number=1,Type=String",
}


class Declarations:
    """Collect names that records use and the header does not declare."""

    def __init__(self, header: Header, limits: Limits) -> None:
        self._declared = header.declared
        self._max_names = limits.max_names
        self._contigs: dict[bytes, None] = {}
        self._filters: dict[bytes, None] = {}
        self._formats: dict[bytes, None] = {}
        # Name to whether it ever stood without a value, and ever with one.
        self._infos: dict[bytes, tuple[bool, bool]] = {}
        self._seen_filters: set[bytes] = {MISSING, b"PASS"}
        self._seen_formats: set[bytes] = set()

    @property
    def total(self) -> int:
        """How many lines had to be added."""
        return len(self._contigs) + len(self._filters) + len(self._formats) + len(self._infos)

    def note(self, record: Record) -> None:
        """Look at the names in one record."""
        self.note_contig(record.chrom)
        self.note_filter(record.line, record.filter)
        if record.format is not None:
            self.note_format(record.line, record.format)
        if record.info != MISSING:
            for entry in record.info.split(b";"):
                name, equals, _ = entry.partition(b"=")
                if name:
                    self.note_info(record.line, name, bare=not equals, valued=bool(equals))

    def note_contig(self, name: bytes) -> None:
        """Look at a CHROM column."""
        if name not in self._declared["contig"]:
            self._contigs.setdefault(name)

    def note_filter(self, line: int, joined: bytes) -> None:
        """Look at a FILTER column of that line."""
        if joined not in self._seen_filters:
            self._note_joined(line, "FILTER", joined.split(b";"), self._filters)
            self._remember(self._seen_filters, joined)

    def note_format(self, line: int, joined: bytes) -> None:
        """Look at a FORMAT column of that line."""
        if joined not in self._seen_formats:
            self._note_joined(line, "FORMAT", joined.split(b":"), self._formats)
            self._remember(self._seen_formats, joined)

    def note_info(self, line: int, name: bytes, *, bare: bool = False, valued: bool = False) -> bool:
        """Look at an INFO key of that line, and how it stands there; return whether it is undeclared."""
        if name in self._declared["INFO"]:
            return False
        was_bare, was_valued = self._infos.get(name, (False, False))
        self._infos[name] = (was_bare or bare, was_valued or valued)
        self._check_count(line, "INFO", name, len(self._infos))
        return True

    def _remember(self, seen: set[bytes], value: bytes) -> None:
        if len(seen) < self._max_names:
            seen.add(value)

    def _note_joined(self, line: int, kind: str, names: list[bytes], found: dict[bytes, None]) -> None:
        for name in names:
            if name and name != MISSING and name not in self._declared[kind]:
                found.setdefault(name)
                self._check_count(line, kind, name, len(found))

    def _check_count(self, line: int, kind: str, name: bytes, count: int) -> None:
        if count > self._max_names:
            column = {"FILTER": 7, "INFO": 8, "FORMAT": 9}[kind]
            expected = f"one of at most {self._max_names:,} undeclared names"
            raise VcfError(line, column, kind, f"another name, {shown(name)},", expected)

    def state(self) -> dict[str, Any]:
        """All names but the contigs', which their reader enters again, as JSON takes them."""
        return {
            "filters": [as_json(name) for name in self._filters],
            "formats": [as_json(name) for name in self._formats],
            "infos": [[as_json(name), *how] for name, how in self._infos.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._filters = dict.fromkeys(map(from_json, state["filters"]))
        self._formats = dict.fromkeys(map(from_json, state["formats"]))
        self._infos = {from_json(name): (bare, valued) for name, bare, valued in state["infos"]}

    def lines(self, bundle: Bundle) -> list[bytes]:
        """Return the header lines to add, with lengths for contigs that the bundle knows."""
        lines = []
        for name in self._contigs:
            contig = bundle.contig(name.decode())
            length = b",length=%d" % contig.length if contig else b""
            lines.append(b"##contig=<ID=%s%s>" % (name, length))
        for name, (bare, valued) in self._infos.items():
            shape = (
                b"Number=0,Type=Flag"
                if bare and not valued
                else _RESERVED_INFO.get(name, b"Number=.,Type=String")
            )
            lines.append(_declare(b"INFO", name, shape))
        lines += [b'##FILTER=<ID=%s,Description="%s">' % (name, _DESCRIPTION) for name in self._filters]
        for name in self._formats:
            lines.append(_declare(b"FORMAT", name, _RESERVED_FORMAT.get(name, b"Number=.,Type=String")))
        return lines


def _declare(kind: bytes, name: bytes, shape: bytes) -> bytes:
    return b'##%s=<ID=%s,%s,Description="%s">' % (kind, name, shape, _DESCRIPTION)
