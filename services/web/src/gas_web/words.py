"""Pieces of what pages say: marks, sentences with moments in them, sizes and durations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from gas_core.domain.plans import Plan

_UNITS = ((86_400, 1_000_000, "d"), (3600, 24, "h"), (60, 60, "min"), (1, 60, "s"))
"""Seconds of a unit, how many make the next one, and its name."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A mark, a word and a kind of colour; never colour alone. ``until`` takes the place of the word."""

    label: str
    kind: str
    icon: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A time inside a sentence: "auto" reads "3 minutes ago", "clock" reads "14:05"."""

    when: datetime
    style: Literal["auto", "clock"] = "auto"


@dataclass(frozen=True, slots=True)
class Countdown:
    """The time that is left until ``ends``, counted from ``now`` by the server's clock."""

    ends: datetime
    now: datetime


Sentence = tuple[str | Moment | Countdown, ...]
"""What a panel says in one line, its times apart, so that each reader sees them in their own zone."""


def moment(time: int) -> datetime:
    """Epoch seconds as an aware time in UTC."""
    return datetime.fromtimestamp(time, UTC)


def short_size(size_bytes: int) -> str:
    """``150 KiB``."""
    return size_text(size_bytes).partition(" (")[0]


def size_text(size_bytes: int) -> str:
    """``150 KiB (153,600 bytes)``."""
    size, unit = float(size_bytes), "bytes"
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":  # noqa: PLR2004 - a binary unit
            break
        size /= 1024
    exact = f"{size_bytes:,} bytes"
    return exact if unit == "bytes" else f"{size:,.4g} {unit} ({exact})"


def duration_text(seconds: int) -> str:
    """``2 s``, ``5 min``, ``2 h 4 min``, ``3 d``: two units at most; whole seconds are what a row knows."""
    parts = [(seconds // size % most, unit) for size, most, unit in _UNITS]
    first = next((place for place, (count, _) in enumerate(parts) if count), None)
    if first is None:
        return "under 1 s"
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


def plan_text(plan: Plan) -> str:
    return "Premium plan" if plan is Plan.PREMIUM else "Free plan"
