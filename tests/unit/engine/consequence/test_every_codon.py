"""Every single-base change of every mitochondrial codon, against a translation written out here by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gas_engine.consequence import annotate_allele

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.bundle.genes import Transcript

# The vertebrate mitochondrial code by family, as textbooks print it; independent of the engine's table.
FAMILIES = (
    "F TTT TTC|L TTA TTG CTT CTC CTA CTG|I ATT ATC|M ATA ATG|V GTT GTC GTA GTG|S TCT TCC TCA TCG AGT AGC|"
    "P CCT CCC CCA CCG|T ACT ACC ACA ACG|A GCT GCC GCA GCG|Y TAT TAC|* TAA TAG AGA AGG|H CAT CAC|Q CAA CAG|"
    "N AAT AAC|K AAA AAG|D GAT GAC|E GAA GAG|C TGT TGC|W TGA TGG|R CGT CGC CGA CGG|G GGT GGC GGA GGG"
)
MEANING = {codon: family.split()[0] for family in FAMILIES.split("|") for codon in family.split()[1:]}
STARTS = {"ATT", "ATC", "ATA", "ATG", "GTG"}
PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}
NAMES = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly",
    "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser",
    "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "*": "Ter",
}  # fmt: skip


def coding_oracle(genome: str, transcript: Transcript, pos: int, alt: str) -> tuple[str, str]:
    """Term and protein name expected of a change at 1-based ``pos``, worked out base by base."""
    bases = list(range(transcript.start, transcript.end))
    letters = [genome[base] for base in bases]
    if transcript.strand < 0:
        bases.reverse()
        letters = [PAIR[letter] for letter in reversed(letters)]
        alt = PAIR[alt]
    while len(letters) % 3:
        letters.append("A")
    place = bases.index(pos - 1)
    index = place // 3
    before = "".join(letters[3 * index : 3 * index + 3])
    letters[place] = alt
    after = "".join(letters[3 * index : 3 * index + 3])
    if index == 0:
        return ("start_retained_variant", "p.Met1=") if after in STARTS else ("start_lost", "p.Met1?")
    old, new = MEANING[before], MEANING[after]
    name = f"p.{NAMES[old]}{index + 1}"
    if old == new:
        return ("stop_retained_variant" if old == "*" else "synonymous_variant"), f"{name}="
    if old == "*":
        return "stop_lost", f"{name}{NAMES[new]}ext"
    return ("stop_gained" if new == "*" else "missense_variant"), f"{name}{NAMES[new]}"


GENES = ("ATP6", "ATP8", "CO1", "CO2", "CO3", "CYB", "ND1", "ND2", "ND3", "ND4", "ND4L", "ND5", "ND6")


@pytest.mark.parametrize("gene", GENES)
def test_every_change_of_every_codon_is_called_as_a_slow_oracle_calls_it(rcrs: Bundle, gene: str) -> None:
    contig = rcrs.contigs[0]
    genome = rcrs.sequence(contig.name, 0, contig.length)
    (transcript,) = [t for t in rcrs.transcripts if t.symbol == f"MT-{gene}"]
    wrong = []
    for pos in range(transcript.start + 1, transcript.end + 1):
        for alt in "ACGT":
            ref = genome[pos - 1]
            if alt == ref:
                continue
            found = [
                c
                for c in annotate_allele(rcrs, contig, pos, ref, alt).consequences
                if c.transcript_id == transcript.transcript_id
            ]
            term, protein = coding_oracle(genome, transcript, pos, alt)
            (only,) = found
            if term not in only.terms or not only.hgvs_p.startswith(f"{transcript.protein_id}:{protein}"):
                wrong.append((pos, ref, alt, only.terms, only.hgvs_p, term, protein))
    assert wrong == []


def test_every_position_of_the_genome_has_a_consequence_and_a_name(rcrs: Bundle) -> None:
    contig = rcrs.contigs[0]
    for pos in range(1, contig.length + 1):
        ref = rcrs.sequence(contig.name, pos - 1, pos)
        alt = "C" if ref == "A" else "A"
        found = annotate_allele(rcrs, contig, pos, ref, alt)
        assert found.consequences, pos
        assert found.consequences[0].hgvs_g == f"NC_012920.1:m.{pos}{ref}>{alt}"
