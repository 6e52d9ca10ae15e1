"""The plan page and Stripe's events: the plan is what the subscription says, and nothing else sets it."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.announce import set_plan
from gas_core.domain.billing import Standing
from gas_core.domain.errors import StoreUnavailableError
from gas_core.domain.messages import UserChanged
from gas_core.domain.plans import Plan, User
from gas_core.testing import Crash, Fault, Faults, Moment
from gas_core.testing.billing import PERIOD_SECONDS, UNPAYING_CARD
from gas_core.testing.store import ORIGIN
from gas_web.payments import Payments

if TYPE_CHECKING:
    from conftest import World

ENDED = "customer.subscription.deleted"
UPDATED = "customer.subscription.updated"
FAILED = "invoice.payment_failed"
GRACE = 604_800


def the_user(world: World) -> User:
    return world.users.get("ada-id")


def customer(world: World) -> str:
    return the_user(world).customer_id


def pay(ada: Any, number: str = "4242424242424242") -> Any:
    """What the page's script does: ask for a secret, give Stripe the card, send the form."""
    secret = ada.post("/subscribe/card").json["client_secret"]
    card_id = ada.world.billing.give_card_for_test(secret, number)
    return ada.post("/subscribe", card_id=card_id)


def hear(world: World, visitor: Any, kind: str, *, about: str | None = None, **changes: Any) -> int:
    """Stripe sends an event, about Ada if about nobody else; the status it is answered."""
    customer_id = customer(world) if about is None else about
    body, signature = world.billing.event_for_test(kind, customer_id, **changes)
    status: int = visitor.client.post(
        "/webhooks/stripe", data=body, headers={"Stripe-Signature": signature}
    ).status_code
    return status


def announced(world: World) -> int:
    return world.publisher.published.count(UserChanged(user_id="ada-id"))


def test_page_tells_price_plans_and_what_comes_back(world: World, ada: Any, words: Any) -> None:
    for state in ("ARCHIVED", "ARCHIVED", "ARCHIVING", "COMPLETED"):
        world.job(state)
    text = words(ada.get("/subscribe"))
    assert "9.00 USD a month" in text
    assert "With premium, 3 results come back from the archive." in text
    assert "Files up to 150 KiB" in text
    assert "download for 5 min" in text


def test_counting_what_comes_back_does_not_stop_at_the_first_page(world: World, ada: Any, words: Any) -> None:
    for _ in range(120):
        world.job("ARCHIVED")
    assert "120 results come back" in words(ada.get("/subscribe"))


def test_paying_makes_premium_and_leads_to_the_jobs(world: World, ada: Any, words: Any) -> None:
    answer = pay(ada)
    assert (answer.status_code, answer.location) == (303, "/annotations")
    user = the_user(world)
    assert (user.plan, user.plan_source, user.paying_until) == (Plan.PREMIUM, "stripe", 0)
    assert announced(world) == 1
    text = words(ada.get("/subscribe"))
    assert "You have premium. The next payment is due on" in text
    assert "Leave premium" in text
    assert "9.00 USD Paid" in text


def test_card_that_does_not_pay_tells_why_and_leaves_the_plan(world: World, ada: Any, words: Any) -> None:
    answer = pay(ada, UNPAYING_CARD)
    assert answer.status_code == 422
    assert "Your card was declined. Nothing was paid, and your plan is as it was." in words(answer)
    assert "Error: Your plan" in words(answer)
    assert the_user(world).plan is Plan.FREE
    assert pay(ada).status_code == 303
    assert the_user(world).plan is Plan.PREMIUM


def test_form_that_was_sent_without_a_card_pays_nothing(world: World, ada: Any) -> None:
    ada.post("/subscribe/card")
    assert ada.post("/subscribe").status_code == 422
    assert ada.post("/subscribe", card_id="seti_1").status_code == 422
    assert world.billing.subscriptions_made == 0


