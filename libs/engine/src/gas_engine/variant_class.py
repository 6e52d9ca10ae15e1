"""What kind of change an ALT is, by its text alone: class, transition or transversion."""

from __future__ import annotations

from gas_engine.allele import trim
from gas_engine.structural import structural_class

SNV = "SNV"
MNV = "MNV"
INSERTION = "insertion"
DELETION = "deletion"
INDEL = "indel"
SYMBOLIC = "symbolic"
OVERLAPPING_DELETION = "overlapping_deletion"
IDENTICAL = "identical"

_TRANSITIONS = frozenset({"AG", "GA", "CT", "TC"})
_BASES = frozenset("ACGT")


def variant_class(ref: str, alt: str) -> str:
    """Name the class of one allele; both alleles in upper case.

    Classes are those of VEP's summary page; structural variants have their own (``deletion``, ``inversion``,
    ``breakend``), another ALT that is no sequence is ``symbolic``, ``*`` is ``overlapping_deletion`` and one
    equal to REF ``identical``.
    """
    if alt == "*":
        return OVERLAPPING_DELETION
    if not alt.isalpha():
        return structural_class(alt) or SYMBOLIC
    _, ref, alt = trim(0, ref, alt)
    if len(ref) == len(alt):
        return {0: IDENTICAL, 1: SNV}.get(len(ref), MNV)
    if not ref:
        return INSERTION
    return DELETION if not alt else INDEL


def is_transition(ref: str, alt: str) -> bool | None:
    """Tell a transition (True) from a transversion (False); None where the allele is not one A, C, G or T."""
    if not (ref.isalpha() and alt.isalpha()):
        return None
    _, ref, alt = trim(0, ref, alt)
    if not (ref in _BASES and alt in _BASES):
        return None
    return ref + alt in _TRANSITIONS
