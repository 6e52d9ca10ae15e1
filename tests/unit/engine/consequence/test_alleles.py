"""Alleles of every kind on the mitochondrion: indels, the circle's ends, overlapping genes, odd ALTs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gas_engine.allele import trim, vep_alleles
from gas_engine.consequence import annotate_allele, ref_matches
from gas_engine.errors import EngineError

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.model import TranscriptConsequence


def call(rcrs: Bundle, pos: int, ref: str, alt: str) -> list[TranscriptConsequence]:
    contig = rcrs.contigs[0]
    assert ref_matches(rcrs, contig, pos, ref)
    return list(annotate_allele(rcrs, contig, pos, ref, alt).consequences)


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "name"),
    [
        (3107, "N", "C", "m.3107N>C"),
        (310, "T", "TC", "m.315dup"),
        (302, "A", "ACC", "m.308_309dup"),
        (513, "GCA", "G", "m.523_524del"),
        (8270, "CACCCCCTCT", "C", "m.8281_8289del"),
        (9203, "CAT", "C", "m.9205_9206del"),
        (8042, "AT", "GC", "m.8042_8043delinsGC"),
        (8042, "AT", "A", "m.8043del"),
        (4, "CAC", "GTG", "m.4_6inv"),
        (16_569, "G", "GA", "m.16569_1insA"),
        (16_568, "TG", "T", "m.1del"),
        (16_569, "G", "GG", "m.1dup"),
    ],
)
def test_genomic_names_follow_the_3_prime_rule_around_the_origin_too(
    rcrs: Bundle, pos: int, ref: str, alt: str, name: str
) -> None:
    assert {c.hgvs_g for c in call(rcrs, pos, ref, alt)} == {f"NC_012920.1:{name}"}


def test_an_insertion_at_the_end_of_a_linear_contig_replaces_the_only_neighbour(toy: Bundle) -> None:
    contig = toy.contigs[0]
    first, last = toy.sequence(contig.name, 0, 1), toy.sequence(contig.name, contig.length - 1, contig.length)
    other_first, other_last = ("C" if base != "C" else "G" for base in (first, last))
    before = annotate_allele(toy, contig, 1, first, other_first + first)
    behind = annotate_allele(toy, contig, contig.length, last, last + other_last)
    again = annotate_allele(toy, contig, contig.length, last, last + last)
    assert {c.hgvs_g for c in before.consequences} == {f"{contig.name}:g.1delins{other_first}{first}"}
    assert {c.hgvs_g for c in behind.consequences} == {
        f"{contig.name}:g.{contig.length}delins{last}{other_last}"
    }
    assert {c.hgvs_g for c in again.consequences} == {f"{contig.name}:g.{contig.length}dup"}


@pytest.mark.parametrize(
    ("record", "symbol", "expected"),
    [
        ((8041, "AAT", "A"), "MT-CO2", "frameshift_variant c.458_459del p.Met153AsnfsTer5"),
        ((8617, "A", "AT"), "MT-ATP6", "frameshift_variant c.92dup p.Thr33HisfsTer32"),
        ((9203, "CAT", "C"), "MT-ATP6", "frameshift_variant&stop_lost c.679_680del p.Ter227LysextTer?"),
        (
            (4262, "A", "G"),
            "MT-ND1",
            "stop_lost&incomplete_terminal_codon_variant c.956A>G p.Ter319TrpextTer?",
        ),
        ((7445, "A", "G"), "MT-CO1", "stop_retained_variant c.1542A>G p.Ter514="),
    ],
)
def test_coding_changes_are_named_on_message_and_protein(
    rcrs: Bundle, record: tuple[int, str, str], symbol: str, expected: str
) -> None:
    (found,) = [c for c in call(rcrs, *record) if c.symbol == symbol]
    names = [name.partition(":")[2] for name in (found.hgvs_c, found.hgvs_p)]
    assert " ".join(["&".join(found.terms), *names]) == expected


def test_whole_codons_taken_or_doubled_are_in_frame(rcrs: Bundle) -> None:
    # codons 2 to 4 of MT-ND5, 12340-12348: ACC ATG CAC
    assert rcrs.sequence("NC_012920.1", 12_336, 12_348) == "ATAACCATGCAC"
    (taken,) = [c for c in call(rcrs, 12_339, "AACC", "A") if c.symbol == "MT-ND5"]
    (doubled,) = [c for c in call(rcrs, 12_345, "G", "GATG") if c.symbol == "MT-ND5"]
    (stopped,) = [c for c in call(rcrs, 12_345, "G", "GTAA") if c.symbol == "MT-ND5"]
    assert (taken.terms, taken.hgvs_p.partition(":")[2]) == (("inframe_deletion",), "p.Thr2del")
    assert (doubled.terms, doubled.hgvs_p.partition(":")[2]) == (("inframe_insertion",), "p.Met3dup")
    assert stopped.terms == ("stop_gained", "inframe_insertion")
    assert (doubled.codons, doubled.amino_acids, doubled.protein_position) == ("-/ATG", "-/M", "3-4")


@pytest.mark.parametrize(
    ("record", "terms"),
    [
        # codon 2 of MT-ND5, ACC, becomes AAA TCC: neither Thr stands whole
        ((12_340, "A", "AAAT"), "protein_altering_variant"),
        # codons 2 and 3, ACC ATG, become TTA: fewer residues, and none of them as before
        ((12_340, "ACCATG", "TTA"), "protein_altering_variant"),
        # the stop comes first, so that no residue is left to be altered
        ((12_340, "AC", "TAAGC"), "stop_gained"),
        ((12_339, "AA", "ATAAA"), "stop_gained&inframe_insertion"),
        ((12_337, "ATAACC", "ACC"), "start_lost&inframe_deletion"),
    ],
)
def test_an_in_frame_change_is_called_by_what_it_leaves_whole(
    rcrs: Bundle, record: tuple[int, str, str], terms: str
) -> None:
    (found,) = [c for c in call(rcrs, *record) if c.symbol == "MT-ND5"]
    assert "&".join(found.terms) == terms


def test_two_changed_codons_are_one_missense_over_both(rcrs: Bundle) -> None:
    (found,) = [c for c in call(rcrs, 12_342, "CAT", "GCT") if c.symbol == "MT-ND5"]
    assert found.terms == ("missense_variant",)
    assert found.hgvs_p.endswith(":p.Met3Leu")
    assert (found.codons, found.protein_position) == ("acCAtg/acGCtg", "2-3")


def test_a_base_in_two_genes_has_its_effect_on_each(rcrs: Bundle) -> None:
    found = {c.symbol: c.terms for c in call(rcrs, 8529, "G", "A")}
    assert found["MT-ATP8"] == ("stop_gained",)
    assert found["MT-ATP6"] == ("start_retained_variant", "synonymous_variant")
    # 10763 ends MT-ND4L's codon 98 and begins MT-ND4's codon 2
    both = {c.symbol: c.hgvs_p.partition(":")[2] for c in call(rcrs, 10_763, "C", "T") if c.hgvs_p}
    assert both == {"MT-ND4L": "p.Cys98=", "MT-ND4": "p.Leu2="}


def test_genes_are_near_across_the_origin(rcrs: Bundle) -> None:
    (proline,) = [c for c in call(rcrs, 100, "G", "A") if c.symbol == "MT-TP"]
    assert (proline.terms, proline.distance) == (("upstream_gene_variant",), str(100 + 16_569 - 16_023))


def test_the_d_loop_goes_on_over_the_origin(rcrs: Bundle) -> None:
    contig = rcrs.contigs[0]
    assert annotate_allele(rcrs, contig, 16_569, "G", "GA").overlaps == {"control_region": ("D-loop",)}
    assert annotate_allele(rcrs, contig, 3243, "A", "G").overlaps == {"regulatory": ("TERM",)}


def test_the_most_severe_consequence_comes_first_and_distant_genes_last(rcrs: Bundle) -> None:
    found = call(rcrs, 8529, "G", "A")
    assert [c.impact for c in found[:2]] == ["HIGH", "LOW"]
    upstream = [int(c.distance) for c in found if c.terms == ("upstream_gene_variant",)]
    assert upstream == sorted(upstream)
    assert len(upstream) > 5


@pytest.mark.parametrize(
    ("alt", "reason"),
    [
        ("*", "overlapping_deletion"),
        ("<DEL>", "symbolic"),
        ("<INS:ME:ALU>", "symbolic"),
        ("G]17:198982]", "symbolic"),
        ("[13:123457[C", "symbolic"),
        ("G.", "symbolic"),
        (".A", "symbolic"),
        (".", "no_alternate"),
        ("<*>", "no_alternate"),
        ("<NON_REF>", "no_alternate"),
        ("a", "same_as_reference"),
        ("D3", "not_bases"),
    ],
)
def test_what_is_no_sequence_is_passed_by_with_its_reason(rcrs: Bundle, alt: str, reason: str) -> None:
    found = annotate_allele(rcrs, rcrs.contigs[0], 3243, "A", alt)
    assert (found.skipped, found.consequences, found.allele) == (reason, (), alt)


def test_an_ambiguous_base_in_a_codon_is_a_coding_sequence_variant(rcrs: Bundle) -> None:
    (found,) = [c for c in call(rcrs, 11_778, "G", "R") if c.symbol == "MT-ND4"]
    assert found.terms == ("coding_sequence_variant",)


def test_a_record_past_the_end_is_refused_and_never_matches(rcrs: Bundle) -> None:
    contig = rcrs.contigs[0]
    assert not ref_matches(rcrs, contig, 16_569, "GG")
    with pytest.raises(EngineError, match="reaches out of the contig, which ends at 16569"):
        annotate_allele(rcrs, contig, 16_569, "GG", "G")
    with pytest.raises(EngineError, match="reaches out"):
        annotate_allele(rcrs, contig, 0, "G", "A")


def test_known_identifiers_are_found_however_the_allele_is_spelled(rcrs: Bundle) -> None:
    contig = rcrs.contigs[0]
    for pos, ref, alt in ((8041, "AAT", "A"), (8042, "ATG", "G"), (8040, "AAAT", "AA"), (8043, "TGA", "A")):
        if ref_matches(rcrs, contig, pos, ref):
            found = annotate_allele(rcrs, contig, pos, ref, alt).known_ids
            assert found == (("rs199474828",) if (pos, ref) != (8043, "TGA") else ()), (pos, ref, alt)
    assert annotate_allele(rcrs, contig, 3243, "a", "g").known_ids == ("rs199474657",)
    assert annotate_allele(rcrs, contig, 3243, "A", "T").known_ids == ()


@pytest.mark.parametrize(
    ("ref", "alts", "column"),
    [
        ("A", ("G",), ("G",)),
        ("GA", ("G",), ("-",)),
        ("G", ("GT",), ("T",)),
        ("GA", ("G", "GAT"), ("-", "AT")),
        ("G", ("A", "GT"), ("A", "GT")),
        ("GA", ("G", "*"), ("-", "*")),
        ("CAT", ("CGT",), ("CGT",)),
    ],
)
def test_the_allele_column_is_veps(ref: str, alts: tuple[str, ...], column: tuple[str, ...]) -> None:
    assert vep_alleles(ref, alts) == column


def test_shared_bases_are_taken_off_the_beginning_first() -> None:
    assert trim(9, "CAT", "CGT") == (10, "A", "G")
    assert trim(9, "AAATA", "A") == (10, "AATA", "")
    assert trim(9, "CT", "CTT") == (11, "", "T")
