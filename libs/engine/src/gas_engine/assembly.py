"""Guess from a header which assembly a file was called on, for the sentence that tells of a wrong one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.vcf.header import Header

_YORUBA: Final = "NC_001807, the Yoruba mitochondrial sequence of UCSC hg19"
_RCRS_LENGTH = 16_569
# Lengths from the assembly reports of NCBI; one long contig tells the assembly.
_CONTIG_LENGTHS: Final = {
    ("M", 16_571): _YORUBA,
    ("1", 247_249_719): "NCBI36 (hg18)",
    ("1", 249_250_621): "GRCh37 (hg19)",
    ("1", 248_956_422): "GRCh38 (hg38)",
    ("1", 248_387_328): "T2T-CHM13",
    ("X", 154_913_754): "NCBI36 (hg18)",
    ("X", 155_270_560): "GRCh37 (hg19)",
    ("X", 156_040_895): "GRCh38 (hg38)",
    ("Y", 57_772_954): "NCBI36 (hg18)",
    ("Y", 59_373_566): "GRCh37 (hg19)",
    ("Y", 57_227_415): "GRCh38 (hg38)",
}
_REFERENCE_WORDS: Final = (
    (re.compile(r"NC_001807|yoruba", re.IGNORECASE), _YORUBA),
    (re.compile(r"ncbi_?36|hg18|(?<![a-z0-9])b(?:uild)?36", re.IGNORECASE), "NCBI36 (hg18)"),
    (re.compile(r"grch37|hg19|hs37d5|(?<![a-z0-9])b(?:uild)?37", re.IGNORECASE), "GRCh37 (hg19)"),
    (re.compile(r"grch38|hg38", re.IGNORECASE), "GRCh38 (hg38)"),
    (re.compile(r"chm13|t2t", re.IGNORECASE), "T2T-CHM13"),
)


def stated_assembly(header: Header) -> str:
    """Name the assembly that contig lengths or ``##reference`` point to; empty if they point to none."""
    for name, length in header.contig_lengths.items():
        short = name.removeprefix("chr")
        if guess := _CONTIG_LENGTHS.get(("M" if short == "MT" else short, length)):
            return guess
    return next((guess for words, guess in _REFERENCE_WORDS if words.search(header.reference)), "")


def likely_assembly(header: Header, bundle: Bundle) -> str:
    """Name the assembly that a file whose REFs contradict ``bundle`` was likely called on."""
    stated = stated_assembly(header)
    mitochondrial = any(contig.length == _RCRS_LENGTH for contig in bundle.contigs)
    if mitochondrial and stated in ("", "GRCh37 (hg19)"):
        # hg19 as UCSC made it has the older sequence; it is also the one that people mix up without knowing.
        return _YORUBA
    return stated or "another assembly"
