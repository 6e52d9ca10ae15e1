"""What samples have at a variant, against files that htslib packed and indexed."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any

import pysam
import pytest

from gas_core.domain.job import ObjectRef
from gas_core.domain.keys import standing_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import World
    from gas_core.domain.job import Job

    Made = Callable[..., Job]

HEAD = "##fileformat=VCFv4.2\n##contig=<ID=MT>\n##contig=<ID=chrX>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


def line(contig: str, pos: int, change: str, *samples: str, fields: str = "GT:DP") -> str:
    ref, alt = change.split(">")
    told = [contig, str(pos), ".", ref, alt, ".", "PASS", "X=" + "x" * 900, fields, *samples]
    return "\t".join(told if samples else told[:8])


@pytest.fixture
def made(world: World, tmp_path: Path, explored: Callable[..., Job], row: Callable[..., Any]) -> Made:
    """Makes a job of these records, one row each."""

    def make(lines: list[str], samples: list[str]) -> Job:
        path = tmp_path / "made.vcf"
        columns = "\t".join([COLUMNS, *(["FORMAT", *samples] if samples else [])])
        path.write_text(HEAD + "\n".join([columns, *lines]) + "\n")
        packed = pysam.tabix_index(str(path), preset="vcf", force=True)
        rows = []
        for number, text in enumerate(lines, 1):
            contig, pos, _, ref, alt = text.split("\t")[:5]
            rows.append(row(number, int(pos), f"{ref}>{alt}", contig_name=contig, contig=contig))
        job = explored(rows, vcf=(tmp_path / "made.vcf.gz").read_bytes())
        index = (tmp_path / f"{packed}.tbi").read_bytes()
        world.store.put_for_test(ObjectRef(job.s3_results_bucket, standing_keys(job).index), index)
        return job

    return make


def told(ada: Any, job: Job, variant: str, query: str = "") -> tuple[str, list[list[str]]]:
    """The sentence over the table, and its rows."""
    page = ada.get(f"/annotations/{job.job_id}/results/{variant}/genotypes{query}")
    assert page.status_code == 200
    rows = [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", page.text, re.DOTALL)
    ]
    found = re.search(r"<p>([^<]*(?:sample)[^<]*)</p>", page.text)
    return found[1] if found else "", rows


def test_each_sample_is_told_with_its_alleles(ada: Any, made: Made) -> None:
    job = made([line("MT", 73, "A>G", "0/1:12", "1|1", "./.:0")], ["S1", "S2", "S3"])
    sentence, rows = told(ada, job, "1/1")
    assert sentence == "2 of 3 samples with this allele."
    assert rows == [
        ["Sample", "GT", "DP"],
        ["S1", "0/1 (A/G)", "12"],
        ["S2", "1|1 (G|G)", "–"],
        ["S3", "./.", "0"],
    ]


def test_every_record_of_a_long_file_is_found(ada: Any, made: Made) -> None:
    """Over many blocks and windows of the index, with gaps between, and several records at one place."""
    places = sorted([*range(5, 200_000, 777), 300_000, 300_000, 300_000, 900_001])
    lines = [line("MT", pos, "A>G", f"0/1:{number}") for number, pos in enumerate(places, 1)]
    lines += [line("chrX", pos, "A>G", f"0/1:{pos}") for pos in (7, 70_000)]
    job = made(lines, ["S"])
    wanted = [1, 2, 22, 100, len(places) - 3, len(places) - 2, len(places) - 1, len(places)]
    for number in wanted:
        assert told(ada, job, f"{number}/1")[1][1] == ["S", "0/1 (A/G)", str(number)]
    assert told(ada, job, f"{len(places) + 2}/1")[1][1][2] == "70000"


def test_samples_come_a_hundred_at_a_time(ada: Any, made: Made) -> None:
    names = [f"S{number}" for number in range(250)]
    job = made([line("MT", 73, "A>G", *["0/0:1"] * 250)], names)
    assert len(told(ada, job, "1/1")[1]) == 101
    rows = told(ada, job, "1/1", "?page=3")[1]
    assert [rows[1][0], rows[-1][0]] == ["S200", "S249"]
    assert told(ada, job, "1/1", "?page=99")[1] == rows
    assert len(told(ada, job, "1/1", "?page=x")[1]) == 101


def test_a_file_without_samples_says_so(ada: Any, made: Made) -> None:
    assert told(ada, made([line("MT", 73, "A>G")], []), "1/1")[0] == "This file has no samples."


def test_hostile_samples_are_text(ada: Any, made: Made) -> None:
    job = made([line("MT", 73, "A>G", "<script>alert(1)</script>")], ["<img src=x onerror=alert(1)>"])
    page = ada.get(f"/annotations/{job.job_id}/results/1/1/genotypes")
    assert "<img" not in page.text
    assert "<script>alert" not in page.text


def test_an_index_that_is_spoiled_is_a_fault_of_ours(world: World, ada: Any, made: Made, words: Any) -> None:
    job = made([line("MT", 73, "A>G", "0/1:1")], ["S"])
    ref = ObjectRef(job.s3_results_bucket, standing_keys(job).index)
    world.store.put_for_test(ref, gzip.compress(b"TBI\x01" + b"\x00" * 3))
    answer = ada.get(f"/annotations/{job.job_id}/results/1/1/genotypes")
    assert answer.status_code == 500
    assert "Something broke here" in words(answer)
