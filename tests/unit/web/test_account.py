"""Sessions that end, what was used, what we hold, and the end of an account."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.domain.accounts import MOST_ENDED
from gas_core.domain.billing import BillingUnavailableError
from gas_core.domain.plans import UserDue
from gas_web import accounts

if TYPE_CHECKING:
    from conftest import World


def _copied(world: World, Visitor: type, visitor: Any) -> Any:
    """Another browser with the same cookie."""
    copy = Visitor(world, visitor.client.application)
    cookie = visitor.client.get_cookie("gas", domain="localhost")
    copy.client.set_cookie("gas", cookie.value, domain="localhost")
    return copy


def _signed_in(visitor: Any) -> bool:
    return bool(visitor.get("/annotations").status_code == 200)


def test_copied_cookie_dies_at_sign_out(world: World, Visitor: type, ada: Any) -> None:
    thief = _copied(world, Visitor, ada)
    assert _signed_in(thief)
    ada.post("/logout")
    assert not _signed_in(ada)
    assert not _signed_in(thief)
    ada.sign_in()
    assert _signed_in(ada)
    assert not _signed_in(thief)


def test_signing_out_leaves_other_browsers_signed_in(world: World, Visitor: type, ada: Any) -> None:
    phone = Visitor(world, ada.client.application)
    phone.sign_in()
    ada.post("/logout")
    assert _signed_in(phone)


def test_signing_out_everywhere_ends_every_session(
    world: World, Visitor: type, ada: Any, gregor: Any
) -> None:
    phone = Visitor(world, ada.client.application)
    phone.sign_in()
    assert phone.post("/logout/everywhere").status_code == 302
    assert not _signed_in(ada)
    assert not _signed_in(phone)
    assert _signed_in(gregor)
    ada.sign_in()
    assert _signed_in(ada)


def test_ended_sessions_are_remembered_as_long_as_their_cookies_last(
    world: World, Visitor: type, ada: Any
) -> None:
    thief = _copied(world, Visitor, ada)
    ada.post("/logout")
    for _ in range(MOST_ENDED + 1):
        ada.sign_in()
        ada.post("/logout")
        assert not _signed_in(thief)
        assert len(world.users.get("ada-id").sessions_ended) <= MOST_ENDED
    ada.sign_in()
    world.clock.advance(43_200)
    ada.post("/logout")
    assert len(world.users.get("ada-id").sessions_ended) == 1


def test_session_from_before_sessions_had_names_still_holds_and_can_be_ended(ada: Any) -> None:
    with ada.client.session_transaction() as session:
        del session["session_id"], session["epoch"]
    assert _signed_in(ada)
    ada.post("/logout/everywhere")
    assert not _signed_in(ada)


def test_usage_is_counted_by_month(world: World, ada: Any, words: Any) -> None:
    world.job("COMPLETED")
    world.job("FAILED")
    world.clock.advance(40 * 86_400)
    world.job("COMPLETED")
    page = words(ada.get("/profile/usage"))
    assert "2 350 18 bytes" in page
    assert "1 350 9 bytes" in page


def test_only_so_many_jobs_are_counted_and_the_page_says_so(
    world: World, ada: Any, words: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        world.job("COMPLETED")
    monkeypatch.setattr(accounts, "COUNTED_JOBS", 2)
    assert "Your last 2 jobs; older ones are not counted here." in words(ada.get("/profile/usage"))


def test_all_data_is_one_document_with_every_job(
    world: World, ada: Any, gregor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "PAGE_JOBS", 2)
    jobs = [
        world.job(state, name='a "b".vcf')
        for state in ("COMPLETED", "FAILED", "ARCHIVED", "PENDING", "RUNNING")
    ]
    told = json.loads(ada.get("/profile/data").text)
    assert told["profile"]["email"] == "ada@university.example"
    assert {each["job_id"] for each in told["jobs"]} == {job.job_id for job in jobs}
    done = next(each for each in told["jobs"] if each["job_id"] == jobs[0].job_id)
    assert done["file_name"] == 'a "b".vcf'
    for address in done["files"].values():
        assert ada.get(address.removeprefix("http://localhost")).status_code in {200, 303}
    assert json.loads(gregor.get("/profile/data").text)["jobs"] == []


@pytest.mark.parametrize("typed", ["", "ada", "gregor@abbey.example"])
def test_account_is_not_ended_by_mistake(world: World, ada: Any, words: Any, typed: str) -> None:
    answer = ada.post("/profile/delete", email=typed)
    assert answer.status_code == 422
    assert "Nothing was deleted." in words(answer)
    assert not world.users.get("ada-id").closing_since


def test_account_ends_at_once_and_owes_the_rest(world: World, Visitor: type, ada: Any, words: Any) -> None:
    phone = Visitor(world, ada.client.application)
    phone.sign_in()
    world.job("COMPLETED")
    assert ada.post("/profile/delete", email=" ADA@university.example").status_code == 303
    user = world.users.get("ada-id")
    assert set(user.due) == {UserDue.CLOSING.value}
    assert not _signed_in(ada)
    assert not _signed_in(phone)
    answer = ada.sign_in(confirm=False)
    assert answer.status_code == 403
    assert "This account has ended" in words(answer)
    assert not _signed_in(ada)


def test_account_that_is_paid_for_ends_only_when_no_more_is_paid(world: World, ada: Any) -> None:
    user = world.users.get("ada-id")
    customer = world.billing.customer(user)
    world.users.commit(user, replace(user, customer_id=customer))

    class Down:
        def __getattr__(self, name: str) -> Any:
            def refuse(*_: Any) -> None:
                raise BillingUnavailableError(action=name)

            return refuse

    with pytest.raises(BillingUnavailableError):
        accounts.close(
            world.users.get("ada-id"),
            users=world.users,
            publisher=world.publisher,
            clock=world.clock,
            billing=Down(),
        )
    assert not world.users.get("ada-id").closing_since
    ada.post("/profile/delete", email="ada@university.example")
    assert world.users.get("ada-id").closing_since
