"""Two bundles held against one another: what was added, taken and changed, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gas_engine.bundle import TrackSource, build_bundle, diff_bundles

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = "#CHROM\tPOS\tID\tREF\tALT\n1\t5\trs1\tC\tT,G\n1\t20\trs9\tAC\tA\n"
NOTHING = {"added": 0, "removed": 0, "changed": 0, "examples": {}}


def build(inputs: Path, name: str, known: str = KNOWN, regions: str = "1\t0\t6\thead\n", **more: Any) -> Path:
    (inputs / "known.vcf").write_text(known)
    (inputs / "sites.bed").write_text(regions)
    track = TrackSource("sites", "Some sites", inputs / "sites.bed")
    build_bundle(
        inputs / "small.fa",
        inputs / "small.gff3",
        inputs / name,
        name="small",
        assembly="s1",
        known_vcfs=[inputs / "known.vcf"],
        tracks=[track],
        **more,
    )
    return inputs / name


def test_two_builds_of_one_input_are_the_same(inputs: Path) -> None:
    said = diff_bundles(build(inputs, "a"), build(inputs, "b", as_text=True))
    assert said == {
        "same": True,
        "stated": {},
        "contigs": NOTHING,
        "transcripts": NOTHING,
        "known_alleles": NOTHING,
        "tracks": NOTHING,
    }


def test_every_part_that_differs_is_counted_and_named(inputs: Path) -> None:
    before = build(inputs, "before")
    (inputs / "small.fa").write_text((inputs / "small.fa").read_text() + ">2\nACGT\n")
    gff3 = inputs / "small.gff3"
    gff3.write_text(gff3.read_text().replace("version=3", "version=4"))
    known = "#CHROM\tPOS\tID\tREF\tALT\n1\t5\trs1\tC\tT\n1\t20\trs9;rs10\tAC\tA\n1\t30\trs2\tA\tT\n"
    after = build(inputs, "after", known, "1\t0\t7\thead\n", version="2")
    said = diff_bundles(before, after)
    assert said["same"] is False
    assert said["stated"] == {"version": ["1", "2"]}
    assert said["contigs"] == {"added": 1, "removed": 0, "changed": 0, "examples": {"added": ["2"]}}
    assert said["transcripts"] == {"added": 0, "removed": 0, "changed": 1, "examples": {"changed": ["1:T1"]}}
    assert said["known_alleles"] == {
        "added": 1,
        "removed": 1,
        "changed": 1,
        "examples": {"removed": ["1:5:1>G"], "changed": ["1:21:1>-"], "added": ["1:30:1>T"]},
    }
    assert said["tracks"] == {"added": 0, "removed": 0, "changed": 1, "examples": {"changed": ["sites"]}}


def test_a_base_that_changed_is_seen(inputs: Path) -> None:
    before = build(inputs, "before")
    fasta = inputs / "small.fa"
    fasta.write_text(fasta.read_text().rstrip("\n")[:-1] + "G\n")
    assert diff_bundles(before, build(inputs, "after"))["contigs"]["examples"] == {"changed": ["1"]}
