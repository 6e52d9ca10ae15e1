"""The payment provider in memory."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
from dataclasses import dataclass, replace

from gas_core.domain.billing import (
    BillingEvent,
    BillingUnavailableError,
    CardRefusedError,
    CustomerMissingError,
    EventRefusedError,
    Invoice,
    Price,
    Standing,
    Subscription,
)
from gas_core.domain.plans import User
from gas_core.testing.clock import FakeClock

PERIOD_SECONDS = 2_592_000
TOLERANCE_SECONDS = 300
GOOD_CARD = "4242424242424242"
REFUSED_CARD = "4000000000000002"
"""Refused as soon as it is given."""
UNPAYING_CARD = "4000000000000341"
"""Can be given, and is refused when it shall pay."""


@dataclass
class _Customer:
    customer_id: str
    user: User
    card: str = ""
    subscription: Subscription | None = None
    invoices: tuple[Invoice, ...] = ()


@dataclass
class _Giving:
    customer_id: str
    number: str = ""


class FakeBilling:
    """``Billing``; ``*_for_test`` are the browser's part, the passing of time, and the provider's moods."""

    def __init__(self, clock: FakeClock, *, webhook_secret: str = "whsec_fake") -> None:  # noqa: S107 - a fake's
        self._clock = clock
        self._webhook_secret = webhook_secret
        self._customers: dict[str, _Customer] = {}
        self._givings: dict[str, _Giving] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self.down_for_test = False
        self.subscriptions_made = 0
        """How many subscriptions were ever begun: nobody pays twice."""

    def price(self) -> Price:
        self._answer()
        return Price(900, "usd", "month")

    def customer(self, user: User) -> str:
        self._answer()
        with self._lock:
            for customer in self._customers.values():
                if customer.user.identity_id == user.identity_id:
                    return customer.customer_id
            customer_id = f"cus_{next(self._numbers)}"
            self._customers[customer_id] = _Customer(customer_id, user)
            return customer_id

    def owner(self, customer_id: str) -> str:
        self._answer()
        customer = self._customers.get(customer_id)
        return customer.user.identity_id if customer else ""

    def begin_card(self, customer_id: str) -> str:
        self._answer()
        if customer_id not in self._customers:
            raise CustomerMissingError(customer_id=customer_id)
        card_id = f"seti_{next(self._numbers)}"
        self._givings[card_id] = _Giving(customer_id)
        return f"{card_id}_secret_x"

    def subscribe(self, customer_id: str, card_id: str) -> None:
        self._answer()
        with self._lock:
            giving = self._givings.get(card_id)
            if giving is None or giving.customer_id != customer_id or not giving.number:
                raise CardRefusedError(customer_id=customer_id, reason="No card arrived.")
            customer = self._customers[customer_id]
            standing = customer.subscription
            customer.card = giving.number
            if standing is None or standing.standing is Standing.OVERDUE:
                if giving.number == UNPAYING_CARD:
                    raise CardRefusedError(customer_id=customer_id, reason="Your card was declined.")
                self.subscriptions_made += standing is None
                self._bill(customer, paid=True)
                ends = self._clock.now() + PERIOD_SECONDS
                customer.subscription = Subscription(Standing.PAID, ends)
            else:
                customer.subscription = replace(standing, ends=False)

    def subscription(self, customer_id: str) -> Subscription | None:
        self._answer()
        customer = self._customers.get(customer_id)
        return customer.subscription if customer else None

    def cancel(self, customer_id: str) -> None:
        self._renew(customer_id, ends=True)

    def resume(self, customer_id: str) -> None:
        self._renew(customer_id, ends=False)

    def invoices(self, customer_id: str, *, limit: int) -> tuple[Invoice, ...]:
        self._answer()
        customer = self._customers.get(customer_id)
        return customer.invoices[:limit] if customer else ()

    def portal_address(self, customer_id: str, *, return_url: str) -> str | None:
        self._answer()
        known = customer_id in self._customers
        return f"https://billing.test/{customer_id}?return={return_url}" if known else None

    def event(self, payload: bytes, signature: str) -> BillingEvent:
        told = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
        time = told.get("t", "0")
        fresh = time.isdigit() and int(time) >= self._clock.now() - TOLERANCE_SECONDS
        if not fresh or not hmac.compare_digest(told.get("v1", ""), self._signature(time, payload)):
            raise EventRefusedError(reason="signature")
        event = json.loads(payload)
        return BillingEvent(event["id"], event["type"], event["data"]["object"].get("customer") or "")

    def give_card_for_test(self, secret: str, number: str = GOOD_CARD) -> str:
        """What a browser does with the secret; the card's ID. CardRefusedError for a card refused at once."""
        card_id = secret.partition("_secret_")[0]
        if number == REFUSED_CARD:
            raise CardRefusedError(reason="Your card was declined.")
        self._givings[card_id].number = number
        return card_id

    def charge_for_test(self, customer_id: str) -> None:
        """The period is over: the card pays for another, or fails; a cancelled subscription ends."""
        customer = self._customers[customer_id]
        standing = customer.subscription
        if standing is None:
            return
        if standing.ends:
            customer.subscription = None
        elif customer.card == UNPAYING_CARD:
            self._bill(customer, paid=False)
            customer.subscription = replace(standing, standing=Standing.OVERDUE)
        else:
            self._bill(customer, paid=True)
            customer.subscription = Subscription(Standing.PAID, standing.period_ends + PERIOD_SECONDS)

    def set_card_for_test(self, customer_id: str, number: str) -> None:
        """The card that is on file changes its mind."""
        self._customers[customer_id].card = number

    def end_for_test(self, customer_id: str) -> None:
        """The provider ends the subscription: it gave up, or somebody cancelled it there."""
        self._customers[customer_id].subscription = None

    def forget_for_test(self, customer_id: str) -> None:
        """The customer is deleted at the provider."""
        del self._customers[customer_id]

    def event_for_test(
        self, kind: str, customer_id: str, *, event_id: str = "", age_seconds: int = 0
    ) -> tuple[bytes, str]:
        """The body and the signature of an event as the provider sends it."""
        event = {
            "id": event_id or f"evt_{next(self._numbers)}",
            "object": "event",
            "type": kind,
            "data": {"object": {"object": kind.rpartition(".")[0], "customer": customer_id}},
        }
        payload = json.dumps(event).encode()
        time = str(self._clock.now() - age_seconds)
        return payload, f"t={time},v1={self._signature(time, payload)}"

    def _signature(self, time: str, payload: bytes) -> str:
        return hmac.new(
            self._webhook_secret.encode(), f"{time}.".encode() + payload, hashlib.sha256
        ).hexdigest()

    def _bill(self, customer: _Customer, *, paid: bool) -> None:
        invoice = Invoice(self._clock.now(), 900, "usd", paid=paid)
        customer.invoices = (invoice, *customer.invoices)

    def _renew(self, customer_id: str, *, ends: bool) -> None:
        self._answer()
        with self._lock:
            customer = self._customers.get(customer_id)
            if customer is None or customer.subscription is None:
                return
            if ends and customer.subscription.standing is Standing.OVERDUE:
                customer.subscription = None
            else:
                customer.subscription = replace(customer.subscription, ends=ends)

    def _answer(self) -> None:
        if self.down_for_test:
            raise BillingUnavailableError(action="fake", code="down")
