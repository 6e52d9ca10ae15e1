"""Every decision about a plan, and the debt that a change of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gas_core.domain import plans
from gas_core.domain.lifecycle import LeaseHeldError, Timings
from gas_core.domain.plans import Plan, PlanMovedOnError, User, UserDue

NOW = 1_790_000_000
TIMINGS = Timings(lease_seconds=60, announce_grace_seconds=50, repeat_seconds=600, restored_mail_seconds=310)
ADA = User("ada", "Ada", "ada@research.example", plan_since=NOW - 1000, created=NOW - 1000)


def upgraded(user: User = ADA, now: int = NOW) -> User:
    return plans.change_plan(user, Plan.PREMIUM, source="stripe", now=now, timings=TIMINGS)


def downgraded(user: User, now: int = NOW) -> User:
    return plans.change_plan(user, Plan.FREE, source="operator", now=now, timings=TIMINGS)


def taken(user: User, now: int = NOW) -> User:
    return plans.take_plan_change(user, now=now, timings=TIMINGS)


def progress(user: User, *, change: int = 1, cursor: str = "9/x", failed: int = 0) -> User:
    return plans.plan_progress(user, change=change, cursor=cursor, failed=failed, now=NOW, timings=TIMINGS)


def worked_through(user: User, *, change: int = 1, failed: int = 0) -> User:
    return plans.plan_worked_through(user, change=change, failed=failed, now=NOW, timings=TIMINGS)


def test_change_of_plan_is_owed_from_the_write_that_makes_it() -> None:
    user = upgraded()
    assert (user.plan, user.plan_source, user.plan_since, user.plan_changes) == (
        Plan.PREMIUM,
        "stripe",
        NOW,
        1,
    )
    assert user.due == {UserDue.PLAN_CHANGE.value: NOW + 50}
    assert user.plan_settling


def test_same_plan_again_owes_nothing_and_tells_who_set_it_last() -> None:
    settled = replace(upgraded(), due={})
    again = plans.change_plan(settled, Plan.PREMIUM, source="operator", now=NOW + 9, timings=TIMINGS)
    assert again == replace(settled, plan_source="operator")


def test_same_plan_again_while_it_is_worked_through_changes_nothing_of_that() -> None:
    under_way = progress(taken(upgraded()))
    assert plans.change_plan(under_way, Plan.PREMIUM, source="stripe", now=NOW, timings=TIMINGS) == under_way


def test_next_change_begins_at_the_first_job_whoever_works_at_the_last_one() -> None:
    under_way = progress(taken(replace(upgraded(), due_tries=3)), failed=2)
    back = downgraded(under_way, NOW + 5)
    assert (back.plan_cursor, back.plan_failed, back.lease_expires, back.due_tries) == ("", 0, 0, 0)
    assert (back.plan_changes, back.plan_since) == (2, NOW + 5)
    assert taken(back, NOW + 5).lease_expires == NOW + 65


def test_change_is_worked_through_by_one_until_its_lease_is_over() -> None:
    first = taken(upgraded())
    assert (first.lease_expires, first.due[UserDue.PLAN_CHANGE]) == (NOW + 60, NOW + 60)
    with pytest.raises(LeaseHeldError):
        taken(first, NOW + 59)
    assert taken(first, NOW + 60).lease_expires == NOW + 120


def test_nobody_takes_what_is_worked_through() -> None:
    assert taken(ADA) is ADA


def test_progress_is_kept_for_whoever_comes_after_a_crash() -> None:
    user = progress(progress(taken(upgraded()), cursor="9/x", failed=1), cursor="5/y", failed=2)
    assert (user.plan_cursor, user.plan_failed) == ("5/y", 3)
    assert taken(user, NOW + 60).plan_cursor == "5/y"


@pytest.mark.parametrize("act", [progress, worked_through])
def test_who_works_at_an_older_change_finds_out(act: Callable[..., User]) -> None:
    user = downgraded(taken(upgraded()))
    with pytest.raises(PlanMovedOnError):
        act(user, change=1)
    act(user, change=2)
    with pytest.raises(PlanMovedOnError):
        act(replace(user, due={}), change=2)


def test_change_that_was_worked_through_is_owed_no_more() -> None:
    user = replace(progress(taken(upgraded())), due_tries=2)
    user = replace(user, due=user.due | {UserDue.RESTORED_MAIL.value: NOW + 9})
    done = worked_through(user)
    assert (done.plan_cursor, done.lease_expires, done.due_tries) == ("", 0, 0)
    assert done.due == {UserDue.RESTORED_MAIL.value: NOW + 9}
    assert done.plan is Plan.PREMIUM


@pytest.mark.parametrize(("before", "last"), [(1, 0), (0, 1)])
def test_jobs_that_could_not_be_settled_are_looked_at_again_ever_more_seldom(before: int, last: int) -> None:
    user = upgraded()
    pauses = []
    for _ in range(3):
        user = worked_through(progress(taken(user), failed=before), failed=last)
        assert (user.plan_cursor, user.plan_failed, user.lease_expires) == ("", 0, 0)
        pauses.append(user.due[UserDue.PLAN_CHANGE] - NOW)
    assert pauses == [600, 1200, 2400]


def test_work_that_is_handed_back_goes_on_at_its_cursor_at_once() -> None:
    user = plans.plan_handed_back(progress(taken(upgraded())), change=1, now=NOW)
    assert (user.lease_expires, user.due[UserDue.PLAN_CHANGE], user.plan_cursor) == (0, NOW, "9/x")
    assert taken(user).plan_cursor == "9/x"


def test_nothing_is_handed_back_of_a_change_that_is_not_ones_own_any_more() -> None:
    other, done = downgraded(taken(upgraded())), replace(upgraded(), due={})
    for user in other, done:
        assert plans.plan_handed_back(user, change=1, now=NOW) is user


def test_results_that_come_back_are_told_of_together() -> None:
    first = plans.results_came_back(ADA, now=NOW, timings=TIMINGS)
    assert first.due == {UserDue.RESTORED_MAIL.value: NOW + 310}
    assert plans.results_came_back(first, now=NOW + 100, timings=TIMINGS) is first


def test_overdue_debts_are_moved_on_further_each_time_and_others_are_not() -> None:
    user = replace(ADA, due={UserDue.PLAN_CHANGE.value: NOW, UserDue.RESTORED_MAIL.value: NOW + 1})
    once = plans.postpone(user, now=NOW, timings=TIMINGS)
    assert once.due == {UserDue.PLAN_CHANGE.value: NOW + 600, UserDue.RESTORED_MAIL.value: NOW + 1}
    twice = plans.postpone(once, now=NOW + 600, timings=TIMINGS)
    assert twice.due[UserDue.PLAN_CHANGE] == NOW + 600 + 1200


def test_mails_that_the_sweeper_calls_for_count_as_no_trouble_once_they_went_out() -> None:
    """A mail about results that came back is always the sweeper's to call for."""
    user, now = ADA, NOW
    for _ in range(4):
        user = plans.results_came_back(user, now=now, timings=TIMINGS)
        now += TIMINGS.restored_mail_seconds
        user = plans.postpone(user, now=now, timings=TIMINGS)
        assert user.due_tries == 1
        user = plans.begin_restored_mail(user, now=now, timings=TIMINGS)
        user = plans.end_restored_mail(user, until=now - 1, more=False, now=now, timings=TIMINGS)
        assert (user.due, user.due_tries) == ({}, 0)


def test_due_time_is_the_earliest_debt() -> None:
    assert ADA.due_time is None
    assert replace(ADA, due={"a": 5, "b": 3}).due_time == 3
