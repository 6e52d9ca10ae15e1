"""How much of an input the engine agrees to unpack and hold."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on one input; every one of them ends the work with a sentence that says what to do.

    Parameters
    ----------
    max_uncompressed_bytes
        Text an input may unpack to. A whole genome of one sample is about 1 GiB.
    max_ratio
        Unpacked over packed size. Genotypes of thousands of samples reach 50 to 100, a bomb about 1,000.
    ratio_grace_bytes
        Unpacked size up to which the ratio is not looked at: little harm is done so far.
    max_line_bytes
        One line. 3,000 samples with rich FORMAT fields need about 0.2 MiB.
    max_header_bytes
        All header lines together; they are held in memory until the output's header is known.
    max_names
        Distinct contigs, and distinct undeclared INFO, FILTER and FORMAT names; they are held in memory too.
    max_sort_bytes
        Memory for putting records in order. An input that turns out to be unsorted after more than this
        is refused: see ``gas_engine.vcf.order``.
    max_haplotype_bytes
        Memory for holding records back until their transcripts are over, where haplotypes are asked for.
        Transcripts that take more are given up and named: see ``gas_engine.haplotypes.writer``.
    """

    max_uncompressed_bytes: int = 64 * GIB
    max_ratio: int = 500
    ratio_grace_bytes: int = 32 * MIB
    max_line_bytes: int = 16 * MIB
    max_header_bytes: int = 64 * MIB
    max_names: int = 10_000
    max_sort_bytes: int = 64 * MIB
    max_haplotype_bytes: int = 64 * MIB


def size_text(size_bytes: int) -> str:
    """Say a size in the largest unit that divides it evenly: ``16 MiB``, ``1,000 bytes``."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size_bytes >= unit and size_bytes % unit == 0:
            return f"{size_bytes // unit:,} {name}"
    return f"{size_bytes:,} bytes"
