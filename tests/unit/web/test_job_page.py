"""A job's page: how far it is, what happened when, where it failed, and what its owner calls it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.domain import lifecycle
from gas_core.domain.job import Failure, MailRecord, ObjectRef, Progress
from gas_core.domain.states import Status
from gas_core.testing.store import INPUTS_BUCKET

if TYPE_CHECKING:
    from conftest import World

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp; {{ 7*7 }}"


def _beat(world: World, job: Any, after_seconds: int, progress: Progress) -> None:
    now = job.start_time + after_seconds
    world.clock.advance(now - world.clock.now())
    beaten = lifecycle.renew(job, attempt=1, progress=progress, now=now, timings=world.timings)
    world.jobs.commit(job, beaten)


def test_running_job_tells_records_bytes_rate_and_time_left(world: World, ada: Any, words: Any) -> None:
    job = world.job("RUNNING")
    _beat(world, job, 20, Progress(40_000, 1 << 20, 4 << 20))
    world.clock.advance(10)
    page = words(ada.get(f"/annotations/{job.job_id}"))
    assert "40,000 of about 160,000 records, about 50 s left." in page
    assert "1 MiB of 4 MiB read, 2,000 records a second." in page


def test_job_that_is_read_to_its_end_is_being_stored(world: World, ada: Any, words: Any) -> None:
    job = world.job("RUNNING")
    _beat(world, job, 20, Progress(40_000, 4 << 20, 4 << 20))
    page = words(ada.get(f"/annotations/{job.job_id}"))
    assert "All 40,000 records are annotated; the results are being stored." in page


def test_job_that_takes_longer_than_thought_never_tells_less_than_nothing(
    world: World, ada: Any, words: Any
) -> None:
    job = world.job("RUNNING")
    _beat(world, job, 20, Progress(40_000, 3 << 20, 4 << 20))
    world.clock.advance(19)
    page = words(ada.get(f"/annotations/{job.job_id}"))
    assert "40,000 of about 53,333 records." in page


def test_finished_job_tells_how_many_records_it_could_not_annotate(
    world: World, ada: Any, words: Any
) -> None:
    job = world.job("COMPLETED")
    page = f"/annotations/{job.job_id}"
    assert "350 variants annotated in 2 s." in words(ada.get(page))
    world.jobs.commit(job, replace(job, summary={"records": 350, "records_annotated": 347}))
    assert "350 variants, 347 of them annotated in 2 s; the log tells why not the others." in words(
        ada.get(page)
    )


def test_timeline_is_in_order_and_tells_of_mails(world: World, ada: Any, words: Any) -> None:
    job = world.job("RESTORING")
    mailed = replace(job, mails={"completed": MailRecord(job.complete_time + 1, job.complete_time + 2)})
    world.jobs.commit(job, mailed)
    page = words(ada.get(f"/annotations/{job.job_id}"))
    told = [
        "Submitted, 9 bytes",
        "A worker took it",
        "Done",
        "We mailed you that it is done",
        "Asked back from the archive",
    ]
    places = [page.index(sentence) for sentence in told]
    assert places == sorted(places)


def test_line_at_fault_is_shown_as_text(world: World, ada: Any, words: Any) -> None:
    job = world.job("FAILED")
    data = f"##fileformat=VCFv4.2\nchrM\t{HOSTILE}\t.\n".encode()
    version = world.store.put_for_test(ObjectRef(INPUTS_BUCKET, job.s3_key_input_file), data)
    failure = Failure("vcf", "Line 2, column 2 (POS): a word where a number belongs.", "Correct it.", 2, 2)
    world.jobs.commit(job, replace(job, input_version_id=version, failure=failure))
    answer = ada.get(f"/annotations/{job.job_id}")
    assert "<script>alert(1)" not in answer.text
    assert "<mark>&lt;script&gt;" in answer.text
    assert "##fileformat=VCFv4.2" in words(answer)


def test_owner_names_a_job_and_writes_about_it(world: World, ada: Any, words: Any) -> None:
    job = world.job("COMPLETED", name="s_17.vcf.gz")
    path = f"/annotations/{job.job_id}"
    assert ada.post(f"{path}/notes", title=" Family  3 ", notes=" one\r\ntwo \x00").status_code == 303
    row = world.jobs.get(job.job_id)
    assert (row.title, row.notes, row.input_file_name) == ("Family 3", "one\ntwo", "s_17.vcf.gz")
    page = ada.get(path)
    assert "Done: Family 3" in page.text or "Ready: Family 3" in page.text
    assert "one\ntwo" in page.text
    assert "Family 3" in words(ada.get("/annotations"))
    assert "s_17.annot.vcf.gz" in ada.get(f"{path}/download").location
    ada.post(f"{path}/notes", title="", notes="")
    assert world.jobs.get(job.job_id).title == ""
    assert "s_17.vcf.gz" in words(ada.get("/annotations"))


@pytest.mark.parametrize("path", ["", "/notes", "/log", "/delete", "/keep-longer"])
def test_name_and_notes_are_text_everywhere(world: World, ada: Any, path: str) -> None:
    job = world.job("COMPLETED")
    ada.post(f"/annotations/{job.job_id}/notes", title=HOSTILE, notes=HOSTILE)
    for page in (f"/annotations/{job.job_id}{path}", "/annotations"):
        text = ada.get(page).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "49" not in text or "{{ 7*7 }}" in text


@pytest.mark.parametrize(("title", "notes"), [("x" * 201, ""), ("", "x" * 5001)])
def test_too_much_is_refused_and_kept_in_the_form(world: World, ada: Any, title: str, notes: str) -> None:
    job = world.job("COMPLETED")
    answer = ada.post(f"/annotations/{job.job_id}/notes", title=title, notes=notes)
    assert answer.status_code == 422
    assert (title or notes) in answer.text
    assert world.jobs.get(job.job_id) == job


def test_file_is_run_again_as_a_job_of_its_own(world: World, ada: Any) -> None:
    path = ada.submit("my ü~file.vcf", b"##fileformat=VCFv4.2\n")
    old_id = path.rpartition("/")[2]
    ada.post(f"{path}/cancel")
    ada.post(f"{path}/notes", title="Family 3", notes="")
    answer = ada.post(f"{path}/run-again")
    assert answer.status_code == 303
    new_id = answer.location.rpartition("/")[2]
    old, new = world.jobs.get(old_id), world.jobs.get(new_id)
    assert (old.status, new.status) == (Status.CANCELLED, Status.PENDING)
    assert (new.input_file_name, new.title, new.input_bytes) == ("my ü~file.vcf", "Family 3", 21)
    assert new.s3_key_input_file != old.s3_key_input_file
    assert new_id in world.job_requests.messages[-1].body
    with world.store.open(new.input) as file:
        assert file.read() == b"##fileformat=VCFv4.2\n"


@pytest.mark.parametrize("state", ["PENDING", "RUNNING", "DELETING"])
def test_job_that_has_not_ended_is_not_run_again(world: World, ada: Any, state: str) -> None:
    job = world.job(state)
    assert ada.post(f"/annotations/{job.job_id}/run-again").status_code == 409
    assert set(world.jobs.rows) == {job.job_id}


def test_file_that_the_plan_does_not_take_any_more_is_not_run_again(
    world: World, ada: Any, words: Any
) -> None:
    job = world.job("CANCELLED")
    world.jobs.commit(job, replace(job, input_bytes=153_601))
    answer = ada.post(f"/annotations/{job.job_id}/run-again")
    assert answer.status_code == 403
    assert "larger than your plan takes" in words(answer)
    assert not [each for each in world.jobs.rows.values() if each.status is Status.PENDING]


def test_provenance_names_what_made_the_results(world: World, ada: Any) -> None:
    job = world.job("COMPLETED", name="it's mine.vcf")
    summary = {
        "engine": {
            "version": "1.2.3",
            "bundle": "rCRS",
            "bundle_version": "1",
            "assembly": "GRCh38",
            "sources": [{"part": "sequence", "name": "NC_012920.1", "version": "2014", "sha256": "cd" * 32}],
        },
        "input": {"sha256": "ab" * 32, "version": "VCFv4.2"},
        "timing": {"started": "2026-11-24T14:04:58Z"},
    }
    key = job.s3_key_log_file.removesuffix("count.log") + "summary.json"
    world.store.put_for_test(ObjectRef(job.s3_results_bucket, key), json.dumps(summary).encode())
    answer = ada.get(f"/annotations/{job.job_id}/provenance")
    told = answer.json
    assert told["engine"] == {"name": "gas-engine", "version": "1.2.3"}
    assert told["reference"]["sources"] == summary["engine"]["sources"]
    assert told["input"]["sha256"] == "ab" * 32
    assert told["outputs"] == {"annot.vcf.gz": "5a" * 32}
    assert told["command"] == """gas-engine annotate 'it'"'"'s mine.vcf' -o results --bundle rCRS"""
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("state", ["PENDING", "FAILED", "CANCELLED", "DELETING"])
def test_job_without_results_has_no_provenance(world: World, ada: Any, state: str) -> None:
    job = world.job(state)
    assert ada.get(f"/annotations/{job.job_id}/provenance").status_code == 409
