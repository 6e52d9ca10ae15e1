"""Hold compounds against bcftools csq ``-p a``, haplotype by haplotype, on a real chromosome.

    python -m bench.engine.haplotypes --fasta 20.fa.gz --cava CAVA-2.0.7.tar.gz

Makes up phased variants that lie near one another in the coding sequence of MANE transcripts on chromosome
20, prints every class of disagreement, how often it was met and an example, and exits with 1 if a
disagreement is of no class. A slow reading of each haplotype is the judge, and stops the run where ours is
not what it finds. ``chr20.py`` tells where the data are from.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tarfile
import tempfile
from collections import defaultdict
from pathlib import Path

import pysam
from bench.engine import chr20
from tests.integration.engine.csq_haplotypes import RIGHT, Compared, csq_of, said_by_us, write_phased
from tests.integration.engine.ribosome import Gene
from tests.integration.engine.test_haplotypes import a_crowd, carried_by, entries_of, names_of

from gas_engine import OutputPaths, annotate
from gas_engine.bundle import build_bundle

_DATABASE = "CAVA-2.0.7/cava/data/cava_db.GRCh38.MANE.sorted.gz"
_LONGEST_MESSAGE = 6000  # the judge is slow


def apart(models: list[chr20.Model]) -> list[chr20.Model]:
    """Models of which no other is within reach, so that each haplotype of one is its own."""
    ordered = sorted(models, key=lambda each: each.exons)
    return [
        model
        for number, model in enumerate(ordered)
        if (number == 0 or ordered[number - 1].exons[-1][1] < model.exons[0][0])
        and (number + 1 == len(ordered) or model.exons[-1][1] < ordered[number + 1].exons[0][0])
        and sum(end - start for start, end in model.exons) < _LONGEST_MESSAGE
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fasta", type=Path, required=True, help="ref/20.fa.gz of Debian's vt-examples")
    parser.add_argument("--cava", type=Path, required=True, help="source archive of CAVA 2.0.7")
    parser.add_argument("--samples", type=int, default=8)
    options = parser.parse_args()
    rng = random.Random(20)
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with tarfile.open(options.cava) as archive:
            archive.extract(_DATABASE, directory, filter="data")
        sequence = chr20.read_sequence(options.fasta)
        every = chr20.lift(chr20.read_cava(directory / _DATABASE), sequence)
        fasta, gff3, vcf = (directory / name for name in ("genome.fa", "genes.gff3", "in.vcf"))
        chr20.write_fasta(sequence, fasta)
        pysam.faidx(str(fasta))
        chr20.write_gff3(every, gff3)
        bundle = build_bundle(fasta, gff3, directory / "bundle", name="chr20", assembly="GRCh37")
        genes = {
            model.transcript_id: Gene(sequence, model.exons, model.cds, model.strand)
            for model in apart(every)
        }
        rows = {name: a_crowd(rng, gene, options.samples) for name, gene in genes.items()}
        together = sorted(row for found in rows.values() for row in found)
        write_phased(together, chr20.CONTIG, len(sequence), names_of(options.samples), vcf)
        csq = csq_of(fasta, gff3, vcf)
        outputs = OutputPaths(directory / "out")
        annotate(io.BytesIO(vcf.read_bytes()), bundle, outputs, lambda _: None, haplotypes=True)
        told: defaultdict[str, dict[str, dict[str, str]]] = defaultdict(dict)
        with pysam.BGZFile(str(outputs.vcf), "r", None) as lines:
            for line in lines.read().decode().splitlines():
                for entry in entries_of(line):
                    told[entry["Feature"]][entry["Variants"]] = entry
    compared = Compared()
    for name, gene in genes.items():
        ours = said_by_us(told[name].values())
        for sample in range(options.samples):
            for copy in range(2):
                of = f"S{sample}:{copy + 1}"
                carried = carried_by(rows[name], sample, copy)
                compared.add(of, gene, carried, ours.get(of, []), csq.get(name, {}).get(of, []))
    tell(compared, len(together), len(genes))
    sys.exit(bool(compared.unexplained))


def tell(compared: Compared, records: int, genes: int) -> None:
    """Print the table, in Markdown."""
    print(f"{records:,} records in {genes} transcripts; compounds compared: {compared.total:,}.\n")
    print("| Class | Met | Right | Example: ours; theirs |\n|---|---|---|---|")
    for name, count in compared.classes.most_common():
        print(f"| {name} | {count:,} | {RIGHT.get(name, '')} | {compared.examples[name]} |")
    fits = compared.fits
    print(f"\nResidues told by csq give the changed protein {fits[True]:,} of {fits.total():,} times.")
    for text in compared.unexplained:
        print(f"unexplained: {text}")


if __name__ == "__main__":
    main()
