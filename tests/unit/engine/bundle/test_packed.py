"""A packed bundle is mapped as it was written, or refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gas_engine.bundle import Bundle, TrackSource, build_bundle, verify_bundle
from gas_engine.errors import BundleError


@pytest.fixture
def packed(inputs: Path) -> Path:
    (inputs / "known.vcf").write_text(
        "#CHROM\tPOS\tID\tREF\tALT\n1\t20\trs9\tAC\tA\n1\t5\trs1;rs2\tC\tT\n1\t5\trs3\tC\tT\n"
    )
    (inputs / "sites.bed").write_text("1\t0\t6\thead\n1\t3\t8\n")
    build_bundle(
        inputs / "small.fa",
        inputs / "small.gff3",
        inputs / "packed",
        name="small",
        assembly="s1",
        known_vcfs=[inputs / "known.vcf"],
        tracks=[TrackSource("sites", "Some sites", inputs / "sites.bed")],
    )
    return inputs / "packed"


def test_text_and_tables_hold_the_same(packed: Path, inputs: Path) -> None:
    as_text = build_bundle(
        inputs / "small.fa",
        inputs / "small.gff3",
        inputs / "text",
        name="small",
        assembly="s1",
        known_vcfs=[inputs / "known.vcf"],
        tracks=[TrackSource("sites", "Some sites", inputs / "sites.bed")],
        as_text=True,
    )
    mapped = Bundle.load(packed)
    for name, array, other in zip(
        as_text.tables.model._fields, as_text.tables.model, mapped.tables.model, strict=True
    ):
        assert np.array_equal(array, other), name
        assert array.dtype == other.dtype
    assert mapped.transcripts == as_text.transcripts
    contig = mapped.contigs[0]
    assert mapped.known_ids(contig, 4, "C", "T") == ("rs1", "rs2", "rs3")
    assert mapped.known_ids(contig, 19, "AC", "A") == ("rs9",)
    assert mapped.overlaps(contig, 4, 5) == {"sites": ("head", "1:4-8")}
    verify_bundle(packed)


def test_a_bundle_that_is_cut_short_is_refused(packed: Path) -> None:
    tables = packed / "tables.bin"
    tables.write_bytes(tables.read_bytes()[:-4096])
    with pytest.raises(BundleError, match=r"tables\.bin is cut short"):
        Bundle.load(packed)


@pytest.mark.parametrize("at", [0, 12, 40])
def test_a_damaged_header_is_refused(packed: Path, at: int) -> None:
    tables = packed / "tables.bin"
    data = bytearray(tables.read_bytes())
    data[at] ^= 1
    tables.write_bytes(data)
    with pytest.raises(BundleError, match=r"tables\.bin is not the file that its manifest lists"):
        Bundle.load(packed)


def test_a_damaged_array_is_found_by_verify_and_named(packed: Path) -> None:
    tables = packed / "tables.bin"
    data = bytearray(tables.read_bytes())
    data[data.index(b"ATGGCTTGG")] = ord("C")
    tables.write_bytes(data)
    with pytest.raises(BundleError, match=r"tables\.bin is damaged \(seq\)"):
        verify_bundle(packed)


def test_a_missing_table_is_named(packed: Path) -> None:
    (packed / "tables.bin").unlink()
    with pytest.raises(BundleError, match=r"tables\.bin is missing"):
        Bundle.load(packed)
