"""A real chromosome with real gene models, out of two packages: for holding the engine against other tools.

The sequence is chromosome 20 of GRCh37, whole, as Debian's vt-examples has it. The models are the MANE
transcripts of GRCh38 that CAVA 2.0.7 (PyPI) comes with, moved to GRCh37 one by one: a transcript is put where
all its introns begin with GT or GC and end with AG, and its coding sequence reads from ATG to the first stop.
Transcripts that fit nowhere within reach are left out, and counted.
"""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gas_engine.codon import STOP, genetic_code, reverse_complement

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

CONTIG = "20"
_REACH = 3_000_000  # bases by which a part of the chromosome may have moved between the assemblies
_NEIGHBOURS = 8
_ENOUGH_INTRONS = 4
_LINE = 60
_KINDS = ("snv", "deletion", "insertion", "mnv", "delins")
_KIND_SHARES = (60, 15, 12, 8, 5)
_PLACES = ("coding", "edge", "codon", "utr", "intron", "around")
_PLACE_SHARES = (35, 25, 10, 10, 12, 8)


@dataclass(frozen=True)
class Model:
    """A transcript on GRCh37; 0-based half-open, exons in genomic order, ``cds`` from first to last base."""

    transcript_id: str
    gene: str
    strand: int
    exons: tuple[tuple[int, int], ...]
    cds: tuple[int, int]

    def coding_parts(self) -> Iterator[tuple[int, int]]:
        """The coding part of each exon."""
        for start, end in self.exons:
            first, last = max(start, self.cds[0]), min(end, self.cds[1])
            if first < last:
                yield first, last

    def moved(self, shift: int) -> Model:
        """The same, ``shift`` bases to the right."""
        first, last = self.cds
        exons = tuple((start + shift, end + shift) for start, end in self.exons)
        return Model(self.transcript_id, self.gene, self.strand, exons, (first + shift, last + shift))


def read_sequence(fasta: Path) -> str:
    """The only contig of a gzipped FASTA."""
    with gzip.open(fasta, "rt") as lines:
        return "".join(line.rstrip("\n") for line in lines if not line.startswith(">")).upper()


def read_cava(database: Path) -> list[Model]:
    """CAVA's transcripts of the chromosome, on GRCh38. Exon starts there are 0-based, all else 1-based."""
    found = []
    with gzip.open(database, "rt") as lines:
        for line in lines:
            columns = line.rstrip("\n").split("\t")
            if columns[4] != CONTIG:
                continue
            numbers = [int(text) for text in columns[11:] if text]
            exons = tuple(sorted(zip(numbers[::2], numbers[1::2], strict=True)))
            first, last = sorted((int(columns[9]), int(columns[10])))
            found.append(Model(columns[0], columns[1], int(columns[5]), exons, (first - 1, last)))
    return found


def lift(models: list[Model], sequence: str) -> list[Model]:
    """The models on ``sequence``, those that fit."""
    bases = np.frombuffer(sequence.encode(), np.uint8)
    ordered = sorted(models, key=lambda each: each.exons)
    searched = ((index, _search(model, bases, sequence)) for index, model in enumerate(ordered))
    shifts = {index: shift for index, shift in searched if shift is not None}
    placed = []
    for index, model in enumerate(ordered):
        # what has too few introns to tell its place has moved as its neighbours have
        near = sorted(shifts, key=lambda other: abs(other - index))[:_NEIGHBOURS]
        for shift in dict.fromkeys(shifts[other] for other in near):
            if _reads(model.moved(shift), sequence):
                placed.append(model.moved(shift))
                break
    return placed


def _search(model: Model, bases: npt.NDArray[np.uint8], sequence: str) -> int | None:
    """The only shift at which a transcript with enough introns to tell fits; None if there is not one."""
    introns = [(left[1], right[0]) for left, right in zip(model.exons, model.exons[1:], strict=False)]
    if len(introns) < _ENOUGH_INTRONS:
        return None
    low = max(-_REACH, -model.exons[0][0])
    high = min(_REACH, len(bases) - model.exons[-1][1] - 2)
    candidates = np.arange(low, high)
    for start, end in introns:
        left, right = (start, end - 2)
        if model.strand > 0:
            fits = (bases[left + candidates] == ord("G")) & (bases[right + 1 + candidates] == ord("G"))
            fits &= bases[right + candidates] == ord("A")
        else:
            fits = (bases[left + candidates] == ord("C")) & (bases[right + 1 + candidates] == ord("C"))
            fits &= bases[left + 1 + candidates] == ord("T")
        candidates = candidates[fits]
    whole = [int(shift) for shift in candidates if _reads(model.moved(int(shift)), sequence)]
    return whole[0] if len(whole) == 1 else None


def _reads(model: Model, sequence: str) -> bool:
    """True if introns have their ends and the coding sequence reads from ATG to its first stop."""
    if model.exons[0][0] < 0 or model.exons[-1][1] > len(sequence):
        return False
    for left, right in zip(model.exons, model.exons[1:], strict=False):
        intron = sequence[left[1] : left[1] + 2] + sequence[right[0] - 2 : right[0]]
        if (intron if model.strand > 0 else reverse_complement(intron)) not in {"GTAG", "GCAG", "ATAC"}:
            return False
    protein = genetic_code(1).translate(coding_sequence(model, sequence))
    return protein.startswith("M") and protein.find(STOP) == len(protein) - 1


