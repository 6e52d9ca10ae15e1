"""Headers that tell a browser what these pages may do, which is little."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.wrappers import Response

_PERMISSIONS = ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
_TWO_YEARS_SECONDS = 63_072_000


def policy(store_origin: str) -> str:
    """Content-Security-Policy: all from us, files also to the store, nothing inline, nobody frames us."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            f"connect-src 'self' {store_origin}",
            f"form-action 'self' {store_origin}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        ]
    )


def framing_policy(store_origin: str) -> str:
    """The same for a page that shows another page of ours in a frame."""
    return f"{policy(store_origin)}; frame-src 'self'"


def browser_policy(store_origin: str) -> str:
    """The same for the genome browser's page: igv.js writes styles and small pictures into it.

    Only pages of ours may frame it, and whatever it asks for, it asks us or the store.
    """
    return (
        policy(store_origin)
        .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
        .replace("img-src 'self'", "img-src 'self' data:")
        .replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    )


def payment_policy(store_origin: str, stripe_js_url: str) -> str:
    """The same for the page with the card form, whose fields are Stripe's own, in frames that it serves."""
    parts = urlsplit(stripe_js_url)
    scripts = f"{parts.scheme}://{parts.netloc}"
    return (
        policy(store_origin)
        .replace(
            "script-src 'self'",
            f"script-src 'self' {scripts}; frame-src {scripts} https://hooks.stripe.com",
        )
        .replace("connect-src 'self'", f"connect-src 'self' {scripts} https://api.stripe.com")
    )


def init(app: Flask, *, store_origin: str, https: bool) -> None:
    headers = {
        "Content-Security-Policy": policy(store_origin),
        "X-Content-Type-Options": "nosniff",
        # The store's redirect and Globus need no address of ours, and job IDs are nobody else's business.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _PERMISSIONS),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if https:
        headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS_SECONDS}; includeSubDomains"

    @app.after_request
    def secure(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static" or response.status_code == HTTPStatus.NOT_FOUND:
            # Pages are personal, and an upload form is good for one job. A file that this version does not
            # have may come with the next.
            response.headers.setdefault("Cache-Control", "no-store")
        return response
