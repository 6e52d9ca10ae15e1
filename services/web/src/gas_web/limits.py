"""How often one person, or one address, may do what costs us: sign in, submit, export.

Counted in the memory of each process. Behind several pods the true bound is up to their number times as high;
that keeps a script from exhausting a pod, and is no account of who used how much.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from flask import Flask, current_app, request
from werkzeug.exceptions import TooManyRequests

from gas_web.config import WebSettings
from gas_web.container import container
from gas_web.session import signed_in

P = ParamSpec("P")
R = TypeVar("R")

_EXTENSION = "gas_limits"
_MINUTE = 60
_MOST_KEYS = 10_000
"""More are not remembered: who has not come for the longest time begins anew."""

log = structlog.get_logger()


class Limiter:
    """A bucket of ``per_minute`` tokens for each key, filled again evenly over a minute. 0: no limit."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        # Sixtieths of tokens, so that all is whole: a second brings ``per_minute`` of them.
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, *, now: int) -> int:
        """Take a token: 0, or in how many seconds there will be one. ``now`` is in seconds."""
        if not self._per_minute:
            return 0
        full = self._per_minute * _MINUTE
        with self._lock:
            level, since = self._buckets.pop(key, (full, now))
            level = min(full, level + max(now - since, 0) * self._per_minute)
            short = level < _MINUTE
            self._buckets[key] = (level if short else level - _MINUTE, now)
            if len(self._buckets) > _MOST_KEYS:
                self._buckets.popitem(last=False)
        return math.ceil((_MINUTE - level) / self._per_minute) if short else 0


def init(app: Flask) -> None:
    settings: WebSettings = app.extensions["gas"].settings
    app.extensions[_EXTENSION] = {
        "sign_in": Limiter(settings.sign_ins_per_minute),
        "submit": Limiter(settings.submits_per_minute),
        "export": Limiter(settings.exports_per_minute),
    }


def limited(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse with 429 whoever does this too often: by user, by address where nobody is signed in."""

    def decorate(page: Callable[P, R]) -> Callable[P, R]:
        @wraps(page)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            who = None if what == "sign_in" else signed_in()
            key = who.identity_id if who else request.remote_addr or ""
            wait = current_app.extensions[_EXTENSION][what].take(key, now=container().clock.now())
            if wait:
                log.warning("rate_limited", limit=what, user_id=who.identity_id if who else "")
                raise TooManyRequests(retry_after=wait)
            return page(*args, **kwargs)

        return guarded

    return decorate
