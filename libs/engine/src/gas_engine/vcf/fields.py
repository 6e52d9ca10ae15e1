"""The INFO fields that we add, and what happens to an input that already has them.

Decision: a field of ours from an earlier run is replaced. Another tool's field of the same name (VEP's own
CSQ, say) is kept and renamed to ``<name>_INPUT``: it is the user's data. So no record carries a key twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gas_engine.haplotypes.entries import COLUMNS, CSQ_HAPLOTYPE
from gas_engine.vcf.csq import csq_format
from gas_engine.vcf.header import OURS, Header, declaration_of
from gas_engine.vcf.record import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gas_engine.bundle import Bundle

CSQ = b"CSQ"
REF_MISMATCH = b"GAS_REF_MISMATCH"


def quoted(text: str) -> bytes:
    """Escape text for a quoted header value, on one line."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"').encode()


class OurFields:
    """The keys we write for one bundle, and the renaming that one input's header asks for."""

    def __init__(self, bundle: Bundle, header: Header, *, haplotypes: bool = False) -> None:
        self.tracks = {track.name: track.name.encode() for track in bundle.tracks}
        self._lines = self._declared(bundle)
        if haplotypes:
            text = b"Consequences of variants that one haplotype carries together %s. Format: %s"
            self._lines[CSQ_HAPLOTYPE] = info_line(CSQ_HAPLOTYPE, text % (OURS, "|".join(COLUMNS).encode()))
        earlier = {
            declaration[1]
            for line in header.meta
            if OURS in line and (declaration := declaration_of(line)) and declaration[0] == "INFO"
        }
        # haplotypes of an earlier run say nothing of this one, whether it tells of them or not
        self._dropped = earlier & {*self._lines, CSQ_HAPLOTYPE}
        taken = header.declared["INFO"] | self._lines.keys()
        self._renamed = {key: _free_name(key, taken) for key in self._lines.keys() - self._dropped}
        # A renamed field stays as declared as it was.
        header.declared["INFO"] |= {
            new for old, new in self._renamed.items() if old in header.declared["INFO"]
        }

    def _declared(self, bundle: Bundle) -> dict[bytes, bytes]:
        """The fields that this engine writes, with their header lines."""
        lines = {
            CSQ: info_line(CSQ, b"Consequence annotations %s. Format: %s" % (OURS, csq_format(bundle.marks))),
            REF_MISMATCH: mismatch_line(bundle),
        }
        for track in bundle.tracks:
            key = self.tracks[track.name]
            text = quoted(track.description or track.name)
            lines[key] = info_line(key, b"%s (overlaps %s)" % (text, OURS))
        for field in bundle.fields:
            key = field.key.encode()
            of = (quoted(field.description), field.name.encode(), field.source.encode(), OURS)
            text = b"%s (%s of the same allele in %s, %s)" % of
            lines[key] = info_line(key, text, b"Number=A,Type=%s" % field.type.encode())
        return lines

    @property
    def lines(self) -> list[bytes]:
        """Header lines of our fields."""
        return list(self._lines.values())

    def header_lines(self, meta: Iterable[bytes]) -> list[bytes]:
        """Return the input's ``##`` lines with our old fields dropped and foreign ones renamed."""
        kept = []
        for line in meta:
            declaration = declaration_of(line)
            if declaration and declaration[0] == "INFO":
                name = declaration[1]
                if name in self._dropped:
                    continue
                if name in self._renamed:
                    renamed = line.replace(b"ID=" + name, b"ID=" + self._renamed[name], 1)
                    kept.append(renamed)
                    continue
            kept.append(line)
        return kept

    def kept_as(self, header: Header) -> list[tuple[str, str]]:
        """Return (name in the input, name in the output) of declared fields that had to be renamed."""
        pairs = [(old, new) for old, new in self._renamed.items() if old in header.declared["INFO"]]
        return [(old.decode(), new.decode()) for old, new in pairs]

    def fate(self, name: bytes) -> bytes | None:
        """What becomes of an INFO key of the input: its name in the output, or None if it is dropped."""
        return None if name in self._dropped else self._renamed.get(name, name)

    def cleared(self, info: bytes) -> bytes:
        """Return an input's INFO with our old fields dropped and foreign ones renamed."""
        if not any(key in info for key in self._lines):
            return info
        kept = []
        for entry in info.split(b";"):
            name, equals, value = entry.partition(b"=")
            if name in self._dropped:
                continue
            kept.append(self._renamed.get(name, name) + equals + value)
        return b";".join(kept) or MISSING


def with_entries(info: bytes, entries: list[bytes]) -> bytes:
    """Append INFO entries; ``.`` gives way to the first."""
    if not entries:
        return info
    joined = b";".join(entries)
    if info == MISSING:
        return joined
    return info + joined if info.endswith(b";") else info + b";" + joined


def with_ids(ids: bytes, known: Iterable[str]) -> bytes:
    """Append known IDs that are not there yet; ``.`` gives way to the first."""
    present = [] if ids == MISSING else ids.split(b";")
    added = [name for name in dict.fromkeys(id_.encode() for id_ in known) if name not in present]
    return b";".join([*present, *added]) if added else ids


def mismatch_line(bundle: Bundle) -> bytes:
    """Header line of the flag."""
    text = b"REF contradicts %s, so not annotated (%s)" % (quoted(bundle.name), OURS)
    return info_line(REF_MISMATCH, text, b"Number=0,Type=Flag")


def info_line(key: bytes, description: bytes, shape: bytes = b"Number=.,Type=String") -> bytes:
    """Declare a field."""
    return b'##INFO=<ID=%s,%s,Description="%s">' % (key, shape, description)


def _free_name(key: bytes, taken: set[bytes]) -> bytes:
    name = key + b"_INPUT"
    count = 2
    while name in taken:
        name = b"%s_INPUT%d" % (key, count)
        count += 1
    return name
