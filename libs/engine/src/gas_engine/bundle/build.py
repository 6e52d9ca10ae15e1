"""Make a reference bundle out of a FASTA, a GFF3 and what else there is."""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import pysam
from pysam.utils import SamtoolsError

from gas_engine.bundle.load import Bundle
from gas_engine.bundle.manifest import (
    GENES_NAME,
    KNOWN_NAME,
    MANIFEST_NAME,
    SEQUENCE_NAME,
    Contig,
    Manifest,
    Source,
    Track,
    sha256_of,
)
from gas_engine.codon import STOP, genetic_code
from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRACK_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KNOWN_COLUMNS: Final = 5
_RCRS_LENGTH: Final = 16_569
_RCRS_NAMES: Final = ("NC_012920.1", "chrM", "MT", "M", "chrMT")
_MANY: Final = 0.5  # a gene model may be odd; when half of them cannot be translated, an input is wrong


@dataclass(frozen=True, slots=True)
class TrackSource:
    """A track to build in: ``name`` must do as an INFO field's name."""

    name: str
    description: str
    bed: Path


def build_bundle(
    fasta: str | Path,
    gff3: str | Path,
    out_dir: str | Path,
    *,
    name: str,
    assembly: str,
    version: str = "1",
    known_vcf: str | Path | None = None,
    tracks: Sequence[TrackSource] = (),
    genetic_codes: Mapping[str, int] | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    circular: Sequence[str] = (),
    sources: Sequence[Source] = (),
) -> Bundle:
    """Write a bundle into the new directory ``out_dir`` and open it.

    Inputs may be gzipped. Contigs go by their names in the FASTA; ``chr1`` and ``1`` are taken for one
    another, and a 16,569 bp mitochondrion goes by all its usual names. ``genetic_codes`` gives NCBI's table
    by contig (1 where nothing is said).

    Raises
    ------
    BundleError
        If an input cannot be read or contradicts another. ``out_dir`` is then not made.
    """
    target = Path(out_dir)
    if target.exists():
        raise BundleError(f"{target} exists already: choose a new directory for the bundle.")
    for track in tracks:
        if not _TRACK_NAME.fullmatch(track.name):
            raise BundleError(
                f"Track name {track.name!r} must be letters, digits and _, as it names an INFO field."
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        work = Path(scratch) / "bundle"
        work.mkdir()
        contigs = _write_sequence(Path(fasta), work, genetic_codes or {}, aliases or {}, circular)
        _copy_text(Path(gff3), work / GENES_NAME)
        if known_vcf is not None:
            _write_known(Path(known_vcf), work / KNOWN_NAME)
        for track in tracks:
            _copy_text(track.bed, work / f"{track.name}.bed")
        manifest = Manifest(
            name=name,
            assembly=assembly,
            version=version,
            contigs=contigs,
            tracks=tuple(Track(track.name, track.description) for track in tracks),
            sources=tuple(sources),
            checksums={path.name: sha256_of(path) for path in sorted(work.iterdir())},
        )
        (work / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
        _check_translation(Bundle.load(work))
        work.rename(target)
    return Bundle.load(target)


def _open_text(path: Path) -> IO[str]:
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt", encoding="utf-8") if zipped else path.open(encoding="utf-8")


def _copy_text(source: Path, target: Path) -> None:
    try:
        with _open_text(source) as lines, target.open("w", encoding="utf-8") as out:
            shutil.copyfileobj(lines, out)
    except (OSError, EOFError, UnicodeDecodeError) as fault:
        raise BundleError(f"{source} cannot be read: {fault}.") from fault


def _write_sequence(
    fasta: Path,
    work: Path,
    codes: Mapping[str, int],
    aliases: Mapping[str, Sequence[str]],
    circular: Sequence[str],
) -> tuple[Contig, ...]:
    path = work / SEQUENCE_NAME
    _copy_text(fasta, path)
    try:
        pysam.faidx(str(path))
        with pysam.FastaFile(str(path)) as opened:
            lengths = dict(zip(opened.references, opened.lengths, strict=True))
    except (OSError, ValueError, SamtoolsError) as fault:
        raise BundleError(f"{fasta} is not a FASTA file that can be indexed.") from fault
    for name in (*codes, *aliases, *circular):
        if name not in lengths:
            raise BundleError(
                f"{name!r} is not a contig of the FASTA, which has {', '.join(list(lengths)[:10])}."
            )
    for number in codes.values():
        genetic_code(number)
    taken = set(lengths)
    contigs = []
    for name, length in lengths.items():
        others = dict.fromkeys((*aliases.get(name, ()), *_usual_names(name, length)))
        free = tuple(other for other in others if other not in taken)
        taken.update(free)
        contigs.append(Contig(name, length, free, codes.get(name, 1), name in circular))
    return tuple(contigs)


def _usual_names(name: str, length: int) -> tuple[str, ...]:
    if length == _RCRS_LENGTH and name in _RCRS_NAMES:
        return _RCRS_NAMES
    return (name.removeprefix("chr"), f"chr{name.removeprefix('chr')}")


def _write_known(source: Path, target: Path) -> None:
    """Keep the header and the five columns that matter: INFO of a full dbSNP would be most of its size."""
    with _open_text(source) as lines, target.open("w", encoding="utf-8") as out:
        for line in lines:
            if line.startswith("##"):
                out.write(line)
            elif line.startswith("#"):
                out.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
            elif line.strip():
                out.write(
                    "\t".join([*line.rstrip("\r\n").split("\t")[:_KNOWN_COLUMNS], ".", ".", "."]) + "\n"
                )


def _check_translation(bundle: Bundle) -> None:
    verdicts = Counter(
        STOP in spliced.code.translate(spliced.cds)[:-1]
        for spliced in map(bundle.spliced, bundle.transcripts)
        if spliced.coding
    )
    if verdicts[True] > _MANY * verdicts.total():
        raise BundleError(
            f"{verdicts[True]} of {verdicts.total()} coding transcripts hold stop codons: the models are "
            "of another assembly than the FASTA, or a contig needs another genetic code."
        )
