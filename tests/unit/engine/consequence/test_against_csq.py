"""Our consequences held against bcftools csq (Danecek & McCarthy 2017, Bioinformatics 33:2037), in pysam.

csq knows the standard genetic code alone, so the toy gene is where the two must agree, on both strands; on
the mitochondrion each class of difference is counted and explained.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pysam
from tests.csq import bcftools_csq

import gas_engine
from gas_engine.codon import GENETIC_CODES
from gas_engine.consequence import annotate_allele

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle

# csq's word for each of our terms; None for what it does not say
WORDS = {
    "3_prime_UTR_variant": "3_prime_utr",
    "5_prime_UTR_variant": "5_prime_utr",
    "coding_sequence_variant": "coding_sequence",
    "downstream_gene_variant": None,
    "frameshift_variant": "frameshift",
    "incomplete_terminal_codon_variant": None,
    "inframe_deletion": "inframe_deletion",
    "inframe_insertion": "inframe_insertion",
    "intron_variant": "intron",
    "missense_variant": "missense",
    "protein_altering_variant": "protein_altering",
    "splice_acceptor_variant": "splice_acceptor",
    "splice_donor_5th_base_variant": "splice_region",
    "splice_donor_region_variant": "splice_region",
    "splice_donor_variant": "splice_donor",
    "splice_polypyrimidine_tract_variant": None,
    "splice_region_variant": "splice_region",
    "start_lost": "start_lost",
    "start_retained_variant": "start_retained",
    "stop_gained": "stop_gained",
    "stop_lost": "stop_lost",
    "stop_retained_variant": "stop_retained",
    "synonymous_variant": "synonymous",
    "upstream_gene_variant": None,
}
AT_SPLICE_SITES = {"splice_donor", "splice_acceptor", "splice_region"}
IN_FRAME = {"protein_altering", "inframe_insertion", "inframe_deletion"}
AT_EDGES = AT_SPLICE_SITES | {"coding_sequence"}


class Record(NamedTuple):
    """A variant with one ALT; ``pos`` 1-based."""

    contig: str
    pos: int
    ref: str
    alt: str


def run_csq(fasta: Path, gff3: Path, records: list[Record], scratch: Path) -> list[dict[str, set[str]]]:
    """For each record csq's words by transcript ('' where csq leaves it out, as it does in introns)."""
    pysam.faidx(str(fasta))
    with pysam.FastaFile(str(fasta)) as opened:
        contigs = zip(opened.references, opened.lengths, strict=True)
        header = "".join(f"##contig=<ID={name},length={length}>\n" for name, length in contigs)
    lines = [f"{r.contig}\t{r.pos}\t{i}\t{r.ref}\t{r.alt}\t.\t.\t.\n" for i, r in enumerate(records)]
    vcf = scratch / "in.vcf"
    vcf.write_text(
        f"##fileformat=VCFv4.2\n{header}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n{''.join(lines)}"
    )
    # -l: each variant alone, as we call them; -n: do not cut the list of consequences short
    out = bcftools_csq("-l", "-n", "64", "-f", str(fasta), "-g", str(gff3), str(vcf))
    found: list[dict[str, set[str]]] = [{} for _ in records]
    for line in out.splitlines():
        if line.startswith("#"):
            continue
        _, _, number, *_, info = line.split("\t")
        for entry in info.partition("BCSQ=")[2].split(";")[0].split(","):
            fields = entry.split("|")
            if len(fields) > 3 and fields[3] == "protein_coding":
                found[int(number)].setdefault(fields[2], set()).update(fields[0].split("&"))
    return found


def in_csqs_words(terms: tuple[str, ...]) -> set[str]:
    words = {word for term in terms if (word := WORDS[term])}
    # csq says intron only where it has nothing else to say of an intron
    return words - {"intron"} if words & AT_SPLICE_SITES else words


def toy_records(toy: Bundle, *, indels: bool) -> list[Record]:
    rng = random.Random(1)
    records = []
    for contig in ("chrF", "chrR"):
        (gene,) = [t for t in toy.transcripts if t.transcript_id == f"ENST{contig}"]
        for pos in range(gene.start - 4, gene.end + 5):
            ref = toy.sequence(contig, pos - 1, pos)
            if indels:
                size = rng.randint(1, 6)
                records.append(Record(contig, pos, toy.sequence(contig, pos - 1, pos + size), ref))
                added = "".join(rng.choices("ACGT", k=rng.randint(1, 6)))
                records.append(Record(contig, pos, ref, ref + added))
            else:
                records += [Record(contig, pos, ref, alt) for alt in "ACGT" if alt != ref]
    return records


def compare_on_toy(
    toy: Bundle, toy_files: Path, tmp_path: Path, *, indels: bool
) -> list[tuple[Record, set[str], set[str], tuple[str, ...]]]:
    records = toy_records(toy, indels=indels)
    theirs = run_csq(toy_files / "toy.fa", toy_files / "toy.gff3", records, tmp_path)
    compared = []
    for record, words in zip(records, theirs, strict=True):
        contig = toy.contig(record.contig)
        assert contig is not None
        called = annotate_allele(toy, contig, record.pos, record.ref, record.alt).consequences
        (ours,) = [c.terms for c in called if c.biotype == "protein_coding"]
        compared.append((record, set().union(*words.values()), in_csqs_words(ours), ours))
    return compared


