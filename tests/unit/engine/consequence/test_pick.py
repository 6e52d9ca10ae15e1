"""Which consequences are kept: by every criterion, of each gene, of each allele; and the marks in CSQ."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pysam
import pytest

from gas_engine import Keep, OutputPaths, Pick, annotate
from gas_engine.bundle import build_bundle
from gas_engine.bundle.genes import Transcript
from gas_engine.consequence import annotate_allele
from gas_engine.errors import PickError
from gas_engine.model import TranscriptConsequence
from gas_engine.pick import ORDER

if TYPE_CHECKING:
    from pathlib import Path

    from gas_engine.bundle import Bundle

PLAIN = Transcript("T", "T", "G", "S", "lncRNA", "1", 1, ((0, 100),))


def kept(pick: Pick, *found: tuple[Transcript, str]) -> list[str]:
    """Identifiers of the transcripts that are kept of those found, the most severe first."""
    pairs = [
        (each, TranscriptConsequence((term,), "", each.symbol, transcript_id=each.transcript_id))
        for each, term in found
    ]
    return [each.transcript_id for each in pick.kept(pairs)]


@pytest.mark.parametrize(
    ("criterion", "better"),
    [
        ("mane_select", replace(PLAIN, mane="MANE_Select")),
        ("mane_plus_clinical", replace(PLAIN, mane="MANE_Plus_Clinical")),
        ("canonical", replace(PLAIN, canonical="YES")),
        ("appris", replace(PLAIN, appris="A2")),
        ("tsl", replace(PLAIN, tsl="5")),
        ("biotype", replace(PLAIN, biotype="protein_coding")),
        ("length", replace(PLAIN, exons=((0, 50), (60, 120)))),
    ],
)
def test_a_criterion_goes_before_all_that_stand_behind_it(criterion: str, better: Transcript) -> None:
    first, second = (PLAIN, "intron_variant"), (replace(better, transcript_id="better"), "intron_variant")
    assert kept(Pick(Keep.ALLELE), first, second) == ["better"]
    assert kept(Pick(Keep.ALLELE, ("rank", criterion)), first, second) == ["better"]
    severe = (PLAIN, "missense_variant")
    assert kept(Pick(Keep.ALLELE, ("rank", criterion)), severe, second) == ["T"]
    assert kept(Pick(Keep.ALLELE, (criterion, "rank")), severe, second) == ["better"]
    assert kept(Pick(Keep.MOST_SEVERE, (criterion,)), severe, second) == ["T"]


def test_principal_goes_before_alternative_and_a_lower_number_before_a_higher() -> None:
    marks = ("P1", "P2", "P5", "A1", "A2", "")
    transcripts = [replace(PLAIN, transcript_id=mark, appris=mark) for mark in marks]
    for better, worse in pairwise(transcripts):
        assert kept(Pick(Keep.ALLELE), (worse, "intron_variant"), (better, "intron_variant")) == [
            better.appris
        ]


def test_coding_bases_are_the_length_of_what_makes_a_protein() -> None:
    long_message = replace(PLAIN, transcript_id="long", exons=((0, 500),), cds=(10, 40))
    short_message = replace(PLAIN, transcript_id="short", exons=((0, 50), (60, 100)), cds=(10, 90))
    pairs = (long_message, "intron_variant"), (short_message, "intron_variant")
    assert kept(Pick(Keep.ALLELE, ("length",)), *pairs) == ["short"]


def test_each_gene_keeps_one_and_what_has_no_gene_stays() -> None:
    found = [
        (replace(PLAIN, transcript_id="a1"), "missense_variant"),
        (replace(PLAIN, transcript_id="b1", symbol="B"), "intron_variant"),
        (replace(PLAIN, transcript_id="a2", canonical="YES"), "intron_variant"),
        (replace(PLAIN, transcript_id="x", symbol=""), "intron_variant"),
        (replace(PLAIN, transcript_id="y", symbol=""), "intron_variant"),
    ]
    assert kept(Pick(Keep.GENE), *found) == ["b1", "a2", "x", "y"]
    assert kept(Pick(), *found) == ["a1", "b1", "a2", "x", "y"]


@pytest.mark.parametrize("order", [("canonical", "ccds"), ("rank", "rank"), ("",)])
def test_a_criterion_that_there_is_none_of_or_twice_is_refused(order: tuple[str, ...]) -> None:
    with pytest.raises(
        PickError, match="is no criterion to pick by, or is named twice: choose of mane_select"
    ):
        Pick(Keep.GENE, order)


def test_the_order_is_that_of_vep_but_for_ccds() -> None:
    assert ORDER == (
        "mane_select", "mane_plus_clinical", "canonical", "appris", "tsl", "biotype", "rank", "length",
    )  # fmt: skip


@pytest.fixture(scope="module")
def marked(toy_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The toy genome, its non-coding transcripts canonical, one coding one doomed, one a primary microRNA."""
    folder = tmp_path_factory.mktemp("marked")
    text = (toy_files / "toy.gff3").read_text()
    text = text.replace("biotype=lncRNA", "biotype=lncRNA;tag=Ensembl_canonical,MANE_Select")
    text = text.replace(
        "ID=transcript:ENSTchrR;Parent=gene:ENSGchrR;biotype=protein_coding",
        "ID=transcript:ENSTchrR;Parent=gene:ENSGchrR;biotype=nonsense_mediated_decay;transcript_support_level=2",
    )
    text += (
        "chrF\ttoy\tprimary_transcript\t6001\t6070\t.\t+\t.\tID=pri;Parent=gene:ENSGchrF;biotype=miRNA\n"
        "chrF\ttoy\texon\t6001\t6070\t.\t+\t.\tParent=pri\n"
        "chrF\ttoy\tmiRNA\t6011\t6030\t.\t+\t.\tID=mature;Parent=pri\n"
        "chrF\ttoy\texon\t6011\t6030\t.\t+\t.\tParent=mature\n"
    )
    (folder / "marked.gff3").write_text(text)
    return build_bundle(
        toy_files / "toy.fa", folder / "marked.gff3", folder / "bundle", name="toy", assembly="toy1"
    )


