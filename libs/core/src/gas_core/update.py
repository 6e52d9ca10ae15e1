"""Read a row, decide, write; and decide anew if somebody else wrote meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from gas_core.domain.errors import StaleError
from gas_core.domain.job import Job
from gas_core.domain.plans import Plan, User
from gas_core.ports import Jobs, Users

TRIES = 10
"""Two writers of one row meet rarely and three hardly ever; ten losses in a row are a fault of ours."""


def update(jobs: Jobs, job_id: str, decide: Callable[[Job], Job], *, while_plan: Plan | None = None) -> Job:
    """Write what ``decide`` makes of the row as it stands now, and give the row as it stands then.

    ``decide`` may be called several times, always with a fresh row. What it raises passes through; giving
    back the row unchanged writes nothing. ``while_plan`` as in ``Jobs.commit``.

    Raises
    ------
    JobNotFoundError
        There is no such row.
    StaleError
        Every one of ``TRIES`` tries lost to another writer.
    PlanChangedError
        The user has another plan than the one this is decided for.
    """
    for _ in range(TRIES):
        before = jobs.get(job_id)
        after = decide(before)
        if after == before:
            return before
        try:
            return jobs.commit(before, after, while_plan=while_plan)
        except StaleError:
            continue
    raise StaleError(job_id=job_id)


def update_user(users: Users, identity_id: str, decide: Callable[[User], User]) -> User:
    """The same for a user's row.

    Raises
    ------
    UserNotFoundError
        There is no such row.
    StaleError
        Every one of ``TRIES`` tries lost to another writer.
    """
    for _ in range(TRIES):
        before = users.get(identity_id)
        after = decide(before)
        if after == before:
            return before
        try:
            return users.commit(before, after)
        except StaleError:
            continue
    raise StaleError(user_id=identity_id)
