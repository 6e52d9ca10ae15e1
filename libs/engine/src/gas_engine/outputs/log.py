"""The log for people: the summary's numbers as text, and nothing that the summary does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gas_engine.outputs.summary import Summary

_STATUS_WORDS = {
    "annotated": "annotated",
    "skipped": "passed through: no allele is a plain sequence",
    "no_alt": "passed through: no ALT allele",
    "ref_mismatch": "passed through: REF contradicts the reference (flagged GAS_REF_MISMATCH)",
    "outside_bundle": "passed through: contig not in the reference bundle",
}


def render_log(summary: Summary) -> str:
    """Write the log: sections of ``label: number`` lines."""
    return "\n".join(_lines(summary)) + "\n"


def _lines(summary: Summary) -> Iterator[str]:
    engine, source, alleles = summary.engine, summary.input, summary.alleles
    yield "GAS annotation log"
    yield ""
    yield f"Engine: gas-engine {engine.version}"
    yield f"Bundle: {engine.bundle} {engine.bundle_version} (assembly {engine.assembly})"
    for each in engine.sources:
        yield f"Source of {each.part}: {each.name} {each.version}"
    yield f"Input: {source.version or 'no version stated'}, {source.compression}, samples: {source.samples}"
    yield f"Input bytes: {source.bytes:,} (uncompressed: {source.uncompressed_bytes:,})"
    yield f"Input SHA-256: {source.sha256}"
    yield f"Started: {summary.timing.started}"
    yield f"Seconds: {summary.timing.seconds:,} (records per second: {summary.timing.records_per_second:,})"
    for note in summary.notes:
        yield f"Note: {note}"
    yield from _section("Records", {"read": summary.records.read})
    for status, words in _STATUS_WORDS.items():
        yield _row(words, getattr(summary.records, status))
    yield from _section("Alleles", {"read": alleles.read, "annotated": alleles.annotated})
    yield f"{_row('with a known ID', alleles.known)} ({alleles.known_share:.2%} of annotated)"
    yield _row("transitions", alleles.transitions)
    yield _row("transversions", alleles.transversions)
    yield f"  Ts/Tv: {'–' if alleles.ts_tv is None else alleles.ts_tv}"
    yield from _section("Alleles skipped, and why", alleles.skipped)
    yield from _section("Variant classes (alleles)", alleles.by_class)
    yield from _section("Most severe consequence (alleles)", summary.most_severe)
    yield from _section("All consequences (alleles with the term in any transcript)", summary.consequences)
    yield from _section("Impact of the most severe consequence (alleles)", summary.impacts)
    yield from _section("Location (alleles)", summary.locations)
    yield from _section("Genes hit (alleles)", summary.genes)
    yield from _section("Tracks hit (alleles)", summary.tracks)
    yield from _section("Sources with values (alleles)", summary.allele_sources)
    if (haplotypes := summary.haplotypes) is not None:
        told = {"compounds": haplotypes.compounds, "records that tell of any": haplotypes.records}
        yield from _section("Variants that a haplotype carries together", told)
        yield from _section("Most severe consequence (compounds)", haplotypes.most_severe)
    yield from _section("Contigs of the bundle (records)", summary.contigs)
    yield from _section("Contigs not in the bundle (records)", summary.contigs_outside)


def _section(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield ""
    yield title
    if not counts:
        yield "  none"
    for label, count in counts.items():
        yield _row(label, count)


def _row(label: str, count: int) -> str:
    return f"  {label}: {count:,}"
