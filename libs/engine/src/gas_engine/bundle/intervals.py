"""When two stretches overlap."""

from __future__ import annotations


def overlaps(start: int, end: int, other_start: int, other_end: int) -> bool:
    """True if two 0-based half-open stretches share a base; an empty one must lie strictly inside."""
    return start < other_end and end > other_start
