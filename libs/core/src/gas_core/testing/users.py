"""The users table in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import islice

from gas_core.domain.errors import StaleError, UserNotFoundError
from gas_core.domain.job import DUE_SHARDS
from gas_core.domain.plans import Plan, User


class FakeUsers:
    """``Users``."""

    def __init__(self) -> None:
        self._rows: dict[str, User] = {}
        self._lock = threading.Lock()

    def sign_in(self, *, identity_id: str, name: str, email: str, now: int) -> User:
        with self._lock:
            user = self._rows.get(identity_id)
            if user is None:
                user = User(identity_id, name, email, plan_since=now, created=now, updated=now)
            elif not user.profile_confirmed:
                user = replace(user, name=name, email=email, updated=now)
            self._rows[identity_id] = user
            return user

    def get(self, identity_id: str) -> User:
        with self._lock:
            return self._get(identity_id)

    def save_profile(
        self, identity_id: str, *, name: str, email: str, institution: str, window_mails: bool, now: int
    ) -> User:
        with self._lock:
            user = replace(
                self._get(identity_id),
                name=name,
                email=email,
                institution=institution,
                window_mails=window_mails,
                updated=now,
                profile_confirmed=True,
            )
            self._rows[identity_id] = user
            return user

    def commit(self, before: User, after: User) -> User:
        with self._lock:
            row = self._rows.get(before.identity_id)
            if row is None or row.revision != before.revision:
                raise StaleError(user_id=before.identity_id)
            changed = {
                field.name: getattr(after, field.name)
                for field in fields(User)
                if getattr(after, field.name) != getattr(before, field.name)
            }
            written = replace(row, **(changed | {"revision": before.revision + 1}))
            self._rows[before.identity_id] = written
            return written

    def remove(self, user: User) -> None:
        with self._lock:
            row = self._rows.get(user.identity_id)
            if row is not None and row.revision != user.revision:
                raise StaleError(user_id=user.identity_id)
            self._rows.pop(user.identity_id, None)

    def overdue(self, *, now: int, limit: int) -> Iterator[str]:
        with self._lock:
            rows = list(self._rows.values())
        for shard in range(DUE_SHARDS):
            due = [
                (user.due_time, user.identity_id)
                for user in rows
                if user.due_shard == shard and user.due_time is not None and user.due_time <= now
            ]
            yield from (identity_id for _, identity_id in islice(sorted(due), limit))

    def with_email(self, email: str) -> Iterator[User]:
        with self._lock:
            rows = list(self._rows.values())
        yield from (user for user in rows if user.email.casefold() == email.casefold())

    def set_plan_for_test(self, identity_id: str, plan: Plan, *, now: int) -> None:
        """The plan was another all the time: no change of it is owed to anybody."""
        with self._lock:
            user = replace(self._get(identity_id), plan=plan, plan_source="operator", plan_since=now)
            self._rows[identity_id] = user

    def remove_for_test(self, identity_id: str) -> None:
        """The user is gone, as if an operator had deleted the account."""
        with self._lock:
            del self._rows[identity_id]

    def _get(self, identity_id: str) -> User:
        try:
            return self._rows[identity_id]
        except KeyError:
            raise UserNotFoundError(identity_id=identity_id) from None
