"""The FASTA and GFF3 that csq reads, written from a bundle: once, if the bundle can be told from others."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gas_engine.bundle.genes import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gas_engine.bundle import Bundle
    from gas_engine.bundle.genes import Transcript

# What separates values, in GFF3 or in BCSQ.
_SEPARATORS = str.maketrans(dict.fromkeys("\t\n\r ;=,|&%", "_"))


@dataclass(frozen=True, slots=True)
class ReferenceFiles:
    """Paths of both, in one directory."""

    directory: Path

    @property
    def fasta(self) -> Path:
        return self.directory / "genome.fa"

    @property
    def gff3(self) -> Path:
        return self.directory / "genes.gff3"


def reference_files(bundle: Bundle, scratch: Path) -> ReferenceFiles:
    """Write the files, or find them.

    They are kept in the user's cache (``XDG_CACHE_HOME``) under the checksum of the bundle's manifest, or,
    for a bundle that is in memory alone, in ``scratch``. They take a byte a base, and some for gene models.
    """
    if bundle.manifest.checksums is None:
        return _written(bundle, scratch)
    digest = hashlib.sha256(bundle.manifest.to_json().encode()).hexdigest()
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gas-engine"
    kept = ReferenceFiles(base / f"csq-{digest[:16]}")
    if not kept.directory.exists():
        base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=base) as partial:
            made = _written(bundle, Path(partial) / "made")
            try:
                made.directory.rename(kept.directory)
            except OSError:
                if not kept.directory.exists():  # else another process was first
                    raise
    return kept


def _written(bundle: Bundle, directory: Path) -> ReferenceFiles:
    directory.mkdir(exist_ok=True)
    files = ReferenceFiles(directory)
    model = bundle.tables.model
    with files.fasta.open("wb") as fasta, Path(f"{files.fasta}.fai").open("w") as index:
        for contig, row in zip(bundle.contigs, model.contigs, strict=True):
            fasta.write(f">{contig.name}\n".encode())
            index.write(
                f"{contig.name}\t{contig.length}\t{fasta.tell()}\t{contig.length}\t{contig.length + 1}\n"
            )
            fasta.write(model.seq[row["seq_at"] : row["seq_at"] + contig.length].data)
            fasta.write(b"\n")
    with files.gff3.open("w", encoding="utf-8") as gff3:
        gff3.write("##gff-version 3\n")
        _write_genes(bundle, gff3)
    return files


def _write_genes(bundle: Bundle, gff3: TextIO) -> None:
    """Genes, and then their transcripts, in Ensembl's dialect, the only one that csq reads."""
    genes: dict[tuple[str, int, str], tuple[int, int, Transcript]] = {}
    for transcript in bundle.each_transcript():
        key = (transcript.contig, transcript.strand, transcript.gene_id or transcript.transcript_id)
        start, end, first = genes.get(key, (transcript.start, transcript.end, transcript))
        genes[key] = (min(start, transcript.start), max(end, transcript.end), first)
    # csq takes an identifier once: that of a gene on two contigs, or strands, gets a number.
    names: dict[tuple[str, int, str], str] = {}
    for key, (start, end, first) in genes.items():
        name = names[key] = f"gene:{_plain(key[2])}.{len(names)}"
        tags = f"ID={name};Name={_plain(first.symbol or key[2])};biotype={_biotype(first)}"
        gff3.write(_row(first, "gene", (start, end), ".", tags))
    seen: set[str] = set()
    for transcript in bundle.each_transcript():
        # Where the ribosome slips a base is read twice, which csq has no notion of.
        if any(before[1] > after[0] for before, after in pairwise(transcript.exons)):
            continue
        key = (transcript.contig, transcript.strand, transcript.gene_id or transcript.transcript_id)
        plain = _plain(transcript.transcript_id)
        name = f"transcript:{plain}" if plain not in seen else f"transcript:{plain}.{len(seen)}"
        seen.add(plain)
        tags = f"ID={name};Parent={names[key]};biotype={_biotype(transcript)}"
        gff3.write(_row(transcript, "mRNA", (transcript.start, transcript.end), ".", tags))
        parent = f"Parent={name}"
        gff3.writelines(_row(transcript, *part, parent) for part in _parts(transcript))


def _parts(transcript: Transcript) -> Iterator[tuple[str, Segment, str]]:
    """Exons, coding stretches with their phase, and untranslated regions."""
    for exon in transcript.exons:
        yield "exon", exon, "."
    if transcript.cds is None:
        return
    first, last = transcript.cds
    coding = [
        (max(start, first), min(end, last)) for start, end in transcript.exons if start < last and end > first
    ]
    read = -transcript.cds_phase
    for start, end in coding if transcript.strand > 0 else reversed(coding):
        yield "CDS", (start, end), str(-read % 3)
        read += end - start
    below, above = ("five", "three") if transcript.strand > 0 else ("three", "five")
    for start, end in transcript.exons:
        if start < first:
            yield f"{below}_prime_UTR", (start, min(end, first)), "."
        if end > last:
            yield f"{above}_prime_UTR", (max(start, last), end), "."


def _row(transcript: Transcript, kind: str, part: Segment, phase: str, tags: str) -> str:
    strand = "+" if transcript.strand > 0 else "-"
    return f"{transcript.contig}\t.\t{kind}\t{part[0] + 1}\t{part[1]}\t.\t{strand}\t{phase}\t{tags}\n"


def _biotype(transcript: Transcript) -> str:
    """Its biotype; csq leaves out what has none that it knows."""
    return _plain(transcript.biotype) or ("protein_coding" if transcript.cds else "misc_RNA")


def _plain(text: str) -> str:
    return text.translate(_SEPARATORS)
