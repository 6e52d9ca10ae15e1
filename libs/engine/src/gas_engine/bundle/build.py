"""Make a reference bundle out of a FASTA, gene models and what else there is."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from gas_engine.bundle.load import Bundle, read_parts
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
from gas_engine.bundle.packed import TABLES_NAME, write_tables
from gas_engine.bundle.sequence import open_text, stream_fasta
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
    genes: str | Path,
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
    as_text: bool = False,
) -> Bundle:
    """Write a bundle into the new directory ``out_dir`` and open it.

    ``genes`` is GFF3 or GTF. ``as_text`` keeps the parts as text, for a small bundle that people read.
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
        bases = Path(scratch) / "sequence"
        with bases.open("wb") as out:
            lengths = stream_fasta(Path(fasta), out.write)
        if not bases.stat().st_size:
            raise BundleError(f"{fasta} has no bases: give a FASTA of the genome.")
        contigs = _contigs(lengths, genetic_codes or {}, aliases or {}, circular)
        if as_text:
            _copy_text(Path(fasta), work / SEQUENCE_NAME)
            _copy_text(Path(genes), work / GENES_NAME)
            if known_vcf is not None:
                _write_known(Path(known_vcf), work / KNOWN_NAME)
            for track in tracks:
                _copy_text(track.bed, work / f"{track.name}.bed")
            checksums = {path.name: sha256_of(path) for path in sorted(work.iterdir())}
        else:
            sequence = np.memmap(bases, np.uint8, "r")
            beds = {track.name: track.bed for track in tracks}
            known = None if known_vcf is None else Path(known_vcf)
            made = read_parts(contigs, sequence, Path(genes), known, beds)
            checksums = {TABLES_NAME: write_tables(work / TABLES_NAME, made)}
        manifest = Manifest(
            name=name,
            assembly=assembly,
            version=version,
            contigs=contigs,
            tracks=tuple(Track(track.name, track.description) for track in tracks),
            sources=tuple(sources),
            checksums=checksums,
        )
        (work / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
        _check_translation(Bundle.load(work))
        work.rename(target)
    return Bundle.load(target)


def _copy_text(source: Path, target: Path) -> None:
    with open_text(source) as lines, target.open("w", encoding="utf-8") as out:
        shutil.copyfileobj(lines, out)


def _contigs(
    lengths: Mapping[str, int],
    codes: Mapping[str, int],
    aliases: Mapping[str, Sequence[str]],
    circular: Sequence[str],
) -> tuple[Contig, ...]:
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
    with open_text(source) as lines, target.open("w", encoding="utf-8") as out:
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
