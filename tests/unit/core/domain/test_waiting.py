from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_core.domain.job import Job
from gas_core.domain.states import Status
from gas_core.domain.waiting import (
    Line,
    Place,
    Running,
    Served,
    Unknown,
    Waiting,
    pause_of,
    place_of,
    service_time,
)

NOW = 1_790_000_000
JOB = Job("b", "ada", "ada@research.example", "inputs", "key", NOW, status=Status.PENDING, submit_time=NOW)


def in_a_row(*seconds: int, pause: int = 0, until: int = NOW, size: int = 100) -> tuple[Served, ...]:
    """Jobs of one worker that took so long, the last one first."""
    served = []
    for each in seconds:
        served.append(Served(until - pause - each, until - pause, size))
        until -= pause + each
    return tuple(served)


def line(
    *,
    ahead: int = 0,
    running: int = 1,
    served: tuple[Served, ...] = in_a_row(10, 10),
    known_until: int | None = None,
) -> Line:
    waiting = [Waiting(f"a{number}", NOW - 60 + number, 100) for number in range(ahead)]
    behind = Waiting("c", NOW + 1, 100)
    here = Waiting(JOB.job_id, JOB.submit_time, 100)
    return Line((*waiting, here, behind), (Running(NOW, 100),) * running, served, known_until)


def test_jobs_submitted_earlier_are_ahead_and_those_of_the_same_second_by_their_id() -> None:
    at_once = replace(line(ahead=2), waiting=(*line(ahead=2).waiting, Waiting("a", NOW, 9)))
    assert place_of(JOB, at_once, now=NOW).ahead == 3


@pytest.mark.parametrize(
    ("ahead", "running", "starts"),
    [(0, 1, 10), (1, 1, 20), (3, 1, 40), (3, 2, 20), (4, 2, 30)],
)
def test_each_worker_takes_the_next_when_it_is_free(ahead: int, running: int, starts: int) -> None:
    place = place_of(JOB, line(ahead=ahead, running=running), now=NOW)
    assert place == Place(ahead, running, starts - 1, starts + 1)


def test_what_a_worker_has_done_already_counts() -> None:
    under_way = replace(line(served=in_a_row(10, 10, until=NOW - 7)), running=(Running(NOW - 7, 100),))
    place = place_of(JOB, under_way, now=NOW)
    assert (place.earliest, place.latest) == (2, 4)


def test_work_that_takes_longer_than_expected_does_not_turn_the_clock_back() -> None:
    late = replace(line(served=in_a_row(10, 10, until=NOW - 700)), running=(Running(NOW - 700, 100),))
    place = place_of(JOB, late, now=NOW)
    assert (place.earliest, place.latest) == (0, 1)


def test_the_further_behind_and_the_less_alike_jobs_are_the_wider_the_guess() -> None:
    def width(ahead: int, *seconds: int) -> float:
        place = place_of(JOB, line(ahead=ahead, served=in_a_row(*seconds)), now=NOW)
        return place.latest - place.earliest

    assert width(3, 9, 11) < width(9, 9, 11) < width(9, 5, 15)
    assert width(9, *[9, 11] * 20) < width(9, 9, 11)


def test_jobs_that_got_slower_lately_tell_more_and_widen_the_guess() -> None:
    steady = place_of(JOB, line(ahead=9, served=in_a_row(*(20, 10) * 5)), now=NOW)
    slower = place_of(JOB, line(ahead=9, served=in_a_row(*(20,) * 5, *(10,) * 5)), now=NOW)
    assert slower.latest - slower.earliest > steady.latest - steady.earliest
    assert slower.latest > steady.latest


def test_pause_between_two_jobs_comes_once_for_each_job_ahead() -> None:
    paused = replace(line(ahead=3, served=in_a_row(*[10] * 8, pause=2)), running=(Running(NOW, 100),))
    place = place_of(JOB, paused, now=NOW)
    assert (place.earliest, place.latest) == pytest.approx((4 * 12 - 1, 4 * 12 + 1))


def test_worker_that_stood_still_for_want_of_work_made_no_pause() -> None:
    idle = line(ahead=3, served=in_a_row(*[10] * 8, pause=30))
    assert pause_of(replace(idle, running=())).seconds < 1
    held_up = replace(idle, waiting=(Waiting("early", NOW - 500, 100),))
    assert pause_of(held_up).seconds == pytest.approx(30)


def test_worker_between_two_jobs_is_one_that_works() -> None:
    place = place_of(JOB, line(ahead=1, running=0, served=in_a_row(10, 10, until=NOW - 1)), now=NOW)
    assert place.unknown is None
    assert place.earliest < 10 < place.latest


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (line(ahead=2, running=0, served=in_a_row(10, 10, until=NOW - 60)), Unknown.NO_WORKER),
        (line(ahead=2, served=()), Unknown.NOTHING_MEASURED),
        (line(ahead=2, known_until=NOW - 1), Unknown.TOO_LONG),
    ],
)
def test_what_cannot_be_known_is_not_guessed(told: Line, why: Unknown) -> None:
    place = place_of(JOB, told, now=NOW)
    assert (place.unknown, place.ahead) == (why, 2)


def test_larger_files_take_longer() -> None:
    takes = service_time([Served(0, 12, 1000), Served(0, 22, 2000), Served(0, 42, 4000)])
    assert (takes.of(3000), takes.spread) == (pytest.approx(32), pytest.approx(0, abs=1e-9))


@given(
    st.lists(st.builds(Served, st.just(0), st.integers(0, 10**5), st.integers(0, 10**10)), min_size=1),
    st.integers(0, 10**10),
)
def test_no_job_takes_less_than_no_time(served: list[Served], size: int) -> None:
    takes = service_time(served)
    assert takes.of(size) >= 0
    assert takes.base >= 0
    assert takes.per_byte >= 0
    assert takes.spread >= 0
