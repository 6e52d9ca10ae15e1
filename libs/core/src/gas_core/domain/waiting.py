"""The line of jobs: who is ahead of a waiting job, and about when it starts, with the error of that guess.

SQS promises no order and workers come and go, so every answer here is "about". What a job takes is measured:
a least-squares line through the last jobs that ended, seconds over bytes, and how far they were from it; and
so is the pause in which a worker tells of one job and takes the next, as it comes once for every job ahead.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from gas_core.domain.job import Job

SERVED_JOBS = 30
"""So many of the last jobs tell what the next ones take."""
FADES = 0.85
"""Each counts this much of the one after it: machines get busy and idle again within minutes."""
LIKELY = 1.28
"""Standard deviations on either side of the middle: four starts of five lie within."""
CLOCK_SECONDS = 1.0
"""Rows know whole seconds."""
PAUSE_SECONDS = 2
"""A worker that stood still for no longer may have had work all the time, whoever waits now."""
FREE_SECONDS = 5
"""A worker that is free for no longer is still there, and takes the next job."""
GUESSED_PAUSE = 0.5
"""Seconds, until one is measured."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits for a worker."""

    job_id: str
    submit_time: int
    input_bytes: int


@dataclass(frozen=True, slots=True)
class Running:
    """A job that a worker has."""

    start_time: int
    input_bytes: int


@dataclass(frozen=True, slots=True)
class Served:
    """A job that was annotated, from when to when."""

    start_time: int
    complete_time: int
    input_bytes: int

    @property
    def seconds(self) -> int:
        return self.complete_time - self.start_time


@dataclass(frozen=True, slots=True)
class Line:
    """All jobs under way, the longest waiting first, and the last that ended, the last one first.

    ``known_until`` is the submission time up to which ``waiting`` is whole; None if all of it is.
    """

    waiting: tuple[Waiting, ...]
    running: tuple[Running, ...]
    served: tuple[Served, ...]
    known_until: int | None = None


class Unknown(StrEnum):
    """Why nobody can say when a job starts."""

    NOTHING_MEASURED = "nothing_measured"
    NO_WORKER = "no_worker"
    TOO_LONG = "too_long"
    """More jobs are ahead than were counted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands: ``ahead`` waiting jobs came earlier, ``running`` are being annotated.

    It starts in ``earliest`` to ``latest`` seconds, four times of five; ``unknown`` tells why that is open.
    """

    ahead: int
    running: int
    earliest: float = 0.0
    latest: float = 0.0
    unknown: Unknown | None = None


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """Seconds that a job takes: ``base + per_byte * bytes``, give or take ``spread``.

    ``jobs`` is how many measurements that is worth, the faded ones counted by their weight. ``shared`` is the
    covariance of jobs one after the other: what makes neighbours slow or quick alike, such as other work on
    the machine, and so does not even out over a long line.
    """

    base: float
    per_byte: float
    spread: float
    jobs: float
    shared: float

    def of(self, input_bytes: int) -> float:
        return self.base + self.per_byte * input_bytes


