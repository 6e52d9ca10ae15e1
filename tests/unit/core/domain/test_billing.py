"""What a subscription makes of a plan, and what it must leave alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gas_core.domain import billing
from gas_core.domain.billing import (
    REMEMBERED_EVENTS,
    BillingEvent,
    Letter,
    PaymentUnderWayError,
    Standing,
    Subscription,
)
from gas_core.domain.errors import MailUnderWayError
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan, User, UserDue

NOW = 1_800_000_000
GRACE = 604_800
TIMINGS = Timings()
FREE = User("ada-id", "Ada", "ada@lab.example", customer_id="cus_1")
PAID = Subscription(Standing.PAID, NOW + 100)
OVERDUE = Subscription(Standing.OVERDUE, NOW + 100)


def follow(
    user: User, subscription: Subscription | None, *, now: int = NOW, event: str = "", grace: int = GRACE
) -> User:
    return billing.follow(user, subscription, event_id=event, grace_seconds=grace, now=now, timings=TIMINGS)


PREMIUM = replace(follow(FREE, PAID), due={})
OPERATORS = replace(PREMIUM, plan_source="operator")


def test_paying_makes_premium_and_owes_the_change() -> None:
    user = follow(FREE, PAID)
    assert (user.plan, user.plan_source, user.plan_since) == (Plan.PREMIUM, "stripe", NOW)
    assert user.plan_changes == FREE.plan_changes + 1
    assert set(user.due) == {UserDue.PLAN_CHANGE}


def test_following_twice_changes_nothing_more() -> None:
    assert follow(PREMIUM, PAID, now=NOW + 5) == PREMIUM


@pytest.mark.parametrize("cancelled", [False, True])
def test_cancelled_subscription_is_premium_until_it_ends(*, cancelled: bool) -> None:
    assert follow(PREMIUM, replace(PAID, ends=cancelled)) == PREMIUM


def test_ended_subscription_is_free_again_with_a_mail() -> None:
    user = follow(PREMIUM, None)
    assert (user.plan, user.plan_source) == (Plan.FREE, "stripe")
    assert user.payment_letter == Letter.PREMIUM_ENDED
    assert set(user.due) == {UserDue.PLAN_CHANGE, UserDue.PAYMENT_LETTER}


def test_failed_payment_begins_the_grace_period_once_with_one_mail() -> None:
    user = follow(PREMIUM, OVERDUE)
    assert user.plan is Plan.PREMIUM
    assert user.payment_grace_ends == NOW + GRACE
    assert user.payment_letter == Letter.PAYMENT_FAILED
    assert user.due[UserDue.PAYMENT_GRACE] == NOW + GRACE
    assert follow(user, OVERDUE, now=NOW + 1000) == user


def test_without_a_grace_period_a_failed_payment_ends_premium_at_once() -> None:
    assert follow(PREMIUM, OVERDUE, grace=0).plan is Plan.FREE


def test_payment_within_the_grace_period_leaves_no_trace() -> None:
    assert follow(follow(PREMIUM, OVERDUE), PAID, now=NOW + 1000) == PREMIUM


@pytest.mark.parametrize("by_the_sweeper", [True, False])
def test_grace_period_ends_in_the_free_plan_with_a_mail(*, by_the_sweeper: bool) -> None:
    user = follow(PREMIUM, OVERDUE)
    ends = user.payment_grace_ends
    assert billing.end_grace(user, now=ends - 1, timings=TIMINGS) == user
    ended = (
        billing.end_grace(user, now=ends, timings=TIMINGS)
        if by_the_sweeper
        else follow(user, OVERDUE, now=ends)
    )
    assert (ended.plan, ended.payment_letter) == (Plan.FREE, Letter.PREMIUM_ENDED)
    assert ended.payment_grace_ends == 0
    assert UserDue.PAYMENT_GRACE not in ended.due
    # The provider goes on trying for a while; only a payment brings premium back.
    assert follow(ended, OVERDUE, now=ends + 1) == ended
    assert follow(ended, PAID, now=ends + 1).plan is Plan.PREMIUM


def test_subscription_that_ends_within_the_grace_period_ends_premium() -> None:
    ended = follow(follow(PREMIUM, OVERDUE), None, now=NOW + 1000)
    assert (ended.plan, ended.payment_letter) == (Plan.FREE, Letter.PREMIUM_ENDED)
    assert UserDue.PAYMENT_GRACE not in ended.due


@pytest.mark.parametrize("subscription", [None, PAID, OVERDUE])
def test_premium_that_an_operator_gave_is_not_touched(subscription: Subscription | None) -> None:
    assert follow(OPERATORS, subscription) == OPERATORS


def test_operator_who_gives_premium_within_the_grace_period_ends_it() -> None:
    given = replace(follow(PREMIUM, OVERDUE), plan_source="operator")
    ends = given.payment_grace_ends
    after = billing.end_grace(given, now=ends, timings=TIMINGS)
    assert (after.plan, after.plan_source) == (Plan.PREMIUM, "operator")
    assert UserDue.PAYMENT_GRACE not in after.due


@pytest.mark.parametrize("subscription", [None, OVERDUE])
def test_who_is_free_already_hears_nothing_of_a_failed_or_ended_subscription(
    subscription: Subscription | None,
) -> None:
    assert follow(FREE, subscription) == FREE


def test_event_is_remembered_even_where_it_changes_nothing() -> None:
    assert follow(PREMIUM, PAID, event="evt_1").billing_events == ("evt_1",)


def test_only_the_last_events_are_remembered() -> None:
    user = PREMIUM
    for number in range(REMEMBERED_EVENTS + 5):
        user = follow(user, PAID, event=f"evt_{number}")
    assert len(user.billing_events) == REMEMBERED_EVENTS
    assert user.billing_events[-1] == f"evt_{REMEMBERED_EVENTS + 4}"


def test_second_payment_is_kept_out_until_the_first_has_ended_or_died() -> None:
    paying = billing.begin_payment(FREE, now=NOW)
    with pytest.raises(PaymentUnderWayError):
        billing.begin_payment(paying, now=NOW + billing.PAYMENT_SECONDS - 1)
    assert billing.end_payment(paying) == FREE
    assert billing.begin_payment(paying, now=NOW + billing.PAYMENT_SECONDS).paying_until > paying.paying_until


def test_letter_is_claimed_for_a_while_and_then_again() -> None:
    owing = follow(PREMIUM, None)
    begun = billing.begin_letter(owing, now=NOW, timings=TIMINGS)
    with pytest.raises(MailUnderWayError) as refused:
        billing.begin_letter(begun, now=NOW + 5, timings=TIMINGS)
    assert refused.value.fields["retry_after_seconds"] == TIMINGS.mail_claim_seconds - 5
    later = NOW + TIMINGS.mail_claim_seconds
    assert billing.begin_letter(begun, now=later, timings=TIMINGS).payment_letter_begun == later
    assert UserDue.PAYMENT_LETTER not in billing.end_letter(begun, sent=begun).due
    assert billing.begin_letter(PREMIUM, now=NOW, timings=TIMINGS) == PREMIUM


def test_letter_that_went_out_does_not_pay_for_a_newer_one() -> None:
    failed = follow(PREMIUM, OVERDUE)
    ended = follow(failed, None, now=NOW + 10)
    assert billing.end_letter(ended, sent=failed) == ended


@pytest.mark.parametrize(
    ("kind", "customer", "asked"),
    [
        ("customer.subscription.deleted", "cus_1", True),
        ("invoice.payment_failed", "cus_1", True),
        ("customer.created", "cus_1", False),
        ("payout.paid", "", False),
        ("invoice.paid", "", False),
    ],
)
def test_only_what_a_plan_may_depend_on_is_asked_about(kind: str, customer: str, *, asked: bool) -> None:
    assert BillingEvent("evt_1", kind, customer).about_payment is asked
