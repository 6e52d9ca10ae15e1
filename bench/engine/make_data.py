"""Make a synthetic genome of human scale, with gene models, known variants, regions and VCFs to annotate.

    python bench/engine/make_data.py --out DIR [--scale 1.0]

Contigs have GRCh38's lengths, gene models GENCODE's numbers (59,000 genes, some 228,000 transcripts), known
variants those of a common dbSNP (9 M). Bases are random, reading frames are open. ``--scale`` makes all of it
smaller. The same scale gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam

SIZES = (
    248_956_422, 242_193_529, 198_295_559, 190_214_555, 181_538_259, 170_805_979, 159_345_973, 145_138_636,
    138_394_717, 133_797_422, 135_086_622, 133_275_309, 114_364_328, 107_043_718, 101_991_189, 90_338_345,
    83_257_441, 80_373_285, 58_617_616, 64_444_167, 46_709_983, 50_818_468, 156_040_895, 57_227_415,
)  # fmt: skip
LENGTHS = dict(zip([*map(str, range(1, 23)), "X", "Y"], SIZES, strict=True))
GENES, KNOWN, REGIONS = 59_000, 9_000_000, 70_000
CODING_SHARE, CODING_ISOFORMS, KEPT_EXONS, NEAR_SHARE = 0.34, 0.72, 0.8, 0.5
BASES = np.frombuffer(b"ACGT", np.uint8)
LINE = 60


def make_sequence(rng: np.random.Generator, scale: float) -> dict[str, np.ndarray]:
    """Random bases."""
    return {
        f"chr{name}": BASES[rng.integers(0, 4, max(int(length * scale), 30_000), dtype=np.uint8)]
        for name, length in LENGTHS.items()
    }


def write_fasta(path: Path, contigs: dict[str, np.ndarray]) -> None:
    with path.open("wb") as out:
        for name, bases in contigs.items():
            out.write(f">{name}\n".encode())
            whole = len(bases) // LINE * LINE
            lines = np.full((whole // LINE, LINE + 1), ord("\n"), np.uint8)
            lines[:, :LINE] = bases[:whole].reshape(-1, LINE)
            out.write(lines.tobytes())
            if whole < len(bases):
                out.write(bases[whole:].tobytes() + b"\n")


def open_frame(bases: np.ndarray, exons: list[tuple[int, int]], strand: int) -> None:
    """Make the coding exons, multiples of three long, read from ATG to TAA without a stop between."""
    for start, end in exons:
        codons = bases[start:end].reshape(-1, 3)
        one, two, three = codons.T if strand > 0 else codons.T[::-1]
        t, a, g = b"TAG" if strand > 0 else b"ATC"
        stop = (one == t) & (((two == a) & ((three == a) | (three == g))) | ((two == g) & (three == a)))
        one[stop] = ord("C") if strand > 0 else ord("G")
    first, last = (exons[0], exons[-1]) if strand > 0 else (exons[-1], exons[0])
    if strand > 0:
        bases[first[0] : first[0] + 3] = list(b"ATG")
        bases[last[1] - 3 : last[1]] = list(b"TAA")
    else:
        bases[first[1] - 3 : first[1]] = list(b"CAT")
        bases[last[0] : last[0] + 3] = list(b"TTA")


def write_genes(path: Path, contigs: dict[str, np.ndarray], scale: float) -> list[tuple[str, int, int]]:
    """Write GFF3 in Ensembl's dialect; return the coding stretches."""
    rng = random.Random(2)
    total = sum(map(len, contigs.values()))
    coding_stretches: list[tuple[str, int, int]] = []
    transcript_number = 0
    with path.open("w") as out:
        out.write("##gff-version 3\n")
        for name, bases in contigs.items():
            count = max(1, int(GENES * scale * len(bases) / total / scale * min(scale, 1)))
            for at in sorted(rng.randrange(1000, max(1001, len(bases) - 25_000)) for _ in range(count)):
                coding = rng.random() < CODING_SHARE
                strand = rng.choice((1, -1))
                chain: list[tuple[int, int]] = []
                place = at
                for _ in range(max(1, int(rng.gammavariate(2, 4.5))) if coding else rng.randint(1, 4)):
                    size = 3 * rng.randint(20, 80)
                    if place + size + 100 > len(bases):
                        break
                    chain.append((place, place + size))
                    place += size + max(80, int(rng.lognormvariate(7, 1.2)))
                if not chain:
                    continue
                if coding:
                    open_frame(bases, chain, strand)
                    coding_stretches += [(name, start, end) for start, end in chain]
                transcript_number = write_gene(
                    rng,
                    name,
                    chain,
                    strand,
                    transcript_number,
                    write=out.write,
                    length=len(bases),
                    coding=coding,
                )
    return coding_stretches