def test_card_of_somebody_else_does_not_pay(world: World, ada: Any, gregor: Any) -> None:
    theirs = gregor.post("/subscribe/card").json["client_secret"]
    card_id = world.billing.give_card_for_test(theirs)
    ada.post("/subscribe/card")
    assert ada.post("/subscribe", card_id=card_id).status_code == 422
    assert the_user(world).plan is Plan.FREE


def test_nothing_is_bought_by_get(world: World, ada: Any) -> None:
    for path in ("/subscribe", "/subscribe?card_id=seti_1", "/subscribe/cancel"):
        ada.get(path)
    assert the_user(world).plan is Plan.FREE
    assert ada.get("/subscribe/resume").status_code == 405
    assert ada.get("/webhooks/stripe").status_code == 405


def test_paying_twice_within_minutes_charges_once(world: World, ada: Any) -> None:
    pay(ada)
    world.clock.advance(60)
    assert pay(ada).status_code == 303
    assert world.billing.subscriptions_made == 1
    assert the_user(world).plan_changes == 1


def test_second_tab_that_pays_at_the_same_time_is_kept_out(world: World, ada: Any, words: Any) -> None:
    secret = ada.post("/subscribe/card").json["client_secret"]
    card_id = world.billing.give_card_for_test(secret)
    user = the_user(world)
    world.users.commit(user, replace(user, paying_until=world.clock.now() + 60))
    answer = ada.post("/subscribe", card_id=card_id)
    assert answer.status_code == 409
    assert "A payment of yours is under way." in words(answer)
    assert world.billing.subscriptions_made == 0
    world.clock.advance(60)
    assert ada.post("/subscribe", card_id=card_id).status_code == 303


def test_customer_that_stripe_forgot_is_made_anew(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.forget_for_test(customer(world))
    assert hear(world, ada, ENDED) == 200
    pay(ada)
    assert world.billing.subscription(customer(world)).standing is Standing.PAID


def test_leaving_asks_first_and_says_what_moves_and_when(world: World, ada: Any, words: Any) -> None:
    pay(ada)
    for _ in range(3):
        world.job("COMPLETED")
    text = words(ada.get("/subscribe/cancel"))
    assert re.search(r"Leave premium on \d+ \w+ \d{4}, \d\d:\d\d UTC", text)
    assert "3 results move to the archive 5 min later." in text
    assert the_user(world).plan is Plan.PREMIUM
    assert not world.billing.subscription(customer(world)).ends


def test_leaving_keeps_premium_until_the_period_ends(world: World, ada: Any, words: Any) -> None:
    pay(ada)
    assert ada.post("/subscribe/cancel").location == "/subscribe"
    text = words(ada.get("/subscribe"))
    assert "You have premium until" in text
    assert "Leave premium" not in text
    assert hear(world, ada, UPDATED) == 200
    assert the_user(world).plan is Plan.PREMIUM
    world.clock.advance(PERIOD_SECONDS)
    world.billing.charge_for_test(customer(world))
    assert hear(world, ada, ENDED) == 200
    assert (the_user(world).plan, the_user(world).payment_letter) == (Plan.FREE, "premium_ended")


def test_staying_takes_the_cancellation_back(ada: Any, words: Any) -> None:
    pay(ada)
    ada.post("/subscribe/cancel")
    assert ada.post("/subscribe/resume").location == "/subscribe"
    assert "The next payment is due on" in words(ada.get("/subscribe"))
    assert ada.get("/subscribe/cancel").status_code == 200


def test_leaving_with_a_payment_overdue_ends_at_once_and_stops_the_tries(
    world: World, ada: Any, words: Any
) -> None:
    pay(ada)
    world.billing.set_card_for_test(customer(world), UNPAYING_CARD)
    world.billing.charge_for_test(customer(world))
    hear(world, ada, FAILED)
    assert "Leave premium?" in words(ada.get("/subscribe/cancel"))
    ada.post("/subscribe/cancel")
    assert world.billing.subscription(customer(world)) is None
    assert the_user(world).plan is Plan.FREE


def test_upgrade_end_upgrade_works_through_three_changes(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))
    hear(world, ada, ENDED)
    pay(ada)
    user = the_user(world)
    assert (user.plan, user.plan_changes, user.payment_letter) == (Plan.PREMIUM, 3, "")
    assert announced(world) >= 3


