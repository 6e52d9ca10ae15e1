"""Alleles: from VCF's spelling to the bases that really change, and back and forth along repeats.

An allele is (start, ref, alt): ``start`` 0-based, ``ref`` and ``alt`` without the bases they share, so that
an insertion has an empty ``ref`` and lies before base ``start``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_BASES: Final = re.compile(r"[ACGTNRYSWKMBDHV]+", re.IGNORECASE)


def why_skipped(ref: str, alt: str) -> str:
    """Why an ALT gets no consequences, or an empty string for plain bases.

    Letters other than A, C, G, T and N are IUPAC codes; where they fall into a codon it cannot be translated,
    and the consequence is ``coding_sequence_variant``, as in VEP.
    """
    if alt == "*":
        return "overlapping_deletion"
    if alt in {".", "", "<*>", "<NON_REF>"}:
        return "no_alternate"
    if alt.startswith((".", "<")) or alt.endswith((".", ">")) or "[" in alt or "]" in alt:
        return "symbolic"
    if not (_BASES.fullmatch(alt) and _BASES.fullmatch(ref)):
        return "not_bases"
    return "same_as_reference" if ref.upper() == alt.upper() else ""


def shared_prefix(one: str, other: str) -> int:
    """How many letters two words begin with in common."""
    length = min(len(one), len(other))
    return next((i for i in range(length) if one[i] != other[i]), length)


def trim(start: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Take off what ``ref`` and ``alt`` share, at their beginnings first, as VEP does, then at their ends."""
    shared = shared_prefix(ref, alt)
    start, ref, alt = start + shared, ref[shared:], alt[shared:]
    shared = shared_prefix(ref[::-1], alt[::-1])
    return (start, ref[:-shared], alt[:-shared]) if shared else (start, ref, alt)


def left_align(start: int, ref: str, alt: str, sequence: Callable[[int, int], str]) -> tuple[int, str, str]:
    """Move a trimmed insertion or deletion as far left as the sequence allows (Tan, Abecasis & Kang 2015)."""
    if bool(ref) == bool(alt):
        return start, ref, alt
    moved = ref or alt
    while start > 0 and sequence(start - 1, start) == moved[-1]:
        moved = moved[-1] + moved[:-1]
        start -= 1
    return (start, moved, "") if ref else (start, "", moved)


def vep_alleles(ref: str, alts: Sequence[str]) -> tuple[str, ...]:
    """VEP's Allele column for the ALTs of one record.

    VEP takes off one leading base, and only where some ALT has another length than REF and all alleles (but
    ``*``) share that base; it takes nothing off at the end. What is left empty is written ``-``.
    """
    plain = [alt for alt in alts if alt != "*"]
    indel = any(len(alt) != len(ref) for alt in plain)
    if indel and all(alt[:1] == ref[:1] for alt in plain):
        return tuple(alt if alt == "*" else alt[1:] or "-" for alt in alts)
    return tuple(alts)