def write_gene(
    rng: random.Random,
    contig: str,
    chain: list[tuple[int, int]],
    strand: int,
    number: int,
    *,
    write: Callable[[str], object],
    length: int,
    coding: bool,
) -> int:
    """Write a gene with some transcripts, which skip inner exons; those that code have untranslated ends."""
    sign = "+" if strand > 0 else "-"
    gene = f"ENSG{number + 1:011d}"
    low, high = max(chain[0][0] - 150, 0), min(chain[-1][1] + 300, length)
    kind = "protein_coding" if coding else "lncRNA"
    rows = [
        (
            f"gene\t{low + 1}\t{high}\t.\t{sign}\t.\t"
            f"ID=gene:{gene};Name=GENE{number + 1};biotype={kind};version=3"
        )
    ]
    for isoform in range(1 + int(rng.expovariate(0.35))):
        number += 1
        transcript = f"ENST{number:011d}"
        codes = coding and (isoform == 0 or rng.random() < CODING_ISOFORMS)
        inner = [exon for exon in chain[1:-1] if isoform == 0 or rng.random() < KEPT_EXONS]
        exons = [chain[0], *inner, *chain[1:][-1:]]
        spans = list(exons)
        spans[0] = (low, spans[0][1])
        spans[-1] = (spans[-1][0], high)
        biotype = kind if codes or not coding else "retained_intron"
        rows.append(
            f"{'mRNA' if codes else 'lnc_RNA'}\t{low + 1}\t{high}\t.\t{sign}\t.\t"
            f"ID=transcript:{transcript};Parent=gene:{gene};biotype={biotype};transcript_id={transcript};version=1"
        )
        rows += [f"exon\t{a + 1}\t{b}\t.\t{sign}\t.\tParent=transcript:{transcript}" for a, b in spans]
        if codes:
            protein = f"ENSP{number:011d}"
            before = 0
            for a, b in exons if sign == "+" else reversed(exons):
                rows.append(
                    f"CDS\t{a + 1}\t{b}\t.\t{sign}\t{-before % 3}\t"
                    f"ID=CDS:{protein};Parent=transcript:{transcript};protein_id={protein}"
                )
                before += b - a
    write("".join(f"{contig}\tmade\t{row}\n" for row in rows))
    return number


def alleles(
    rng: np.random.Generator, bases: np.ndarray, places: np.ndarray, indels: float
) -> list[tuple[str, str]]:
    """REF and ALT at each place: mostly single bases, some short insertions and deletions."""
    kinds = rng.random(len(places))
    sizes = rng.integers(1, 6, len(places))
    others = rng.integers(1, 4, len(places))
    text = bases.tobytes()
    found = []
    for place, kind, size, other in zip(
        places.tolist(), kinds.tolist(), sizes.tolist(), others.tolist(), strict=True
    ):
        ref = text[place : place + 1].decode()
        if kind < indels / 2:
            found.append((text[place : place + 1 + size].decode(), ref))
        elif kind < indels:
            found.append((ref, ref + "ACGTA"[other : other + 1] * size))
        else:
            found.append((ref, "ACGT"[("ACGT".index(ref) + other) % 4]))
    return found


