"""A job that failed, tried again from its lines: what the form begins with, what the new job keeps."""

from __future__ import annotations

import gzip
import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.domain.job import TRIES_SPENT, Failure, ObjectRef
from gas_core.testing.store import INPUTS_BUCKET
from gas_web.fault import EDIT_BYTES

if TYPE_CHECKING:
    from conftest import World
    from gas_core.domain.job import Job

LINES = '##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\tx\t.\tA\tG\t.\t.\t<&"ü\n'
AT_LINE = Failure("vcf", "Line 3 is wrong.", "Correct it.", 3, 2)


def failed(world: World, data: bytes, *, failure: Failure = AT_LINE, name: str = "bad.VCF.gz") -> Job:
    job = world.job("FAILED", name=name)
    version = world.store.put_for_test(ObjectRef(INPUTS_BUCKET, job.s3_key_input_file), data)
    file = {"input_bytes": len(data), "input_version_id": version}
    return world.jobs.commit(job, replace(job, failure=failure, title="Family 3", notes="two runs", **file))


def lines_of(answer: Any) -> str:
    """What stands in the field; the first line feed after its tag is none of it."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.DOTALL)
    assert found
    return html.unescape(found[1])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_form_begins_with_the_lines_and_the_place_of_the_fault(world: World, ada: Any, pack: Any) -> None:
    job = failed(world, pack(LINES.encode()))
    assert "Edit and submit again" in ada.get(f"/annotations/{job.job_id}").text
    page = ada.get(f"/annotate?edit={job.job_id}")
    assert lines_of(page) == LINES
    assert 'data-line="3"' in page.text
    assert 'data-name="bad.VCF"' in page.text
    assert "Line 3 is wrong." in page.text


def test_new_job_has_the_name_and_notes_of_the_one_that_failed(world: World, ada: Any) -> None:
    job = failed(world, LINES.encode())
    before = set(world.jobs.rows)
    ada.get(f"/annotate?edit={job.job_id}")
    [new] = set(world.jobs.rows) - before
    assert (world.jobs.rows[new].title, world.jobs.rows[new].notes) == ("Family 3", "two runs")
    body = {"name": "b.vcf", "size_bytes": 20, "fingerprint": "0" * 16, "edit": job.job_id}
    told = ada.client.post("/annotate/uploads", json=body, headers={"X-CSRFToken": ada.token()}).json
    assert world.jobs.get(told["job_id"]).title == "Family 3"
    assert world.jobs.get(told["job_id"]).notes == "two runs"


@pytest.mark.parametrize(
    "data",
    [
        LINES.encode() + b"#" * EDIT_BYTES,
        gzip.compress(LINES.encode() + b"#" * EDIT_BYTES),
        gzip.compress(LINES.encode())[:-20],
        LINES.encode("latin-1"),
        LINES.encode() + b"\0",
    ],
    ids=["large", "large unpacked", "cut short", "no UTF-8", "zero byte"],
)
def test_what_a_field_cannot_hold_is_not_edited(world: World, ada: Any, data: bytes) -> None:
    job = failed(world, data)
    page = ada.get(f"/annotate?edit={job.job_id}")
    assert lines_of(page) == ""
    assert "data-line" not in page.text
    assert "Line 3 is wrong." in page.text
    assert f"/annotations/{job.job_id}/input" in page.text


def test_file_of_another_kind_is_chosen_and_a_fault_of_ours_run_again(
    world: World, ada: Any, words: Any
) -> None:
    other_kind = failed(world, b"BAM\1", failure=Failure("not_vcf", "It is no VCF.", "Choose another."))
    page = words(ada.get(f"/annotations/{other_kind.job_id}"))
    assert "Submit again" in page
    assert "Edit and" not in page
    ours = failed(world, LINES.encode(), failure=Failure(TRIES_SPENT, "The fault is ours."))
    page = words(ada.get(f"/annotations/{ours.job_id}"))
    assert "Submit again" not in page
    assert "Run again" in page


@pytest.mark.parametrize("edit", ["none", "00000000-0000-4000-8000-00000000dead", "../x"])
def test_job_that_is_not_there_is_not_edited(ada: Any, edit: str) -> None:
    assert ada.get(f"/annotate?edit={edit}").status_code == 404


def test_job_of_somebody_else_is_not_edited(world: World, gregor: Any) -> None:
    job = failed(world, LINES.encode())
    before = set(world.jobs.rows)
    answer = gregor.get(f"/annotate?edit={job.job_id}")
    assert answer.status_code == 404
    assert "Line 3" not in answer.text
    body = {"name": "b.vcf", "size_bytes": 20, "fingerprint": "0" * 16, "edit": job.job_id}
    told = gregor.client.post("/annotate/uploads", json=body, headers={"X-CSRFToken": gregor.token()})
    assert told.status_code == 404
    assert set(world.jobs.rows) == before
