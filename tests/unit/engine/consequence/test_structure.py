"""Introns, untranslated regions and the neighbourhood of a gene, on either strand of the toy genome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gas_engine.bundle import build_bundle
from gas_engine.codon import reverse_complement
from gas_engine.consequence import annotate_allele

if TYPE_CHECKING:
    from pathlib import Path

    from gas_engine.bundle import Bundle
    from gas_engine.model import TranscriptConsequence

# Gene: exon 1 at 6000, 30 bases before the CDS; introns at 6070-6270 and 6331-6481; the CDS ends at 6560.
LENGTH = 12_600


def call(toy: Bundle, strand: str, start: int, ref_size: int, alt: str) -> list[TranscriptConsequence]:
    """Replace ``ref_size`` bases at 0-based ``start`` of the gene's own strand, anchored as VCF wants it."""
    contig = toy.contig("chrF" if strand == "+" else "chrR")
    assert contig is not None
    if strand == "-":
        start, alt = LENGTH - start - ref_size, reverse_complement(alt)
    anchor = toy.sequence(contig.name, start - 1, start)
    ref = toy.sequence(contig.name, start, start + ref_size)
    if alt and len(alt) == ref_size:
        return list(annotate_allele(toy, contig, start + 1, ref, alt).consequences)
    return list(annotate_allele(toy, contig, start, anchor + ref, anchor + alt).consequences)


def other(toy: Bundle, start: int) -> str:
    return "A" if toy.sequence("chrF", start, start + 1) != "A" else "C"


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize(
    ("start", "terms", "name"),
    [
        (6010, ("5_prime_UTR_variant",), "c.-20"),
        (6070, ("splice_donor_variant",), "c.40+1"),
        (6071, ("splice_donor_variant",), "c.40+2"),
        (6072, ("splice_donor_region_variant", "intron_variant"), "c.40+3"),
        (6074, ("splice_donor_5th_base_variant", "intron_variant"), "c.40+5"),
        (6077, ("splice_region_variant", "intron_variant"), "c.40+8"),
        (6078, ("intron_variant",), "c.40+9"),
        (6169, ("intron_variant",), "c.40+100"),
        (6170, ("intron_variant",), "c.41-100"),
        (6252, ("intron_variant",), "c.41-18"),
        (6253, ("splice_polypyrimidine_tract_variant", "intron_variant"), "c.41-17"),
        (6262, ("splice_region_variant", "splice_polypyrimidine_tract_variant", "intron_variant"), "c.41-8"),
        (6268, ("splice_acceptor_variant",), "c.41-2"),
        (6269, ("splice_acceptor_variant",), "c.41-1"),
        (6599, ("3_prime_UTR_variant",), "c.*40"),
    ],
)
def test_each_place_of_the_gene_has_its_terms_and_its_name(
    toy: Bundle, strand: str, start: int, terms: tuple[str, ...], name: str
) -> None:
    found = call(toy, strand, start, 1, other(toy, start))
    (coding,) = [c for c in found if c.biotype == "protein_coding"]
    assert coding.terms == terms
    assert coding.hgvs_c.startswith(f"ENSTchr{'F' if strand == '+' else 'R'}.2:{name}")


@pytest.mark.parametrize("strand", ["+", "-"])
def test_exons_and_introns_are_counted_along_the_transcript(toy: Bundle, strand: str) -> None:
    in_exon = call(toy, strand, 6050, 1, other(toy, 6050))[0]
    in_intron = call(toy, strand, 6400, 1, other(toy, 6400))[0]
    across = call(toy, strand, 6065, 10, "")[0]
    assert (in_exon.exon, in_exon.intron) == ("1/3", "")
    assert (in_intron.exon, in_intron.intron) == ("", "2/2")
    assert (across.exon, across.intron) == ("1/3", "1/2")
    assert across.terms[0] == "splice_donor_variant"
    assert "coding_sequence_variant" in across.terms
    assert across.cds_position == "36-?"