def test_failed_payment_leaves_premium_for_the_grace_period(world: World, ada: Any, words: Any) -> None:
    pay(ada)
    world.billing.set_card_for_test(customer(world), UNPAYING_CARD)
    world.billing.charge_for_test(customer(world))
    assert hear(world, ada, FAILED) == 200
    user = the_user(world)
    assert user.plan is Plan.PREMIUM
    assert user.payment_grace_ends == world.clock.now() + GRACE
    text = words(ada.get("/subscribe"))
    assert "The last payment did not go through. Premium goes on until" in text
    assert "Pay with this card" in text
    pay(ada)
    user = the_user(world)
    assert (user.plan, user.payment_grace_ends, user.payment_letter) == (Plan.PREMIUM, 0, "")
    assert world.billing.subscriptions_made == 1


def test_grace_period_passes_and_only_a_payment_brings_premium_back(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.set_card_for_test(customer(world), UNPAYING_CARD)
    world.billing.charge_for_test(customer(world))
    hear(world, ada, FAILED)
    world.clock.advance(GRACE)
    hear(world, ada, FAILED)
    assert the_user(world).plan is Plan.FREE
    hear(world, ada, UPDATED)
    assert the_user(world).plan is Plan.FREE
    pay(ada)
    assert the_user(world).plan is Plan.PREMIUM


@pytest.mark.parametrize("plan", Plan)
def test_operators_word_stands_against_events_of_an_old_subscription(
    world: World, ada: Any, words: Any, plan: Plan
) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))
    set_plan(
        "ada-id",
        plan,
        source="operator",
        users=world.users,
        publisher=world.publisher,
        clock=world.clock,
        timings=world.timings,
    )
    for kind in (ENDED, FAILED, UPDATED):
        assert hear(world, ada, kind) == 200
    assert (the_user(world).plan, the_user(world).plan_source) == (plan, "operator")
    if plan is Plan.PREMIUM:
        assert "You have premium from whoever runs this GAS" in words(ada.get("/subscribe"))


def test_wrong_signature_changes_nothing(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))
    body, signature = world.billing.event_for_test(ENDED, customer(world))
    for sent, sign in ((body + b" ", signature), (body, ""), (body, signature[:-1] + "x"), (b"", signature)):
        answer = ada.client.post("/webhooks/stripe", data=sent, headers={"Stripe-Signature": sign})
        assert answer.status_code == 400
    assert ada.client.post("/webhooks/stripe", data=body).status_code == 400
    assert the_user(world).plan is Plan.PREMIUM


def test_old_event_is_refused_however_well_it_is_signed(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))
    assert hear(world, ada, ENDED, age_seconds=301) == 400
    assert the_user(world).plan is Plan.PREMIUM


def test_event_that_comes_twice_is_worked_through_once(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))
    assert hear(world, ada, ENDED, event_id="evt_same") == 200
    before = the_user(world)
    assert hear(world, ada, ENDED, event_id="evt_same") == 200
    assert the_user(world) == before


def test_events_out_of_order_leave_what_stripe_says_now(world: World, ada: Any) -> None:
    pay(ada)
    # The end of a subscription that was begun anew meanwhile, heard of last.
    for kind in (UPDATED, "invoice.paid", "customer.subscription.created", FAILED, ENDED):
        assert hear(world, ada, kind) == 200
    assert (the_user(world).plan, the_user(world).plan_changes) == (Plan.PREMIUM, 1)


@pytest.mark.parametrize("kind", ["customer.created", "charge.refunded", "made.up", "payout.paid"])
def test_event_of_another_kind_is_taken_and_asks_nobody(world: World, ada: Any, kind: str) -> None:
    pay(ada)
    world.billing.down_for_test = True
    assert hear(world, ada, kind) == 200


