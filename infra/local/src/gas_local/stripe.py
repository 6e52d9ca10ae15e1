"""The Stripe account that the emulator starts with: our price, and the webhook to our web."""

from __future__ import annotations

from http import HTTPStatus

import requests

SECRET_KEY = "sk_test_gas_on_this_machine"  # noqa: S105 - the emulator takes any that begins like this
PUBLISHABLE_KEY = "pk_test_gas_on_this_machine"
PRICE = "premium_monthly"
_PREMIUM = {
    "id": PRICE,
    "amount": "900",
    "currency": "usd",
    "interval": "month",
    "product[name]": "GAS premium",
}
TEST_CARD = "4242 4242 4242 4242"
"""Pays; any date to come, any three digits."""
JS_PATH = "/js.stripe.com/v3/"
"""Where the emulator serves its own Stripe.js."""

_TIMEOUT_SECONDS = 10


def seed_stripe(url: str, *, webhook_url: str, webhook_secret: str) -> None:
    """Make the price if there is none, and have events sent to the web, which a stop makes it forget."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {SECRET_KEY}"
        found = session.get(f"{url}/v1/plans/{PRICE}", timeout=_TIMEOUT_SECONDS)
        if found.status_code == HTTPStatus.NOT_FOUND:
            session.post(f"{url}/v1/plans", data=_PREMIUM, timeout=_TIMEOUT_SECONDS).raise_for_status()
        session.post(
            f"{url}/_config/webhooks/gas",
            json={"url": webhook_url, "secret": webhook_secret},
            timeout=_TIMEOUT_SECONDS,
        ).raise_for_status()


def stripe_environment(url: str, *, webhook_secret: str) -> dict[str, str]:
    """What the web reads of its environment to bill by the emulator."""
    return {
        "GAS_BILLING": "stripe",
        "GAS_STRIPE_URL": url,
        "GAS_STRIPE_JS_URL": f"{url}{JS_PATH}",
        "GAS_STRIPE_SECRET_KEY": SECRET_KEY,
        "GAS_STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "GAS_STRIPE_WEBHOOK_SECRET": webhook_secret,
        "GAS_STRIPE_PRICE": PRICE,
    }
