"""The list of jobs: what is found, what it costs, and what is done with several at once."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.domain.states import Results
from gas_core.testing import FakeJobs
from gas_web import joblist
from gas_web.globus import Identity

if TYPE_CHECKING:
    from conftest import World
    from gas_core.domain.job import Job

GREGOR = Identity("gregor-id", "Gregor Researcher", "gregor@abbey.example")


def _listed(answer: Any) -> list[str]:
    return re.findall(r'data-job="([^"]+)"', answer.text)


def _older(answer: Any) -> str | None:
    found = re.search(r'href="([^"]+)">(?:Older|Newer)', answer.text)
    return found[1].replace("&amp;", "&") if found else None


def _ids(*jobs: Job) -> list[str]:
    return [job.job_id for job in jobs]


def test_jobs_are_found_by_any_part_of_their_name(world: World, ada: Any, words: Any) -> None:
    brca, other = world.job("COMPLETED", name="BRCA1_panel.vcf"), world.job("FAILED", name="exome.vcf")
    world.job("COMPLETED", name="brca-of-gregor.vcf", user=GREGOR)
    assert _listed(ada.get("/annotations?q=brca")) == _ids(brca)
    assert _listed(ada.get("/annotations")) == _ids(other, brca)
    ada.post(f"/annotations/{other.job_id}/notes", title="Family 3", notes="")
    assert _listed(ada.get("/annotations?q=family")) == _ids(other)
    assert _listed(ada.get("/annotations?q=EXOME")) == _ids(other)
    assert "No job fits." in words(ada.get("/annotations?q=none"))


@pytest.mark.parametrize(
    ("state", "fit"),
    [
        ("under-way", {"PENDING", "RUNNING"}),
        ("ready", {"COMPLETED", "RESTORED"}),
        ("archive", {"ARCHIVING", "ARCHIVED", "RESTORING"}),
        ("ended-badly", {"FAILED", "CANCELLED", "LOST"}),
        ("", {"PENDING", "RUNNING", "COMPLETED", "RESTORED", "ARCHIVING", "ARCHIVED", "RESTORING"}),
    ],
)
def test_jobs_are_found_by_state(world: World, ada: Any, state: str, fit: set[str]) -> None:
    states = ["PENDING", "RUNNING", "COMPLETED", "RESTORED", "ARCHIVING", "ARCHIVED", "RESTORING"]
    states += ["FAILED", "CANCELLED", "LOST", "DELETING"]
    jobs = {each: world.job(each) for each in states}
    listed = set(_listed(ada.get(f"/annotations?state={state}")))
    assert listed >= {jobs[each].job_id for each in fit}
    if state:
        assert listed == {jobs[each].job_id for each in fit}


@pytest.mark.parametrize("query", ["state=none", "after=x", "order=name", f"q={'x' * 201}"])
def test_what_no_form_asks_is_refused(ada: Any, query: str) -> None:
    assert ada.get(f"/annotations?{query}").status_code == 400


def test_pages_of_a_search_miss_nothing_and_repeat_nothing(world: World, ada: Any) -> None:
    jobs = [world.job("FAILED", name=f"{'even' if number % 2 == 0 else 'odd'}.vcf") for number in range(120)]
    address: str | None = "/annotations?q=even"
    listed = []
    while address:
        answer = ada.get(address)
        listed += _listed(answer)
        address = _older(answer)
    assert listed == _ids(*reversed(jobs[::2]))


@pytest.mark.parametrize("query", ["", "&q=even"])
def test_oldest_jobs_come_first_on_all_pages_if_they_are_asked_for(
    world: World, ada: Any, words: Any, query: str
) -> None:
    jobs = [world.job("FAILED", name=f"{'even' if number % 2 == 0 else 'odd'}.vcf") for number in range(90)]
    address: str | None = f"/annotations?order=oldest{query}"
    listed = []
    while address:
        answer = ada.get(address)
        listed += _listed(answer)
        address = _older(answer)
    assert listed == _ids(*jobs[:: 2 if query else 1])
    assert "Older" not in words(answer)


def test_title_tells_how_many_are_under_way(world: World, ada: Any) -> None:
    world.job("FAILED")
    assert "<title>Jobs · GAS</title>" in ada.get("/annotations").text
    world.job("RUNNING")
    world.job("PENDING")
    assert "<title>Jobs, 2 under way · GAS</title>" in ada.get("/annotations").text


def test_search_looks_at_so_many_rows_and_says_where_it_stopped(
    world: World, Visitor: Any, words: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counted(FakeJobs):
        read = 0

        def page_of_user(self, user_id: str, **more: Any) -> Any:
            page = super().page_of_user(user_id, **more)
            self.read += len(page.jobs)
            return page

    monkeypatch.setattr(joblist, "LOOKED_AT", 4)
    monkeypatch.setattr(joblist, "PAGE_JOBS", 2)
    world.jobs = counted = Counted(world.users)
    visitor = Visitor(world, world.app())
    visitor.sign_in()
    wanted = world.job("FAILED", name="wanted.vcf")
    for _ in range(6):
        world.job("FAILED", name="other.vcf")
    first = visitor.get("/annotations?q=wanted")
    assert (_listed(first), counted.read) == ([], 4)
    assert "4 jobs were looked through; there are older ones." in words(first)
    assert _listed(visitor.get(_older(first))) == _ids(wanted)


def test_list_is_asked_again_only_while_something_in_it_may_change(world: World, ada: Any) -> None:
    world.job("FAILED")
    assert "data-jobs-poll" not in ada.get("/annotations").text
    world.job("RUNNING")
    assert 'data-jobs-poll="5"' in ada.get("/annotations").text


def test_chosen_jobs_are_deleted_after_a_question(world: World, ada: Any, words: Any) -> None:
    jobs = [world.job("COMPLETED", name="a.vcf"), world.job("FAILED", name="b.vcf")]
    running = world.job("RUNNING", name="c.vcf")
    asked = ada.post("/annotations/selected", job=[*_ids(*jobs), running.job_id], do="delete")
    assert "Delete 2 jobs?" in words(asked)
    assert "1 of those that you chose have not ended" in words(asked)
    assert world.jobs.get(jobs[0].job_id).results is Results.AVAILABLE
    ada.post("/annotations/selected", job=_ids(*jobs, running), do="delete-now")
    assert {world.jobs.get(job_id).results for job_id in _ids(*jobs)} == {Results.DELETING}
    assert world.jobs.get(running.job_id).results is Results.NONE


def test_deleting_more_than_ten_has_to_be_typed(world: World, ada: Any, words: Any) -> None:
    ids = _ids(*[world.job("FAILED") for _ in range(11)])
    answer = ada.post("/annotations/selected", job=ids, do="delete-now", typed="yes")
    assert answer.status_code == 422
    assert "Nothing was deleted." in words(answer)
    assert {row.results for row in world.jobs.rows.values()} == {Results.NONE}
    ada.post("/annotations/selected", job=ids, do="delete-now", typed="Delete 11 jobs ")
    assert {row.results for row in world.jobs.rows.values()} == {Results.DELETING}


@pytest.mark.parametrize("do", ["delete", "delete-now", "download"])
def test_jobs_of_somebody_else_cannot_be_chosen(world: World, gregor: Any, do: str) -> None:
    job = world.job("COMPLETED")
    assert gregor.post("/annotations/selected", job=job.job_id, do=do).status_code == 404
    assert world.jobs.get(job.job_id) == job


def test_chosen_results_come_as_one_zip_that_says_what_it_lacks(world: World, ada: Any) -> None:
    there, failed = world.job("COMPLETED", name="ü b.vcf"), world.job("FAILED", name="c.vcf")
    twin = world.job("COMPLETED", name="ü b.vcf")
    answer = ada.post("/annotations/selected", job=_ids(there, failed, twin), do="download")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        assert file.testzip() is None
        assert file.namelist() == [
            f"{there.job_id[:8]}-ü b.annot.vcf.gz",
            f"{twin.job_id[:8]}-ü b.annot.vcf.gz",
            "not-included.txt",
        ]
        assert gzip.decompress(file.read(file.namelist()[0])).startswith(b"##fileformat=VCFv4.2\n#CHROM")
        assert f"{failed.job_id[:8]}-c" in file.read("not-included.txt").decode()


def test_choosing_nothing_leads_back(ada: Any) -> None:
    assert ada.post("/annotations/selected", do="delete").status_code == 303


def test_what_is_no_job_id_is_refused(ada: Any) -> None:
    assert ada.post("/annotations/selected", job="../x", do="delete").status_code == 400