@pytest.mark.parametrize("customer_id", ["cus_of_another_shop", ""])
def test_event_about_somebody_unknown_is_taken(world: World, ada: Any, customer_id: str) -> None:
    assert hear(world, ada, ENDED, about=customer_id) == 200


def test_event_about_a_user_who_is_gone_or_is_another_customer_now_is_taken(world: World, ada: Any) -> None:
    pay(ada)
    old = customer(world)
    user = the_user(world)
    world.users.commit(user, replace(user, customer_id="cus_other"))
    assert hear(world, ada, ENDED, about=old) == 200
    assert the_user(world).plan is Plan.PREMIUM
    world.users.remove_for_test("ada-id")
    assert hear(world, ada, ENDED, about=old) == 200


def test_event_comes_again_while_stripe_or_the_table_does_not_answer(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))
    world.billing.down_for_test = True
    assert hear(world, ada, ENDED, event_id="evt_1") == 503
    assert the_user(world).plan is Plan.PREMIUM
    world.billing.down_for_test = False
    assert hear(world, ada, ENDED, event_id="evt_1") == 200
    assert the_user(world).plan is Plan.FREE


def test_ten_events_at_once_settle_on_one_change(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))
    events = [world.billing.event_for_test(ENDED, customer(world)) for _ in range(10)]
    app = ada.client.application
    answers: list[int] = []

    def send(body: bytes, signature: str) -> None:
        answer = app.test_client().post(
            "/webhooks/stripe", data=body, headers={"Stripe-Signature": signature}
        )
        answers.append(answer.status_code)

    threads = [threading.Thread(target=send, args=event) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Whoever lost every try is asked to come again; that is Stripe's part.
    assert set(answers) <= {200, 503}
    assert 200 in answers
    user = the_user(world)
    assert (user.plan, user.plan_changes) == (Plan.FREE, 2)
    assert len(user.billing_events) == answers.count(200)


def payments(world: World, **ports: Any) -> Payments:
    parts = {"users": world.users, "billing": world.billing, "publisher": world.publisher} | ports
    return Payments(clock=world.clock, timings=world.timings, grace_seconds=GRACE, **parts)


def test_answer_of_stripe_that_is_older_than_anothers_is_not_written(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))

    class Slow:
        """The subscription is begun anew, and heard of, between this answer and its writing."""

        slow = True

        def subscription(self, customer_id: str) -> Any:
            answer = world.billing.subscription(customer_id)
            if self.slow:
                self.slow = False
                pay(ada)
                hear(world, ada, UPDATED)
            return answer

    payments(world, billing=Slow()).follow("ada-id", event_id="evt_late")
    assert (the_user(world).plan, the_user(world).plan_changes) == (Plan.PREMIUM, 1)


def test_plan_is_set_though_nobody_could_be_told(world: World, ada: Any) -> None:
    pay(ada)
    world.billing.end_for_test(customer(world))
    before = announced(world)
    faults = Faults(Fault(at=0, moment=Moment.BEFORE, error=StoreUnavailableError()))
    payments(world, publisher=faults.wrap(world.publisher, "publisher")).follow("ada-id")
    assert the_user(world).plan is Plan.FREE
    assert announced(world) == before
    # The sweeper finds what the row owes.
    world.clock.advance(world.timings.announce_grace_seconds)
    assert list(world.users.overdue(now=world.clock.now(), limit=5)) == ["ada-id"]


