"""What a job's page says while it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gas_core.domain.errors import StoreUnavailableError
from gas_core.testing import FakeJobs
from gas_web.globus import Identity

if TYPE_CHECKING:
    from conftest import World
    from gas_core.domain.job import Job

GREGOR = Identity("gregor-id", "Gregor Researcher", "gregor@abbey.example")


def _page(world: World, visitor: Any, words: Any, job: Job) -> str:
    world.clock.advance(2)  # what was seen of the line is forgotten
    shown: str = words(visitor.get(f"/annotations/{job.job_id}"))
    assert words(visitor.get(f"/annotations/{job.job_id}/status")) in shown
    return shown


def test_waiting_job_tells_its_place_among_those_of_everybody(world: World, ada: Any, words: Any) -> None:
    world.job("COMPLETED")
    world.job("RUNNING", user=GREGOR)
    for _ in range(3):
        world.job("PENDING", user=GREGOR)
    job = world.job("PENDING")
    world.job("PENDING", user=GREGOR)
    shown = _page(world, ada, words, job)
    assert "About 3 jobs ahead; start" in shown
    assert "1 job is being annotated now; a worker that is free takes the next." in shown
    assert "You can leave; we mail you." in shown


def test_start_that_nobody_can_know_is_not_guessed(world: World, ada: Any, words: Any) -> None:
    first = world.job("PENDING")
    assert "No job is ahead; a free worker takes it at once" in _page(world, ada, words, first)
    second = world.job("PENDING")
    assert "Start not known yet: no worker is at work just now" in _page(world, ada, words, second)
    world.job("RUNNING")
    assert "Start not known yet: no job has ended here yet" in _page(world, ada, words, second)


def test_line_is_read_once_for_all_who_look(world: World, Visitor: Any) -> None:
    class Counted(FakeJobs):
        looks = 0

        def line(self, *, limit: int) -> Any:
            self.looks += 1
            return super().line(limit=limit)

    world.jobs = counted = Counted(world.users)
    visitor = Visitor(world, world.app())
    visitor.sign_in()
    jobs = [world.job("PENDING") for _ in range(5)]
    world.clock.advance(2)
    for job in jobs * 3:
        visitor.get(f"/annotations/{job.job_id}/status")
    assert counted.looks == 1
    done = world.job("COMPLETED")
    world.clock.advance(2)
    visitor.get(f"/annotations/{done.job_id}/status")
    assert counted.looks == 1


def test_page_does_without_its_place_where_the_table_does_not_tell(
    world: World, Visitor: Any, words: Any
) -> None:
    class Throttled(FakeJobs):
        def line(self, **_: Any) -> Any:
            raise StoreUnavailableError(action="line", code="ThrottlingException")

    world.jobs = Throttled(world.users)
    visitor = Visitor(world, world.app())
    visitor.sign_in()
    job = world.job("PENDING")
    assert "Waiting for a worker." in words(visitor.get(f"/annotations/{job.job_id}"))