def coding_sequence(model: Model, sequence: str) -> str:
    """Bases from the start codon to the stop codon, 5' to 3'."""
    forward = "".join(sequence[start:end] for start, end in model.coding_parts())
    return forward if model.strand > 0 else reverse_complement(forward)


def write_fasta(sequence: str, path: Path) -> None:
    """One contig."""
    with path.open("w") as out:
        out.write(f">{CONTIG}\n")
        for at in range(0, len(sequence), _LINE):
            out.write(sequence[at : at + _LINE] + "\n")


def write_gff3(models: list[Model], path: Path) -> None:
    """In Ensembl's dialect, which csq and SnpEff read too."""
    with path.open("w") as out:
        out.write("##gff-version 3\n")
        for model in sorted(models, key=lambda each: each.exons):
            strand = "+" if model.strand > 0 else "-"
            row = f"{CONTIG}\tMANE\t{{}}\t{{}}\t{{}}\t.\t{strand}\t{{}}\t{{}}\n"
            span = model.exons[0][0] + 1, model.exons[-1][1]
            kind = "biotype=protein_coding"
            gene, transcript = f"gene:{model.gene}", f"transcript:{model.transcript_id}"
            names = f"ID={gene};Name={model.gene};{kind};gene_id={model.gene}"
            out.write(row.format("gene", *span, ".", names))
            out.write(row.format("mRNA", *span, ".", f"ID={transcript};Parent={gene};{kind}"))
            for start, end in model.exons:
                out.write(row.format("exon", start + 1, end, ".", f"Parent={transcript}"))
            parts = list(model.coding_parts())
            before = 0
            phases = {}
            for part in parts if model.strand > 0 else reversed(parts):
                phases[part] = -before % 3
                before += part[1] - part[0]
            for start, end in parts:
                out.write(row.format("CDS", start + 1, end, phases[start, end], f"Parent={transcript}"))
            below, above = ("five", "three") if model.strand > 0 else ("three", "five")
            for start, end in model.exons:
                if start < model.cds[0]:
                    last = min(end, model.cds[0])
                    out.write(row.format(f"{below}_prime_UTR", start + 1, last, ".", f"Parent={transcript}"))
                if end > model.cds[1]:
                    first = max(start, model.cds[1])
                    out.write(row.format(f"{above}_prime_UTR", first + 1, end, ".", f"Parent={transcript}"))


def variants(models: list[Model], sequence: str, count: int, seed: int = 20) -> list[tuple[int, str, str]]:
    """Sorted (pos, REF, ALT), no two alike; most where tools differ: at edges, first and last codons."""
    rng = random.Random(seed)
    found: set[tuple[int, str, str]] = set()
    while len(found) < count:
        model = rng.choice(models)
        start = _a_place(rng, model)
        if (made := _a_variant(rng, sequence, start)) is not None:
            found.add(made)
    return sorted(found)


def _a_place(rng: random.Random, model: Model) -> int:
    place = rng.choices(_PLACES, _PLACE_SHARES)[0]
    if place == "coding":
        start, end = rng.choice(list(model.coding_parts()))
        return rng.randrange(start, end)
    if place == "edge":
        return rng.choice(rng.choice(model.exons)) + rng.randint(-10, 9)
    if place == "codon":
        return rng.choice((model.cds[0], model.cds[1] - 3)) + rng.randint(-3, 5)
    if place == "utr":
        start, end = rng.choice((model.exons[0], model.exons[-1]))
        return rng.randrange(start, end)
    if place == "intron" and len(model.exons) > 1:
        number = rng.randrange(len(model.exons) - 1)
        return rng.randrange(model.exons[number][1], model.exons[number + 1][0])
    return rng.randrange(model.exons[0][0] - 6000, model.exons[-1][1] + 6000)


def _a_variant(rng: random.Random, sequence: str, start: int) -> tuple[int, str, str] | None:
    kind = rng.choices(_KINDS, _KIND_SHARES)[0]
    size = min(1 + int(rng.expovariate(0.35)), 30)
    if kind == "snv":
        ref, added = 1, 1
    elif kind == "deletion":
        ref, added = size + 1, 0
    elif kind == "insertion":
        ref, added = 1, size
    elif kind == "mnv":
        ref = added = rng.choice((2, 2, 2, 3, 3, 4))
    else:
        ref, added = size, 1 + int(rng.expovariate(0.35))
    bases = sequence[start : start + ref]
    if len(bases) < ref or set(bases) - set("ACGT"):
        return None
    alt = "".join(rng.choices("ACGT", k=added))
    if kind in {"deletion", "insertion"}:
        alt = bases[0] + alt
    return None if alt == bases else (start + 1, bases, alt)


def write_vcf(records: list[tuple[int, str, str]], length: int, path: Path) -> None:
    """The ID of a record is its number from 0."""
    with path.open("w") as out:
        out.write(f"##fileformat=VCFv4.2\n##contig=<ID={CONTIG},length={length}>\n")
        out.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for number, (pos, ref, alt) in enumerate(records):
            out.write(f"{CONTIG}\t{pos}\t{number}\t{ref}\t{alt}\t.\t.\t.\n")
