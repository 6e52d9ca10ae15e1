"""What a reader sees when something goes wrong: what happened, what is safe, where to go on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog
from flask import Flask, g, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.sansio.response import Response

from gas_core.domain.errors import GasError, JobNotFoundError, TransientError
from gas_web.cluster import NoSuchPartError
from gas_web.session import signed_in
from gas_web.words import duration_text

log = structlog.get_logger()

_INTERNAL = 500
_UNAVAILABLE = 503
_RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Link:
    """The one way on that an error page offers."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    sentence: str
    link: Link


_START = Link("/", "Start page")
_JOBS = Link("/annotations", "Your jobs")
_WORDS = {
    400: Words(
        "This request could not be read", "Nothing changed. Go back, reload the page and try again.", _START
    ),
    401: Words(
        "Sign in to return here", "Your sign-in is over. Nothing was lost.", Link("/login", "Sign in")
    ),
    403: Words("This is not allowed", "Nothing changed.", _JOBS),
    404: Words("No such page, or not yours to see", "", _JOBS),
    405: Words("This page is not reached that way", "Nothing changed.", _START),
    409: Words("The job has moved on", "What you asked for is not possible in its present state.", _JOBS),
    413: Words("This is too large for a form", "Nothing changed. Files are sent on the submit page.", _START),
    429: Words("Too many requests", "Nothing changed. Wait {wait} and try again.", _START),
    _INTERNAL: Words(
        "Something broke here", "Running jobs continue. The fault is ours.", Link("/", "Try again")
    ),
    _UNAVAILABLE: Words(
        "A part of GAS does not answer just now",
        "Nothing is lost, and jobs that were submitted go on. Try again in a minute.",
        Link("/", "Try again"),
    ),
}
_CSRF = Words(
    "This form is too old", "Nothing changed. Go back, reload the page and send the form again.", _START
)


def init(app: Flask) -> None:
    """Register a page for every way in which a request can end badly."""

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> tuple[str, int]:
        log.warning("csrf_refused", reason=error.description)
        return _page(400, _CSRF), 400

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response | tuple[str, int, dict[str, str]]:
        if error.response is not None:
            return error.response
        code = error.code or _INTERNAL
        # What the protocol wants told, such as which methods a page does take.
        told = {name: value for name, value in error.get_headers() if name != "Content-Type"}
        words = _WORDS.get(code, _WORDS[400])
        if isinstance(error, TooManyRequests):
            words = replace(words, sentence=words.sentence.format(wait=_wait(error)))
        return _page(code, words), code, told

    @app.errorhandler(JobNotFoundError)
    @app.errorhandler(NoSuchPartError)
    def missing(_error: GasError) -> tuple[str, int]:
        return _page(404, _WORDS[404]), 404

    @app.errorhandler(TransientError)
    def unavailable(error: TransientError) -> tuple[str, int, dict[str, str]]:
        log.error(
            "request_failed", error=type(error).__name__, **{f"error_{k}": v for k, v in error.fields.items()}
        )
        page = _page(_UNAVAILABLE, _WORDS[_UNAVAILABLE])
        return page, _UNAVAILABLE, {"Retry-After": str(_RETRY_SECONDS)}

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[str, int]:
        log.error("request_failed", error=type(error).__name__, exc_info=error)
        return _page(_INTERNAL, _WORDS[_INTERNAL]), _INTERNAL


def _wait(error: TooManyRequests) -> str:
    """What Retry-After tells programs, in words."""
    seconds = error.retry_after if isinstance(error.retry_after, int) else _RETRY_SECONDS
    return duration_text(seconds)


def _page(code: int, words: Words) -> str:
    """The page needs no store: where one does not answer, nobody is told to be signed in."""
    if code >= _INTERNAL:
        g.setdefault("user", None)
    else:
        try:
            signed_in()
        except GasError:
            g.user = None
    return render_template(
        "errors/error.html",
        code=code,
        title=words.title,
        sentence=words.sentence,
        reference=g.get("request_id", "") if code >= _INTERNAL else "",
        link=words.link,
    )
