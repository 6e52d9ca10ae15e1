"""Bundles for consequence calling: the shipped one, and a made-up one with a gene on either strand."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from gas_engine.bundle import Bundle, build_bundle, default_bundle
from gas_engine.codon import reverse_complement

if TYPE_CHECKING:
    from pathlib import Path

# The toy gene on its own strand, part by part. Flanks are longer than VEP's reach of 5,000.
FLANK = 6000
PARTS = (("utr5", 30), ("cds", 40), ("intron", 200), ("cds", 61), ("intron", 150), ("cds", 79), ("utr3", 40))
GENE_LENGTH = sum(size for _, size in PARTS)
CONTIG_LENGTH = 2 * FLANK + GENE_LENGTH
STOPS = {"TAA", "TAG", "TGA"}


def toy_gene(seed: int = 4) -> str:
    """A contig with one gene: 60 codons from ATG to TAA, two introns within codons, GT...AG."""
    rng = random.Random(seed)

    def bases(size: int) -> str:
        return "".join(rng.choices("ACGT", k=size))

    codons: list[str] = []
    while len(codons) < 58:
        codon = bases(3)
        if codon not in STOPS:
            codons.append(codon)
    coding = "ATG" + "".join(codons) + "TAA"
    pieces = [bases(FLANK)]
    for kind, size in PARTS:
        if kind == "cds":
            pieces.append(coding[:size])
            coding = coding[size:]
        elif kind == "intron":
            pieces.append("GT" + bases(size - 4) + "AG")
        else:
            pieces.append(bases(size))
    pieces.append(bases(FLANK))
    return "".join(pieces)


def segments(kinds: set[str]) -> list[tuple[int, int]]:
    """Stretches of the gene made of ``kinds``, adjoining ones joined, 0-based half-open on its own strand."""
    found: list[tuple[int, int]] = []
    start = FLANK
    for kind, size in PARTS:
        if kind in kinds:
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], start + size)
            else:
                found.append((start, start + size))
        start += size
    return found


def toy_gff3() -> str:
    """The gene on chrF as it is, and on chrR turned around; each with a second, non-coding transcript."""
    return "##gff-version 3\n" + "".join(f"{line}\n" for contig in ("chrF", "chrR") for line in _rows(contig))


def _rows(contig: str) -> list[str]:
    turned = contig == "chrR"

    def row(kind: str, segment: tuple[int, int], attributes: str, phase: str = ".") -> str:
        start, end = (CONTIG_LENGTH - segment[1], CONTIG_LENGTH - segment[0]) if turned else segment
        return (
            f"{contig}\ttoy\t{kind}\t{start + 1}\t{end}\t.\t{'-' if turned else '+'}\t{phase}\t{attributes}"
        )

    gene, coding, noncoding = f"ENSG{contig}", f"ENST{contig}", f"ENSN{contig}"
    extent = (FLANK, FLANK + GENE_LENGTH)
    exons = segments({"utr5", "cds", "utr3"})
    ours = f"Parent=transcript:{coding}"
    lines = [
        row("gene", extent, f"ID=gene:{gene};Name=TOY-{contig};biotype=protein_coding"),
        row("mRNA", extent, f"ID=transcript:{coding};Parent=gene:{gene};biotype=protein_coding;version=2"),
        *(row("exon", segment, ours) for segment in exons),
        *(row("five_prime_UTR", segment, ours) for segment in segments({"utr5"})),
        *(row("three_prime_UTR", segment, ours) for segment in segments({"utr3"})),
    ]
    done = 0
    for segment in segments({"cds"}):
        phase = str((3 - done % 3) % 3)
        lines.append(row("CDS", segment, f"{ours};protein_id=ENSP{contig}.1", phase))
        done += segment[1] - segment[0]
    lines.append(row("lnc_RNA", extent, f"ID=transcript:{noncoding};Parent=gene:{gene};biotype=lncRNA"))
    lines += [row("exon", segment, f"Parent=transcript:{noncoding}") for segment in exons]
    return lines


@pytest.fixture(scope="session")
def rcrs() -> Bundle:
    return default_bundle()


@pytest.fixture(scope="session")
def toy_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    gene = toy_gene()
    (folder / "toy.fa").write_text(f">chrF\n{gene}\n>chrR\n{reverse_complement(gene)}\n")
    (folder / "toy.gff3").write_text(toy_gff3())
    return folder


@pytest.fixture(scope="session")
def toy(toy_files: Path) -> Bundle:
    return build_bundle(
        toy_files / "toy.fa", toy_files / "toy.gff3", toy_files / "bundle", name="toy", assembly="toy1"
    )
