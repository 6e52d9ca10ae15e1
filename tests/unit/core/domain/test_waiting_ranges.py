"""What waiting jobs are told, held against what happens to them, over many made-up afternoons."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass
from statistics import mean

import pytest

from gas_core.domain.job import Job
from gas_core.domain.states import Status
from gas_core.domain.waiting import SERVED_JOBS, Line, Running, Served, Waiting, place_of

AFTERNOONS = 12
WARM_JOBS, JOBS = 8, 20
LOOK_EVERY_SECONDS = 3
BEGIN = 1_790_000_000


@dataclass(frozen=True)
class Weather:
    """How the workers do. Jobs take 0.6 to 3.6 s by their size, with a pause of a worker between two.

    ``noise`` is how far each is off by itself, ``drift`` how far all that run within the same ten jobs are,
    ``slowed`` how much longer all take from the first minute on.
    """

    workers: int = 1
    pause: tuple[float, float] = (0.1, 0.5)
    noise: float = 0.1
    drift: float = 0.0
    slowed: float = 1.0


@dataclass(frozen=True)
class Done:
    job_id: str
    submitted: float
    input_bytes: int
    started: float
    ended: float


def afternoon(seed: int, weather: Weather) -> list[Done]:
    """Warm jobs; when they have ended the others, one a second."""
    draw = random.Random(seed)
    free = [BEGIN + draw.random()] * weather.workers
    submitted, level = free[0], draw.gauss(0, weather.drift)
    done: list[Done] = []
    for number in range(WARM_JOBS + JOBS * weather.workers):
        submitted = max(each.ended for each in done) + 1 if number == WARM_JOBS else submitted + 1
        input_bytes = draw.randint(200_000, 3_200_000)
        started = max(heapq.heappop(free), submitted) + draw.uniform(*weather.pause)
        level = 0.9 * level + draw.gauss(0, weather.drift * math.sqrt(1 - 0.9**2))
        takes = (0.4 + input_bytes / 1_000_000) * math.exp(level) * max(1 + draw.gauss(0, weather.noise), 0.2)
        takes *= weather.slowed if started > BEGIN + 60 else 1
        done.append(Done(f"{number:08x}", submitted, input_bytes, started, started + takes))
        heapq.heappush(free, started + takes)
    return done


def line_at(at: float, jobs: list[Done]) -> Line:
    """As rows have it, which know whole seconds."""
    ended = sorted((each for each in jobs if each.ended <= at), key=lambda each: -each.ended)
    return Line(
        waiting=tuple(
            Waiting(each.job_id, int(each.submitted), each.input_bytes)
            for each in jobs
            if each.submitted <= at < each.started
        ),
        running=tuple(
            Running(int(each.started), each.input_bytes) for each in jobs if each.started <= at < each.ended
        ),
        served=tuple(
            Served(int(each.started), int(each.ended), each.input_bytes) for each in ended[:SERVED_JOBS]
        ),
    )


@pytest.mark.parametrize(
    "weather",
    [
        Weather(),
        Weather(pause=(0.0, 0.02)),
        Weather(pause=(0.3, 1.0)),
        Weather(pause=(2.0, 4.0)),
        Weather(workers=2),
        Weather(noise=0.4),
        Weather(drift=0.2),
        Weather(drift=0.5),
        Weather(slowed=1.5),
    ],
    ids=str,
)
def test_four_of_five_starts_lie_in_the_range_that_was_told(weather: Weather) -> None:
    inside, errors = [], []
    for seed in range(AFTERNOONS):
        jobs = afternoon(seed, weather)
        look = jobs[-1].submitted + 0.3
        while look < jobs[-1].started:
            line = line_at(look, jobs)
            for each in jobs:
                if not each.submitted <= look < each.started:
                    continue
                job = Job(
                    each.job_id,
                    "ada",
                    "ada@research.example",
                    "inputs",
                    "key",
                    int(each.submitted),
                    status=Status.PENDING,
                    submit_time=int(each.submitted),
                )
                place = place_of(job, line, now=int(look))
                assert place.unknown is None
                wait = each.started - look
                inside.append(place.earliest <= wait <= place.latest)
                errors.append((place.earliest + place.latest) / 2 - wait)
            look += LOOK_EVERY_SECONDS
    assert mean(inside) >= 0.8
    if weather.slowed == 1:
        assert abs(mean(errors)) < 1
