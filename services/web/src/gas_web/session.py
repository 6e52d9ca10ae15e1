"""Who is asking: the session holds an identity id, and everything else is read from the users table."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from gas_core.domain import accounts
from gas_core.domain.errors import UserNotFoundError
from gas_core.domain.plans import User
from gas_core.update import update_user
from gas_web.container import container

P = ParamSpec("P")
R = TypeVar("R")

_USER_ID = "user_id"
_SESSION_ID = "session_id"
_EPOCH = "epoch"
_MEMBER_OF = "member_of"
"""The operators' group, if Globus said at sign-in that they are in it; empty if it said that they are not."""
OPERATIONS_PATH = "/admin"
_PATH_CHARACTERS = 1000
"""A longer way back would not fit into the cookie that keeps it while Globus asks who it is."""
_HTTP_UNAUTHORIZED = 401
_HTTP_NOT_FOUND = 404


def signed_in() -> User | None:
    """The user of this request, read once; a session whose user is gone is ended."""
    if "user" not in g:
        g.user = _read()
    user: User | None = g.user
    return user


def begin(user: User) -> None:
    """A session of its own for each sign-in: nothing from before it stays."""
    session.clear()
    session.permanent = True
    session[_USER_ID] = user.identity_id
    session[_SESSION_ID] = secrets.token_urlsafe(12)
    session[_EPOCH] = user.session_epoch
    g.user = user


def end() -> None:
    """Sign this session out, wherever its cookie was copied to."""
    who, session_id = signed_in(), session.get(_SESSION_ID, "")
    forget()
    if who is None:
        return
    here = container()
    now = here.clock.now()
    until = now + here.settings.session_seconds
    update_user(
        here.users,
        who.identity_id,
        lambda row: accounts.end_session(row, session_id, until=until, now=now),
    )


def end_everywhere() -> None:
    """Sign out every session of this user."""
    who = user()
    forget()
    update_user(container().users, who.identity_id, accounts.end_every_session)


def forget() -> None:
    """Sign this browser out, and it alone."""
    session.clear()
    g.user = None


def sign_in_required(page: Callable[P, R]) -> Callable[P, R | Response]:
    """Send whoever is not signed in to Globus, and back to where they wanted to go."""

    @wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if signed_in() is None:
            if "HX-Request" in request.headers:
                # A script cannot follow to Globus; it says so and the reader reloads.
                abort(_HTTP_UNAUTHORIZED)
            back = request.full_path.rstrip("?") if request.method == "GET" else url_for("jobs.index")
            return redirect(url_for("auth.login", next=back))
        return page(*args, **kwargs)

    return guarded


def operator_required(page: Callable[P, R]) -> Callable[P, R | Response]:
    """To everybody else there is no such page; whoever is not signed in is sent to Globus first."""

    @wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if not is_operator():
            if group_unknown() and request.method == "GET":
                return redirect(url_for("auth.login", next=request.path))
            abort(_HTTP_NOT_FOUND)
        return page(*args, **kwargs)

    return sign_in_required(guarded)


def is_operator() -> bool:
    """True if this request's user is named by the settings, or was in the operators' group at sign-in."""
    who, settings = signed_in(), container().settings
    if who is None:
        return False
    group = settings.operator_group
    return who.identity_id in settings.operator_ids or bool(group and session.get(_MEMBER_OF) == group)


def group_unknown() -> bool:
    """True if Globus has to be asked whether this user is in the operators' group."""
    return bool(container().settings.operator_group) and _MEMBER_OF not in session and not is_operator()


def remember_groups(groups: frozenset[str] | None) -> None:
    """Keep whether the operators' group is among them; None: Globus was not asked."""
    if groups is not None:
        group = container().settings.operator_group
        session[_MEMBER_OF] = group if group in groups else ""


def user() -> User:
    """The signed-in user of a page that requires one."""
    found = signed_in()
    if found is None:
        abort(_HTTP_UNAUTHORIZED)
    return found


def user_read_anew() -> User:
    """The same, as the row stands now: it was changed while this request went on."""
    g.pop("user", None)
    return user()


def own_path(target: str | None) -> str | None:
    """``target`` if it is a path of ours, None if a browser could read another place into it."""
    if not target or len(target) > _PATH_CHARACTERS:
        return None
    if not target.startswith("/") or target.startswith("//"):
        return None
    # Browsers read a backslash as a slash, and drop tabs and line breaks before they read at all.
    if "\\" in target or not (target.isascii() and target.isprintable()):
        return None
    return target


def _read() -> User | None:
    identity_id = session.get(_USER_ID)
    if not identity_id:
        return None
    try:
        found = container().users.get(identity_id)
    except UserNotFoundError:
        found = None
    # Cookies from before sessions had names are of the first epoch.
    epoch, session_id = session.get(_EPOCH, 0), session.get(_SESSION_ID, "")
    if found is None or not accounts.session_holds(found, epoch=epoch, session_id=session_id):
        session.clear()
        return None
    return found
