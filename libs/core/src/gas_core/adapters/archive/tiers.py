"""How long retrievals take, and which tier is next where a store does not have the one asked for."""

from __future__ import annotations

from collections.abc import Mapping

from gas_core.ports import Tier

_FASTEST_FIRST = (Tier.INSTANT, Tier.EXPEDITED, Tier.STANDARD)

FLEXIBLE_SECONDS = {Tier.EXPEDITED: 5 * 60, Tier.STANDARD: 5 * 3600}
"""The upper end of what AWS tells of Glacier Flexible Retrieval and of vaults."""

DEEP_SECONDS = {Tier.STANDARD: 12 * 3600}
"""Deep Archive has no Expedited."""

INSTANT_SECONDS = {Tier.INSTANT: 0}


def offered(asked: Tier, seconds: Mapping[Tier, int]) -> Tier:
    """The tier asked for, else the next slower one that there is, else the slowest."""
    tiers = [tier for tier in _FASTEST_FIRST if tier in seconds]
    slower = _FASTEST_FIRST[_FASTEST_FIRST.index(asked) :]
    return next((tier for tier in tiers if tier in slower), tiers[-1])
