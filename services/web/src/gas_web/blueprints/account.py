"""What we hold of a person: to see, to change, to take along and to have deleted."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gas_web import accounts
from gas_web.container import container
from gas_web.forms import ProfileForm
from gas_web.limits import limited
from gas_web.session import forget, own_path, sign_in_required, user
from gas_web.words import duration_text, plan_text, size_text

blueprint = Blueprint("account", __name__)


@blueprint.route("/profile", methods=["GET", "POST"])
@sign_in_required
def profile() -> Response | str | tuple[str, int]:
    """Name, e-mail and institution; the plan is shown. After the first sign-in it leads on to ``next``."""
    who = user()
    target = own_path(request.args.get("next"))
    form = ProfileForm(obj=who)
    if form.validate_on_submit():
        container().users.save_profile(
            who.identity_id,
            name=form.name.data,
            email=form.email.data,
            institution=form.institution.data or "",
            window_mails=form.window_mails.data,
            now=container().clock.now(),
        )
        return redirect(target or url_for("account.profile", saved=1))
    page = render_template(
        "account/profile.html",
        nav="profile",
        form=form,
        next=target,
        window=duration_text(container().timings.free_window_seconds),
        plan=f"{plan_text(who.plan)}: up to {size_text(container().limits.max_bytes(who.plan))} a file.",
        saved="saved" in request.args and request.method == "GET",
        first_visit=not who.profile_confirmed,
    )
    return (page, 422) if form.errors else page


@blueprint.get("/profile/usage")
@sign_in_required
def usage() -> str:
    """Jobs, variants and bytes by month."""
    used = accounts.usage(user(), jobs=container().jobs)
    return render_template("account/usage.html", nav="profile", usage=used)


@blueprint.get("/profile/data")
@sign_in_required
@limited("export")
def data() -> Response:
    """Everything that we hold of the user, as one JSON file with the addresses of the files."""
    here = container()
    pieces = accounts.everything(user(), jobs=here.jobs, address=here.settings.url)
    response = Response(pieces, mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename="gas-data.json")
    return response


@blueprint.get("/profile/delete")
@sign_in_required
def confirm_close() -> str:
    return _close_page()


@blueprint.post("/profile/delete")
@sign_in_required
def close() -> Response | tuple[str, int]:
    """End the account, if its owner typed the address that we know."""
    who, here = user(), container()
    if request.form.get("email", "").strip().casefold() != who.email.casefold():
        return _close_page(problem="That is not the address of this account. Nothing was deleted."), 422
    accounts.close(who, users=here.users, publisher=here.publisher, clock=here.clock, billing=here.billing)
    forget()
    return redirect(url_for("pages.landing", closed=1), code=303)


def _close_page(problem: str = "") -> str:
    return render_template("account/confirm_close.html", nav="profile", email=user().email, problem=problem)
