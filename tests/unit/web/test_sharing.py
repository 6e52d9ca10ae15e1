"""A job that is shared by link: off until asked for, read-only, and true to how its results stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.announce import change_user
from gas_core.domain import accounts
from gas_web.results import BADGES

if TYPE_CHECKING:
    from conftest import World
    from gas_core.domain.job import Job


def _link(ada: Any, job: Job, days: str = "7") -> str:
    ada.post(f"/annotations/{job.job_id}/share", days=days)
    found = re.search(
        r'value="http://localhost([^"]+share=[0-9a-f]{64})"', ada.get(f"/annotations/{job.job_id}").text
    )
    assert found
    return found[1]


def test_nothing_is_shared_until_its_owner_asks(world: World, ada: Any, visitor: Any, words: Any) -> None:
    job = world.job("COMPLETED")
    assert "Not shared." in words(ada.get(f"/annotations/{job.job_id}"))
    assert visitor.get(f"/annotations/{job.job_id}").location.startswith("/login")
    assert visitor.get(_link(ada, job)).status_code == 200


def test_shared_page_tells_no_more_than_results_and_offers_nothing_that_changes(
    world: World, ada: Any, visitor: Any, words: Any
) -> None:
    job = world.job("COMPLETED", name="of-ada.vcf")
    ada.post(f"/annotations/{job.job_id}/notes", title="", notes="a private thought")
    page = visitor.get(_link(ada, job))
    assert "of-ada.vcf" in words(page)
    assert "350 variants annotated" in words(page)
    assert "a private thought" not in page.text
    assert "ada@university.example" not in page.text
    assert 'method="post"' not in page.text
    assert "noindex" in page.text


def test_every_address_on_shared_pages_stays_shared(world: World, ada: Any, visitor: Any) -> None:
    job = world.job("COMPLETED")
    link = _link(ada, job)
    key = link.partition("?")[2]
    to_see, seen = [link], set()
    while to_see:
        address = to_see.pop().replace("&amp;", "&")
        if address in seen or "format=vcf" in address:  # the store has no real VCF here
            continue
        seen.add(address)
        world.clock.advance(10)  # exports are limited by the minute
        answer = visitor.get(address)
        assert answer.status_code in {200, 303}, address
        if answer.mimetype != "text/html":
            answer.close()  # an export holds its place until then
        if answer.status_code == 200 and answer.mimetype == "text/html":
            found = re.findall(rf'href="(/annotations/{job.job_id}[^"]*)"', answer.text)
            assert [each for each in found if key not in each] == [], address
            to_see += found if len(seen) < 40 else []
            for form in re.findall(r"<form.*?</form>", answer.text, re.DOTALL):
                if "/annotations/" in form:
                    assert 'name="share"' in form
    assert len(seen) > 5
    answer = visitor.get(f"/annotations/{job.job_id}/results?{key}&q=MT:1-100")
    assert key in answer.location


@pytest.mark.parametrize("state", ["COMPLETED", "ARCHIVING", "ARCHIVED", "RESTORING", "RESTORED", "LOST"])
def test_shared_page_follows_the_results(
    world: World, ada: Any, visitor: Any, words: Any, state: str
) -> None:
    job = world.job(state)
    page = visitor.get(_link(ada, job))
    assert ("Explore" in words(page)) == (state in {"COMPLETED", "RESTORED"})
    if state not in {"COMPLETED", "RESTORED"}:
        assert BADGES[job.results].label in words(page)
    link = _link(ada, job)
    there = visitor.get(link.replace("?", "/results?"))
    assert there.status_code == (200 if state in {"COMPLETED", "RESTORED"} else 303)
    if there.status_code == 303:
        assert "share=" in there.location


@pytest.mark.parametrize("state", ["PENDING", "RUNNING", "FAILED", "CANCELLED", "DELETING"])
def test_job_without_results_is_not_shared(world: World, ada: Any, state: str) -> None:
    job = world.job(state)
    assert ada.post(f"/annotations/{job.job_id}/share", days="7").status_code == 409
    assert world.jobs.get(job.job_id) == job


@pytest.mark.parametrize("days", ["", "2", "-1", "36500", "x"])
def test_links_last_as_long_as_is_offered(world: World, ada: Any, days: str) -> None:
    job = world.job("COMPLETED")
    assert ada.post(f"/annotations/{job.job_id}/share", days=days).status_code == 400
    assert world.jobs.get(job.job_id) == job


def test_links_end_with_the_job_and_with_the_account(world: World, ada: Any, visitor: Any) -> None:
    deleted, kept = world.job("COMPLETED"), world.job("COMPLETED")
    of_deleted, of_kept = _link(ada, deleted), _link(ada, kept)
    ada.post(f"/annotations/{deleted.job_id}/delete")
    assert visitor.get(of_deleted).status_code == 404
    assert visitor.get(of_kept).status_code == 200
    change_user(
        "ada-id",
        lambda row: accounts.close(row, now=world.clock.now()),
        users=world.users,
        publisher=world.publisher,
    )
    assert visitor.get(of_kept).status_code == 404
