"""What is downloaded is exactly what the view shows, whatever stands in the file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import polars as pl
import pysam
import pytest

from gas_engine import Limits, OutputPaths, annotate, default_bundle
from gas_web.explorer import export
from gas_web.explorer.bgzf import END, packed
from gas_web.explorer.export import FORMATS
from gas_web.explorer.table import FLAT

if TYPE_CHECKING:
    from collections.abc import Callable

    from gas_core.domain.job import Job

MARKUP = "<script>alert(1)</script>"
HOSTILE = "\n".join(
    [
        "##fileformat=VCFv4.2",
        '##INFO=<ID=NOTE,Number=1,Type=String,Description="</pre><script>alert(1)</script>">',
        f"##FILTER=<ID={MARKUP},Description=\"=cmd|' /C calc'!A0\">",
        "##contig=<ID=MT,length=16569>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        f"MT\t73\t{MARKUP}\tA\tG\t10\tPASS\tNOTE={MARKUP}",
        f'MT\t150\t=HYPERLINK("http://evil.example","x")\tT\tC,A\t20\t{MARKUP}\t.',
        "MT\t3310\t+1+1\tC\tT\t-3\t@SUM(A1)\tAF=0.5",
        "MT\t3400\t-2+3\tA\tG\t.\t'\"&amp;\tAF=0.5",
        '"><img/src=x>\t5\t{{7*7}}\tA\tG\t.\t.\t.',
        "MT\t4000\t.\tA\tACGTACGTACGTACGTACGT\t.\tPASS\t.",
    ]
) + "\n"  # fmt: skip


@pytest.fixture
def hostile(explored: Callable[..., Job], tmp_path: Path, world: Any) -> Job:
    """A job whose file was made to do harm, annotated by the engine itself."""
    from gas_core.domain.job import ObjectRef
    from gas_core.domain.keys import standing_keys

    out = OutputPaths(tmp_path)
    annotate(io.BytesIO(HOSTILE.encode()), default_bundle(), out, lambda _progress: None, limits=Limits())
    job = explored(vcf=(tmp_path / "annot.vcf.gz").read_bytes(), name=f"{MARKUP}=1+1.vcf")
    key = standing_keys(job).table
    world.store.put_for_test(ObjectRef(job.s3_results_bucket, key), (tmp_path / "table.parquet").read_bytes())
    return job


def exported(visitor: Any, job: Job, kind: str, query: str = "") -> bytes:
    answer = visitor.get(f"/annotations/{job.job_id}/results/export?format={kind}&{query}")
    assert answer.status_code == 200
    assert answer.mimetype == FORMATS[kind].media_type
    data: bytes = answer.data
    return data


def places(kind: str, data: bytes) -> list[int]:
    """Positions in a file that was exported."""
    if kind == "jsonl":
        return [json.loads(line)["pos"] for line in data.splitlines()]
    if kind == "parquet":
        return pl.read_parquet(io.BytesIO(data))["pos"].to_list()
    if kind == "vcf":
        lines = gzip.decompress(data).decode().splitlines()
        return [int(line.split("\t")[1]) for line in lines if not line.startswith("#")]
    if kind == "xlsx":
        header, *rows = sheet(data)
        return [int(row[header.index("pos")]) for row in rows]
    text = data.decode("utf-8-sig")
    return [
        int(row["pos"]) for row in csv.DictReader(io.StringIO(text), delimiter="\t" if kind == "tsv" else ",")
    ]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "case",
    [
        ("", [73, 150, 150, 3310, 3400, 5, 4000], [73, 150, 3310, 3400, 5, 4000]),
        ("f=impact:is:MODERATE,LOW,HIGH", [3310, 4000], [3310, 4000]),
        ("f=region:is:MT:100-200&sort=impact&row=2", [150, 150], [150]),
        ("f=gene:is:none", [], []),
    ],
)
def test_every_format_has_the_rows_of_the_view(
    ada: Any, hostile: Job, kind: str, case: tuple[str, list[int], list[int]]
) -> None:
    query, alleles, records = case
    found = places(kind, exported(ada, hostile, kind, query))
    wanted = records if kind == "vcf" else alleles
    # The engine may put contigs into another order than the file had.
    assert sorted(found) == sorted(wanted)


def test_records_of_the_vcf_are_as_they_were(ada: Any, hostile: Job, world: Any) -> None:
    whole = gzip.decompress(world.store.objects[hostile.s3_results_bucket, hostile.s3_key_result_file].data)
    assert gzip.decompress(exported(ada, hostile, "vcf")) == whole
    part = gzip.decompress(exported(ada, hostile, "vcf", "f=region:is:MT:3310"))
    header = [line for line in whole.splitlines() if line.startswith(b"#")]
    assert part.splitlines() == [*header, next(x for x in whole.splitlines() if x.startswith(b"MT\t3310\t"))]


@pytest.mark.parametrize(("kind", "separator"), [("csv", ","), ("tsv", "\t")])
def test_no_cell_is_a_formula_and_no_value_is_lost(ada: Any, hostile: Job, kind: str, separator: str) -> None:
    text = exported(ada, hostile, kind).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
    assert list(rows[0]) == list(FLAT)
    numbers = {"record", "allele", "pos", "qual", "allele_frequency"}
    for row in rows:
        for name, value in row.items():
            assert value is not None
            if name not in numbers:
                assert not value.lstrip().startswith(("=", "+", "-", "@")), (name, value)
    by_place = {row["pos"]: row for row in rows}
    assert by_place["3310"]["ids"] == "'+1+1"
    assert by_place["3310"]["filter"] == "'@SUM(A1)"
    assert by_place["3310"]["qual"] == "-3.0"
    assert by_place["150"]["filter"] == MARKUP


def test_json_and_parquet_keep_every_byte(ada: Any, hostile: Job) -> None:
    rows = [json.loads(line) for line in exported(ada, hostile, "jsonl").splitlines()]
    assert {row["ids"][0] for row in rows if row["pos"] == 3310} == {"+1+1"}
    assert all(row["consequences"] for row in rows if row["status"] == "annotated")
    frame = pl.read_parquet(io.BytesIO(exported(ada, hostile, "parquet")))
    assert frame.columns == [*FLAT, "consequences"]
    assert frame.filter(pl.col("pos") == 3310)["ids"].to_list() == [["+1+1"]]


def test_hostile_content_is_text_on_every_page(ada: Any, hostile: Job) -> None:
    base = f"/annotations/{hostile.job_id}/results"
    queries = [
        "",
        "?sort=impact",
        f"?f=filter:is:{MARKUP}",
        "?f=gene:is:" + MARKUP,
        '?f=gene:is:"onmouseover="x',
        "?f=impact:is:" + MARKUP,
        "?f=" + MARKUP,
        "?row=" + MARKUP,
    ]
    pages = [f"{base}{query}" for query in queries] + [f"{base}/{number}/1" for number in range(1, 7)]
    for path in pages:
        text = ada.get(path).text
        assert MARKUP not in text, path
        assert "<img" not in text, path
        assert 'onmouseover="' not in text, path
        assert "<dd>49<" not in text, path


def test_the_file_is_named_after_the_readers_own(
    ada: Any, hostile: Job, explored: Callable[..., Job]
) -> None:
    def name(job: Job, query: str) -> str:
        answer = ada.get(f"/annotations/{job.job_id}/results/export?{query}")
        found: str = answer.headers["Content-Disposition"]
        assert "\n" not in found
        return found

    job = explored(name="my sample.VCF.gz")
    assert name(job, "format=csv") == 'attachment; filename="my sample.annot.csv"'
    assert name(job, "format=tsv&f=impact:is:HIGH") == 'attachment; filename="my sample.filtered.tsv"'
    assert name(hostile, "format=jsonl").startswith("attachment; filename")


def test_a_download_that_is_broken_off_leaves_its_place_to_others(
    ada: Any, explored: Callable[..., Job]
) -> None:
    job = explored()
    for _ in range(6):
        answer = ada.client.get(f"/annotations/{job.job_id}/results/export?format=tsv", buffered=False)
        next(answer.response)
        answer.close()
    assert ada.get(f"/annotations/{job.job_id}/results/export?format=tsv").status_code == 200


def test_more_downloads_than_there_are_places_are_refused_in_words(
    ada: Any, words: Any, explored: Callable[..., Job]
) -> None:
    job = explored()
    path = f"/annotations/{job.job_id}/results/export?format=tsv"
    open_ones = [ada.client.get(path, buffered=False) for _ in range(4)]
    refused = ada.get(path)
    assert refused.status_code == 429
    assert "Too many requests" in words(refused)
    for answer in open_ones:
        answer.close()
    assert ada.get(path).status_code == 200


def test_a_vcf_that_ends_before_the_table_breaks_the_download_off(
    ada: Any, explored: Callable[..., Job]
) -> None:
    job = explored(vcf=gzip.compress(b"##fileformat=VCFv4.2\n#CHROM\nMT\t73\n"))
    # The connection ends in the middle, so that a browser knows that the file is not whole.
    with pytest.raises(EOFError, match="has 1 records, the table one numbered 2"):
        ada.get(f"/annotations/{job.job_id}/results/export?format=vcf")


@pytest.mark.parametrize("size", [0, 1, 65_279, 65_280, 65_281, 1_000_000])
def test_bgzf_is_read_by_others(size: int, tmp_path: Path) -> None:
    import random

    text = random.Random(size).randbytes(size)
    data = b"".join(packed([text[:10], text[10:]]))
    assert gzip.decompress(data) == text
    assert data.endswith(END)
    path = tmp_path / "file.gz"
    path.write_bytes(data)
    with pysam.BGZFile(str(path)) as file:
        assert b"".join(iter(lambda: file.read(100_000), b"")) == text


def sheet(data: bytes, number: int = 1) -> list[list[str]]:
    """The cells of a sheet as text; none of them may be a formula or a link."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        xml = file.read(f"xl/worksheets/sheet{number}.xml")
        assert not [name for name in file.namelist() if "rels/sheet" in name]
    tree = ET.fromstring(xml)  # noqa: S314 - our own file
    ns = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    assert not tree.findall(".//m:f", ns)
    assert not tree.findall(".//m:hyperlink", ns)
    return [
        ["".join(cell.itertext()) for cell in row.findall("m:c", ns)] for row in tree.findall(".//m:row", ns)
    ]


def test_excel_has_the_rows_of_the_view_and_runs_none_of_it(ada: Any, hostile: Job) -> None:
    rows = sheet(exported(ada, hostile, "xlsx"))
    assert rows[0] == list(FLAT)
    assert len(rows) - 1 == len(exported(ada, hostile, "csv").decode("utf-8-sig").splitlines()) - 1
    cells = {cell for row in rows for cell in row}
    assert '=HYPERLINK("http://evil.example"' in {cell.partition(",")[0] for cell in cells}
    assert MARKUP in cells
    assert {"+1+1", "-2+3"} <= cells


def test_excel_file_says_what_it_has_no_room_for(
    ada: Any, hostile: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(sheet(exported(ada, hostile, "xlsx", "f=contig:is:MT"))) > 3
    monkeypatch.setattr(export, "SHEET_ROWS", 3)
    data = exported(ada, hostile, "xlsx")
    assert len(sheet(data)) == 3
    assert "TSV, CSV and Parquet have them all." in {cell for row in sheet(data, 2) for cell in row}
