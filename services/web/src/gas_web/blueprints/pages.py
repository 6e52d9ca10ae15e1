"""Pages that anybody may read."""

from __future__ import annotations

from flask import Blueprint, render_template

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def landing() -> str:
    return render_template("pages/landing.html", globus_down=False)


@blueprint.get("/help")
def help() -> str:  # noqa: A001 - the page's name
    return render_template("pages/help.html", nav="help")
