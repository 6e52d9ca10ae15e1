"""The log tells people what the summary tells programs."""

import json
import re
from collections import Counter

from gas_engine.outputs.log import render_log
from gas_engine.outputs.summary import EngineInfo, InputInfo, SourceInfo, Summary, Timing
from gas_engine.outputs.tally import Tally, by_count
from gas_engine.records import AnnotatedRecord


def summary_of(records: list[AnnotatedRecord]) -> Summary:
    tally = Tally()
    for record in records:
        tally.add(record)
    return Summary(
        engine=EngineInfo("1.2.3", "rCRS", "7", "GRCh38", (SourceInfo("genes", "NCBI", "NC_012920.1"),)),
        input=InputInfo("VCFv4.2", "bgzf", 12_345, 67_890, "ab" * 32, 17),
        records=tally.record_counts(),
        alleles=tally.allele_counts(),
        most_severe=by_count(tally.most_severe),
        consequences=by_count(tally.consequences),
        impacts=by_count(tally.impacts),
        locations=by_count(tally.locations),
        genes=by_count(tally.genes),
        tracks=by_count(tally.tracks),
        allele_sources=by_count(tally.allele_sources),
        contigs=by_count(tally.contigs),
        contigs_outside=by_count(tally.contigs_outside),
        notes=("A note of 41 words.",),
        timing=Timing("2025-11-24T14:05:00+00:00", 1.25, 4.8),
    )


def counts_in_log(log: str) -> dict[str, Counter[str]]:
    """Read the log back: section to label to number."""
    sections: dict[str, Counter[str]] = {}
    section = ""
    for line in log.splitlines():
        if row := re.fullmatch(r"  (.+): ([0-9,]+)( \(.*\))?", line):
            sections.setdefault(section, Counter())[row[1]] = int(row[2].replace(",", ""))
        elif line:
            section = line
    return sections


def test_log_and_summary_tell_the_same_numbers(mixed_records: list[AnnotatedRecord]) -> None:
    summary = summary_of(mixed_records * 1234)
    told = json.loads(summary.to_json())
    log = counts_in_log(render_log(summary))
    assert list(log["Records"].values()) == list(told["records"].values())
    alleles = told["alleles"]
    assert log["Alleles"] == {
        "read": alleles["read"],
        "annotated": alleles["annotated"],
        "with a known ID": alleles["known"],
        "transitions": alleles["transitions"],
        "transversions": alleles["transversions"],
    }
    maps = {
        "Alleles skipped, and why": alleles["skipped"],
        "Variant classes (alleles)": alleles["by_class"],
        "Most severe consequence (alleles)": told["most_severe"],
        "All consequences (alleles with the term in any transcript)": told["consequences"],
        "Impact of the most severe consequence (alleles)": told["impacts"],
        "Location (alleles)": told["locations"],
        "Genes hit (alleles)": told["genes"],
        "Tracks hit (alleles)": told["tracks"],
        "Sources with values (alleles)": told["allele_sources"],
        "Contigs of the bundle (records)": told["contigs"],
        "Contigs not in the bundle (records)": told["contigs_outside"],
    }
    assert {title: log[title] for title in maps} == maps
    assert set(log) == {"Records", "Alleles", *maps}
    counted = [value for value in told.values() if isinstance(value, dict) and value not in maps.values()]
    assert counted == [told["engine"], told["input"], told["records"], alleles, told["timing"]]


def test_log_tells_versions_input_timing_and_notes(mixed_records: list[AnnotatedRecord]) -> None:
    log = render_log(summary_of(mixed_records))
    for text in (
        "gas-engine 1.2.3",
        "rCRS 7 (assembly GRCh38)",
        "Source of genes: NCBI NC_012920.1",
        "VCFv4.2, bgzf, samples: 17",
        "12,345 (uncompressed: 67,890)",
        "ab" * 32,
        "2025-11-24T14:05:00+00:00",
        "1.25 (records per second: 4.8)",
        "Note: A note of 41 words.",
        "Ts/Tv: 1.0",
        "33.33% of annotated",
    ):
        assert text in log


def test_log_of_nothing_says_none() -> None:
    log = render_log(summary_of([]))
    assert "Genes hit (alleles)\n  none" in log
    assert "Ts/Tv: –" in log


def test_summary_is_json_with_a_schema_version(mixed_records: list[AnnotatedRecord]) -> None:
    text = summary_of(mixed_records).to_json()
    assert json.loads(text)["schema_version"] == 1
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
