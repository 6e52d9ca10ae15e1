"""The shipped bundle is the revised Cambridge Reference Sequence with its 37 genes."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from gas_engine.bundle import Bundle, default_bundle

ACCESSION = "NC_012920.1"
# lengths of the proteins, UniProt
PROTEINS = {
    "MT-ND1": 318, "MT-ND2": 347, "MT-CO1": 513, "MT-CO2": 227, "MT-ATP8": 68, "MT-ATP6": 226, "MT-CO3": 261,
    "MT-ND3": 115, "MT-ND4L": 98, "MT-ND4": 459, "MT-ND5": 603, "MT-ND6": 174, "MT-CYB": 380,
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return default_bundle()


def test_the_sequence_is_the_rcrs(bundle: Bundle) -> None:
    sequence = bundle.sequence(ACCESSION, 0, 16_569)
    assert len(sequence) == 16_569
    # M5 of MT in the sequence dictionaries of GRCh37 and GRCh38
    digest = hashlib.md5(sequence.encode(), usedforsecurity=False).hexdigest()
    assert digest == "c68f52674c9fb33aef52dcf399755519"
    assert sequence[3106] == "N"
    # where rCRS carries a rare allele (Andrews 1999)
    assert [sequence[pos - 1] for pos in (263, 750, 1438, 4769, 8860, 15_326)] == ["A"] * 6


@pytest.mark.parametrize("name", [ACCESSION, "chrM", "MT", "M", "chrMT"])
def test_the_contig_goes_by_all_its_names(bundle: Bundle, name: str) -> None:
    assert bundle.contig(name) is bundle.contigs[0]


def test_other_contigs_are_not_taken_for_it(bundle: Bundle) -> None:
    assert bundle.contig("chr1") is None
    assert bundle.contig("NC_001807.4") is None


def test_it_holds_the_37_genes_on_their_strands(bundle: Bundle) -> None:
    transcripts = bundle.transcripts
    assert Counter(t.biotype for t in transcripts) == {"Mt_tRNA": 22, "protein_coding": 13, "Mt_rRNA": 2}
    light = {t.symbol.removeprefix("MT-") for t in transcripts if t.strand < 0}
    assert light == {"ND6", "TA", "TC", "TE", "TN", "TP", "TQ", "TS1", "TY"}
    assert len({t.gene_id for t in transcripts}) == len({t.transcript_id for t in transcripts}) == 37


def test_each_gene_makes_the_protein_of_its_known_length(bundle: Bundle) -> None:
    found = {}
    for spliced in map(bundle.spliced, bundle.transcripts):
        if spliced.coding:
            protein = spliced.code.translate(spliced.cds)
            assert spliced.cds[:3] in spliced.code.starts
            assert protein.index("*") == len(protein) - 1
            found[spliced.transcript.symbol] = len(protein) - 1
    assert found == PROTEINS


def test_six_stop_codons_are_completed_by_polyadenylation(bundle: Bundle) -> None:
    tails = {s.transcript.symbol: s.tail for s in map(bundle.spliced, bundle.transcripts) if s.tail}
    assert tails == {
        "MT-ND1": "A", "MT-ND2": "AA", "MT-CO3": "AA", "MT-ND3": "AA", "MT-ND4": "AA", "MT-CYB": "AA",
    }  # fmt: skip


def test_every_part_names_its_source(bundle: Bundle) -> None:
    assert [source.part for source in bundle.manifest.sources] == ["sequence", "genes", "tracks", "known"]
    assert all(source.name and source.version and source.licence for source in bundle.manifest.sources)
    assert bundle.known_count > 100
