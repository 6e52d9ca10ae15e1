"""Open a reference bundle: check it against the manifest, then answer questions about the genome."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from gas_engine.allele import left_align, trim
from gas_engine.bundle.genes import Transcript, read_genes
from gas_engine.bundle.intervals import overlaps
from gas_engine.bundle.known import BETWEEN, KnownRows
from gas_engine.bundle.manifest import (
    GENES_NAME,
    KNOWN_NAME,
    KNOWN_PART,
    MANIFEST_NAME,
    SEQUENCE_NAME,
    Contig,
    Field,
    Manifest,
    Track,
    sha256_of,
)
from gas_engine.bundle.packed import TABLES_NAME, read_tables, verify_tables
from gas_engine.bundle.regions import read_bed
from gas_engine.bundle.sequence import open_text, read_fasta
from gas_engine.bundle.sources import Reference, read_known, read_source
from gas_engine.bundle.tables import TRANSCRIPT_TEXTS, Tables, build_tables
from gas_engine.codon import genetic_code
from gas_engine.errors import BundleError
from gas_engine.kernel.layout import BIN_BITS, Bytes, Ints, Longs
from gas_engine.spliced import Spliced, splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHIPPED: Final = ("rCRS", "SARS-CoV-2")
"""Bundles that come with the engine: NC_012920.1 and NC_045512.2."""
_KEPT: Final = 4096  # transcripts kept as objects; neighbours in a sorted VCF share them
_SPLICED_KEPT: Final = 512  # and those whose sequence stays in memory


class Bundle:
    """A genome with its gene models, known variants and tracks. Open one with :meth:`load`."""

    def __init__(self, manifest: Manifest, tables: Tables) -> None:
        self.manifest = manifest
        self.tables = tables
        self._names = names_of(manifest.contigs)
        self._numbers = {contig.name: number for number, contig in enumerate(manifest.contigs)}
        if len(manifest.fields) != len(tables.model.fields):
            raise BundleError(
                f"The bundle {manifest.name} is damaged (its fields). Fetch it anew or build it."
            )
        for contig in manifest.contigs:
            genetic_code(contig.genetic_code)
        self.transcript = lru_cache(_KEPT)(self._read_transcript)
        self.spliced = lru_cache(_SPLICED_KEPT)(self._splice)

    @classmethod
    def load(cls, path: str | Path) -> Bundle:
        """Open the bundle in directory ``path``.

        Raises
        ------
        BundleError
            If there is no bundle, it has another format version, or a file is missing or not what the
            manifest says.
        """
        directory = Path(path)
        manifest = read_manifest(directory)
        if (checksum := (manifest.checksums or {}).get(TABLES_NAME)) is not None:
            return cls(manifest, read_tables(directory / TABLES_NAME, checksum))
        return cls(manifest, read_texts(directory, manifest))

    @property
    def name(self) -> str:
        """Short name, as in ``rCRS``."""
        return self.manifest.name

    @property
    def assembly(self) -> str:
        """The assembly that positions refer to."""
        return self.manifest.assembly

    @property
    def version(self) -> str:
        """Version of the bundle's content."""
        return self.manifest.version

    @property
    def contigs(self) -> tuple[Contig, ...]:
        """The contigs, in the order of the FASTA."""
        return self.manifest.contigs

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The region tracks."""
        return self.manifest.tracks

    @property
    def fields(self) -> tuple[Field, ...]:
        """The INFO fields that records get from VCF sources, source after source."""
        return self.manifest.fields

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the VCF sources that the fields are from."""
        return tuple(dict.fromkeys(field.source for field in self.fields))

    @property
    def transcripts(self) -> list[Transcript]:
        """All transcripts, in genomic order."""
        return list(self.each_transcript())

    def each_transcript(self) -> Iterator[Transcript]:
        """All transcripts, in genomic order, one at a time."""
        return map(self.transcript, range(len(self.tables.model.transcripts)))

    @property
    def marks(self) -> tuple[str, ...]:
        """How its source rates transcripts: those of ``canonical``, ``mane``, ``tsl``, ``appris`` it has."""
        return self.tables.marks

    @property
    def known_count(self) -> int:
        """How many alleles have an identifier."""
        return int(np.count_nonzero(self.tables.model.known["id_size"]))

    def contig(self, name: str) -> Contig | None:
        """The contig that a file calls ``name``, or None."""
        return self._names.get(name)

    def contig_number(self, contig: Contig) -> int:
        """Place of a contig in :attr:`contigs`."""
        return self._numbers[contig.name]

    def sequence(self, contig: str, start: int, end: int) -> str:
        """Bases of the forward strand, 0-based half-open, in upper case; cut off at the contig's ends."""
        model = self.tables.model
        row = model.contigs[self._numbers[contig]]
        first, last = max(start, 0), min(max(end, start, 0), int(row["length"]))
        at = int(row["seq_at"])
        return model.seq[at + first : at + max(last, first)].tobytes().decode()

    def transcripts_near(self, contig: Contig, start: int, end: int, reach: int) -> Iterator[Transcript]:
        """Transcripts within ``reach`` bases of a stretch, around the origin of a circular contig too."""
        model = self.tables.model
        shifts = (0, -contig.length, contig.length) if contig.circular else (0,)
        seen: set[str] = set()
        for shift in shifts:
            low, high = start - reach + shift, end + reach + shift
            for number in self._members(contig, low, high, model.transcript_bins, model.transcript_bin_items):
                row = model.transcripts[number]
                if not overlaps(low, high, int(row["start"]), int(row["end"])):
                    continue
                transcript = self.transcript(number)
                if transcript.transcript_id not in seen:
                    seen.add(transcript.transcript_id)
                    yield transcript

    def _members(self, contig: Contig, start: int, end: int, bins: Longs, items: Ints) -> list[int]:
        """Members of the bins of a stretch, ascending, each once."""
        at = int(self.tables.model.contigs[self._numbers[contig.name]]["bin_at"])
        first, last = (at + (min(max(place, 0), contig.length) >> BIN_BITS) for place in (start, end))
        return sorted(set(items[bins[first] : bins[last + 1]].tolist()))

    def known_ids(self, contig: Contig, start: int, ref: str, alt: str) -> tuple[str, ...]:
        """Identifiers of an allele at 0-based ``start``, however it is spelled."""
        row = self._known(contig, start, ref, alt)
        return tuple(self._text(row, "id").split(";")) if row is not None and row["id_size"] else ()

    def known_values(self, contig: Contig, start: int, ref: str, alt: str) -> dict[Field, str]:
        """What VCF sources say of an allele at 0-based ``start``, however it is spelled, where they do."""
        row = self._known(contig, start, ref, alt)
        return {} if row is None else self.values_of(row)

    def values_of(self, row: np.void) -> dict[Field, str]:
        """What VCF sources say of the allele of that row of the known ones, where they do."""
        model = self.tables.model
        first = int(row["value_at"])
        texts = {}
        for value in model.values[first : first + int(row["values"])]:
            at = int(value["at"])
            text = model.pool[at : at + int(value["size"])].tobytes().decode()
            texts[int(value["source"])] = text.split(BETWEEN)
        found = {
            field: texts[source][place]
            for field, (source, place) in zip(self.fields, model.fields[:, :2].tolist(), strict=True)
            if source in texts
        }
        return {field: value for field, value in found.items() if value}

    def _known(self, contig: Contig, start: int, ref: str, alt: str) -> np.void | None:
        """Row of an allele among the known ones."""
        model = self.tables.model
        start, ref, alt = left_align(
            *trim(start, ref.upper(), alt.upper()), lambda a, b: self.sequence(contig.name, a, b)
        )
        number = int(model.contigs[self._numbers[contig.name]]["bin_at"]) + (start >> BIN_BITS)
        row: np.void
        for row in model.known[model.known_bins[number] : model.known_bins[number + 1]]:
            if row["start"] == start and row["ref_size"] == len(ref) and self._text(row, "alt") == alt:
                return row
        return None

    def _text(self, row: np.void, field: str) -> str:
        at, size = int(row[f"{field}_at"]), int(row[f"{field}_size"])
        return self.tables.model.pool[at : at + size].tobytes().decode()

    def overlaps(self, contig: Contig, start: int, end: int) -> dict[str, tuple[str, ...]]:
        """Names of the regions that a stretch overlaps, by track; tracks without any are left out.

        An insertion (``start == end``) overlaps the regions that it lies strictly inside; at the origin of a
        circular contig, those that go by one name on both sides of it.
        """
        found = {
            track.name: self._regions_at(contig, number, start, end)
            for number, track in enumerate(self.tracks)
        }
        if contig.circular and start == end and end in {0, contig.length}:
            for number, track in enumerate(self.tracks):
                before = self._regions_at(contig, number, contig.length - 1, contig.length)
                after = self._regions_at(contig, number, 0, 1)
                found[track.name] = tuple(region for region in before if region in after)
        return {name: regions for name, regions in found.items() if regions}

    def _regions_at(self, contig: Contig, track: int, start: int, end: int) -> tuple[str, ...]:
        model, names = self.tables.model, self.tables.region_names
        total = len(model.known_bins)  # every list of bins has as many entries
        bins = model.region_bins[track * total : (track + 1) * total]
        return tuple(
            names[int(model.regions[number]["name"])]
            for number in self._members(contig, start, end, bins, model.region_bin_items)
            if overlaps(start, end, int(model.regions[number]["start"]), int(model.regions[number]["end"]))
        )

    def regions(self, track: str) -> list[str]:
        """Names of all regions of a track."""
        number = [each.name for each in self.tracks].index(track)
        first, last = self.tables.track_starts[number : number + 2]
        return [self.tables.region_names[int(name)] for name in self.tables.model.regions["name"][first:last]]

    def _read_transcript(self, number: int) -> Transcript:
        model, texts = self.tables.model, self.tables.texts
        row = model.transcripts[number]
        exons = model.exons[int(row["exon_at"]) : int(row["exon_at"]) + int(row["exons"])]
        words = dict(zip(TRANSCRIPT_TEXTS, (text[number] for text in texts), strict=True))
        mature = model.mature[int(row["mature_at"]) : int(row["mature_at"]) + int(row["matures"])]
        coding = int(row["cds_first"]) >= 0
        return Transcript(
            **words,
            contig=self.contigs[int(row["contig"])].name,
            strand=int(row["strand"]),
            exons=tuple(zip(exons["start"].tolist(), exons["end"].tolist(), strict=True)),
            cds=(int(row["cds_first"]), int(row["cds_last"])) if coding else None,
            cds_phase=int(row["phase"]),
            mature=tuple(zip(mature["start"].tolist(), mature["end"].tolist(), strict=True)),
        )

    def _splice(self, transcript: Transcript) -> Spliced:
        code = genetic_code(self._names[transcript.contig].genetic_code)
        return splice(transcript, code, lambda start, end: self.sequence(transcript.contig, start, end))


