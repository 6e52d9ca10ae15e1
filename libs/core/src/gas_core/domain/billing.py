"""How paying decides about a plan: pure functions from the user's row to the row as it should be.

The provider's subscription as it stands now is the only truth; events and redirects are reasons to ask for
it. An operator's premium is the operator's: no payment, failure or end of a subscription takes it away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from gas_core.domain.errors import MailUnderWayError, PermanentError, TransientError
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan, User, UserDue, change_plan, without

SOURCE = "stripe"
"""``plan_source`` of a plan that follows a subscription."""

PAYMENT_SECONDS = 120
"""How long a payment that a browser began keeps a second one out, should its process die."""

REMEMBERED_EVENTS = 20
"""IDs kept on the row. Forgetting one costs a question to the provider, nothing else."""


class Standing(StrEnum):
    """How a subscription stands with the provider."""

    PAID = "paid"
    OVERDUE = "overdue"
    """The last payment failed; the provider tries again for a while."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One that has not ended. ``period_ends`` is epoch seconds; ``ends``: it is not renewed then."""

    standing: Standing
    period_ends: int
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """What premium costs: ``amount`` in the currency's smallest unit, every ``interval`` (month, year)."""

    amount: int
    currency: str
    interval: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """One bill. ``amount`` in the currency's smallest unit; ``url`` is the provider's page, if it has one."""

    time: int
    amount: int
    currency: str
    paid: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class BillingEvent:
    """What the provider tells, proven to come from it. ``customer_id`` is empty where it is about none."""

    event_id: str
    kind: str
    customer_id: str

    @property
    def about_payment(self) -> bool:
        """True if a plan may depend on it."""
        return bool(self.customer_id) and self.kind.startswith(("customer.subscription.", "invoice."))


class Letter(StrEnum):
    """A mail about payments, owed by the row."""

    PAYMENT_FAILED = "payment_failed"
    PREMIUM_ENDED = "premium_ended"


class BillingUnavailableError(TransientError):
    """The payment provider did not answer as it should; trying again may work."""


class CardRefusedError(PermanentError):
    """The card was refused; ``reason`` is the provider's sentence about it."""


class CustomerMissingError(PermanentError):
    """The payment provider knows no such customer."""


class EventRefusedError(PermanentError):
    """The event's signature is not the provider's, or is too old."""


class PaymentUnderWayError(PermanentError):
    """Another payment of this user is under way."""


def follow(
    user: User,
    subscription: Subscription | None,
    *,
    event_id: str = "",
    grace_seconds: int,
    now: int,
    timings: Timings,
) -> User:
    """The row, brought into line with the subscription as it stands; None if there is none, or it has ended.

    ``event_id`` is remembered. That write, which every event makes, keeps an answer of the provider that is
    older than the event from being written after it.
    """
    if event_id:
        user = replace(user, billing_events=(*user.billing_events, event_id)[-REMEMBERED_EVENTS:])
    if subscription and subscription.standing is Standing.PAID:
        user = _without_letter(_without_grace(user))
        if user.plan is Plan.PREMIUM:
            return user
        return change_plan(user, Plan.PREMIUM, source=SOURCE, now=now, timings=timings)
    if user.plan is not Plan.PREMIUM or user.plan_source != SOURCE:
        return _without_grace(user)
    if subscription is None or not grace_seconds:
        return _lapsed(user, now=now, timings=timings)
    if user.payment_grace_ends:
        return end_grace(user, now=now, timings=timings)
    ends = now + grace_seconds
    user = replace(user, payment_grace_ends=ends, due=user.due | {UserDue.PAYMENT_GRACE.value: ends})
    return _owing(user, Letter.PAYMENT_FAILED, now=now, timings=timings)


def end_grace(user: User, *, now: int, timings: Timings) -> User:
    """Premium is over if nothing was paid until the grace period's end; else unchanged."""
    if not user.payment_grace_ends or user.payment_grace_ends > now:
        return user
    if user.plan is not Plan.PREMIUM or user.plan_source != SOURCE:
        # An operator decided meanwhile.
        return _without_grace(user)
    return _lapsed(user, now=now, timings=timings)


def begin_payment(user: User, *, now: int) -> User:
    """Keep other payments of this user out until this one has ended.

    Raises
    ------
    PaymentUnderWayError
        One is under way.
    """
    if user.paying_until > now:
        raise PaymentUnderWayError(user_id=user.identity_id)
    return replace(user, paying_until=now + PAYMENT_SECONDS)


def end_payment(user: User) -> User:
    return replace(user, paying_until=0)


def begin_letter(user: User, *, now: int, timings: Timings) -> User:
    """Claim the letter that the row owes, before the provider of mails is asked; unchanged if it owes none.

    Raises
    ------
    MailUnderWayError
        Another process has claimed it.
    """
    if not user.payment_letter:
        return user
    claimed = user.payment_letter_begun + timings.mail_claim_seconds
    if user.payment_letter_begun and claimed > now:
        raise MailUnderWayError(user_id=user.identity_id, retry_after_seconds=claimed - now)
    return replace(user, payment_letter_begun=now)


def end_letter(user: User, *, sent: User) -> User:
    """The letter of the row ``sent`` went out; one that is owed since is owed still."""
    if (user.payment_letter, user.payment_letter_time) != (sent.payment_letter, sent.payment_letter_time):
        return user
    return _without_letter(user)


def _lapsed(user: User, *, now: int, timings: Timings) -> User:
    user = change_plan(_without_grace(user), Plan.FREE, source=SOURCE, now=now, timings=timings)
    return _owing(user, Letter.PREMIUM_ENDED, now=now, timings=timings)


def _owing(user: User, letter: Letter, *, now: int, timings: Timings) -> User:
    """It takes the place of one that did not go out yet: the newer news is what counts."""
    return replace(
        user,
        payment_letter=letter.value,
        payment_letter_time=now,
        payment_letter_begun=0,
        due=user.due | {UserDue.PAYMENT_LETTER.value: now + timings.announce_grace_seconds},
    )


def _without_grace(user: User) -> User:
    return replace(without(user, UserDue.PAYMENT_GRACE), payment_grace_ends=0)


def _without_letter(user: User) -> User:
    return replace(
        without(user, UserDue.PAYMENT_LETTER),
        payment_letter="",
        payment_letter_time=0,
        payment_letter_begun=0,
    )
