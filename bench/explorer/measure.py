"""Time the explorer's pages on a table: ``python bench/explorer/measure.py table.parquet``.

The whole application answers, from the request to the last byte of the page, on a store in memory. Each
filter is new to it, so that no answer was remembered; ``again`` is the same address a second time.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import structlog

from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.keys import result_keys, standing_keys, summary_key
from gas_core.domain.states import Results, Status
from gas_core.testing import FakeClock, FakeJobs, FakePublisher, FakeQueue, FakeStore, FakeUsers
from gas_core.testing.store import INPUTS_BUCKET, ORIGIN, RESULTS_BUCKET
from gas_web.app import create_app
from gas_web.config import WebSettings
from gas_web.container import Container

JOB = "00000001-0000-4000-8000-000000000000"
CHANGES = [
    "f=impact:is:HIGH,MODERATE",
    "f=impact:is:HIGH",
    "f=coding:is:yes&f=known:is:no",
    "f=gene:is:GENE700",
    "f=region:is:3:1000000-9000000",
    "f=af:max:0.001&f=impact:is:HIGH,MODERATE",
    "f=filter:not:PASS",
    "f=id:is:rs344175588",
    "f=hgvs_p:has:Ala12",
    "f=consequence:is:missense_variant&sort=impact",
]
OTHERS = ["row=900001", "sort=impact", "f=impact:is:HIGH&row=301", "f=gene:is:none&f=impact:is:HIGH"]
ROUNDS = 5


class NoSignIn:
    """Nobody signs in here: the session is made by hand."""

    def address(self, *, state: str, verifier: str) -> str:
        raise NotImplementedError

    def finish(self, *, code: str, verifier: str) -> None:
        raise NotImplementedError


def application(table: Path, users: FakeUsers):  # noqa: ANN201 - a Flask application
    clock, jobs = FakeClock(), FakeJobs()
    store = FakeStore(clock)
    job = Job(
        job_id=JOB,
        user_id="ada",
        user_email="ada@university.example",
        s3_inputs_bucket=INPUTS_BUCKET,
        s3_key_input_file="input",
        created_time=clock.now(),
    )
    jobs.add(job)
    now = jobs.get(JOB)
    job = replace(
        now,
        status=Status.COMPLETED,
        results=Results.AVAILABLE,
        input_file_name="genome.vcf.gz",
        s3_results_bucket=RESULTS_BUCKET,
        generation=1,
        results_generation=1,
        s3_key_log_file=result_keys(JOB, 1).log,
        due={},
    )
    jobs.commit(now, job)
    store.put_for_test(ObjectRef(RESULTS_BUCKET, standing_keys(job).table), table.read_bytes())
    store.put_for_test(ObjectRef(RESULTS_BUCKET, summary_key(job)), b"{}")
    settings = WebSettings(
        jobs_table="jobs",
        users_table="users",
        inputs_bucket=INPUTS_BUCKET,
        results_bucket=RESULTS_BUCKET,
        job_requests_topic_arn="arn:requests",
        job_results_topic_arn="arn:results",
        plan_changes_topic_arn="arn:plan-changes",
        base_url="http://localhost",
        secret_key="a key for measuring",  # noqa: S106 - of nobody
        globus_client_id="client",
        globus_client_secret="secret",  # noqa: S106 - as above
    )
    return create_app(
        Container(
            settings=settings,
            jobs=jobs,
            users=users,
            store=store,
            publisher=FakePublisher(job_requests=FakeQueue(clock), job_notifications=FakeQueue(clock)),
            clock=clock,
            sign_in=NoSignIn(),
            store_origin=ORIGIN,
        )
    )


def visitor(table: Path):  # noqa: ANN201 - a client of Flask
    users = FakeUsers()
    users.sign_in(identity_id="ada", name="Ada", email="ada@university.example", now=1)
    client = application(table, users).test_client()
    with client.session_transaction() as session:
        session["user_id"] = "ada"
    return client


def milliseconds(client, path: str) -> tuple[float, float]:  # noqa: ANN001 - as above
    """By the clock, and of all cores together: on a busy machine only the second tells something."""
    start, used = time.perf_counter(), time.process_time()
    answer = client.get(path, buffered=False)
    size = sum(len(piece) for piece in answer.response)
    answer.close()
    took = (time.perf_counter() - start) * 1000, (time.process_time() - used) * 1000
    if answer.status_code != 200 or not size:  # noqa: PLR2004 - OK
        sys.exit(f"{path} answered {answer.status_code}")
    return took


def report(name: str, took: list[tuple[float, float]]) -> None:
    clock, cores = zip(*took, strict=True)
    told = [f"{statistics.median(each):5.0f} / {max(each):5.0f}" for each in (clock, cores)]
    print(f"{name:<48} {told[0]} ms   {told[1]} ms of a core")


def main(table: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    page = f"/annotations/{JOB}/results"
    print(f"{'':<48} median / worst, by the clock and of the cores")
    first: list[tuple[float, float]] = []
    summary: list[tuple[float, float]] = []
    changes: dict[str, list[tuple[float, float]]] = {}
    again: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        client = visitor(table)
        first.append(milliseconds(client, page))
        summary.append(milliseconds(client, f"{page}/summary"))
        for query in CHANGES + OTHERS:
            changes.setdefault(query, []).append(milliseconds(client, f"{page}?{query}"))
        again += [milliseconds(client, f"{page}?{query}") for query in CHANGES]
        changes.setdefault("one variant", []).append(milliseconds(client, f"{page}/777777/1"))
    report("first view, with its fetch from the store", first)
    report("its counts and pictures, after it", summary)
    for query, took in changes.items():
        report(query, took)
    report("ten filter changes", [each for query in CHANGES for each in changes[query]])
    report("the same again", again)
    for kind in ("tsv", "jsonl", "parquet"):
        took, _ = milliseconds(client, f"{page}/export?format={kind}&f=filter:is:PASS")
        print(f"export of nine tenths as {kind:<20} {took / 1000:6.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak} MiB, of which the store in memory {table.stat().st_size // 2**20} MiB")
    print(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
