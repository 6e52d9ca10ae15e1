"""Genetic codes: which amino acid a codon means, and which codons may begin a protein.

Source: NCBI, "The Genetic Codes" (translation tables 1, 2 and 11). Each table is NCBI's row of 64 letters,
the bases of the codon running in the order T, C, A, G with the third base fastest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

from gas_engine.errors import BundleError

_CODONS: Final = tuple("".join(bases) for bases in product("TCAG", repeat=3))

STOP: Final = "*"
UNKNOWN: Final = "X"

_LETTERS: Final = "ACDEFGHIKLMNPQRSTVWY*X"
_NAMES: Final = "AlaCysAspGluPheGlyHisIleLysLeuMetAsnProGlnArgSerThrValTrpTyrTerXaa"
THREE_LETTERS: Final = {letter: _NAMES[3 * i : 3 * i + 3] for i, letter in enumerate(_LETTERS)}


_COMPLEMENT: Final = str.maketrans("ACGTNRYSWKMBDHV", "TGCANYRSWMKVHDB")


def reverse_complement(sequence: str) -> str:
    """The other strand, read 5' to 3'; IUPAC letters included."""
    return sequence.translate(_COMPLEMENT)[::-1]


@dataclass(frozen=True)
class GeneticCode:
    """One translation table.

    ``starts`` are the codons that begin a protein with Met. For table 1 that is ATG alone: NCBI also lists
    TTG and CTG, but they start proteins so rarely that VEP, which we follow, calls their gain a lost start.
    ``mitochondrial`` codes belong to genomes whose messages may end in ``T`` or ``TA``, the stop codon being
    completed by the poly(A) tail (Ojala, Montoya & Attardi 1981, Nature 290:470).
    """

    number: int
    amino_acids: dict[str, str]
    starts: frozenset[str]
    mitochondrial: bool = False

    def amino_acid(self, codon: str) -> str:
        """Letter of one codon; X where a base is not A, C, G or T or the codon is not whole."""
        return self.amino_acids.get(codon, UNKNOWN)

    def translate(self, sequence: str) -> str:
        """Letters of the whole codons of ``sequence``, stops as ``*``; bases left over are not read."""
        get = self.amino_acids.get
        return "".join(get(sequence[i : i + 3], UNKNOWN) for i in range(0, len(sequence) - 2, 3))


def _code(number: int, row: str, starts: str, *, mitochondrial: bool = False) -> GeneticCode:
    return GeneticCode(number, dict(zip(_CODONS, row, strict=True)), frozenset(starts.split()), mitochondrial)


_STANDARD: Final = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
_VERTEBRATE_MITOCHONDRIAL: Final = "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG"

GENETIC_CODES: Final = {
    code.number: code
    for code in (
        _code(1, _STANDARD, "ATG"),
        _code(2, _VERTEBRATE_MITOCHONDRIAL, "ATT ATC ATA ATG GTG", mitochondrial=True),
        _code(11, _STANDARD, "TTG CTG ATT ATC ATA ATG GTG"),
    )
}


def genetic_code(number: int) -> GeneticCode:
    """The table with NCBI's ``number``; BundleError if the engine does not hold it."""
    try:
        return GENETIC_CODES[number]
    except KeyError:
        known = ", ".join(map(str, GENETIC_CODES))
        raise BundleError(
            f"Genetic code {number} is not one the engine knows: choose from {known}."
        ) from None
