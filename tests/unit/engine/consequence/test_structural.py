"""Structural variants on the toy genome, on either strand: what their stretch touches, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gas_engine.consequence import annotate_structural
from gas_engine.structural import LONGEST, Stretch, stretch_of, structural_class

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.model import AlleleAnnotation, TranscriptConsequence

# Gene at 6000-6600: exons 6000-6070, 6270-6331, 6481-6600; coding from 6030 (ATG) to 6560 (TAA ends there).
LENGTH = 12_600


def say(toy: Bundle, strand: str, start: int, end: int, kind: str) -> AlleleAnnotation:
    contig = toy.contig("chrF" if strand == "+" else "chrR")
    assert contig is not None
    where = (start, end) if strand == "+" else (LENGTH - end, LENGTH - start)
    return annotate_structural(toy, contig, "A[x:1[" if kind == "breakend" else "<X>", Stretch(kind, *where))


def on(said: AlleleAnnotation, biotype: str) -> TranscriptConsequence:
    return next(each for each in said.consequences if each.biotype == biotype)


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize(
    ("kind", "start", "end", "terms"),
    [
        ("deletion", 5900, 6700, {"transcript_ablation"}),
        ("deletion", 6000, 6600, {"transcript_ablation"}),
        ("copy_number_loss", 6000, 6600, {"transcript_ablation"}),
        ("duplication", 5000, 7000, {"transcript_amplification"}),
        ("copy_number_gain", 5000, 7000, {"transcript_amplification"}),
        ("inversion", 5000, 7000, "whole"),
        ("copy_number_variation", 5000, 7000, "whole"),
        ("deletion", 6100, 6200, {"intron_variant"}),
        ("deletion", 6275, 6278, {"inframe_deletion", "feature_truncation"}),
        ("deletion", 6275, 6279, {"frameshift_variant", "feature_truncation"}),
        ("deletion", 6100, 6280, {"coding_sequence_variant", "intron_variant", "feature_truncation"}),
        ("deletion", 5900, 6040, {"start_lost", "5_prime_UTR_variant", "feature_truncation"}),
        ("deletion", 6559, 6700, {"stop_lost", "3_prime_UTR_variant", "feature_truncation"}),
        ("deletion", 6031, 6034, {"start_lost", "inframe_deletion", "feature_truncation"}),
        ("deletion", 6002, 6010, {"5_prime_UTR_variant", "feature_truncation"}),
        ("tandem_duplication", 6290, 6300, {"coding_sequence_variant", "feature_elongation"}),
        ("duplication", 6100, 6340, {"coding_sequence_variant", "intron_variant", "feature_elongation"}),
        ("duplication", 5900, 6010, {"5_prime_UTR_variant"}),
        ("insertion", 6300, 6300, {"coding_sequence_variant", "feature_elongation"}),
        ("insertion", 6100, 6100, {"intron_variant"}),
        ("breakend", 6300, 6301, {"coding_sequence_variant", "feature_truncation"}),
        ("breakend", 6100, 6101, {"intron_variant"}),
        ("inversion", 6290, 6310, {"coding_sequence_variant"}),
    ],
)
def test_a_stretch_has_the_terms_of_what_it_touches(
    toy: Bundle, strand: str, kind: str, start: int, end: int, *, terms: set[str] | str
) -> None:
    if terms == "whole":
        terms = {"coding_sequence_variant", "5_prime_UTR_variant", "3_prime_UTR_variant", "intron_variant"}
    assert set(on(say(toy, strand, start, end, kind), "protein_coding").terms) == terms


@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_transcript_without_protein_tells_exon_and_intron(toy: Bundle, strand: str) -> None:
    def terms(start: int, end: int) -> set[str]:
        return set(on(say(toy, strand, start, end, "deletion"), "lncRNA").terms)

    assert terms(6275, 6278) == {"non_coding_transcript_exon_variant", "feature_truncation"}
    assert terms(6100, 6200) == {"intron_variant", "non_coding_transcript_variant"}


@pytest.mark.parametrize("strand", ["+", "-"])
def test_exons_introns_and_places_are_counted_along_the_transcript(toy: Bundle, strand: str) -> None:
    found = on(say(toy, strand, 6060, 6300, "deletion"), "protein_coding")
    assert (found.exon, found.intron) == ("1-2/3", "1/2")
    assert (found.cdna_position, found.cds_position, found.protein_position) == ("61-100", "31-70", "11-24")
    assert (found.hgvs_c, found.hgvs_p, found.hgvs_g) == ("", "", "")
    found = on(say(toy, strand, 5900, 6040, "duplication"), "protein_coding")
    assert (found.cdna_position, found.cds_position) == ("?-40", "?-10")


def test_what_touches_no_transcript_is_near_one_or_between_genes(toy: Bundle) -> None:
    said = say(toy, "+", 5000, 5500, "deletion")
    assert {each.terms for each in said.consequences} == {("upstream_gene_variant",)}
    assert {each.distance for each in said.consequences} == {"501"}
    (nothing,) = say(toy, "+", 10, 20, "deletion").consequences
    assert nothing.terms == ("intergenic_variant",)


def test_the_allele_is_the_kind_and_a_breakend_its_whole_text(toy: Bundle) -> None:
    assert say(toy, "+", 6100, 6200, "deletion").allele == "deletion"
    assert say(toy, "+", 6100, 6101, "breakend").allele == "A[x:1["


def test_a_stretch_beyond_ten_million_bases_is_passed_by(toy: Bundle) -> None:
    contig = toy.contigs[0]
    said = annotate_structural(toy, contig, "<DEL>", Stretch("deletion", 1, LONGEST + 2))
    assert (said.skipped, said.consequences, said.allele) == ("too_long", (), "<DEL>")
    assert annotate_structural(toy, contig, "<DEL>", Stretch("deletion", 1, LONGEST + 1)).consequences


@pytest.mark.parametrize(
    ("alts", "number", "info", "expected"),
    [
        (["<DEL>"], 1, b"END=200;SVTYPE=DEL", ("deletion", 100, 200)),
        (["<DEL>"], 1, b"SVLEN=-50", ("deletion", 100, 150)),  # before VCF 4.4
        (["<DEL>"], 1, b"SVLEN=50", ("deletion", 100, 150)),  # VCF 4.4 on
        (["<DEL>"], 1, b"SVLEN=-60;END=200", ("deletion", 100, 200)),
        (["<DEL>", "<DUP>"], 2, b"END=900;SVLEN=-50,300", ("duplication", 100, 400)),
        (["<DEL>", "<DUP>"], 2, b"END=900;SVLEN=-50,.", ("duplication", 100, 900)),
        (["<INV>"], 1, b"END=1000", ("inversion", 100, 1000)),
        (["<INV>"], 1, b"END=1001", None),  # the contig ends before
        (["<INS>"], 1, b"END=100;SVLEN=300", ("insertion", 100, 100)),
        (["<INS:ME:ALU>"], 1, b".", ("insertion", 100, 100)),
        (["C<ctg1>"], 1, b"SVTYPE=INS", ("insertion", 100, 100)),  # a contig of the assembly file
        (["A]2:7]"], 1, b".", ("breakend", 99, 100)),
        (["<DEL>"], 1, b".", None),
        (["<DEL>"], 1, b"END=100", None),
        (["<DEL>"], 1, b"END=many;SVLEN=x", None),
        (["<NON_REF>"], 1, b"END=200", None),
        (["T"], 1, b"END=200", None),
    ],
)
def test_where_it_lies_is_read_from_end_or_svlen(
    alts: list[str], number: int, info: bytes, expected: tuple[str, int, int] | None
) -> None:
    found = stretch_of(100, alts, number, info, 1000)
    assert found == (None if expected is None else Stretch(*expected))


def test_a_symbol_of_no_known_kind_is_none() -> None:
    assert [structural_class(alt) for alt in ("<*>", "<NON_REF>", "<X>", "*", ".", "A", "<CNX>")] == [""] * 7
