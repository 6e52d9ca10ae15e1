"""The application factory."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Flask, abort, g, request
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from gas_web import errors, limits, observe, security, sharing
from gas_web.blueprints import (
    account,
    auth,
    health,
    jobs,
    operations,
    pages,
    plans,
    results,
    uploads,
    webhooks,
)
from gas_web.container import Container
from gas_web.explorer.terms import colour_of, impact_of
from gas_web.session import is_operator, signed_in
from gas_web.static import StaticFiles
from gas_web.words import short_size

_RESEARCHERS = frozenset(
    {"pages", "auth", "account", "jobs", "uploads", "plans", "results", "webhooks", "health"}
)
_OPERATORS = frozenset({"operations", "health"})
_BLUEPRINTS = {
    "researchers": _RESEARCHERS,
    "operators": _OPERATORS,
    "all": _RESEARCHERS | _OPERATORS,
}
"""By the setting ``pages``. An operator signs in where researchers do: one address is known to Globus."""

FORM_BYTES = 64 * 1024
"""Our forms are small; files go to the store."""


def create_app(container: Container) -> Flask:
    """The pages, on the ports that the container holds."""
    settings = container.settings
    app = Flask(__name__, static_folder=None)
    app.extensions["gas"] = container
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=FORM_BYTES,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=settings.session_seconds),
        SESSION_COOKIE_NAME="__Host-gas" if settings.https else "gas",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        # The lifetime counts from the sign-in; a poll must not prolong it, nor set a cookie each second.
        SESSION_REFRESH_EACH_REQUEST=False,
        # A form left open over lunch still works; the session bounds it.
        WTF_CSRF_TIME_LIMIT=None,
        # Behind an Ingress the request looks like http; the session is Secure and SameSite all the same.
        WTF_CSRF_SSL_STRICT=False,
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]  # the way Flask documents
    app.add_template_filter(short_size)
    app.add_template_filter(impact_of)
    app.add_template_filter(colour_of)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    files = StaticFiles()
    files.serve_from(app)
    # First, so that a form that is refused has its line and its ID as well.
    observe.init(app)
    _serve_only(app, _BLUEPRINTS[settings.pages])
    forms = CSRFProtect(app)
    # Whoever calls these proves who it is by a signature, and has no page of ours.
    forms.exempt(webhooks.blueprint)
    security.init(app, store_origin=container.store_origin, https=settings.https)
    errors.init(app)
    sharing.init(app)
    limits.init(app)
    for part in (pages, auth, account, uploads, plans, webhooks, health, operations):
        app.register_blueprint(part.blueprint)
    jobs.init(app, container)
    results.init(app, container)

    @app.context_processor
    def everywhere() -> dict[str, Any]:
        return {
            "current_user": signed_in(),
            "is_operator": is_operator(),
            "nav": "",
            "asset": files.address,
            "share": g.get("share", ""),
        }

    return app


def _serve_only(app: Flask, blueprints: frozenset[str]) -> None:
    """All pages have addresses, for links and ways back; those of other blueprints are served elsewhere."""

    @app.before_request
    def elsewhere() -> None:
        if request.blueprint is not None and request.blueprint not in blueprints:
            abort(HTTPStatus.NOT_FOUND)
