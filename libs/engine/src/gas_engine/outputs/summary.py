"""The summary of a run: everything the log tells, for programs. Its schema is versioned."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, is_dataclass

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source of the bundle; ``part`` is what was made of it (sequence, genes, ...).

    ``sha256`` is that of the file it was read from, where the bundle's maker had it.
    """

    part: str
    name: str
    version: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What made the result: engine and bundle with their versions."""

    version: str
    bundle: str
    bundle_version: str
    assembly: str
    sources: tuple[SourceInfo, ...]


@dataclass(frozen=True, slots=True)
class InputInfo:
    """The input as it was read. ``version`` is what the file states (empty if nothing)."""

    version: str
    compression: str
    bytes: int
    uncompressed_bytes: int
    sha256: str
    samples: int


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """Records by what became of them: ``read`` is the sum of the others."""

    read: int
    annotated: int
    skipped: int
    no_alt: int
    ref_mismatch: int
    outside_bundle: int


@dataclass(frozen=True, slots=True)
class AlleleCounts:
    """ALT alleles: ``read`` = ``annotated`` + all of ``skipped`` (by reason)."""

    read: int
    annotated: int
    known: int
    known_share: float
    skipped: dict[str, int]
    by_class: dict[str, int]
    transitions: int
    transversions: int
    ts_tv: float | None


@dataclass(frozen=True, slots=True)
class HaplotypeCounts:
    """What haplotypes tell beyond alleles, and what they do not, in coding sequence.

    ``compounds`` counts each set of variants once for each transcript, and ``most_severe`` sorts these;
    ``records`` are those that tell of any. ``unphased`` are genotypes left out as it is not known which
    haplotype has what, ``undecided`` the compounds not told as something that cannot be applied lies in them.
    ``left_out`` are entries beyond what one record tells of one transcript, the rarest;
    ``transcripts_given_up`` had too much to hold.
    """

    compounds: int
    records: int
    most_severe: dict[str, int]
    unphased: int
    undecided: int
    left_out: int
    transcripts_given_up: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """When the run began (UTC, ISO 8601) and how long it took."""

    started: str
    seconds: float
    records_per_second: float


@dataclass(frozen=True, slots=True)
class Summary:
    """All numbers of a run; maps are ordered, the largest count first.

    ``most_severe`` counts each annotated allele once, under its most severe term; ``consequences`` counts an
    allele once under each term it has in any transcript. ``locations`` sorts alleles by their most severe
    term. ``genes`` counts alleles inside a gene, not those near it. ``contigs`` and ``contigs_outside`` count
    records. ``allele_sources`` counts the alleles that a VCF source has values for. ``notes`` are sentences
    for the reader. ``haplotypes`` is None where they were not asked for; all other counts are of alleles,
    each by itself.
    """

    engine: EngineInfo
    input: InputInfo
    records: RecordCounts
    alleles: AlleleCounts
    most_severe: dict[str, int]
    consequences: dict[str, int]
    impacts: dict[str, int]
    locations: dict[str, int]
    genes: dict[str, int]
    tracks: dict[str, int]
    allele_sources: dict[str, int]
    contigs: dict[str, int]
    contigs_outside: dict[str, int]
    notes: tuple[str, ...]
    timing: Timing
    haplotypes: HaplotypeCounts | None = None
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> str:
        """Return the summary as JSON text, ending in a line feed."""
        # Not asdict: it copies every count, one by one.
        return _json({field.name: getattr(self, field.name) for field in fields(self)}) + "\n"


def _json(value: object, indent: str = "\n") -> str:
    """As ``json.dumps(value, indent=2)``, which indents in Python, a piece of text at a time."""
    inner = indent + "  "
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict) and value:
        pairs = [f"{_word(key)}: {_json(each, inner)}" for key, each in value.items()]
        return f"{{{inner}{f',{inner}'.join(pairs)}{indent}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{inner}{f',{inner}'.join([_json(each, inner) for each in value])}{indent}]"
    return str(value) if type(value) is int else _word(value)


_word = json.JSONEncoder(ensure_ascii=False).encode
