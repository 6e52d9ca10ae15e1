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

from gas_engine.bundle.load import Bundle, Parts, read_parts
from gas_engine.bundle.manifest import (
    GENES_NAME,
    GENES_PART,
    KNOWN_NAME,
    KNOWN_PART,
    MANIFEST_NAME,
    SEQUENCE_NAME,
    SEQUENCE_PART,
    Contig,
    Manifest,
    Source,
    Track,
    sha256_of,
)
from gas_engine.bundle.origin import origin_of
from gas_engine.bundle.packed import TABLES_NAME, write_tables
from gas_engine.bundle.report import read_report
from gas_engine.bundle.sequence import open_text, stream_fasta
from gas_engine.codon import STOP, genetic_code
from gas_engine.errors import BundleError
from gas_engine.haplotypes.entries import CSQ_HAPLOTYPE
from gas_engine.outputs.table import SCHEMA
from gas_engine.vcf.fields import CSQ, REF_MISMATCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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


@dataclass(frozen=True, slots=True)
class AlleleSource:
    """A VCF to take ``fields`` of; records get them as ``<name>_<field>`` where they have the same alleles.

    ID and FILTER may be among the fields, where no INFO field has that name.
    """

    name: str
    vcf: Path
    fields: tuple[str, ...]


def build_bundle(
    fasta: str | Path,
    genes: str | Path,
    out_dir: str | Path,
    *,
    name: str,
    assembly: str,
    version: str = "1",
    known_vcfs: Sequence[str | Path] = (),
    allele_sources: Sequence[AlleleSource] = (),
    tracks: Sequence[TrackSource] = (),
    genetic_codes: Mapping[str, int] | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    assembly_report: str | Path | None = None,
    circular: Sequence[str] = (),
    sources: Sequence[Source] = (),
    versions: Mapping[str, str] | None = None,
    as_text: bool = False,
) -> Bundle:
    """Write a bundle into the new directory ``out_dir`` and open it.

    ``genes`` is GFF3 or GTF. ``as_text`` keeps the parts as text, for a small bundle that people read.
    Inputs may be gzipped. Contigs go by their names in the FASTA, by those that NCBI's ``assembly_report``
    has for a sequence of the same name and length, and by ``aliases``; ``chr1`` and ``1`` are taken for one
    another, and a 16,569 bp mitochondrion goes by all its usual names. ``genetic_codes`` gives NCBI's table
    by contig (1 where nothing is said).

    The manifest tells name, checksum and version of every input (``versions`` by part, else as the file has
    it), and how many of its rows were left out; or, where they are given, ``sources``.

    Raises
    ------
    BundleError
        If an input cannot be read or contradicts another. ``out_dir`` is then not made.
    """
    target = Path(out_dir)
    if target.exists():
        raise BundleError(f"{target} exists already: choose a new directory for the bundle.")
    _check_names(tracks, allele_sources)
    inputs = [(SEQUENCE_PART, Path(fasta)), (GENES_PART, Path(genes))]
    inputs += [(KNOWN_PART, Path(each)) for each in known_vcfs]
    inputs += [(each.name, Path(each.vcf)) for each in allele_sources]
    inputs += [(track.name, track.bed) for track in tracks]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        work = Path(scratch) / "bundle"
        work.mkdir()
        bases = Path(scratch) / "sequence"
        with bases.open("wb") as out:
            lengths = stream_fasta(Path(fasta), out.write)
        if not bases.stat().st_size:
            raise BundleError(f"{fasta} has no bases: give a FASTA of the genome.")
        others = _other_names(lengths, aliases or {}, assembly_report)
        contigs = _contigs(lengths, genetic_codes or {}, others, circular)
        parts = read_parts(
            contigs,
            np.memmap(bases, np.uint8, "r"),
            Path(genes),
            known_vcfs=[Path(each) for each in known_vcfs],
            sources={each.name: (each.vcf, each.fields) for each in allele_sources},
            tracks={track.name: track.bed for track in tracks},
        )
        if as_text:
            _write_texts(work, inputs, tracks)
            checksums = {path.name: sha256_of(path) for path in sorted(work.iterdir())}
        else:
            checksums = {TABLES_NAME: write_tables(work / TABLES_NAME, parts.tables)}
        manifest = Manifest(
            name=name,
            assembly=assembly,
            version=version,
            contigs=contigs,
            tracks=tuple(Track(track.name, track.description) for track in tracks),
            fields=parts.fields,
            sources=tuple(sources) or _origins(inputs, versions or {}, parts),
            checksums=checksums,
        )
        (work / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
        del parts
        _check_translation(Bundle.load(work))
        work.rename(target)
    return Bundle.load(target)


def _check_names(tracks: Sequence[TrackSource], sources: Sequence[AlleleSource]) -> None:
    """Refuse names that cannot be told apart, or would not do as INFO fields."""
    named: list[TrackSource | AlleleSource] = [*tracks, *sources]
    for each in named:
        if not _NAME.fullmatch(each.name):
            kind = "Track" if isinstance(each, TrackSource) else "Source"
            raise BundleError(
                f"{kind} name {each.name!r} must be letters, digits and _, as it names an INFO field."
            )
    if empty := next((each.name for each in sources if not each.fields), None):
        raise BundleError(f"Source {empty} has no fields: name those to take from its INFO.")
    parts = Counter([SEQUENCE_PART, GENES_PART, KNOWN_PART, *(each.name for each in named)])
    of_sources = [f"{source.name}_{field}" for source in sources for field in source.fields]
    ours = [key.decode() for key in (CSQ, CSQ_HAPLOTYPE, REF_MISMATCH)]
    keys = Counter([*ours, *(track.name for track in tracks), *of_sources])
    columns = Counter([*SCHEMA.names, *of_sources])  # the table has one for each field of a source
    for name, count in (parts | keys | columns).items():
        if count > 1:
            raise BundleError(f"{name!r} would name two things of the bundle: choose another name for one.")


def _other_names(
    lengths: Mapping[str, int], aliases: Mapping[str, Sequence[str]], report: str | Path | None
) -> dict[str, tuple[str, ...]]:
    found = {name: tuple(others) for name, others in aliases.items()}
    if report is not None:
        with open_text(Path(report)) as lines:
            for name, others in read_report(lines, lengths).items():
                found[name] = (*found.get(name, ()), *others)
    return found


def _origins(
    inputs: Sequence[tuple[str, Path]], versions: Mapping[str, str], parts: Parts
) -> tuple[Source, ...]:
    """Where each input comes from; what was left out of several known VCFs is told with the last."""
    last = dict(inputs)
    if wrong := next((part for part in versions if part not in last), None):
        raise BundleError(f"{wrong!r} is no part of the bundle, which has {', '.join(last)}.")
    return tuple(
        origin_of(part, path, versions.get(part, ""), parts.notes.get(part, "") if last[part] == path else "")
        for part, path in inputs
    )


def _write_texts(work: Path, inputs: Sequence[tuple[str, Path]], tracks: Sequence[TrackSource]) -> None:
    """Keep the parts as the texts that they were read from; of several known VCFs one."""
    names = {SEQUENCE_PART: SEQUENCE_NAME, GENES_PART: GENES_NAME} | {
        track.name: f"{track.name}.bed" for track in tracks
    }
    for part, path in inputs:
        if part == KNOWN_PART:
            _write_known(path, work / KNOWN_NAME)
        else:
            with (
                open_text(path) as lines,
                (work / names.get(part, f"{part}.vcf")).open("w", encoding="utf-8") as out,
            ):
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
    """Keep the header and the five columns that matter: INFO of a full dbSNP would be most of its size.

    Of another VCF than the first, the header is left out.
    """
    first = not target.exists()
    with open_text(source) as lines, target.open("a", encoding="utf-8") as out:
        for line in lines:
            if line.startswith("##"):
                out.write(line if first else "")
            elif line.startswith("#"):
                out.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" if first else "")
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