def places_in(rng: np.random.Generator, contigs: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """Sorted places, uniform over the genome."""
    total = sum(map(len, contigs.values()))
    return {
        name: np.unique(rng.integers(100, len(bases) - 100, round(count * len(bases) / total)))
        for name, bases in contigs.items()
    }


def write_known(path: Path, contigs: dict[str, np.ndarray], scale: float) -> None:
    rng = np.random.default_rng(3)
    number = 0
    with gzip.open(path, "wt", compresslevel=1) as out:
        out.write("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for name, places in places_in(rng, contigs, int(KNOWN * scale)).items():
            rows = []
            for place, (ref, alt) in zip(
                places.tolist(), alleles(rng, contigs[name], places, 0.12), strict=True
            ):
                number += 1
                rows.append(f"{name}\t{place + 1}\trs{number}\t{ref}\t{alt}\t.\t.\tVC=x\n")
            out.write("".join(rows))


def write_regions(path: Path, contigs: dict[str, np.ndarray], scale: float) -> None:
    rng = np.random.default_rng(4)
    with path.open("w") as out:
        for name, places in places_in(rng, contigs, max(int(REGIONS * scale), 100)).items():
            for place in places.tolist():
                end = min(place + int(rng.lognormal(8, 1)), len(contigs[name]))
                out.write(f"{name}\t{place}\t{end}\tdup{place % 977}\n")


def write_vcf(
    path: Path, contigs: dict[str, np.ndarray], places: dict[str, np.ndarray], seed: int, samples: int = 0
) -> None:
    """Records of about 134 bytes of text beside the samples."""
    rng = np.random.default_rng(seed)
    with path.open("w") as out:
        out.write("##fileformat=VCFv4.2\n")
        for key in ("AC", "AF", "AN", "DP", "FS", "MQ", "MQRankSum", "QD", "SOR"):
            number, kind = (
                ("A" if key in {"AC", "AF"} else "1"),
                ("Integer" if key in {"AC", "AN", "DP"} else "Float"),
            )
            out.write(f'##INFO=<ID={key},Number={number},Type={kind},Description="made">\n')
        out.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n')
        for name, bases in contigs.items():
            out.write(f"##contig=<ID={name},length={len(bases)}>\n")
        names = "".join(f"\tS{number}" for number in range(samples))
        out.write(
            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO" + ("\tFORMAT" + names if samples else "") + "\n"
        )
        genotypes = [""]
        if samples:
            calls = ("0|0", "0|0", "0|0", "0|1", "1|1")
            genotypes = ["\tGT\t" + "\t".join(rng.choice(calls, samples)) for _ in range(50)]
        for name, own in places.items():
            depths = rng.integers(10, 60, len(own)).tolist()
            noise = rng.integers(0, 100_000, (len(own), 4)).tolist()
            rows = []
            for number, (place, (ref, alt)) in enumerate(
                zip(own.tolist(), alleles(rng, contigs[name], own, 0.15), strict=True)
            ):
                depth = depths[number]
                one, two, three, four = noise[number]
                rows.append(
                    f"{name}\t{place + 1}\t.\t{ref}\t{alt}\t{one / 50:.2f}\tPASS\t"
                    f"AC={depth % 3 + 1};AF={two / 100_000:.5f};AN=4096;DP={depth * 31};"
                    f"FS={three / 1000:.3f};MQ=60.00;"
                    f"MQRankSum={four / 40_000 - 1:.3f};QD={one / 3000:.2f};SOR={two / 30_000:.3f}"
                    f"{genotypes[depth % len(genotypes)]}\n"
                )
            out.write("".join(rows))
    pysam.tabix_compress(str(path), str(path) + ".gz", force=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--cohort-samples", type=int, default=2504)
    options = parser.parse_args()
    out, scale = options.out, options.scale
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    contigs = make_sequence(rng, scale)
    stretches = write_genes(out / "genes.gff3", contigs, scale)
    write_fasta(out / "genome.fa", contigs)
    write_regions(out / "segdups.bed", contigs, scale)
    write_known(out / "known.vcf.gz", contigs, scale)
    for label, count in (("1k", 1000), ("100k", 100_000), ("1m", 1_000_000)):
        write_vcf(out / f"wgs-{label}.vcf", contigs, places_in(rng, contigs, count), 5)
    coding: dict[str, list[int]] = {}
    for name, start, end in stretches:
        coding.setdefault(name, []).extend((start, end))
    share = 100_000 / max(sum(map(len, coding.values())) // 2, 1)
    wes = {}
    for name, ends in coding.items():
        pairs = np.array(ends).reshape(-1, 2)
        count = max(1, round(len(pairs) * share))
        picked = pairs[rng.integers(0, len(pairs), count)]
        within = picked[:, 0] + (rng.random(count) * (picked[:, 1] - picked[:, 0])).astype(np.int64)
        near = within + rng.integers(-300, 300, count) * (rng.random(count) < NEAR_SHARE)
        wes[name] = np.unique(np.clip(near, 100, len(contigs[name]) - 100))
    write_vcf(out / "wes-100k.vcf", contigs, wes, 6)
    write_vcf(out / "cohort-20k.vcf", contigs, places_in(rng, contigs, 20_000), 7, options.cohort_samples)


if __name__ == "__main__":
    main()
