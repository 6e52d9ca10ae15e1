"""Open a reference bundle: check every file against the manifest, then answer questions about the genome."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pysam

from gas_engine.bundle.genes import Transcript, read_gff3
from gas_engine.bundle.intervals import IntervalIndex
from gas_engine.bundle.known import KnownVariants, allele_key, read_known
from gas_engine.bundle.manifest import (
    GENES_NAME,
    KNOWN_NAME,
    MANIFEST_NAME,
    SEQUENCE_NAME,
    Contig,
    Manifest,
    Track,
    sha256_of,
)
from gas_engine.bundle.regions import read_bed
from gas_engine.codon import genetic_code
from gas_engine.errors import BundleError
from gas_engine.spliced import Spliced, splice

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPLICED_KEPT: Final = (
    512  # transcripts whose sequence stays in memory; neighbours in a sorted VCF share them
)


class Bundle:
    """A genome with its gene models, known variants and tracks. Open one with :meth:`load`."""

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._names = {
            alias: contig for contig in manifest.contigs for alias in (contig.name, *contig.aliases)
        }
        self._fasta = pysam.FastaFile(str(directory / SEQUENCE_NAME))
        for contig in manifest.contigs:
            genetic_code(contig.genetic_code)
        with (directory / GENES_NAME).open(encoding="utf-8") as lines:
            transcripts = read_gff3(lines, self.contig)
        self._genes = IntervalIndex((t.contig, t.start, t.end, t) for t in transcripts)
        self._tracks: dict[str, IntervalIndex[str]] = {}
        for track in manifest.tracks:
            with (directory / f"{track.name}.bed").open(encoding="utf-8") as lines:
                self._tracks[track.name] = read_bed(lines, track.name, self.contig)
        self._known = KnownVariants()
        if (directory / KNOWN_NAME).name in (manifest.checksums or {}):
            with (directory / KNOWN_NAME).open(encoding="utf-8") as lines:
                self._known = read_known(lines, self.contig, self.sequence)
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
        where = directory / MANIFEST_NAME
        if not where.is_file():
            raise BundleError(f"There is no reference bundle at {directory}: {MANIFEST_NAME} is missing.")
        manifest = Manifest.from_json(where.read_text(encoding="utf-8"), where)
        for name, checksum in (manifest.checksums or {}).items():
            if not (directory / name).is_file():
                raise BundleError(f"The bundle at {directory} is damaged: {name} is missing. Fetch it anew.")
            if sha256_of(directory / name) != checksum:
                raise BundleError(
                    f"The bundle at {directory} is damaged: {name} is not the file that its manifest lists. "
                    "Fetch it anew."
                )
        return cls(directory, manifest)

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
    def transcripts(self) -> list[Transcript]:
        """All transcripts, in genomic order."""
        return self._genes.everything()

    @property
    def known_count(self) -> int:
        """How many alleles have an identifier."""
        return len(self._known)

    def contig(self, name: str) -> Contig | None:
        """The contig that a file calls ``name``, or None."""
        return self._names.get(name)

    def sequence(self, contig: str, start: int, end: int) -> str:
        """Bases of the forward strand, 0-based half-open, in upper case; cut off at the contig's ends."""
        sequence: str = self._fasta.fetch(contig, max(start, 0), max(end, start, 0))
        return sequence.upper()

    def transcripts_near(self, contig: Contig, start: int, end: int, reach: int) -> Iterator[Transcript]:
        """Transcripts within ``reach`` bases of a stretch, around the origin of a circular contig too."""
        shifts = (0, -contig.length, contig.length) if contig.circular else (0,)
        seen: set[str] = set()
        for shift in shifts:
            for transcript in self._genes.find(contig.name, start - reach + shift, end + reach + shift):
                if transcript.transcript_id not in seen:
                    seen.add(transcript.transcript_id)
                    yield transcript

    def known_ids(self, contig: Contig, start: int, ref: str, alt: str) -> tuple[str, ...]:
        """Identifiers of an allele at 0-based ``start``, however it is spelled."""
        key = allele_key(contig, start, ref, alt, lambda a, b: self.sequence(contig.name, a, b))
        return self._known.get(key)

    def overlaps(self, contig: Contig, start: int, end: int) -> dict[str, tuple[str, ...]]:
        """Names of the regions that a stretch overlaps, by track; tracks without any are left out.

        An insertion (``start == end``) overlaps the regions that it lies strictly inside; at the origin of a
        circular contig, those that go by one name on both sides of it.
        """
        found = {name: tuple(index.find(contig.name, start, end)) for name, index in self._tracks.items()}
        if contig.circular and start == end and end in {0, contig.length}:
            for name, index in self._tracks.items():
                before = index.find(contig.name, contig.length - 1, contig.length)
                after = index.find(contig.name, 0, 1)
                found[name] = tuple(region for region in before if region in after)
        return {name: regions for name, regions in found.items() if regions}

    def regions(self, track: str) -> list[str]:
        """Names of all regions of a track."""
        return self._tracks[track].everything()

    def _splice(self, transcript: Transcript) -> Spliced:
        code = genetic_code(self._names[transcript.contig].genetic_code)
        return splice(transcript, code, lambda start, end: self.sequence(transcript.contig, start, end))


def default_bundle() -> Bundle:
    """The bundle that comes with the engine: the human mitochondrial genome (rCRS, NC_012920.1)."""
    return Bundle.load(Path(str(resources.files("gas_engine"))) / "bundles" / "rCRS")