def verify_bundle(path: str | Path) -> None:
    """Read all of the bundle in directory ``path``; BundleError names what is not as the manifest says."""
    directory = Path(path)
    manifest = read_manifest(directory)
    if (checksum := (manifest.checksums or {}).get(TABLES_NAME)) is not None:
        verify_tables(directory / TABLES_NAME, checksum)


def read_manifest(directory: Path) -> Manifest:
    """The manifest, with all files there; texts, which are small, are held against their checksums.

    BundleError as in `Bundle.load`.
    """
    where = directory / MANIFEST_NAME
    if not where.is_file():
        raise BundleError(f"There is no reference bundle at {directory}: {MANIFEST_NAME} is missing.")
    manifest = Manifest.from_json(where.read_bytes(), where)
    for name, checksum in (manifest.checksums or {}).items():
        if not (directory / name).is_file():
            raise BundleError(f"The bundle at {directory} is damaged: {name} is missing. Fetch it anew.")
        if name != TABLES_NAME and sha256_of(directory / name) != checksum:
            raise BundleError(
                f"The bundle at {directory} is damaged: {name} is not the file that its manifest lists. "
                "Fetch it anew."
            )
    return manifest


def names_of(contigs: tuple[Contig, ...]) -> dict[str, Contig]:
    """Contigs by every name that a file may use."""
    return {alias: contig for contig in contigs for alias in (contig.name, *contig.aliases)}


