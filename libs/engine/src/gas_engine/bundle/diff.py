"""What sets two bundles apart, for those who replace one by another and ask what will change."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from gas_engine.bundle.load import Bundle
from gas_engine.kernel import layout

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping
    from pathlib import Path

    from gas_engine.bundle.manifest import Contig

_EXAMPLES: Final = 5
_ROWS: Final = 100_000  # known alleles that are made Python's at a time
_STATED: Final = ("name", "assembly", "version")


def diff_bundles(one: str | Path, other: str | Path) -> dict[str, Any]:
    """Open both bundles and tell what ``other`` has more, less or otherwise, in values that JSON can hold.

    Each part counts what was ``added``, ``removed`` and ``changed``, and names the first few of each. A
    transcript is known by its contig and identifier, a known allele by its place and bases; contigs go by
    their names in the FASTA. What is ``same`` annotates every file in the same way.
    """
    before, after = Bundle.load(one), Bundle.load(other)
    parts = {
        "contigs": _compare(_contigs(before), _contigs(after)),
        "transcripts": _compare(_transcripts(before), _transcripts(after)),
        "known_alleles": _compare_known(before, after),
        "tracks": _compare(_tracks(before), _tracks(after)),
    }
    stated = {
        name: [getattr(before, name), getattr(after, name)]
        for name in _STATED
        if getattr(before, name) != getattr(after, name)
    }
    same = not any(part[kind] for part in parts.values() for kind in ("added", "removed", "changed"))
    return {"same": same, "stated": stated, **parts}


def _contigs(bundle: Bundle) -> dict[str, Hashable]:
    return {contig.name: (str(asdict(contig)), _digest(bundle, contig)) for contig in bundle.contigs}


def _digest(bundle: Bundle, contig: Contig) -> str:
    model = bundle.tables.model
    row = model.contigs[bundle.contig_number(contig)]
    return hashlib.sha256(model.seq[row["seq_at"] : row["seq_at"] + row["length"]].data).hexdigest()


def _transcripts(bundle: Bundle) -> dict[str, Hashable]:
    return {f"{each.contig}:{each.transcript_id}": each for each in bundle.transcripts}


def _tracks(bundle: Bundle) -> dict[str, Hashable]:
    """Regions of each track as they are numbered: by place, in the order of the track."""
    model, tables = bundle.tables.model, bundle.tables
    found: dict[str, Hashable] = {}
    for number, track in enumerate(bundle.tracks):
        first, last = tables.track_starts[number : number + 2]
        rows = model.regions[first:last]
        names = [tables.region_names[int(name)] for name in rows["name"]]
        places = zip(rows["start"].tolist(), rows["end"].tolist(), names, strict=True)
        found[track.name] = (track.description, tuple(places))
    return found


def _compare(before: Mapping[str, Hashable], after: Mapping[str, Hashable]) -> dict[str, Any]:
    kinds = {
        "added": [key for key in after if key not in before],
        "removed": [key for key in before if key not in after],
        "changed": [key for key in after if key in before and before[key] != after[key]],
    }
    return {name: len(keys) for name, keys in kinds.items()} | {
        "examples": {name: keys[:_EXAMPLES] for name, keys in kinds.items() if keys}
    }


def _compare_known(before: Bundle, after: Bundle) -> dict[str, Any]:
    """Both are sorted by place, so that places can be compared as they come, in bounded memory."""
    counts: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for name in dict.fromkeys(contig.name for bundle in (before, after) for contig in bundle.contigs):
        sides = [_places(bundle, name) for bundle in (before, after)]
        heads = [next(side, None) for side in sides]
        while any(heads):
            start = min(head[0] for head in heads if head)
            alleles: list[dict[str, str]] = []
            for index, head in enumerate(heads):
                here = head is not None and head[0] == start
                alleles.append(head[1] if here and head else {})
                if here:
                    heads[index] = next(sides[index], None)
            for kind, keys in _changes(*alleles):
                counts[kind] += len(keys)
                shown = examples.setdefault(kind, [])
                shown += [f"{name}:{start + 1}:{key}" for key in keys][: _EXAMPLES - len(shown)]
    return {kind: counts[kind] for kind in ("added", "removed", "changed")} | {"examples": examples}


def _changes(one: dict[str, str], other: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    if one == other:
        return
    yield from (
        (kind, keys)
        for kind, keys in (
            ("added", [key for key in other if key not in one]),
            ("removed", [key for key in one if key not in other]),
            ("changed", [key for key in other if key in one and one[key] != other[key]]),
        )
        if keys
    )


def _places(bundle: Bundle, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Identifiers and values by allele, for each place of a contig that has any, in order."""
    for start, alleles in groupby(_alleles(bundle, name), key=lambda each: each[0]):
        yield start, {allele: said for _, allele, said in alleles}


def _alleles(bundle: Bundle, name: str) -> Iterator[tuple[int, str, str]]:
    contig = next((each for each in bundle.contigs if each.name == name), None)
    if contig is None:
        return
    model = bundle.tables.model
    bins = model.known_bins
    row = model.contigs[bundle.contig_number(contig)]
    first = int(bins[row["bin_at"]])
    last = int(bins[row["bin_at"] + (contig.length >> layout.BIN_BITS) + 1])
    for at in range(first, last, _ROWS):
        rows = model.known[at : min(at + _ROWS, last)]
        columns = ("start", "ref_size", "alt_at", "alt_size", "id_at", "id_size", "values")
        for row, (start, ref, alt_at, alt_size, id_at, id_size, values) in zip(
            rows, zip(*(rows[column].tolist() for column in columns), strict=True), strict=True
        ):
            alt = model.pool[alt_at : alt_at + alt_size].tobytes().decode()
            said = model.pool[id_at : id_at + id_size].tobytes().decode()
            if values:
                said += "".join(f" {field.key}={text}" for field, text in bundle.values_of(row).items())
            yield start, f"{ref}>{alt or '-'}", said
