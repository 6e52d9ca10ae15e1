"""The end of an account: every job goes, whatever state it is in, and the row goes last."""

from __future__ import annotations

from typing import Any

import pytest
from tests.stateful.world import TIMINGS, USER_ID, World

from gas_core.announce import change_user
from gas_core.domain import accounts
from gas_core.domain.errors import StoreUnavailableError, UserNotFoundError
from gas_core.domain.states import Results, Status
from gas_restorer import handlers


@pytest.fixture
def world() -> World:
    return World()


def close(world: World) -> None:
    change_user(
        USER_ID,
        lambda row: accounts.close(row, now=world.clock.now()),
        users=world.users,
        publisher=world.publisher,
    )


def settle_until_gone(world: World, steps: int = 400) -> None:
    """Everybody takes turns until the row is gone; the sweeper alone knows what is still to do."""
    for _ in range(steps):
        while world.annotate() or world.notify() or world.archive_one() or world.restore():
            pass
        world.sweep()
        world.clock.advance(TIMINGS.repeat_seconds)
        try:
            world.users.get(USER_ID)
        except UserNotFoundError:
            return
    raise AssertionError(f"the row is still there: {world.users.get(USER_ID)}")


def test_every_job_goes_and_the_row_goes_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "PAGE_JOBS", 2)
    for _ in range(3):
        world.job_at("archived")
    close(world)
    settle_until_gone(world)
    assert world.jobs.rows == {}
    assert world.everything_stored() == set()


def test_jobs_under_way_are_cancelled_and_go(world: World) -> None:
    waiting = world.new_job()
    world.upload(waiting, b"a file")
    world.submit(waiting)
    close(world)
    world.restore()
    row = world.jobs.get(waiting)
    assert (row.status, row.results) == (Status.CANCELLED, Results.DELETING)
    settle_until_gone(world)
    assert world.jobs.rows == {}


def test_upload_that_was_under_way_goes_too(world: World) -> None:
    late = world.new_job()
    close(world)
    world.restore()
    world.upload(late, b"a file")
    world.submit(late)
    settle_until_gone(world)
    assert world.jobs.rows == {}
    assert world.everything_stored() == set()


def test_row_stays_while_a_job_cannot_be_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.job_at("archived")
    whole = world.jobs.commit

    def refused(before: Any, after: Any, **more: Any) -> Any:
        if after.results is Results.DELETING:
            raise StoreUnavailableError(action="commit_job", code="ThrottlingException")
        return whole(before, after, **more)

    close(world)
    with monkeypatch.context() as broken:
        broken.setattr(world.jobs, "commit", refused)
        world.restore()
    assert world.users.get(USER_ID).due
    settle_until_gone(world)
    assert world.jobs.rows == {}
