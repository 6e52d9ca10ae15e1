"""What the plan page says: the user's row, the subscription and the bills, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gas_core.domain.billing import SOURCE, Invoice, Price, Standing, Subscription
from gas_core.domain.plans import Plan, User
from gas_web.payments import Held
from gas_web.words import moment

_NO_MINOR_UNIT = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()  # noqa: SIM905 - as Stripe lists them
)
_THREE_DIGITS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


@dataclass(frozen=True, slots=True)
class Account:
    """What the payment provider says of a user, all read for one page."""

    price: Price
    subscription: Subscription | None = None
    invoices: tuple[Invoice, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceView:
    when: datetime
    amount: str
    state: str
    url: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """The page, as its template reads it.

    ``pay`` is why a card form is shown: "begin", "overdue" or "". ``leave`` and ``stay`` are the buttons
    of a running and of a cancelled subscription.
    """

    premium: bool
    granted: bool
    """By an operator, so nothing has to be paid."""
    price: str
    pay: str
    leave: bool
    stay: bool
    renews_at: datetime | None
    ends_at: datetime | None
    grace_ends_at: datetime | None
    ready: int
    archived: int
    invoices: tuple[InvoiceView, ...]


def plan_view(user: User, held: Held, account: Account | None) -> PlanView:
    """``account`` is None where premium is not sold, or the provider does not answer."""
    premium = user.plan is Plan.PREMIUM
    granted = premium and user.plan_source != SOURCE
    subscription = account.subscription if account else None
    overdue = subscription is not None and subscription.standing is Standing.OVERDUE
    ends = subscription is not None and subscription.ends
    period_ends = moment(subscription.period_ends) if subscription else None
    pay = ""
    if account and not granted:
        pay = "overdue" if overdue else "" if premium else "begin"
    return PlanView(
        premium=premium,
        granted=granted,
        price=price_text(account.price) if account else "",
        pay=pay,
        leave=subscription is not None and not ends,
        stay=ends and not overdue,
        renews_at=None if ends or overdue else period_ends,
        ends_at=period_ends if ends else None,
        grace_ends_at=moment(user.payment_grace_ends) if user.payment_grace_ends else None,
        ready=held.ready,
        archived=held.archived,
        invoices=tuple(map(_invoice, account.invoices)) if account else (),
    )


def price_text(price: Price) -> str:
    """``9.00 USD a month``."""
    return f"{money_text(price.amount, price.currency)} a {price.interval}"


def money_text(amount: int, currency: str) -> str:
    """``9.00 USD``, from the smallest unit."""
    digits = 0 if currency in _NO_MINOR_UNIT else 3 if currency in _THREE_DIGITS else 2
    return f"{amount / 10**digits:,.{digits}f} {currency.upper()}"


def _invoice(invoice: Invoice) -> InvoiceView:
    return InvoiceView(
        when=moment(invoice.time),
        amount=money_text(invoice.amount, invoice.currency),
        state="Paid" if invoice.paid else "Not paid",
        url=invoice.url,
    )
