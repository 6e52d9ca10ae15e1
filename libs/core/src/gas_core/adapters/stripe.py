"""``Billing`` at Stripe: customers, cards, subscriptions, invoices and webhooks.

A customer of ours carries the user's identity ID, and has no subscriptions but ours; that is how an event
leads to a user without an index. Prices are read and subscribed to as plans, the older of Stripe's two names
for them: the emulator knows no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import stripe
import structlog

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

if TYPE_CHECKING:
    from gas_core.domain.plans import User

OWNER = "gas_user_id"
"""Metadata of a customer: whose it is."""

TIMEOUT_SECONDS = 20
NETWORK_RETRIES = 2

_STANDINGS = {
    "active": Standing.PAID,
    "trialing": Standing.PAID,
    "past_due": Standing.OVERDUE,
    "unpaid": Standing.OVERDUE,
}
"""What premium can rest on. All other states are of subscriptions that never began or have ended."""

_HTTP_NOT_FOUND = 404

log = structlog.get_logger()


class StripeBilling:
    """``Billing``.

    Parameters
    ----------
    secret_key, webhook_secret
        Of the Stripe account, and of the webhook that it calls.
    price
        ID of the recurring price of premium.
    url
        Where Stripe's API is; None is Stripe itself.
    """

    def __init__(self, *, secret_key: str, webhook_secret: str, price: str, url: str | None = None) -> None:
        client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": url} if url else {},
            max_network_retries=NETWORK_RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
        )
        self._stripe = client.v1
        self._webhook_secret = webhook_secret
        self._price = price

    def price(self) -> Price:
        with _stripe_errors("price"):
            plan = self._stripe.plans.retrieve(self._price)
        return Price(int(plan.amount or 0), plan.currency, plan.interval)

    def customer(self, user: User) -> str:
        with _stripe_errors("customer", user_id=user.identity_id):
            # Stripe forgets a key after a day; a customer whose ID we failed to write down may be older.
            found = self._stripe.customers.list({"email": user.email, "limit": 100})
            for customer in found.auto_paging_iter():
                if _metadata(customer).get(OWNER) == user.identity_id:
                    return customer.id
            made = self._stripe.customers.create(
                {"email": user.email, "name": user.name, "metadata": {OWNER: user.identity_id}},
                {"idempotency_key": _key("customer", user.identity_id, user.email, user.name)},
            )
        return made.id

    def owner(self, customer_id: str) -> str:
        customer = self._customer(customer_id)
        return _metadata(customer).get(OWNER, "") if customer else ""

    def begin_card(self, customer_id: str) -> str:
        if self._customer(customer_id) is None:
            raise CustomerMissingError(customer_id=customer_id)
        with _stripe_errors("begin_card", customer_id=customer_id):
            intent = self._stripe.setup_intents.create({"customer": customer_id, "usage": "off_session"})
        if not intent.client_secret:
            raise BillingUnavailableError(action="begin_card", code="no_secret", customer_id=customer_id)
        return intent.client_secret

    def subscribe(self, customer_id: str, card_id: str) -> None:
        with _stripe_errors("subscribe", customer_id=customer_id), _card_errors(customer_id):
            card = self._given_card(customer_id, card_id)
            self._stripe.payment_methods.attach(card, {"customer": customer_id})
            self._stripe.customers.update(customer_id, {"invoice_settings": {"default_payment_method": card}})
            standing = self._live(customer_id)
            if standing is None:
                made = self._stripe.subscriptions.create(
                    {
                        "customer": customer_id,
                        "items": [{"plan": self._price}],
                        # Paid at once or not at all: no half-made subscription is left to be paid later.
                        "payment_behavior": "error_if_incomplete",
                    },
                    {"idempotency_key": _key("subscribe", customer_id, card_id)},
                )
                if made.status not in _STANDINGS:
                    self._stripe.subscriptions.cancel(made.id)
                    raise CardRefusedError(customer_id=customer_id, reason="The card did not pay.")
                return
            if standing.cancel_at_period_end:
                self._stripe.subscriptions.update(standing.id, {"cancel_at_period_end": False})
            if _STANDINGS[standing.status] is Standing.OVERDUE and (invoice := standing.latest_invoice):
                # Pays with the customer's default card, which is the new one.
                bill = self._stripe.invoices.pay(invoice if isinstance(invoice, str) else invoice.id)
                if bill.status != "paid":
                    raise CardRefusedError(customer_id=customer_id, reason="The card did not pay.")

    def subscription(self, customer_id: str) -> Subscription | None:
        with _stripe_errors("subscription", customer_id=customer_id):
            standing = self._live(customer_id)
        if standing is None:
            return None
        return Subscription(
            _STANDINGS[standing.status], _period_end(standing), ends=bool(standing.cancel_at_period_end)
        )

    def cancel(self, customer_id: str) -> None:
        self._renew(customer_id, cancel=True)

    def resume(self, customer_id: str) -> None:
        self._renew(customer_id, cancel=False)

    def invoices(self, customer_id: str, *, limit: int) -> tuple[Invoice, ...]:
        with _stripe_errors("invoices", customer_id=customer_id):
            try:
                found = self._stripe.invoices.list({"customer": customer_id, "limit": limit})
            except stripe.InvalidRequestError as error:
                _expect_missing(error)
                return ()
        return tuple(
            Invoice(
                time=int(invoice.created),
                amount=int(invoice.total),
                currency=invoice.currency,
                paid=invoice.status == "paid",
                url=getattr(invoice, "hosted_invoice_url", None) or "",
            )
            for invoice in found.data
            if invoice.status != "draft"
        )

    def portal_address(self, customer_id: str, *, return_url: str) -> str | None:
        with _stripe_errors("portal", customer_id=customer_id):
            try:
                session = self._stripe.billing_portal.sessions.create(
                    {"customer": customer_id, "return_url": return_url}
                )
            except stripe.StripeError as error:
                # No such customer, an account that has not set its portal up, or no portal at all.
                if not isinstance(error, stripe.InvalidRequestError) and error.http_status != _HTTP_NOT_FOUND:
                    raise
                log.info("portal_refused", customer_id=customer_id, code=error.code or error.http_status)
                return None
        return session.url

    def event(self, payload: bytes, signature: str) -> BillingEvent:
        try:
            event = stripe.Webhook.construct_event(payload, signature, self._webhook_secret)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise EventRefusedError(reason=type(error).__name__) from None
        about: Any = event.data.object
        customer: Any = getattr(about, "customer", None) or ""
        return BillingEvent(event.id, event.type, customer if isinstance(customer, str) else customer.id)

    def _customer(self, customer_id: str) -> stripe.Customer | None:
        with _stripe_errors("customer", customer_id=customer_id):
            try:
                customer = self._stripe.customers.retrieve(customer_id)
            except stripe.InvalidRequestError as error:
                _expect_missing(error)
                return None
        return None if getattr(customer, "deleted", False) else customer

    def _given_card(self, customer_id: str, card_id: str) -> str:
        """The payment method that this customer's browser gave under ``card_id``."""
        try:
            intent = self._stripe.setup_intents.retrieve(card_id)
        except stripe.InvalidRequestError as error:
            _expect_missing(error)
            raise CardRefusedError(customer_id=customer_id, reason="No card arrived.") from None
        card = intent.payment_method
        if intent.customer != customer_id or intent.status != "succeeded" or card is None:
            raise CardRefusedError(customer_id=customer_id, reason="No card arrived.")
        return card if isinstance(card, str) else card.id

    def _live(self, customer_id: str) -> stripe.Subscription | None:
        """The subscription that premium rests on; of several, which only a hand can have made, a paid one."""
        try:
            found = self._stripe.subscriptions.list({"customer": customer_id, "limit": 100})
        except stripe.InvalidRequestError as error:
            _expect_missing(error)
            return None
        live = [one for one in found.auto_paging_iter() if one.status in _STANDINGS]
        return min(live, key=lambda one: _STANDINGS[one.status] is not Standing.PAID, default=None)

    def _renew(self, customer_id: str, *, cancel: bool) -> None:
        with _stripe_errors("renew", customer_id=customer_id):
            standing = self._live(customer_id)
            if standing and cancel and _STANDINGS[standing.status] is Standing.OVERDUE:
                # Nothing is paid for; ending it ends the tries to charge, too.
                self._stripe.subscriptions.cancel(standing.id)
            elif standing and bool(standing.cancel_at_period_end) != cancel:
                self._stripe.subscriptions.update(standing.id, {"cancel_at_period_end": cancel})


