"""Write a VCF of many samples to standard output, to see that memory stays bounded.

python examples/make_wide.py 3000 20000 | /usr/bin/time -v gas-engine annotate - -o wide
"""

from __future__ import annotations

import random
import sys

from gas_engine import default_bundle

TRANSITIONS = {"A": "G", "G": "A", "C": "T", "T": "C", "N": "A"}
GENOTYPES = ("0/0:30,0:30", "0/1:15,14:29", "1/1:0,33:33")
DISTINCT_ROWS = 20  # drawing every genotype anew would take longer than annotating them


def main(samples: int, records: int) -> None:
    bundle, draw = default_bundle(), random.Random(samples)
    contig = bundle.contigs[0]
    sequence = bundle.sequence(contig.name, 0, contig.length)
    fixed = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
    columns = "\t".join((fixed, *(f"S{each}" for each in range(samples))))
    rows = ["\t".join(("GT:AD:DP", *draw.choices(GENOTYPES, k=samples))) for _ in range(DISTINCT_ROWS)]
    write = sys.stdout.write
    write(f"##fileformat=VCFv4.2\n{columns}\n")
    for number in range(records):
        start = number * contig.length // records
        ref = sequence[start]
        row = rows[number % DISTINCT_ROWS]
        write(f"MT\t{start + 1}\t.\t{ref}\t{TRANSITIONS[ref]}\t50\tPASS\tDP=300\t{row}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