def service_time(served: Sequence[Served]) -> ServiceTime:
    """The line through what was measured, the last job first; neither part of it is ever negative.

    ``served`` is not empty.
    """
    shares = _shares(len(served))
    weighed = list(zip(shares, served, strict=True))
    jobs = 1 / sum(share**2 for share in shares)
    mean_bytes = sum(share * each.input_bytes for share, each in weighed)
    mean_seconds = sum(share * each.seconds for share, each in weighed)
    varies = sum(share * (each.input_bytes - mean_bytes) ** 2 for share, each in weighed)
    together = sum(
        share * (each.input_bytes - mean_bytes) * (each.seconds - mean_seconds) for share, each in weighed
    )
    per_byte = max(together / varies, 0.0) if varies else 0.0
    base = mean_seconds - per_byte * mean_bytes
    if base < 0:
        base, per_byte = 0.0, mean_seconds / mean_bytes
    missed = [each.seconds - base - per_byte * each.input_bytes for each in served]
    misses = sum(share * miss**2 for (share, _), miss in zip(weighed, missed, strict=True))
    # One job alone says nothing about the spread; as wide as the time itself is the safe guess.
    spread = math.sqrt(misses * jobs / (jobs - 1)) if len(served) > 1 else mean_seconds
    alike = [one * next_one for one, next_one in pairwise(missed)]
    shared = max(sum(alike) / len(alike), 0.0) if alike else 0.0
    return ServiceTime(base, per_byte, spread, jobs, shared)


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds from a job's end to the start of the worker's next, and the variance of that mean.

    ``free`` are the times since when workers have none.
    """

    seconds: float
    variance: float
    free: tuple[int, ...]


def pause_of(line: Line) -> Pause:
    """What lies between two jobs of a worker, where it had no reason to wait.

    Rows do not tell which worker had which job, but the sum of the pauses is the same whoever paused: every
    start is taken for the end of the longest. One counts if somebody who waits now waited all through it, or
    if it is short.
    """
    begins = [each.start_time for each in line.served] + [each.start_time for each in line.running]
    events = sorted([(each.complete_time, 0) for each in line.served] + [(begin, 1) for begin in begins])
    waiting_since = line.waiting[0].submit_time if line.waiting else math.inf
    free: deque[int] = deque()
    pauses: list[int] = []
    for at, begun in events:
        if not begun:
            free.append(at)
        elif free:
            since = free.popleft()
            if since >= waiting_since or at - since <= PAUSE_SECONDS:
                pauses.append(at - since)
    if not pauses:
        return Pause(GUESSED_PAUSE, GUESSED_PAUSE**2, tuple(free))
    weighed = list(zip(_shares(len(pauses)), reversed(pauses), strict=True))
    mean = sum(share * seconds for share, seconds in weighed)
    spread = sum(share * (seconds - mean) ** 2 for share, seconds in weighed)
    return Pause(mean, spread * sum(share**2 for share, _ in weighed), tuple(free))


def _shares(count: int) -> list[float]:
    """Weights of so many measurements, the last first; their sum is 1."""
    weights = [FADES**age for age in range(count)]
    return [weight / sum(weights) for weight in weights]


def place_of(job: Job, line: Line, *, now: int) -> Place:
    """Where a PENDING job stands among those that wait, whoever's they are."""
    here = (job.submit_time, job.job_id)
    ahead = [each for each in line.waiting if (each.submit_time, each.job_id) < here]
    counted = Place(len(ahead), len(line.running))
    if line.known_until is not None and job.submit_time > line.known_until:
        return replace(counted, unknown=Unknown.TOO_LONG)
    pause = pause_of(line)
    between = [since for since in pause.free if now - since <= FREE_SECONDS]
    if not line.running and not between:
        return replace(counted, unknown=Unknown.NO_WORKER)
    if not line.served:
        return replace(counted, unknown=Unknown.NOTHING_MEASURED)
    takes = service_time(line.served)
    # Each worker takes whoever is next when it is free; as many work on as work now.
    free = [
        max(takes.of(each.input_bytes) - (now - each.start_time), 0.0) + pause.seconds
        for each in line.running
    ]
    free += [max(pause.seconds - (now - since), 0.0) for since in between]
    heapq.heapify(free)
    for each in ahead:
        heapq.heappush(free, heapq.heappop(free) + takes.of(each.input_bytes) + pause.seconds)
    start = free[0]
    in_a_row = (counted.ahead + counted.running) / len(free)
    each_its_own = takes.spread**2 * in_a_row
    # What neighbours share was in the measurements, and will be, otherwise, in the jobs ahead: twice.
    all_alike = (takes.spread**2 / takes.jobs + 2 * takes.shared + pause.variance) * in_a_row**2
    error = LIKELY * math.sqrt(each_its_own + all_alike) + CLOCK_SECONDS
    return replace(counted, earliest=max(start - error, 0.0), latest=start + error)
