"""What a researcher's plan allows, and every decision about it.

Pure functions from the user's row as it was read to the row as it should be, as in ``lifecycle``. A change of
plan is a debt on the row until every job of the user was looked at; ``plan_changes`` counts the changes and
fences whoever works one through.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gas_core.domain.errors import MailUnderWayError, PermanentError
from gas_core.domain.job import DUE_SHARDS
from gas_core.domain.lifecycle import LeaseHeldError, Timings


class Plan(StrEnum):
    """Attribute ``plan`` of a user."""

    FREE = "free"
    PREMIUM = "premium"


class UserDue(StrEnum):
    """A kind of debt that a user's row carries in its ``due`` map until it is paid."""

    PLAN_CHANGE = "plan_change"
    """A change of plan was not worked through yet: retrievals to start, or windows to open."""
    RESTORED_MAIL = "restored_mail"
    """Results came back, and the mail that tells how many has to go out."""
    PAYMENT_GRACE = "payment_grace"
    """A payment failed; without another one the premium plan ends."""
    PAYMENT_LETTER = "payment_letter"
    """A mail about payments has to go out."""
    CLOSING = "closing"
    """The account ends: its jobs have to go, then the row."""


class PlanMovedOnError(PermanentError):
    """The plan changed again meanwhile; this change need not be worked through any more."""


@dataclass(frozen=True, slots=True)
class User:
    """A researcher, known by the Globus identity id.

    Times are epoch seconds. ``plan_source`` tells who set the plan ("default", "operator", "stripe").
    ``plan_cursor`` is how far a change of plan was worked through, ``plan_failed`` how many jobs before it
    could not be settled. ``revision`` counts writes by ``Users.commit`` and belongs to it.
    """

    identity_id: str
    name: str
    email: str
    institution: str = ""
    plan: Plan = Plan.FREE
    plan_source: str = "default"
    plan_since: int = 0
    plan_changes: int = 0
    plan_cursor: str = ""
    plan_failed: int = 0
    lease_expires: int = 0
    restored_since: int = 0
    """When the first results came back that no mail has told of; the debt is only a reason to look."""
    restored_told: int = 0
    """Results that came back until then were told of by mail."""
    restored_mail_begun: int = 0
    """When somebody began to count and mail what came back, if that was not recorded as done yet."""
    window_mails: bool = True
    """Whether a mail tells that a window is about to end."""
    customer_id: str = ""
    """Who the user is to the payment provider."""
    paying_until: int = 0
    """A payment is under way, and no other may begin until then."""
    payment_grace_ends: int = 0
    """A payment failed, and the premium plan ends then unless one succeeds."""
    payment_letter: str = ""
    """Which mail about payments is owed."""
    payment_letter_time: int = 0
    """When that was decided; it tells one letter from the next of its kind."""
    payment_letter_begun: int = 0
    billing_events: tuple[str, ...] = ()
    """IDs of the payment provider's last events that were worked through."""
    session_epoch: int = 0
    """Sessions of an earlier epoch are over."""
    sessions_ended: dict[str, int] = field(default_factory=dict)
    """Sessions of this epoch that are over, and until when their cookies would be good."""
    saved_views: dict[str, str] = field(default_factory=dict)
    """Views of variants by name: the query of their address."""
    table_columns: str = ""
    """Columns of the tables of variants, as an address has them; empty for the usual ones."""
    closing_since: int = 0
    """When its owner ended the account; 0 while it lasts."""
    created: int = 0
    updated: int = 0
    profile_confirmed: bool = False
    due: dict[str, int] = field(default_factory=dict)
    due_tries: int = 0
    revision: int = 0

    @property
    def due_shard(self) -> int:
        """The partition of the users table's ``due_index``."""
        return zlib.crc32(self.identity_id.encode()) % DUE_SHARDS

    @property
    def due_time(self) -> int | None:
        """When the earliest debt falls due; a row without debts is not in ``due_index``."""
        return min(self.due.values(), default=None)

    @property
    def plan_settling(self) -> bool:
        """True while jobs may not have been told of the plan yet."""
        return UserDue.PLAN_CHANGE in self.due


def change_plan(user: User, plan: Plan, *, source: str, now: int, timings: Timings) -> User:
    """The plan is ``plan`` from now on, by the word of ``source``. The same plan again owes nothing."""
    if user.plan is plan:
        return replace(user, plan_source=source)
    return replace(
        user,
        plan=plan,
        plan_source=source,
        plan_since=now,
        plan_changes=user.plan_changes + 1,
        plan_cursor="",
        plan_failed=0,
        lease_expires=0,
        due=user.due | {UserDue.PLAN_CHANGE.value: now + timings.announce_grace_seconds},
        due_tries=0,
    )