def test_every_substitution_in_the_toy_gene_is_called_as_csq_calls_it(
    toy: Bundle, toy_files: Path, tmp_path: Path
) -> None:
    compared = compare_on_toy(toy, toy_files, tmp_path, indels=False)
    assert len(compared) > 3600
    assert [row for row in compared if row[1] != row[2]] == []


def test_indels_in_the_toy_gene_differ_from_csq_in_known_ways_only(
    toy: Bundle, toy_files: Path, tmp_path: Path
) -> None:
    compared = compare_on_toy(toy, toy_files, tmp_path, indels=True)
    classes: Counter[str] = Counter()
    unexplained = []
    for record, csq, ours, terms in compared:
        if csq == ours:
            classes["the same"] += 1
        elif ours - csq == {"stop_gained"} and "frameshift" in csq:
            # VEP adds stop_gained where the first codon of the new frame is a stop; csq does not
            classes["a stop right at the frameshift"] += 1
        elif csq ^ ours <= IN_FRAME:
            # VEP says insertion or deletion only where the residues, or codons, beside it stay whole
            classes["a codon broken in frame"] += 1
        elif (csq | ours) & AT_EDGES:
            # csq rebuilds the message across an exon's edge and calls the result; VEP, and we, go by the
            # bases that the record names and do not translate across the edge
            classes["at the edge of an exon"] += 1
        elif (csq | ours) & {"start_lost", "start_retained"}:
            classes["at the start codon"] += 1
        elif (csq | ours) & {"stop_lost", "stop_retained"}:
            classes["at the stop codon"] += 1
        elif csq - ours == {"stop_gained"}:
            assert not gains_stop(toy, record)
            classes["a stop that csq alone sees"] += 1
        elif not csq or "upstream_gene_variant" in terms:
            classes["at the end of the transcript"] += 1
        else:
            unexplained.append((record, csq, ours))
    assert unexplained == []
    assert classes == {
        "the same": 2318,
        "a codon broken in frame": 34,
        "at the edge of an exon": 41,
        "a stop right at the frameshift": 15,
        "at the start codon": 14,
        "at the stop codon": 12,
        "a stop that csq alone sees": 2,
    }


def gains_stop(toy: Bundle, record: Record) -> bool:
    """Splice and translate the changed gene the slow way; only for changes within one exon."""
    (gene,) = [t for t in toy.transcripts if t.transcript_id == f"ENST{record.contig}"]
    assert gene.cds is not None
    message = ""
    for start, end in gene.exons:
        piece = toy.sequence(record.contig, max(start, gene.cds[0]), min(end, gene.cds[1]))
        place = record.pos - 1 - max(start, gene.cds[0])
        if 0 <= place < len(piece):
            assert piece[place:].startswith(record.ref)
            piece = piece[:place] + record.alt + piece[place + len(record.ref) :]
        message += piece
    if gene.strand < 0:
        message = message[::-1].translate(str.maketrans("ACGT", "TGCA"))
    return "*" in GENETIC_CODES[1].translate(message)[:-1]


def test_on_the_mitochondrion_csq_differs_by_its_genetic_code_alone(rcrs: Bundle, tmp_path: Path) -> None:
    files = Path(str(resources.files(gas_engine))) / "bundles" / "rCRS"
    shutil.copy(files / "sequence.fa", tmp_path / "rcrs.fa")
    contig = rcrs.contigs[0]
    genes = [t for t in rcrs.transcripts if t.cds]
    records = [
        Record(contig.name, pos, ref, alt)
        for pos in range(genes[0].start + 1, genes[-1].end + 1, 2)
        if (ref := rcrs.sequence(contig.name, pos - 1, pos)) in "ACGT"
        for alt in "ACGT"
        if alt != ref
    ]
    theirs = run_csq(tmp_path / "rcrs.fa", files / "genes.gff3", records, tmp_path)
    classes: Counter[str] = Counter()
    unexplained = []
    for record, words in zip(records, theirs, strict=True):
        called = annotate_allele(rcrs, contig, record.pos, record.ref, record.alt).consequences
        for ours in called:
            if not ours.codons:
                continue
            csq = words.get(ours.transcript_id, set())
            before, after = ours.codons.upper().split("/")
            mitochondrial, standard = GENETIC_CODES[2].amino_acids, GENETIC_CODES[1].amino_acids
            if csq == in_csqs_words(ours.terms):
                classes["the same"] += 1
            elif "incomplete_terminal_codon_variant" in ours.terms:
                classes["a stop completed by poly(A)"] += 1
            elif ours.protein_position == "1":
                classes["a start codon of table 2"] += 1
            elif any(mitochondrial[codon] != standard[codon] for codon in (before, after)):
                classes["a codon of another meaning"] += 1
            else:
                unexplained.append((record, ours.symbol, ours.terms, csq, ours.codons))
    assert unexplained == []
    assert classes == {
        "the same": 15_714,
        "a codon of another meaning": 1331,
        "a start codon of table 2": 37,
        "a stop completed by poly(A)": 12,
    }