def test_the_non_coding_transcript_is_called_beside_the_coding_one(toy: Bundle) -> None:
    exonic = {c.biotype: c.terms for c in call(toy, "+", 6050, 1, other(toy, 6050))}
    intronic = {c.biotype: c.terms for c in call(toy, "+", 6169, 1, other(toy, 6169))}
    assert exonic["lncRNA"] == ("non_coding_transcript_exon_variant",)
    assert intronic["lncRNA"] == ("intron_variant", "non_coding_transcript_variant")


@pytest.mark.parametrize(
    ("strand", "start", "term", "distance"),
    [
        ("+", 5999, "upstream_gene_variant", "1"),
        ("-", 5999, "upstream_gene_variant", "1"),
        ("+", 6600, "downstream_gene_variant", "1"),
        ("-", 6600, "downstream_gene_variant", "1"),
        ("+", 1000, "upstream_gene_variant", "5000"),
        ("-", 11_599, "downstream_gene_variant", "5000"),
    ],
)
def test_the_neighbourhood_of_a_gene_is_5000_bases(
    toy: Bundle, strand: str, start: int, term: str, distance: str
) -> None:
    found = call(toy, strand, start, 1, other(toy, start))
    assert {(c.terms, c.distance) for c in found} == {((term,), distance)}


def test_beyond_5000_bases_a_change_is_intergenic(toy: Bundle) -> None:
    (only,) = call(toy, "+", 999, 1, other(toy, 999))
    assert (only.terms, only.impact, only.transcript_id) == (("intergenic_variant",), "MODIFIER", "")


def test_losing_the_whole_transcript_is_an_ablation(toy: Bundle) -> None:
    assert {c.terms for c in call(toy, "-", 5990, 700, "")} == {("transcript_ablation",)}


@pytest.mark.parametrize("strand", ["+", "-"])
def test_an_insertion_at_the_edge_of_the_coding_sequence_leaves_it_whole(toy: Bundle, strand: str) -> None:
    before = call(toy, strand, 6030, 0, "CC")[0]
    after = call(toy, strand, 6560, 0, "CC")[0]
    assert before.terms == ("5_prime_UTR_variant",)
    assert after.terms == ("3_prime_UTR_variant",)


@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_stop_that_moves_up_a_codon_is_gained(toy: Bundle, strand: str) -> None:
    (coding,) = [c for c in call(toy, strand, 6554, 6, "TAACAA") if c.biotype == "protein_coding"]
    assert coding.terms == ("stop_gained",)
    assert coding.hgvs_p.endswith("59Ter")


def test_a_base_put_between_the_start_codon_and_its_intron_leaves_the_start(tmp_path: Path) -> None:
    exon, rest = "A" * 30 + "ATG", "GCTGCTTAA" + "C" * 30
    intron = "GT" + "A" * 60 + "AG"
    fasta, genes = tmp_path / "g.fa", tmp_path / "g.gff3"
    fasta.write_text(f">c\n{'T' * 50}{exon}{intron}{rest}{'T' * 50}\n")
    second = 50 + len(exon) + len(intron)
    rows = [
        ("mRNA", 51, second + len(rest), ".", "ID=transcript:T;biotype=protein_coding"),
        ("exon", 51, 83, ".", "Parent=transcript:T"),
        ("exon", second + 1, second + len(rest), ".", "Parent=transcript:T"),
        ("CDS", 81, 83, "0", "Parent=transcript:T"),
        ("CDS", second + 1, second + 9, "0", "Parent=transcript:T"),
    ]
    genes.write_text(
        "".join(f"c\tt\t{kind}\t{a}\t{b}\t.\t+\t{phase}\t{rest}\n" for kind, a, b, phase, rest in rows)
    )
    bundle = build_bundle(fasta, genes, tmp_path / "b", name="b", assembly="b")
    (found,) = annotate_allele(bundle, bundle.contigs[0], 83, "G", "GC").consequences
    assert found.terms == ("splice_region_variant", "coding_sequence_variant")