def _period_end(standing: stripe.Subscription) -> int:
    """Epoch seconds. Older versions of the API, which the emulator speaks, tell it of the whole."""
    item: Any = standing["items"].data[0]
    told: Any = standing
    return int(getattr(item, "current_period_end", None) or told.current_period_end)


def _metadata(customer: stripe.Customer) -> dict[str, str]:
    metadata = customer.metadata
    return metadata.to_dict() if metadata else {}


def _key(*parts: str) -> str:
    """The same for the same request, so that one sent again is not done again; tells nothing of its parts."""
    return "gas-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _expect_missing(error: stripe.InvalidRequestError) -> None:
    if error.http_status != _HTTP_NOT_FOUND and error.code != "resource_missing":
        raise error


@contextmanager
def _card_errors(customer_id: str) -> Iterator[None]:
    try:
        yield
    except stripe.CardError as error:
        reason = error.user_message or "The card was refused."
        raise CardRefusedError(customer_id=customer_id, reason=reason, code=error.code) from None


@contextmanager
def _stripe_errors(action: str, **ids: str) -> Iterator[None]:
    """The edge that no error of Stripe's library passes. What they say may quote a key; codes do not."""
    try:
        yield
    except stripe.StripeError as error:
        code = error.code or error.http_status or type(error).__name__
        raise BillingUnavailableError(action=action, code=code, **ids) from None
