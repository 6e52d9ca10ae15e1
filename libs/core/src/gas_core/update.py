"""Read a row, decide, write; and decide anew if somebody else wrote meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gas_core.domain.errors import StaleError
from gas_core.domain.job import Job
from gas_core.domain.plans import Plan, User
from gas_core.ports import Jobs, Users

Row = TypeVar("Row", Job, User)

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
    return _until_it_stands(
        lambda: jobs.get(job_id),
        decide,
        lambda before, after: jobs.commit(before, after, while_plan=while_plan),
        job_id=job_id,
    )


def update_user(users: Users, identity_id: str, decide: Callable[[User], User]) -> User:
    """The same for a user's row.

    Raises
    ------
    UserNotFoundError
        There is no such row.
    StaleError
        Every one of ``TRIES`` tries lost to another writer.
    """
    return _until_it_stands(lambda: users.get(identity_id), decide, users.commit, user_id=identity_id)


def _until_it_stands(
    read: Callable[[], Row], decide: Callable[[Row], Row], write: Callable[[Row, Row], Row], **ids: str
) -> Row:
    for _ in range(TRIES):
        before = read()
        after = decide(before)
        if after == before:
            return before
        try:
            return write(before, after)
        except StaleError:
            continue
    raise StaleError(**ids)