def read_texts(directory: Path, manifest: Manifest) -> Tables:
    """Read a bundle that is kept as text: the parts as they were given."""
    sequence, _ = read_fasta(directory / SEQUENCE_NAME)
    known = [directory / KNOWN_NAME] if KNOWN_NAME in (manifest.checksums or {}) else []
    wanted: dict[str, list[str]] = {}
    for field in manifest.fields:
        wanted.setdefault(field.source, []).append(field.name)
    return read_parts(
        manifest.contigs,
        sequence,
        directory / GENES_NAME,
        known_vcfs=known,
        sources={name: (directory / f"{name}.vcf", tuple(fields)) for name, fields in wanted.items()},
        tracks={track.name: directory / f"{track.name}.bed" for track in manifest.tracks},
    ).tables


class Parts(NamedTuple):
    """What the parts of a reference made: ``notes`` are sentences on what was left out, by part."""

    tables: Tables
    fields: tuple[Field, ...]
    notes: dict[str, str]


def read_parts(
    contigs: tuple[Contig, ...],
    sequence: Bytes,
    genes: Path,
    *,
    known_vcfs: Sequence[Path],
    sources: Mapping[str, tuple[Path, Sequence[str]]],
    tracks: Mapping[str, Path],
) -> Parts:
    """Make tables of a reference's parts; files may be gzipped. ``sources`` are VCFs and fields, by name."""
    contig_of = names_of(contigs).get
    places = {}
    at = 0
    for number, contig in enumerate(contigs):
        places[contig.name] = (number, at)
        at += contig.length
    bases = sequence.data

    def read(contig: str, start: int, end: int) -> str:
        begin = places[contig][1]
        return str(bases[begin + max(start, 0) : begin + end], "ascii")

    with open_text(genes) as lines:
        transcripts = read_genes(lines, contig_of)
    notes: dict[str, str] = {}
    regions = []
    for name, path in tracks.items():
        with open_text(path) as lines:
            found, notes[name] = read_bed(lines, name, contig_of)
        regions.append((name, found))
    known = KnownRows()
    reference = Reference(contig_of, lambda name: places[name][0], read)
    for path in known_vcfs:
        with open_text(path) as lines:
            note = read_known(lines, reference, known)
        notes[KNOWN_PART] = " ".join(filter(None, (notes.get(KNOWN_PART), note)))
    for name, (path, fields) in sources.items():
        with open_text(path) as lines:
            notes[name] = read_source(lines, name, fields, reference, known)
    tables = build_tables(contigs, sequence, transcripts, known, regions)
    return Parts(tables, known.fields, {part: note for part, note in notes.items() if note})


def shipped_directory(name: str) -> Path:
    """Where a bundle that comes with the engine stands; BundleError if none is called so."""
    if name not in SHIPPED:
        raise BundleError(f"No bundle {name!r} comes with the engine, which has {' and '.join(SHIPPED)}.")
    return Path(str(resources.files("gas_engine"))) / "bundles" / name


def default_bundle() -> Bundle:
    """The first of the bundles that come with the engine: the human mitochondrial genome (rCRS)."""
    return Bundle.load(shipped_directory(SHIPPED[0]))
