"""Behind the place where the ribosome slips, codons are read in the new frame."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from gas_engine.bundle import build_bundle
from gas_engine.codon import genetic_code, reverse_complement
from gas_engine.consequence import annotate_allele

if TYPE_CHECKING:
    from pathlib import Path

    from gas_engine.bundle import Bundle

START, SLIP, SIZE = 50, 50 + 61, 300  # the first coding base, the end of the first piece, bases of the contig


def coding(slip: int) -> str:
    """Forty codons without a stop, but for the last."""
    rng = random.Random(slip)
    code = genetic_code(1)
    codons = [codon for codon, letter in code.amino_acids.items() if letter not in "*M"]
    return "ATG" + "".join(rng.choices(codons, k=38)) + "TAA"


@pytest.fixture(
    params=[(-1, "+"), (-1, "-"), (1, "+"), (1, "-")], ids=lambda each: f"{each[0]:+d} on {each[1]}"
)
def slipping(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Bundle, int, str, str]:
    """A bundle of one gene that slips by so many bases, its strand and its coding sequence as it is read."""
    slip, strand = request.param
    message = coding(slip)
    first = SLIP - START
    # the last base of the first piece is read twice, or a base between the pieces is not read
    behind = message[first + 1 :] if slip < 0 else "G" + message[first:]
    if slip < 0:
        message = message[:first] + message[first - 1] + message[first + 1 :]
    genome = "C" * START + message[:first] + behind
    genome += "C" * (SIZE - len(genome))
    pieces = [(START + 1, SLIP), (SLIP + 1 + slip, SLIP + slip + len(message) - first)]
    if strand == "-":
        genome = reverse_complement(genome)
        pieces = [(SIZE + 1 - last, SIZE + 1 - begin) for begin, last in pieces]
    low, high = min(piece[0] for piece in pieces), max(piece[1] for piece in pieces)
    rows = [
        f"1\tR\tmRNA\t{low}\t{high}\t.\t{strand}\t.\tID=rna-T;gene_biotype=protein_coding",
        f"1\tR\texon\t{low}\t{high}\t.\t{strand}\t.\tParent=rna-T",
        *(
            f"1\tR\tCDS\t{begin}\t{last}\t.\t{strand}\t{phase}\tParent=rna-T;exception=ribosomal slippage"
            for (begin, last), phase in zip(pieces, (0, -first % 3), strict=True)
        ),
    ]
    (tmp_path / "slip.fa").write_text(f">1\n{genome}\n")
    (tmp_path / "slip.gff3").write_text("\n".join(rows) + "\n")
    bundle = build_bundle(
        tmp_path / "slip.fa", tmp_path / "slip.gff3", tmp_path / "bundle", name="slip", assembly="s"
    )
    return bundle, slip, strand, message


def test_every_codon_behind_it_reads_as_the_message_has_it(slipping: tuple[Bundle, int, str, str]) -> None:
    bundle, slip, strand, message = slipping
    code = genetic_code(1)
    assert "*" not in code.translate(message)[:-1]
    for place in range(SLIP - START + 1, len(message)):
        base = SLIP + slip + place - (SLIP - START)  # on the gene's own strand
        start = base if strand == "+" else SIZE - 1 - base
        ref = bundle.sequence("1", start, start + 1)
        alt = "A" if ref != "A" else "C"
        own = alt if strand == "+" else reverse_complement(alt)
        begin = place - place % 3
        changed = message[:place] + own + message[place + 1 :]
        before, after = (code.amino_acid(text[begin : begin + 3]) for text in (message, changed))
        (found,) = annotate_allele(bundle, bundle.contigs[0], start + 1, ref, alt).consequences
        assert found.amino_acids == (before if before == after else f"{before}/{after}"), place
        assert found.protein_position == str(place // 3 + 1)
