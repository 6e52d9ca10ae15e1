"""Every number of a run is counted as its name says."""

from gas_engine.outputs.locations import LOCATION_OF_TERM
from gas_engine.outputs.tally import Tally, by_count
from gas_engine.records import AnnotatedRecord
from gas_engine.terms import TERMS


def tally_of(records: list[AnnotatedRecord]) -> Tally:
    tally = Tally()
    for record in records:
        tally.add(record)
    return tally


def test_every_record_counts_once_by_what_became_of_it(mixed_records: list[AnnotatedRecord]) -> None:
    counts = tally_of(mixed_records).record_counts()
    assert (counts.read, counts.annotated, counts.skipped, counts.no_alt) == (6, 2, 1, 1)
    assert (counts.ref_mismatch, counts.outside_bundle) == (1, 1)


def test_alleles_are_annotated_or_skipped_for_a_reason(mixed_records: list[AnnotatedRecord]) -> None:
    counts = tally_of(mixed_records).allele_counts()
    assert (counts.read, counts.annotated) == (6, 3)
    assert counts.skipped == {"outside_bundle": 1, "ref_mismatch": 1, "symbolic": 1}
    assert counts.by_class == {"SNV": 4, "deletion": 2}
    assert (counts.transitions, counts.transversions, counts.ts_tv) == (2, 2, 1.0)
    assert (counts.known, counts.known_share) == (1, 0.3333)


def test_consequences_count_by_the_most_severe_and_by_all(mixed_records: list[AnnotatedRecord]) -> None:
    tally = tally_of(mixed_records)
    assert tally.most_severe == {"missense_variant": 1, "synonymous_variant": 1, "upstream_gene_variant": 1}
    assert tally.consequences == {"missense_variant": 1, "synonymous_variant": 1, "upstream_gene_variant": 3}
    assert tally.impacts == {"MODERATE": 1, "LOW": 1, "MODIFIER": 1}
    assert tally.locations == {"coding": 2, "near a gene": 1}


def test_a_gene_is_hit_inside_not_nearby_a_track_where_it_overlaps_a_source_where_it_has_values(
    mixed_records: list[AnnotatedRecord],
) -> None:
    tally = tally_of(mixed_records)
    assert tally.genes == {"MT-ND1": 1, "MT-ND2": 1}
    assert tally.tracks == {"control": 1}
    assert tally.allele_sources == {"ClinVar": 1}, "an allele, whatever fields it has"
    assert (tally.contigs, tally.contigs_outside) == ({"MT": 5}, {"chr1": 1})


def test_an_empty_run_has_no_shares_and_no_ratio() -> None:
    counts = Tally().allele_counts()
    assert (counts.read, counts.known_share, counts.ts_tv) == (0, 0.0, None)


def test_every_term_of_the_engine_has_a_location() -> None:
    assert {term.name for term in TERMS} == set(LOCATION_OF_TERM)


def test_counts_are_ordered_for_people(mixed_records: list[AnnotatedRecord]) -> None:
    assert list(by_count(tally_of(mixed_records).consequences)) == [
        "upstream_gene_variant",
        "missense_variant",
        "synonymous_variant",
    ]
