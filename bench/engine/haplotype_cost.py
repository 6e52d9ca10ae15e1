"""What ``--haplotypes`` costs: processor seconds with and without it, on chromosome 20.

    python -m bench.engine.haplotype_cost --fasta 20.fa.gz --cava CAVA-2.0.7.tar.gz

One sample with 100,000 records, and 2,504 samples with 10,000, evenly spread and all phased; a tenth are
insertions and deletions, which are rare among the 2,504. Printed are the medians of three runs after a first.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import tarfile
import tempfile
import time
from pathlib import Path

from bench.engine import chr20

from gas_engine import Bundle, OutputPaths, annotate
from gas_engine.bundle import build_bundle

_DATABASE = "CAVA-2.0.7/cava/data/cava_db.GRCh38.MANE.sorted.gz"
_INDELS = 0.1
_FIRST = 60_000  # the bases before are not known
_HEADER = (
    '##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
)


def made_up(rng: random.Random, sequence: str, records: int, samples: int, last: int) -> bytes:
    """A VCF of variants up to base ``last``."""
    rows: set[tuple[int, str, str]] = set()
    while len(rows) < records:
        at = rng.randrange(_FIRST, last)
        ref, alt = sequence[at], rng.choice("ACGT")
        if rng.random() < _INDELS:
            ref = sequence[at : at + rng.randint(1, 4)]
            alt = ref[0] + "ACG"[: rng.randint(0, 3) if len(ref) == 1 else 0]
        if ref != alt and "N" not in ref:
            rows.add((at + 1, ref, alt))
    lines = [_HEADER + "\t".join(f"S{number}" for number in range(samples)) + "\n"]
    for pos, ref, alt in sorted(rows):
        share = 0.5 if samples == 1 else 10 ** rng.uniform(-3.5, -0.3 if len(ref) == len(alt) else -2)
        genotypes = "\t".join(f"{rng.random() < share:d}|{rng.random() < share:d}" for _ in range(samples))
        lines.append(f"{chr20.CONTIG}\t{pos}\t.\t{ref}\t{alt}\t50\tPASS\tDP=30\tGT\t{genotypes}\n")
    return "".join(lines).encode()


def seconds(vcf: bytes, bundle: Bundle, outputs: OutputPaths, *, haplotypes: bool) -> float:
    """Processor seconds, of all threads; the median of three."""
    found = []
    for _ in range(4):
        begin = time.process_time()
        annotate(io.BytesIO(vcf), bundle, outputs, lambda _: None, haplotypes=haplotypes)
        found.append(time.process_time() - begin)
    return statistics.median(found[1:])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fasta", type=Path, required=True, help="ref/20.fa.gz of Debian's vt-examples")
    parser.add_argument("--cava", type=Path, required=True, help="source archive of CAVA 2.0.7")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with tarfile.open(options.cava) as archive:
            archive.extract(_DATABASE, directory, filter="data")
        sequence = chr20.read_sequence(options.fasta)
        fasta, gff3 = directory / "genome.fa", directory / "genes.gff3"
        chr20.write_fasta(sequence, fasta)
        chr20.write_gff3(chr20.lift(chr20.read_cava(directory / _DATABASE), sequence), gff3)
        bundle = build_bundle(fasta, gff3, directory / "bundle", name="chr20", assembly="GRCh37")
        outputs = OutputPaths(directory / "out")
        for records, samples, last in ((100_000, 1, len(sequence) - _FIRST), (10_000, 2504, 6_000_000)):
            vcf = made_up(random.Random(3), sequence, records, samples, last)
            without, told = (seconds(vcf, bundle, outputs, haplotypes=each) for each in (False, True))
            print(
                f"{records:,} records of {samples:,} samples: {without:.2f} s, with haplotypes {told:.2f} s"
            )


if __name__ == "__main__":
    main()
