"""What every payment provider does: the fake, and the adapter on the Stripe emulator."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gas_core.adapters.stripe import StripeBilling
from gas_core.domain.billing import (
    BillingEvent,
    BillingUnavailableError,
    CardRefusedError,
    CustomerMissingError,
    EventRefusedError,
    Standing,
)
from gas_core.domain.plans import User
from gas_core.testing import FakeBilling, FakeClock
from gas_core.testing.billing import GOOD_CARD, REFUSED_CARD, UNPAYING_CARD
from gas_local.ports import free_port
from gas_local.stripe import PRICE, PUBLISHABLE_KEY, SECRET_KEY

if TYPE_CHECKING:
    from gas_core.ports import Billing
    from gas_local.fixtures import Stack

WEBHOOK_SECRET = "whsec_fake"


class FakeBillingBench:
    """A payment provider, and what browsers and the provider itself do beside us."""

    port: Billing

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.port = self._fake = FakeBilling(self.clock, webhook_secret=WEBHOOK_SECRET)

    def give_card(self, secret: str, number: str = GOOD_CARD) -> str:
        return self._fake.give_card_for_test(secret, number)

    def end(self, customer_id: str) -> None:
        self._fake.end_for_test(customer_id)

    def fail_to_renew(self, customer_id: str) -> None:
        self._fake.set_card_for_test(customer_id, UNPAYING_CARD)
        self._fake.charge_for_test(customer_id)

    def now(self) -> int:
        return self.clock.now()


class StackBillingBench:
    def __init__(self, stack: Stack) -> None:
        self._url = stack.stripe_url
        self.port: Billing = StripeBilling(
            secret_key=SECRET_KEY, webhook_secret=WEBHOOK_SECRET, price=PRICE, url=stack.stripe_url
        )

    def give_card(self, secret: str, number: str = GOOD_CARD) -> str:
        card_id = secret.partition("_secret_")[0]
        card = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        answer = requests.post(
            f"{self._url}/v1/setup_intents/{card_id}/confirm",
            json={
                "key": PUBLISHABLE_KEY,
                "client_secret": secret,
                "payment_method_data": {"type": "card", "card": card},
            },
            timeout=10,
        )
        if answer.status_code == 402:
            raise CardRefusedError(reason=answer.json()["error"]["message"])
        assert answer.ok, answer.text
        return card_id

    def end(self, customer_id: str) -> None:
        self._ask("DELETE", f"subscriptions/{self._subscription_id(customer_id)}")

    def fail_to_renew(self, customer_id: str) -> None:
        """The emulator bills the difference when a subscription changes to a plan of another interval."""
        card = {"number": UNPAYING_CARD, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        given = self._ask("POST", "payment_methods", json={"type": "card", "card": card})["id"]
        self._ask("POST", f"payment_methods/{given}/attach", json={"customer": customer_id})
        default = {"invoice_settings": {"default_payment_method": given}}
        self._ask("POST", f"customers/{customer_id}", json=default)
        plan = {"amount": 9900, "currency": "usd", "interval": "year", "product": {"name": "A year"}}
        yearly = self._ask("POST", "plans", json=plan)["id"]
        path = f"subscriptions/{self._subscription_id(customer_id)}"
        self._ask("POST", path, json={"items": [{"plan": yearly}]})

    def _subscription_id(self, customer_id: str) -> str:
        (one,) = self._ask("GET", "subscriptions", params={"customer": customer_id})["data"]
        return str(one["id"])

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {SECRET_KEY}"}
        answer = requests.request(method, f"{self._url}/v1/{path}", headers=headers, timeout=10, **more)
        assert answer.ok, answer.text
        return answer.json()

    def now(self) -> int:
        return int(time.time())


Bench = FakeBillingBench | StackBillingBench


@pytest.fixture
def bench(kind: str, request: pytest.FixtureRequest) -> Bench:
    if kind == "fake":
        return FakeBillingBench()
    return StackBillingBench(request.getfixturevalue("stack"))


@pytest.fixture
def user() -> User:
    identity_id = str(uuid.uuid4())
    return User(identity_id, "Ada", f"{identity_id}@lab.example")


@pytest.fixture
def customer_id(bench: Bench, user: User) -> str:
    return bench.port.customer(user)


def pay(bench: Bench, customer_id: str, number: str = GOOD_CARD) -> None:
    card_id = bench.give_card(bench.port.begin_card(customer_id), number)
    bench.port.subscribe(customer_id, card_id)


def test_price_is_told_in_the_smallest_unit(bench: Bench) -> None:
    price = bench.port.price()
    assert (price.amount, price.currency, price.interval) == (900, "usd", "month")


def test_user_is_one_customer_however_often_asked(bench: Bench, user: User, customer_id: str) -> None:
    assert bench.port.customer(user) == customer_id
    assert bench.port.owner(customer_id) == user.identity_id


def test_two_users_of_one_address_are_two_customers(bench: Bench, user: User, customer_id: str) -> None:
    other = User(str(uuid.uuid4()), "Eve", user.email)
    assert bench.port.customer(other) != customer_id


def test_customer_that_is_not_there_has_and_owns_nothing(bench: Bench) -> None:
    assert bench.port.owner("cus_nobody") == ""
    assert bench.port.subscription("cus_nobody") is None
    assert bench.port.invoices("cus_nobody", limit=5) == ()
    bench.port.cancel("cus_nobody")
    bench.port.resume("cus_nobody")
    with pytest.raises(CustomerMissingError):
        bench.port.begin_card("cus_nobody")


def test_nobody_is_subscribed_before_paying(bench: Bench, customer_id: str) -> None:
    bench.port.begin_card(customer_id)
    assert bench.port.subscription(customer_id) is None
    assert bench.port.invoices(customer_id, limit=5) == ()


def test_good_card_pays_for_a_period(bench: Bench, customer_id: str) -> None:
    pay(bench, customer_id)
    subscription = bench.port.subscription(customer_id)
    assert subscription
    assert subscription.standing is Standing.PAID
    assert not subscription.ends
    assert 27 * 86_400 < subscription.period_ends - bench.now() < 32 * 86_400
    (invoice,) = bench.port.invoices(customer_id, limit=5)
    assert (invoice.amount, invoice.currency, invoice.paid) == (900, "usd", True)
    assert abs(invoice.time - bench.now()) < 60


def test_paying_twice_makes_one_subscription_and_one_charge(bench: Bench, customer_id: str) -> None:
    card_id = bench.give_card(bench.port.begin_card(customer_id))
    bench.port.subscribe(customer_id, card_id)
    bench.port.subscribe(customer_id, card_id)
    pay(bench, customer_id)
    assert len(bench.port.invoices(customer_id, limit=5)) == 1


@pytest.mark.parametrize("number", [REFUSED_CARD, UNPAYING_CARD])
def test_refused_card_tells_why_and_subscribes_to_nothing(
    bench: Bench, customer_id: str, number: str
) -> None:
    with pytest.raises(CardRefusedError) as refused:
        pay(bench, customer_id, number)
    assert str(refused.value.fields["reason"]).endswith(".")
    assert bench.port.subscription(customer_id) is None
    assert [invoice for invoice in bench.port.invoices(customer_id, limit=5) if invoice.paid] == []
    pay(bench, customer_id)
    assert bench.port.subscription(customer_id)


def test_card_that_was_never_given_pays_nothing(bench: Bench, customer_id: str) -> None:
    card_id = bench.port.begin_card(customer_id).partition("_secret_")[0]
    for given in (card_id, "seti_nothing"):
        with pytest.raises(CardRefusedError):
            bench.port.subscribe(customer_id, given)


def test_card_of_another_customer_pays_nothing(bench: Bench, customer_id: str) -> None:
    other = bench.port.customer(User(str(uuid.uuid4()), "Eve", "eve@lab.example"))
    theirs = bench.give_card(bench.port.begin_card(other))
    with pytest.raises(CardRefusedError):
        bench.port.subscribe(customer_id, theirs)
    assert bench.port.subscription(customer_id) is None


def test_cancelling_leaves_what_is_paid_for_and_can_be_taken_back(bench: Bench, customer_id: str) -> None:
    pay(bench, customer_id)
    for _ in range(2):
        bench.port.cancel(customer_id)
    cancelled = bench.port.subscription(customer_id)
    assert cancelled
    assert (cancelled.standing, cancelled.ends) == (Standing.PAID, True)
    bench.port.resume(customer_id)
    resumed = bench.port.subscription(customer_id)
    assert resumed
    assert not resumed.ends


def test_paying_again_takes_a_cancellation_back(bench: Bench, customer_id: str) -> None:
    pay(bench, customer_id)
    bench.port.cancel(customer_id)
    pay(bench, customer_id)
    subscription = bench.port.subscription(customer_id)
    assert subscription
    assert not subscription.ends
    assert len(bench.port.invoices(customer_id, limit=5)) == 1


def test_subscription_that_ended_is_none_and_can_be_begun_anew(bench: Bench, customer_id: str) -> None:
    pay(bench, customer_id)
    bench.end(customer_id)
    assert bench.port.subscription(customer_id) is None
    pay(bench, customer_id)
    assert bench.port.subscription(customer_id)
    assert len(bench.port.invoices(customer_id, limit=5)) == 2
    assert len(bench.port.invoices(customer_id, limit=1)) == 1


def test_payment_that_fails_later_is_overdue_until_another_card_pays(bench: Bench, customer_id: str) -> None:
    pay(bench, customer_id)
    bench.fail_to_renew(customer_id)
    overdue = bench.port.subscription(customer_id)
    assert overdue
    assert overdue.standing is Standing.OVERDUE
    with pytest.raises(CardRefusedError):
        pay(bench, customer_id, UNPAYING_CARD)
    pay(bench, customer_id)
    paid = bench.port.subscription(customer_id)
    assert paid
    assert paid.standing is Standing.PAID


def test_cancelling_what_is_overdue_ends_it_at_once(bench: Bench, customer_id: str) -> None:
    pay(bench, customer_id)
    bench.fail_to_renew(customer_id)
    bench.port.cancel(customer_id)
    assert bench.port.subscription(customer_id) is None


def signed(body: bytes, *, at: int, secret: str = WEBHOOK_SECRET) -> str:
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def event(kind: str = "invoice.paid", **about: Any) -> bytes:
    return json.dumps(
        {
            "id": "evt_1",
            "object": "event",
            "api_version": "2026-01-01",
            "type": kind,
            "data": {"object": {"id": "x", **about}},
        }
    ).encode()


def test_signed_event_tells_what_happened_to_whom(bench: Bench) -> None:
    for kind, about in (
        ("invoice.payment_failed", {"object": "invoice", "customer": "cus_1"}),
        ("customer.subscription.updated", {"object": "subscription", "customer": "cus_1"}),
        ("something.new", {"object": "something", "customer": "cus_1"}),
    ):
        body = event(kind, **about)
        told = bench.port.event(body, signed(body, at=bench.now()))
        assert told == BillingEvent("evt_1", kind, "cus_1")


def test_event_about_no_customer_names_none(bench: Bench) -> None:
    body = event("payout.paid", object="payout")
    assert bench.port.event(body, signed(body, at=bench.now())).customer_id == ""


@pytest.mark.parametrize("signature", ["", "t=1,v1=x", "v1=", "t=abc,v1=abc", "nonsense"])
def test_event_without_a_signature_is_refused(bench: Bench, signature: str) -> None:
    with pytest.raises(EventRefusedError):
        bench.port.event(event(customer="cus_1"), signature)


def test_event_of_another_key_another_body_or_another_time_is_refused(bench: Bench) -> None:
    body, now = event(customer="cus_1"), bench.now()
    for payload, signature in (
        (body, signed(body, at=now, secret="whsec_other")),
        (body + b" ", signed(body, at=now)),
        (body, signed(body, at=now - 301)),
        (body, signed(body, at=now - 301).replace(str(now - 301), str(now))),
    ):
        with pytest.raises(EventRefusedError):
            bench.port.event(payload, signature)


def test_provider_that_does_not_answer_is_told_without_its_key() -> None:
    billing = StripeBilling(
        secret_key=SECRET_KEY,
        webhook_secret=WEBHOOK_SECRET,
        price=PRICE,
        url=f"http://127.0.0.1:{free_port()}",
    )
    with pytest.raises(BillingUnavailableError) as refused:
        billing.subscription("cus_1")
    assert SECRET_KEY not in repr(refused.value) + repr(refused.value.fields)


def test_provider_that_has_no_portal_gives_no_address(stack: Stack) -> None:
    assert StackBillingBench(stack).port.portal_address("cus_1", return_url="https://gas.example/") is None
