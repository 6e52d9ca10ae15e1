"""What becomes of a message, by how its handler ended. One table; the first row that fits counts."""

from __future__ import annotations

from dataclasses import dataclass

from gas_core.domain.errors import NotYetError, PermanentError, StoppingError, TransientError, UnreadableError

UNREADABLE_SECONDS = 5
"""Pause before an unreadable message comes again: the queue's own count takes it to the dead letters."""

BACKOFF_SECONDS = 10
BACKOFF_MOST_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Settlement:
    """``outcome`` is the metric's label; the message is deleted if ``hide_seconds`` is None."""

    outcome: str
    hide_seconds: int | None


def backoff_seconds(receive_count: int) -> int:
    """10, 20, 40 ... at most 300 seconds."""
    return int(min(BACKOFF_SECONDS * 2 ** min(receive_count - 1, 10), BACKOFF_MOST_SECONDS))


def settle(error: Exception | None, receive_count: int) -> Settlement:
    """Say what to do with a message whose handler returned (None) or raised ``error``."""
    later = backoff_seconds(receive_count)
    match error:
        case None:
            return Settlement("done", None)
        case UnreadableError():
            return Settlement("unreadable", UNREADABLE_SECONDS)
        case PermanentError():
            return Settlement("permanent", None)
        case StoppingError():
            return Settlement("handed_back", 0)
        case TransientError():
            # The error may know better when it is worth trying again.
            wanted = error.fields.get("retry_after_seconds")
            outcome = "early" if isinstance(error, NotYetError) else "transient"
            return Settlement(outcome, wanted if isinstance(wanted, int) else later)
        case _:
            return Settlement("unexpected", later)
