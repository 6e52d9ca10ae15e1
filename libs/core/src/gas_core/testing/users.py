"""The users table in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from gas_core.domain.errors import UserNotFoundError
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

    def save_profile(self, identity_id: str, *, name: str, email: str, institution: str, now: int) -> User:
        with self._lock:
            user = replace(
                self._get(identity_id),
                name=name,
                email=email,
                institution=institution,
                updated=now,
                profile_confirmed=True,
            )
            self._rows[identity_id] = user
            return user

    def set_plan_for_test(self, identity_id: str, plan: Plan, *, now: int) -> None:
        """What an operator would do."""
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