def take_plan_change(user: User, *, now: int, timings: Timings) -> User:
    """Begin, or go on, to work a change through; unchanged if there is none.

    Raises
    ------
    LeaseHeldError
        Another restorer is at it.
    """
    if not user.plan_settling:
        return user
    if user.lease_expires > now:
        raise LeaseHeldError(user_id=user.identity_id)
    return _leased(user, now, timings)


def plan_progress(user: User, *, change: int, cursor: str, failed: int, now: int, timings: Timings) -> User:
    """Every job before ``cursor`` was looked at; ``failed`` more of them could not be settled.

    Raises
    ------
    PlanMovedOnError
        The plan changed again.
    """
    _current(user, change)
    return replace(_leased(user, now, timings), plan_cursor=cursor, plan_failed=user.plan_failed + failed)


def plan_worked_through(user: User, *, change: int, failed: int, now: int, timings: Timings) -> User:
    """Every job was looked at; if some of them could not be settled, all are looked at again, later."""
    _current(user, change)
    due = {kind: time for kind, time in user.due.items() if kind != UserDue.PLAN_CHANGE}
    again = failed + user.plan_failed > 0
    if again:
        due[UserDue.PLAN_CHANGE.value] = now + timings.repeat_seconds * 2**user.due_tries
    return replace(
        user,
        due=due,
        due_tries=min(user.due_tries + 1, 10) if again else 0,
        plan_cursor="",
        plan_failed=0,
        lease_expires=0,
    )


def plan_handed_back(user: User, *, change: int, now: int) -> User:
    """Whoever worked it through has to stop; the next one goes on at the cursor."""
    if user.plan_changes != change or not user.plan_settling:
        return user
    return replace(user, lease_expires=0, due=user.due | {UserDue.PLAN_CHANGE.value: now})


def results_came_back(user: User, *, now: int, timings: Timings) -> User:
    """Something to tell by mail: soon, together with what else comes back until then.

    What comes back while a mail is being counted may be too late for it, and is told by the next one.
    """
    if UserDue.RESTORED_MAIL in user.due and not user.restored_mail_begun:
        return user
    if user.restored_since >= user.restored_mail_begun > 0:
        return user
    due = user.due | {UserDue.RESTORED_MAIL.value: now + timings.restored_mail_seconds}
    return replace(user, restored_since=now, due=due)


def restored_mail_due(user: User, *, now: int, timings: Timings) -> bool:
    """Told from when the first results came back: the sweeper moves a debt on before it announces it."""
    collected = user.restored_since + timings.restored_mail_seconds <= now
    return UserDue.RESTORED_MAIL in user.due and (collected or user.restored_mail_begun > 0)


def begin_restored_mail(user: User, *, now: int, timings: Timings) -> User:
    """Count and mail what came back; what comes back from now on is for the next mail.

    Raises
    ------
    MailUnderWayError
        Another process is at it.
    """
    claimed = user.restored_mail_begun + timings.mail_claim_seconds
    if user.restored_mail_begun and claimed > now:
        raise MailUnderWayError(user_id=user.identity_id, retry_after_seconds=claimed - now)
    return replace(user, restored_mail_begun=now)


def end_restored_mail(user: User, *, until: int, more: bool, now: int, timings: Timings) -> User:
    """What came back until ``until`` was told, or there was nothing; ``more`` has come back since."""
    ended = replace(
        without(user, UserDue.RESTORED_MAIL), restored_told=until, restored_since=0, restored_mail_begun=0
    )
    more = more or user.restored_since >= user.restored_mail_begun
    return results_came_back(ended, now=now, timings=timings) if more else ended


def postpone(user: User, *, now: int, timings: Timings) -> User:
    """Move every overdue debt on, further each time, before it is announced again."""
    later = now + timings.repeat_seconds * 2**user.due_tries
    due = {kind: later if time <= now else time for kind, time in user.due.items()}
    return replace(user, due=due, due_tries=min(user.due_tries + 1, 10))


def without(user: User, kind: UserDue) -> User:
    """The same row, with this debt paid; of the others nobody was told in vain."""
    if kind not in user.due:
        return user
    return replace(user, due={other: time for other, time in user.due.items() if other != kind}, due_tries=0)


def _leased(user: User, now: int, timings: Timings) -> User:
    expires = now + timings.lease_seconds
    return replace(user, lease_expires=expires, due=user.due | {UserDue.PLAN_CHANGE.value: expires})


def _current(user: User, change: int) -> None:
    if user.plan_changes != change or not user.plan_settling:
        raise PlanMovedOnError(user_id=user.identity_id, change=change)
