"""Which of several bundles a file was likely made for: by its header and its first records alone.

The submit page says the same before a byte is sent (preflight-choice.js), and tests/preflight/choices.json
holds both to it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final

from gas_engine.assembly import stated_assembly
from gas_engine.bundle.load import names_of
from gas_engine.consequence import ref_matches
from gas_engine.errors import EngineError
from gas_engine.limits import Limits
from gas_engine.vcf.header import read_header
from gas_engine.vcf.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gas_engine.bundle import Bundle, Manifest

_RECORDS: Final = 1000
_COLUMNS: Final = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """What was looked at: the header's contig lengths and assembly; (contig, pos from 1, REF) of records."""

    lengths: Mapping[str, int]
    stated: str
    records: tuple[tuple[str, int, str], ...]


def sample_of(stream: BinaryIO, limits: Limits = Limits()) -> Sample:  # noqa: B008 - frozen, so shared
    """Look at a VCF, plain or compressed, from its first byte on.

    What is wrong with a record is for `annotate` to say, with its place: here the sample ends before it.

    Raises
    ------
    EngineError
        The header cannot be read.
    """
    lines = Source(stream, limits).lines()
    header = read_header(lines, limits)
    records = []
    try:
        for _, line in islice(lines, _RECORDS):
            contig, pos, _, ref = line.split(b"\t", _COLUMNS)[:_COLUMNS]
            records.append((contig.decode(), int(pos), ref.decode().upper()))
    except (ValueError, EngineError):
        pass
    return Sample(header.contig_lengths, f"{header.reference} {stated_assembly(header)}", tuple(records))


def likely(sample: Sample, manifests: Iterable[Manifest]) -> list[Manifest]:
    """Those that the file may have been made for, the likeliest first, then in the order given.

    One that has a contig of the file's name in another length is none of them, unless more lengths agree.
    Most weighs how many lengths agree, then that the header names it, then the records on its contigs.
    """
    contigs = Counter(contig for contig, _, _ in sample.records)
    ranked = []
    for manifest in manifests:
        names = names_of(manifest.contigs)
        agreeing = [names[name].length == length for name, length in sample.lengths.items() if name in names]
        same, other = agreeing.count(True), agreeing.count(False)
        on = sum(count for name, count in contigs.items() if name in names)
        if same >= other and (on or (same and not contigs)):
            ranked.append(((same, _named(manifest, sample.stated), on), manifest))
    return [manifest for _, manifest in sorted(ranked, key=lambda each: each[0], reverse=True)]


def agrees(sample: Sample, bundle: Bundle) -> bool:
    """True if records lie on the bundle and REF contradicts it in no more than half, as `annotate` has it."""
    checked = contradicting = 0
    for name, pos, ref in sample.records:
        contig = bundle.contig(name)
        if contig is None:
            continue
        checked += 1
        contradicting += not ref_matches(bundle, contig, pos, ref)
    return checked > 0 and 2 * contradicting <= checked


def _named(manifest: Manifest, stated: str) -> bool:
    """True if the header's words have the bundle's assembly in them, patches apart (GRCh38.p14)."""
    assembly = manifest.assembly.split(".", maxsplit=1)[0].casefold()
    return bool(assembly) and assembly in stated.casefold()
