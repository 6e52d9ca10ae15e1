"""The user's plan: what it is, what it costs, changing it. A card goes from the browser to Stripe alone."""

from __future__ import annotations

import structlog
from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gas_core.domain.billing import BillingUnavailableError, CardRefusedError, PaymentUnderWayError
from gas_core.domain.plans import Plan, User
from gas_core.ports import Billing
from gas_web import security
from gas_web.container import container
from gas_web.payments import Payments, held_results
from gas_web.plan_view import Account, plan_view
from gas_web.session import sign_in_required, user
from gas_web.words import duration_text, size_text

blueprint = Blueprint("plans", __name__)
log = structlog.get_logger()

INVOICES_SHOWN = 12
_NOT_FOUND = 404


@blueprint.get("/subscribe")
@sign_in_required
def show() -> Response:
    return _page()


@blueprint.post("/subscribe/card")
@sign_in_required
def card() -> dict[str, str]:
    """The secret by which this browser gives Stripe a card (js/payment.js asks)."""
    return {"client_secret": payments().begin_card(user())}


@blueprint.post("/subscribe")
@sign_in_required
def subscribe() -> Response | tuple[Response, int]:
    """Pay with the card that Stripe has got meanwhile."""
    try:
        payments().subscribe(user(), request.form.get("card_id", ""))
    except CardRefusedError as error:
        log.info("card_refused", user_id=user().identity_id, code=error.fields.get("code"))
        return _page(f"{error.fields['reason']} Nothing was paid, and your plan is as it was."), 422
    except PaymentUnderWayError:
        return _page("A payment of yours is under way. Reload this page in a minute to see your plan."), 409
    return redirect(url_for("jobs.index"), code=303)


@blueprint.get("/subscribe/cancel")
@sign_in_required
def confirm_cancel() -> str | Response:
    """Ask first, and say what becomes of how many results."""
    subscription = _billing().subscription(user().customer_id) if user().customer_id else None
    if subscription is None or subscription.ends:
        return redirect(url_for("plans.show"), code=303)
    here = container()
    held = held_results(user(), jobs=here.jobs)
    return render_template(
        "plans/confirm_cancel.html",
        nav="profile",
        plan=plan_view(user(), held, Account(_billing().price(), subscription)),
        window=duration_text(here.timings.free_window_seconds),
    )


@blueprint.post("/subscribe/cancel")
@sign_in_required
def cancel() -> Response:
    payments().cancel(user())
    return redirect(url_for("plans.show"), code=303)


@blueprint.post("/subscribe/resume")
@sign_in_required
def resume() -> Response:
    payments().resume(user())
    return redirect(url_for("plans.show"), code=303)


@blueprint.get("/subscribe/portal")
@sign_in_required
def portal() -> Response | tuple[Response, int]:
    """To Stripe's own page about cards and invoices."""
    here = container()
    address = _billing().portal_address(user().customer_id, return_url=here.settings.url("/subscribe"))
    if address is None:
        return _page("Stripe has no page of its own for you. Your invoices are below."), _NOT_FOUND
    return redirect(address, code=303)


def payments() -> Payments:
    """Of the application that serves this request; where premium is not sold, there is no such page."""
    here = container()
    return Payments(
        users=here.users,
        billing=_billing(),
        publisher=here.publisher,
        clock=here.clock,
        timings=here.timings,
        grace_seconds=here.settings.payment_grace_seconds,
    )


def _billing() -> Billing:
    billing = container().billing
    if billing is None:
        abort(_NOT_FOUND)
    return billing


def _page(problem: str = "") -> Response:
    here = container()
    who = user()
    account, unavailable = None, False
    if here.billing:
        try:
            account = _account(here.billing, who)
        except BillingUnavailableError as error:
            unavailable = True
            log.error("billing_unavailable", user_id=who.identity_id, **error.fields)  # noqa: TRY400 - the fields tell all
    settings = here.settings
    response = make_response(
        render_template(
            "plans/show.html",
            nav="profile",
            plan=plan_view(who, held_results(who, jobs=here.jobs), account),
            sold=here.billing is not None,
            unavailable=unavailable,
            contact=settings.contact,
            problem=problem,
            window=duration_text(here.timings.free_window_seconds),
            free_size=size_text(here.limits.max_bytes(Plan.FREE)),
            premium_size=size_text(here.limits.max_bytes(Plan.PREMIUM)),
            stripe_js_url=settings.stripe_js_url,
            stripe_key=settings.stripe_publishable_key,
        )
    )
    if account:
        response.headers["Content-Security-Policy"] = security.payment_policy(
            here.store_origin, settings.stripe_js_url
        )
    return response


def _account(billing: Billing, who: User) -> Account:
    if not who.customer_id:
        return Account(billing.price())
    return Account(
        billing.price(),
        billing.subscription(who.customer_id),
        billing.invoices(who.customer_id, limit=INVOICES_SHOWN),
    )
