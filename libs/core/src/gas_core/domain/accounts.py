"""Sessions and the end of an account: every decision about them, on the user's row.

A session is a signed cookie, which nobody can take back from where it was copied to. So the row tells which
ones are over, and is asked on every request.
"""

from __future__ import annotations

from dataclasses import replace

from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import User, UserDue

MOST_ENDED = 20
"""Sessions that are remembered as ended; who ends more of them within one's lifetime ends all."""


def session_holds(user: User, *, epoch: int, session_id: str) -> bool:
    """Whether a cookie of this epoch and ID still signs its user in."""
    return epoch == user.session_epoch and session_id not in user.sessions_ended and not user.closing_since


def end_session(user: User, session_id: str, *, until: int, now: int) -> User:
    """End one session, and so every copy of its cookie; after ``until`` it would be over anyway."""
    ended = {each: time for each, time in user.sessions_ended.items() if time > now}
    if len(ended) >= MOST_ENDED:
        return end_every_session(user)
    return replace(user, sessions_ended=ended | {session_id: until})


def end_every_session(user: User) -> User:
    return replace(user, session_epoch=user.session_epoch + 1, sessions_ended={})


def close(user: User, *, now: int) -> User:
    """The account ends: nobody signs in any more, and all it has goes. Whatever else is owed is moot."""
    if user.closing_since:
        return user
    due = {UserDue.CLOSING.value: now}
    return replace(end_every_session(user), closing_since=now, due=due, due_tries=0)


def closing_looked(user: User, *, now: int, timings: Timings) -> User:
    """Every job was looked at; what is left goes meanwhile, and somebody looks again."""
    return replace(user, due={UserDue.CLOSING.value: now + timings.repeat_seconds}, due_tries=0)


def closed(user: User, *, now: int, timings: Timings) -> bool:
    """True once nothing can arrive any more that was begun before the account ended."""
    return bool(user.closing_since) and user.closing_since + timings.abandoned_seconds <= now
