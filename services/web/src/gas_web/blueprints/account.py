"""What we hold of a person, and what they may change of it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gas_web.container import container
from gas_web.forms import ProfileForm
from gas_web.session import own_path, sign_in_required, user
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
