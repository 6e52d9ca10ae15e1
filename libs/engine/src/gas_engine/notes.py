"""Sentences for the summary and the log: what was unusual about an input, and what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gas_engine.vcf.record import SAMPLELESS_COLUMNS
from gas_engine.vcf.utf8 import is_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gas_engine.outputs.summary import HaplotypeCounts
    from gas_engine.outputs.tally import Tally
    from gas_engine.stream import Lines
    from gas_engine.vcf.declare import Declarations
    from gas_engine.vcf.fields import OurFields
    from gas_engine.vcf.header import Header


_NAMED = 5


def notes_on(
    header: Header, lines: Lines, declarations: Declarations, fields: OurFields, tally: Tally
) -> Iterator[str]:
    """Yield the notes of a finished run."""
    if not tally.records_read:
        yield "No records, so nothing to annotate."
    if lines.sorted_here:
        yield "The records were not in order; the output is sorted by contig and position."
    if not header.version:
        yield f"The file states no VCF version; the output is stated as {header.stated_version}."
    elif header.version != header.stated_version:
        yield (
            f"The file is {header.version}; the output is stated as {header.stated_version}. "
            "Indels in the old form (D3, IACG) pass through unannotated."
        )
    if header.columns == SAMPLELESS_COLUMNS:
        yield "The FORMAT column stands without samples; it was left out."
    for old, new in fields.kept_as(header):
        yield f"The input's own INFO field {old} is kept as {new}."
    if declarations.total:
        yield f"Names that the header does not declare: {declarations.total}; declarations were added."
    not_utf8 = tally.not_utf8 + sum(not is_utf8(line) for line in (*header.meta, header.column_line))
    if not_utf8:
        yield f"Lines that are not UTF-8: {not_utf8}; they were kept, and some tools refuse them."
    if lines.blank_lines:
        yield f"Blank lines left out: {lines.blank_lines}."


def notes_on_haplotypes(counts: HaplotypeCounts) -> Iterator[str]:
    """Yield what was not told of haplotypes, and why."""
    if counts.unphased:
        yield (
            f"Unphased genotypes in coding sequence: {counts.unphased:,}; they are in no haplotype. "
            "Phase the file to have them told with the others."
        )
    if counts.undecided:
        yield (
            f"Haplotypes not told: {counts.undecided:,}; a variant whose phase or whose effect on the "
            "message is not known, or two that overlap, lie in them."
        )
    if counts.left_out:
        yield f"Rare haplotypes left out of records that have very many of them: {counts.left_out:,}."
    if given_up := counts.transcripts_given_up:
        names = ", ".join(given_up[:_NAMED]) + ("..." if len(given_up) > _NAMED else "")
        yield (
            f"Transcripts whose haplotypes are too many or too long to hold, and are not told: "
            f"{len(given_up):,} ({names}). Annotate fewer samples at once."
        )
