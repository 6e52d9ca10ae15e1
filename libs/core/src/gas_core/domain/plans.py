"""What a researcher's plan allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Plan(StrEnum):
    """Attribute ``plan`` of a user."""

    FREE = "free"
    PREMIUM = "premium"


@dataclass(frozen=True, slots=True)
class User:
    """A researcher, known by the Globus identity id.

    Times are epoch seconds. ``plan_source`` tells who set the plan ("default", "operator", ...).
    """

    identity_id: str
    name: str
    email: str
    institution: str = ""
    plan: Plan = Plan.FREE
    plan_source: str = "default"
    plan_since: int = 0
    created: int = 0
    updated: int = 0
    profile_confirmed: bool = False
