"""Hold what waiting jobs were told against what happened.

    python bench/queue/measure.py docs/images/waiting.svg

One worker, five researchers with four jobs each, of different sizes, on the embedded stack. Every second each
waiting job is told its place as its page would tell it; when it starts, the guesses are held against that.
Prints the figures and draws them.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import mean, median

import gas_engine
from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.s3 import S3Store
from gas_core.adapters.sns import SnsPublisher
from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.keys import input_key
from gas_core.domain.lifecycle import Timings
from gas_core.domain.states import Status
from gas_core.domain.waiting import place_of
from gas_core.submit import submit_job
from gas_local.fixtures import running_stack
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor

RESEARCHERS = 5
JOBS_EACH = 4
WARM_JOBS = 8
RECORDS = (5_000, 80_000)
"""Fewest and most records of a file."""
SEED = 12920
BASES = {"A": "G", "G": "A", "C": "T", "T": "C", "N": "A"}


@dataclass(frozen=True, slots=True)
class Told:
    """What one job was told at one moment; times in seconds from that moment."""

    job_id: str
    at: float
    ahead: int
    earliest: float
    latest: float

    @property
    def middle(self) -> float:
        return (self.earliest + self.latest) / 2


def write_vcf(path: Path, records: int, draw: random.Random) -> None:
    """Single-base changes all over the mitochondrial genome, sorted."""
    sequence = (files(gas_engine) / "bundles/rCRS/sequence.fa").read_text()
    bases = "".join(sequence.split("\n")[1:]).upper()
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    lines += [
        f"MT\t{place + 1}\t.\t{bases[place]}\t{BASES[bases[place]]}\t50\tPASS\tDP=40"
        for place in sorted(draw.choices(range(len(bases)), k=records))
    ]
    path.write_text("\n".join(lines) + "\n")


class Bench:
    """The ports of the pages, on a stack."""

    def __init__(self, environment: dict[str, str], aws_url: str, directory: Path) -> None:
        clients = AwsClients(region="us-east-1", endpoint_url=aws_url)
        self.jobs = DynamoJobs(clients.dynamodb, table=environment["GAS_JOBS_TABLE"])
        self.store = S3Store(clients.s3, public=clients.s3_public)
        self.publisher = SnsPublisher(
            clients.sns,
            job_requests_topic_arn=environment["GAS_JOB_REQUESTS_TOPIC_ARN"],
            job_results_topic_arn=environment["GAS_JOB_RESULTS_TOPIC_ARN"],
            plan_changes_topic_arn=environment["GAS_PLAN_CHANGES_TOPIC_ARN"],
        )
        self.bucket = environment["GAS_INPUTS_BUCKET"]
        self.clock = SystemClock()
        self.directory = directory
        self.draw = random.Random(SEED)

    def upload(self, researcher: int) -> str:
        """A job whose file has arrived."""
        job_id, user_id = str(uuid.uuid4()), f"researcher-{researcher}"
        key = input_key(user_id, job_id)
        path = self.directory / f"{job_id}.vcf"
        write_vcf(path, self.draw.randint(*RECORDS), self.draw)
        self.jobs.add(Job(job_id, user_id, f"{user_id}@example.org", self.bucket, key, self.clock.now()))
        self.store.put(ObjectRef(self.bucket, key), path, content_type="text/plain")
        path.unlink()
        return job_id

    def submit(self, job_id: str) -> None:
        submit_job(
            job_id,
            jobs=self.jobs,
            store=self.store,
            publisher=self.publisher,
            clock=self.clock,
            timings=Timings(),
        )

    def submit_all(self, count: int) -> list[str]:
        """Jobs of all researchers in turn, one a second."""
        job_ids = [self.upload(number % RESEARCHERS) for number in range(count)]
        for job_id in job_ids:
            self.submit(job_id)
            time.sleep(1)  # rows know whole seconds, and of one second's jobs nobody knows the order
        return job_ids

    def wait_for(self, job_ids: list[str]) -> None:
        while any(not self.jobs.get(job_id).terminal for job_id in job_ids):
            time.sleep(0.5)

    def told(self, job_ids: list[str]) -> list[Told]:
        now, line = self.clock.now(), self.jobs.line(limit=1000)
        told = []
        for job_id in job_ids:
            job = self.jobs.get(job_id)
            if job.status is Status.PENDING:
                place = place_of(job, line, now=now)
                if not place.unknown:
                    told.append(Told(job_id, time.time(), place.ahead, place.earliest, place.latest))
        return told


def measure(bench: Bench) -> tuple[list[Told], dict[str, int]]:
    """What was told, and when each job started."""
    bench.wait_for(bench.submit_all(WARM_JOBS))
    job_ids = bench.submit_all(RESEARCHERS * JOBS_EACH)
    told: list[Told] = []
    while any(not bench.jobs.get(job_id).terminal for job_id in job_ids):
        told += bench.told(job_ids)
        time.sleep(1)
    return told, {job_id: bench.jobs.get(job_id).start_time for job_id in job_ids}


def report(told: list[Told], started: dict[str, int]) -> str:
    # A row's second began up to a second before the worker took the job.
    errors = [each.middle - (started[each.job_id] + 0.5 - each.at) for each in told]
    inside = [
        each.earliest - 0.5 <= started[each.job_id] + 0.5 - each.at <= each.latest + 0.5 for each in told
    ]
    places = [each.ahead - really_ahead(each, told, started) for each in told]
    waits = [started[each.job_id] + 0.5 - each.at for each in told]
    most, place_most = max(map(abs, errors)), max(map(abs, places))
    width = median(each.latest - each.earliest for each in told)
    return "\n".join(
        [
            f"guesses: {len(told)} of {len(started)} jobs; waits up to {max(waits):.0f} s",
            f"place: exact in {places.count(0) / len(places):.0%}, off by {place_most} at most",
            f"start: {median(map(abs, errors)):.1f} s off (median), {most:.1f} s at most",
            f"bias: {mean(errors):+.1f} s",
            f"range: {mean(inside):.0%} of starts within (80 % meant), {width:.1f} s wide (median)",
        ]
    )


def really_ahead(each: Told, told: list[Told], started: dict[str, int]) -> int:
    """How many of the jobs that waited at that moment were taken before this one."""
    waited = {other.job_id for other in told if abs(other.at - each.at) < 0.5}  # noqa: PLR2004 - one look
    return sum(started[job_id] < started[each.job_id] for job_id in waited)


def draw(path: Path, told: list[Told], started: dict[str, int]) -> None:
    """Start as told against start as it was, and how far the middle was off; one dot a guess."""
    width, height, left, top, size = 760, 400, 56, 44, 300
    most = max(*(each.latest for each in told), *(started[each.job_id] - each.at for each in told))
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            'font-family="system-ui, sans-serif" font-size="12">'
        ),
        "<title>Start as told against start as it was</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{left}" y="22">Start as told, with its range, over the start as it was (s)</text>',
        f'<text x="{left + 400}" y="22">Told minus was (s), over the jobs ahead</text>',
    ]

    def at(value: float) -> float:
        return round(value / most * size, 1)

    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if most / step <= 8)  # noqa: PLR2004 - a few labels
    for value in range(0, int(most) + 1, step):
        y = top + size - at(value)
        parts.append(f'<path d="M{left} {y}h{size}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{value}</text>')
        parts.append(
            f'<text x="{left + at(value)}" y="{top + size + 18}" text-anchor="middle">{value}</text>'
        )
    parts.append(f'<path d="M{left} {top + size}L{left + size} {top}" stroke="#777" stroke-dasharray="4 4"/>')
    errors = []
    for each in told:
        was = started[each.job_id] + 0.5 - each.at
        errors.append((each.ahead, each.middle - was))
        x = left + at(max(was, 0))
        low, high = (top + size - at(value) for value in (each.earliest, each.latest))
        parts.append(f'<path d="M{x} {low}V{high}" stroke="#56b4e9" stroke-opacity=".5"/>')
        parts.append(f'<circle cx="{x}" cy="{top + size - at(each.middle)}" r="2.5" fill="#0072b2"/>')
    right, farthest = left + 400, max(ahead for ahead, _ in errors)
    widest = max(2, *(abs(error) for _, error in errors))
    for share in (-1, -0.5, 0, 0.5, 1):
        y = top + size / 2 - share * size / 2
        parts.append(f'<path d="M{right} {y}h{size}" stroke="{"#777" if not share else "#ddd"}"/>')
        parts.append(f'<text x="{right - 8}" y="{y + 4}" text-anchor="end">{share * widest:+.0f}</text>')
    for ahead in range(0, farthest + 1, 5):
        x = right + ahead / max(farthest, 1) * size
        parts.append(f'<text x="{x:.1f}" y="{top + size + 18}" text-anchor="middle">{ahead}</text>')
    for ahead, error in errors:
        x, y = right + ahead / max(farthest, 1) * size, top + size / 2 - error / widest * size / 2
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#d55e00" fill-opacity=".6"/>')
    path.write_text("\n".join([*parts, "</svg>", ""]))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as stack:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ[name] = stack[name]
        programs = [each for each in service_programs(stack.environment) if each.name == "annotator"]
        with Supervisor(Path(directory) / "log") as supervisor:
            supervisor.start(*programs)
            told, started = measure(Bench(stack.environment, stack.aws_url, Path(directory)))
    print(report(told, started))
    if len(sys.argv) > 1:
        draw(Path(sys.argv[1]), told, started)


if __name__ == "__main__":
    main()
