"""What every users table does."""

from __future__ import annotations

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gas_core.domain import plans
from gas_core.domain.errors import StaleError, UserNotFoundError
from gas_core.domain.lifecycle import Timings
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
        identity,
        name="Ada Lovelace",
        email="lab@research.example",
        institution="Analytical",
        window_mails=True,
        now=2000,
    )
    assert users.sign_in(identity_id=identity, name="A", email="a@other.example", now=3000) == saved
    assert users.get(identity) == saved


def test_saving_a_profile_changes_the_profile_and_nothing_else(users: Users, identity: str) -> None:
    users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1000)
    saved = users.save_profile(
        identity, name="名前", email="x@y.example", institution="", window_mails=True, now=2000
    )
    assert (saved.name, saved.email, saved.institution) == ("名前", "x@y.example", "")
    assert (saved.plan, saved.plan_source, saved.plan_since) == (Plan.FREE, "default", 1000)
    assert (saved.created, saved.updated, saved.profile_confirmed) == (1000, 2000, True)


def test_mails_about_windows_are_the_users_choice(users: Users, identity: str) -> None:
    assert users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1).window_mails
    for choice in (False, True):
        users.save_profile(
            identity, name="Ada", email="ada@research.example", institution="", window_mails=choice, now=2
        )
        assert users.get(identity).window_mails is choice


def test_user_who_never_signed_in_is_not_found(users: Users, identity: str) -> None:
    with pytest.raises(UserNotFoundError):
        users.get(identity)


def test_profile_of_nobody_makes_no_user(users: Users, identity: str) -> None:
    with pytest.raises(UserNotFoundError):
        users.save_profile(
            identity, name="A", email="a@b.example", institution="", window_mails=True, now=1000
        )
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


TIMINGS = Timings()


@pytest.fixture
def ada(users: Users, identity: str) -> User:
    return users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1000)


def upgraded(user: User, now: int = 2000) -> User:
    return plans.change_plan(user, Plan.PREMIUM, source="operator", now=now, timings=TIMINGS)


def test_committed_row_is_read_as_it_was_written(users: Users, ada: User) -> None:
    after = replace(
        ada,
        plan=Plan.PREMIUM,
        plan_source="stripe",
        plan_since=2000,
        plan_changes=3,
        plan_cursor="1000/0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11",
        plan_failed=2,
        lease_expires=2060,
        restored_told=1900,
        restored_mail_begun=1950,
        window_mails=False,
        due={UserDue.PLAN_CHANGE.value: 2060, UserDue.RESTORED_MAIL.value: 2300},
        due_tries=4,
    )
    written = users.commit(ada, after)
    assert written == replace(after, revision=1)
    assert users.get(ada.identity_id) == written


def test_row_goes_back_to_what_it_was(users: Users, ada: User) -> None:
    changed = users.commit(ada, replace(upgraded(ada), plan_cursor="1/x", window_mails=False, due_tries=1))
    restored = users.commit(changed, replace(ada, revision=changed.revision))
    assert restored == replace(ada, revision=2)
    assert users.get(ada.identity_id) == restored


def test_decision_about_a_user_that_was_committed_meanwhile_is_stale(users: Users, ada: User) -> None:
    standing = users.commit(ada, upgraded(ada))
    with pytest.raises(StaleError):
        users.commit(ada, replace(ada, due={UserDue.RESTORED_MAIL.value: 1}))
    with pytest.raises(StaleError):
        users.commit(replace(standing, revision=7), upgraded(standing))
    assert users.get(ada.identity_id) == standing


def test_of_8_commits_at_once_one_wins(users: Users, ada: User) -> None:
    def one_commit(_: int) -> bool:
        try:
            users.commit(ada, upgraded(ada))
        except StaleError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(one_commit, range(8)))
    assert won.count(True) == 1
    assert users.get(ada.identity_id).plan_changes == 1


def test_commit_about_nobody_is_stale_and_makes_no_user(users: Users, identity: str) -> None:
    nobody = User(identity, "Ada", "ada@research.example", plan_since=1, created=1)
    for revision in (0, 1):
        with pytest.raises(StaleError):
            users.commit(replace(nobody, revision=revision), upgraded(nobody))
    with pytest.raises(UserNotFoundError):
        users.get(identity)


