"""What every users table does."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from gas_core.domain.errors import UserNotFoundError
from gas_core.domain.plans import Plan, User, UserDue
from gas_core.ports import Users


@pytest.fixture
def identity() -> str:
    return str(uuid.uuid4())


def test_first_sign_in_makes_a_free_user(users: Users, identity: str) -> None:
    made = users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1000)
    assert made == User(
        identity,
        "Ada",
        "ada@research.example",
        plan=Plan.FREE,
        plan_source="default",
        plan_since=1000,
        created=1000,
        updated=1000,
    )
    assert users.get(identity) == made


def test_later_sign_in_brings_name_and_address_up_to_date_and_leaves_the_rest(
    users: Users, identity: str
) -> None:
    users.sign_in(identity_id=identity, name="Ada", email="old@research.example", now=1000)
    again = users.sign_in(identity_id=identity, name="Ada L", email="new@research.example", now=2000)
    assert (again.name, again.email, again.updated) == ("Ada L", "new@research.example", 2000)
    assert (again.created, again.plan_since) == (1000, 1000)


def test_profile_once_confirmed_is_not_overwritten_by_a_sign_in(users: Users, identity: str) -> None:
    users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1000)
    saved = users.save_profile(
        identity, name="Ada Lovelace", email="lab@research.example", institution="Analytical", now=2000
    )
    assert users.sign_in(identity_id=identity, name="A", email="a@other.example", now=3000) == saved
    assert users.get(identity) == saved


def test_saving_a_profile_changes_the_profile_and_nothing_else(users: Users, identity: str) -> None:
    users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1000)
    saved = users.save_profile(identity, name="名前", email="x@y.example", institution="", now=2000)
    assert (saved.name, saved.email, saved.institution) == ("名前", "x@y.example", "")
    assert (saved.plan, saved.plan_source, saved.plan_since) == (Plan.FREE, "default", 1000)
    assert (saved.created, saved.updated, saved.profile_confirmed) == (1000, 2000, True)


def test_user_who_never_signed_in_is_not_found(users: Users, identity: str) -> None:
    with pytest.raises(UserNotFoundError):
        users.get(identity)


def test_profile_of_nobody_makes_no_user(users: Users, identity: str) -> None:
    with pytest.raises(UserNotFoundError):
        users.save_profile(identity, name="A", email="a@b.example", institution="", now=1000)
    with pytest.raises(UserNotFoundError):
        users.get(identity)


def test_users_are_found_by_their_address_in_either_case(users: Users, identity: str) -> None:
    address = f"{identity}@Research.example"
    for number in (1, 2):
        users.sign_in(identity_id=f"{identity}-{number}", name="Ada", email=address, now=1000)
    users.sign_in(identity_id=f"{identity}-3", name="Eve", email=f"x{address}", now=1000)
    found = {user.identity_id for user in users.with_email(address.upper())}
    assert found == {f"{identity}-1", f"{identity}-2"}
    assert list(users.with_email("nobody@research.example")) == []


def test_what_a_payment_left_on_the_row_is_read_as_it_was_written(users: Users, identity: str) -> None:
    user = users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1000)
    paying = replace(
        user,
        customer_id="cus_1",
        paying_until=7,
        payment_grace_ends=8,
        payment_letter="payment_failed",
        payment_letter_time=9,
        payment_letter_begun=10,
        billing_events=("evt_1", "evt_2"),
        due={UserDue.PAYMENT_GRACE.value: 8},
    )
    written = users.commit(user, paying)
    assert users.get(identity) == written == replace(paying, revision=written.revision)
    users.commit(written, replace(user, revision=written.revision))
    assert replace(users.get(identity), revision=0) == user
