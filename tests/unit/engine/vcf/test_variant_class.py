"""The class of a change follows from its letters alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_engine.variant_class import is_transition, variant_class

BASES = st.text("ACGT", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("ref", "alt", "name"),
    [
        ("A", "G", "SNV"),
        ("CC", "TC", "SNV"),
        ("AC", "GT", "MNV"),
        ("A", "AT", "insertion"),
        ("ACA", "A", "deletion"),
        ("CCCCC", "CCC", "deletion"),
        ("AC", "GTT", "indel"),
        ("A", "*", "overlapping_deletion"),
        ("A", "<DEL>", "deletion"),
        ("A", "<DEL:ME:ALU>", "deletion"),
        ("A", "<DUP:TANDEM>", "tandem_duplication"),
        ("A", "<CN0>", "copy_number_loss"),
        ("A", "<CN3>", "copy_number_gain"),
        ("A", "A[MT:5[", "breakend"),
        ("A", ".T", "breakend"),
        ("A", "<NON_REF>", "symbolic"),
        ("A", "<X:DEL>", "symbolic"),
        ("A", "A", "identical"),
    ],
)
def test_an_allele_has_its_class(ref: str, alt: str, name: str) -> None:
    assert variant_class(ref, alt) == name


@pytest.mark.parametrize(
    ("ref", "alt", "answer"),
    [
        ("A", "G", True),
        ("T", "C", True),
        ("A", "C", False),
        ("CC", "TC", True),
        ("A", "N", None),
        ("A", "AT", None),
    ],
)
def test_transitions_and_transversions(ref: str, alt: str, answer: bool | None) -> None:  # noqa: FBT001 - expected
    assert is_transition(ref, alt) is answer


@given(BASES, BASES, BASES, BASES)
def test_context_does_not_change_the_class(ref: str, alt: str, before: str, after: str) -> None:
    assert variant_class(before + ref + after, before + alt + after) == variant_class(ref, alt)
