"""Signing in and out."""

from __future__ import annotations

import secrets

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from gas_web import session as sessions
from gas_web.blueprints.pages import landing_page
from gas_web.container import container
from gas_web.globus import GlobusUnavailableError, SignInRefusedError, new_verifier
from gas_web.limits import limited

blueprint = Blueprint("auth", __name__)
log = structlog.get_logger()

_UNDER_WAY = "sign_in"
_REASON_CHARACTERS = 40
"""As long as the errors that OAuth knows (``temporarily_unavailable``); anybody may write this one."""


@blueprint.get("/login")
@limited("sign_in")
def login() -> Response:
    """Go to Globus; what comes back must bring the state that this session keeps."""
    target = sessions.own_path(request.args.get("next")) or url_for("jobs.index")
    operations = target.split("?")[0].startswith(sessions.OPERATIONS_PATH)
    asks_groups = operations and sessions.group_unknown()
    if sessions.signed_in() and not asks_groups:
        return redirect(target)
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    session[_UNDER_WAY] = {"state": state, "verifier": verifier, "next": target}
    return redirect(container().sign_in.address(state=state, verifier=verifier, groups=asks_groups))


@blueprint.get("/authcallback")
@limited("sign_in")
def callback() -> Response | tuple[str, int]:
    """Globus sends the browser back here. The state is good once, whatever comes of it."""
    under_way = session.pop(_UNDER_WAY, None)
    code = request.args.get("code", "")
    state = request.args.get("state", "")
    if not under_way and sessions.signed_in():
        # Back in the browser's history, past a sign-in that worked.
        return redirect(url_for("jobs.index"))
    if not under_way or not code or not secrets.compare_digest(state.encode(), under_way["state"].encode()):
        reason = request.args.get("error", "state")[:_REASON_CHARACTERS] if under_way else "no_state"
        log.warning("sign_in_refused", reason=reason)
        return render_template("auth/failed.html"), 400
    try:
        identity = container().sign_in.finish(code=code, verifier=under_way["verifier"])
    except SignInRefusedError as error:
        log.warning("sign_in_refused", reason="code", status=error.fields.get("status"))
        return render_template("auth/failed.html"), 400
    except GlobusUnavailableError as error:
        log.error("globus_unavailable", **error.fields)  # noqa: TRY400 - a trace might show code and tokens
        return landing_page(globus_down=True), 503
    user = container().users.sign_in(
        identity_id=identity.identity_id,
        name=identity.name,
        email=identity.email,
        now=container().clock.now(),
    )
    if user.closing_since:
        return render_template("auth/closing.html"), 403
    sessions.begin(user)
    sessions.remember_groups(identity.groups)
    log.info("signed_in", user_id=user.identity_id)
    confirmed = user.profile_confirmed
    return redirect(under_way["next"] if confirmed else url_for("account.profile", next=under_way["next"]))


@blueprint.post("/logout")
def logout() -> Response:
    sessions.end()
    return redirect(url_for("pages.landing"))


@blueprint.post("/logout/everywhere")
@sessions.sign_in_required
def logout_everywhere() -> Response:
    """Sign out on every device, this one too."""
    sessions.end_everywhere()
    return redirect(url_for("pages.landing"))