def test_web_that_dies_anywhere_while_paying_charges_once_and_ends_in_premium(
    world: World, ada: Any, Visitor: type
) -> None:
    ada.post("/subscribe/card")
    dry = Faults()
    user = the_user(world)
    card_id = world.billing.give_card_for_test(world.billing.begin_card(user.customer_id))
    faulty(world, dry).subscribe(user, card_id)
    for at in range(len(dry.calls)):
        for moment in Moment:
            other = type(world)()
            visitor = Visitor(other, other.app())
            visitor.sign_in()
            visitor.post("/subscribe/card")
            user = the_user(other)
            card_id = other.billing.give_card_for_test(other.billing.begin_card(user.customer_id))
            with pytest.raises(Crash):
                faulty(other, Faults(Fault(at, moment, Crash()))).subscribe(user, card_id)
            other.clock.advance(120)
            # The same form once more, as a browser sends it on reload.
            assert visitor.post("/subscribe", card_id=card_id).status_code == 303
            assert other.billing.subscriptions_made == 1
            assert (the_user(other).plan, the_user(other).plan_changes) == (Plan.PREMIUM, 1)


def faulty(world: World, faults: Faults) -> Payments:
    return payments(
        world,
        users=faults.wrap(world.users, "users"),
        billing=faults.wrap(world.billing, "billing"),
        publisher=faults.wrap(world.publisher, "publisher"),
    )


def test_page_stands_while_stripe_does_not_answer(world: World, ada: Any, words: Any) -> None:
    pay(ada)
    world.billing.down_for_test = True
    answer = ada.get("/subscribe")
    assert answer.status_code == 200
    assert "Stripe, which takes payments, does not answer just now." in words(answer)
    assert "You have premium." in words(answer)
    assert "data-payment" not in answer.text
    assert ada.post("/subscribe/card").status_code == 503


def test_only_the_page_with_the_card_form_lets_stripe_in(world: World, ada: Any) -> None:
    policy = ada.get("/subscribe").headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["script-src"] == "'self' https://js.stripe.com"
    assert rules["frame-src"] == "https://js.stripe.com https://hooks.stripe.com"
    assert rules["connect-src"] == f"'self' https://js.stripe.com https://api.stripe.com {ORIGIN}"
    assert "unsafe" not in policy
    for path in ("/profile", "/annotations", "/annotate", "/"):
        assert "stripe" not in ada.get(path).headers["Content-Security-Policy"]
    world.billing.down_for_test = True
    assert "stripe" not in ada.get("/subscribe").headers["Content-Security-Policy"]


def test_page_holds_no_secret(ada: Any) -> None:
    text = ada.get("/subscribe").text
    assert "pk_test" in text
    assert "sk_test" not in text
    assert "whsec" not in text


def test_portal_of_stripe_is_linked_where_there_is_one(world: World, ada: Any, words: Any) -> None:
    answer = ada.get("/subscribe/portal")
    assert answer.status_code == 404
    assert "Stripe has no page of its own for you." in words(answer)
    pay(ada)
    address = ada.get("/subscribe/portal").location
    assert address == f"https://billing.test/{customer(world)}?return=http://localhost/subscribe"


def test_where_premium_is_not_sold_the_page_says_whom_to_ask(world: World, Visitor: type, words: Any) -> None:
    ada = Visitor(world, world.app(ports={"billing": None}))
    ada.sign_in()
    text = words(ada.get("/subscribe"))
    assert "Premium is not sold here. Ask whoever runs this GAS for it." in text
    assert "stripe" not in ada.get("/subscribe").headers["Content-Security-Policy"]
    for path in (
        "/subscribe",
        "/subscribe/card",
        "/subscribe/cancel",
        "/subscribe/resume",
        "/webhooks/stripe",
    ):
        assert ada.post(path).status_code == 404


def test_web_that_sells_without_a_key_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gas_core.config import BillingSettings

    monkeypatch.setenv("GAS_BILLING", "stripe")
    with pytest.raises(SystemExit):
        BillingSettings.from_environment()
    told = capsys.readouterr().err
    for name in ("SECRET_KEY", "PUBLISHABLE_KEY", "WEBHOOK_SECRET", "PRICE"):
        assert f"GAS_STRIPE_{name}: " in told
    monkeypatch.setenv("GAS_BILLING", "none")
    assert BillingSettings.from_environment().billing == "none"