def other(bundle: Bundle, contig: str, start: int) -> tuple[str, str]:
    ref = bundle.sequence(contig, start, start + 1)
    return ref, "A" if ref != "A" else "C"


def test_csq_has_a_column_for_each_mark_that_the_bundle_has(
    marked: Bundle, toy: Bundle, tmp_path: Path
) -> None:
    assert (marked.marks, toy.marks) == (("canonical", "mane", "tsl"), ())
    ref, alt = other(marked, "chrR", 6300)
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    far_ref, far_alt = other(marked, "chrR", 4)
    records = f"chrR\t5\t.\t{far_ref}\t{far_alt}\t.\t.\t.\nchrR\t6301\t.\t{ref}\t{alt}\t.\t.\t.\n"
    for bundle, tail, intergenic in ((marked, ["YES|MANE_Select|", "||2"], "|||"), (toy, ["", ""], "")):
        outputs = OutputPaths(tmp_path / f"{len(bundle.marks)}")
        annotate(io.BytesIO((head + records).encode()), bundle, outputs, lambda _: None)
        with pysam.VariantFile(str(outputs.vcf)) as found:
            columns = found.header.info["CSQ"].description.partition("Format: ")[2].split("|")
            near, at = (record.info["CSQ"] for record in found)
        assert columns[21:] == ["CANONICAL", "MANE", "TSL"][: len(bundle.marks)]
        assert all(entry.count("|") == len(columns) - 1 for entry in (*near, *at))
        assert sorted(entry.split("|", 21)[21] if bundle.marks else "" for entry in at) == sorted(tail)
        assert near[0].endswith(intergenic)


def test_a_transcript_that_decays_says_so_beside_what_happens_to_it(marked: Bundle) -> None:
    contig = marked.contig("chrR")
    assert contig is not None
    start = 12_600 - 6171
    said = annotate_allele(marked, contig, start + 1, *other(marked, "chrR", start))
    terms = {each.biotype: each.terms for each in said.consequences}
    assert terms["nonsense_mediated_decay"] == ("intron_variant", "NMD_transcript_variant")


def test_in_a_mature_micro_rna_that_is_what_is_said(marked: Bundle) -> None:
    contig = marked.contig("chrF")
    assert contig is not None

    def said(start: int) -> tuple[str, ...]:
        found = annotate_allele(marked, contig, start + 1, *other(marked, "chrF", start)).consequences
        return next(each.terms for each in found if each.biotype == "miRNA")

    assert said(6015) == ("mature_miRNA_variant",)
    assert said(6005) == ("non_coding_transcript_exon_variant",)
