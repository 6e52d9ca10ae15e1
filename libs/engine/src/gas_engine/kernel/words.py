"""The words that the kernel's codes stand for, in the order of the codes."""

from __future__ import annotations

from typing import Final

from gas_engine import variant_class as classes
from gas_engine.records import RecordStatus

STATUSES: Final = (
    RecordStatus.ANNOTATED,
    RecordStatus.SKIPPED,
    RecordStatus.NO_ALT,
    RecordStatus.REF_MISMATCH,
    RecordStatus.OUTSIDE_BUNDLE,
)
REASONS: Final = (
    "",
    "overlapping_deletion",
    "no_alternate",
    "same_as_reference",
    RecordStatus.REF_MISMATCH.value,
    RecordStatus.OUTSIDE_BUNDLE.value,
)
CLASSES: Final = (
    classes.SNV,
    classes.MNV,
    classes.INSERTION,
    classes.DELETION,
    classes.INDEL,
    classes.SYMBOLIC,
    classes.OVERLAPPING_DELETION,
    classes.IDENTICAL,
)