def test_sign_in_and_profile_neither_disturb_a_commit_nor_are_undone_by_it(users: Users, ada: User) -> None:
    users.sign_in(identity_id=ada.identity_id, name="Ada L", email="new@research.example", now=1500)
    saved = users.save_profile(
        ada.identity_id,
        name="Ada Lovelace",
        email="lab@research.example",
        institution="Analytical",
        window_mails=True,
        now=1600,
    )
    written = users.commit(ada, upgraded(ada))
    expected = replace(upgraded(saved), revision=1)
    assert users.get(ada.identity_id) == expected
    assert written == expected


def test_profile_is_saved_beside_a_commit_and_keeps_what_it_wrote(users: Users, ada: User) -> None:
    written = users.commit(ada, upgraded(ada))
    saved = users.save_profile(
        ada.identity_id, name="A", email="a@b.example", institution="I", window_mails=True, now=3000
    )
    assert saved == users.get(ada.identity_id)
    assert (saved.plan, saved.due, saved.revision) == (Plan.PREMIUM, written.due, written.revision)
    again = users.commit(written, replace(written, due={}))
    assert (again.name, again.due) == ("A", {})


_LONG_AGO = itertools.count(1000, 1000)
"""A time of its own for each test of debts, before all that others owe."""


def test_user_is_overdue_from_the_time_that_something_is_due(users: Users, ada: User) -> None:
    then = next(_LONG_AGO)
    due = {UserDue.PLAN_CHANGE.value: then, UserDue.RESTORED_MAIL.value: then + 50}
    written = users.commit(ada, replace(ada, due=due))
    assert ada.identity_id not in set(users.overdue(now=then - 1, limit=1000))
    assert ada.identity_id in set(users.overdue(now=then, limit=1000))
    users.commit(written, replace(written, due={}))
    assert ada.identity_id not in set(users.overdue(now=then + 100, limit=1000))


def test_overdue_users_of_every_shard_are_told(users: Users) -> None:
    then = next(_LONG_AGO)
    found: dict[int, str] = {}
    for number in itertools.count():
        identity_id = f"user-{uuid.uuid4()}-{number}"
        shard = User(identity_id, "", "").due_shard
        if shard in found:
            continue
        user = users.sign_in(identity_id=identity_id, name="Ada", email="a@b.example", now=then)
        users.commit(user, replace(user, due={UserDue.PLAN_CHANGE.value: then}))
        found[shard] = identity_id
        if len(found) == 16:
            break
    told = list(users.overdue(now=then, limit=1000))
    assert set(found.values()) <= set(told)
    assert len(told) == len(set(told))
    for identity_id in found.values():
        user = users.get(identity_id)
        users.commit(user, replace(user, due={}))


def test_at_most_the_limit_of_each_shard_is_told_the_longest_overdue_first(users: Users, ada: User) -> None:
    then = next(_LONG_AGO)
    older = users.commit(ada, replace(ada, due={UserDue.PLAN_CHANGE.value: then - 5}))
    mates = []
    while len(mates) < 2:
        identity_id = str(uuid.uuid4())
        if User(identity_id, "", "").due_shard == ada.due_shard:
            user = users.sign_in(identity_id=identity_id, name="Bo", email="b@b.example", now=then)
            mates.append(users.commit(user, replace(user, due={UserDue.PLAN_CHANGE.value: then})))
    told = list(users.overdue(now=then, limit=1))
    assert ada.identity_id in told
    assert not {mate.identity_id for mate in mates} & set(told)
    for user in [older, *mates]:
        users.commit(user, replace(user, due={}))


def test_user_whose_row_was_removed_is_nobody(users: Users, identity: str) -> None:
    first = users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1000)
    user = users.commit(first, replace(first, session_epoch=1, sessions_ended={"a": 5}, closing_since=1000))
    assert users.get(identity) == user
    users.remove(user)
    with pytest.raises(UserNotFoundError):
        users.get(identity)
    users.remove(user)  # gone already


def test_row_that_somebody_wrote_is_not_removed(users: Users, identity: str) -> None:
    first = users.sign_in(identity_id=identity, name="Ada", email="ada@research.example", now=1000)
    read = users.commit(first, replace(first, closing_since=1000))
    written = users.commit(read, replace(read, customer_id="cus_1"))
    with pytest.raises(StaleError):
        users.remove(read)
    assert users.get(identity) == written
