"""Pages that anybody may read."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from gas_web.container import container
from gas_web.words import duration_text

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def landing() -> str:
    return landing_page()


@blueprint.get("/help")
def help() -> str:  # noqa: A001 - the page's name
    timings = container().timings
    return render_template(
        "pages/help.html",
        nav="help",
        window=duration_text(timings.free_window_seconds),
        extensions=timings.max_extensions,
        bundles=container().bundles,
    )


def landing_page(*, globus_down: bool = False) -> str:
    here = container()
    return render_template(
        "pages/landing.html",
        globus_down=globus_down,
        window=duration_text(here.timings.free_window_seconds),
        closed="closed" in request.args,
        bundles=here.bundles,
    )
