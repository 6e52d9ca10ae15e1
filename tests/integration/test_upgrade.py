"""The upgrade of a user with many archived jobs, on the real stack, with the restorer killed in the middle.

``GAS_UPGRADE_JOBS`` makes it more jobs than CI has the time for.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gas_core import packing
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.rows import job_to_item
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.sns import SnsPublisher
from gas_core.announce import set_plan
from gas_core.domain import keys
from gas_core.domain.job import Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_local.fixtures import Stack, running_stack

JOBS = int(os.environ.get("GAS_UPGRADE_JOBS", "400"))
MANY = 5000
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + JOBS)]

USER_ID = "a1b2c3d4-0000-4000-8000-000000000001" + "x" * 200
"""Longer than Globus makes them: the index of 5,000 jobs is more than one answer of DynamoDB holds."""

ONE_ANSWER_BYTES = 1 << 20
SUBMITTED = 1_700_000_000
SETTINGS = {
    "GAS_LEASE_SECONDS": "8",
    "GAS_HEARTBEAT_SECONDS": "2",
    "GAS_VISIBILITY_SECONDS": "10",
    "GAS_POLL_SECONDS": "1",
    "GAS_HEALTH_PORT": "0",
    # Whoever is fast may ask before the emulator's two seconds are over.
    "GAS_THAW_SECONDS": "1",
    "GAS_THAW_INTERVAL_SECONDS": "1",
}
FLAT_KIB = 24 * 1024
"""How much memory may grow between a fifth of the work and its end."""

THREE = {"annot.vcf.gz": b"vcf", "annot.vcf.gz.tbi": b"index", "table.parquet": b"table"}


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


def archived(number: int) -> Job:
    job_id = str(uuid.uuid4())
    return Job(
        job_id=job_id,
        user_id=USER_ID,
        user_email="ada@research.example",
        s3_inputs_bucket="inputs",
        s3_key_input_file=keys.input_key(USER_ID, job_id),
        created_time=SUBMITTED,
        submit_time=SUBMITTED + number,
        complete_time=SUBMITTED + number + 1,
        status=Status.COMPLETED,
        results=Results.ARCHIVED,
        results_since=SUBMITTED + number + 400,
        attempt=1,
        generation=2,
        s3_results_bucket="",
        s3_key_log_file=keys.result_keys(job_id, 1).log,
        results_file_archive_id=keys.archive_key(job_id, 2),
        archive_generation=2,
    )


def archive_all(stack: Stack, folder: Path) -> None:
    """Rows and archives as the archiver leaves them, made directly: the emulator is slow."""
    s3, dynamodb, bucket = stack.client("s3"), stack.client("dynamodb"), stack["GAS_RESULTS_BUCKET"]
    files = {name: folder / name for name in THREE}
    for name, data in THREE.items():
        files[name].write_bytes(data)

    def make(number: int) -> dict[str, Any]:
        job = archived(number)
        tar = folder / job.job_id
        packing.pack(files, tar, job_id=job.job_id, generation=2)
        s3.put_object(
            Bucket=stack["GAS_ARCHIVE_BUCKET"],
            Key=job.results_file_archive_id,
            Body=tar.read_bytes(),
            StorageClass="GLACIER",
            ChecksumAlgorithm="CRC64NVME",
        )
        tar.unlink()
        return {"PutRequest": {"Item": job_to_item(job) | {"s3_results_bucket": {"S": bucket}}}}

    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(make, range(JOBS)))
    for begin in range(0, JOBS, 25):
        answer = dynamodb.batch_write_item(RequestItems={stack["GAS_JOBS_TABLE"]: rows[begin : begin + 25]})
        assert not answer.get("UnprocessedItems")


@contextmanager
def running(stack: Stack, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gas_restorer", *arguments],
            env=stack.environment | SETTINGS | {"GAS_WORK_DIRECTORY": str(folder)},
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def memory_kib(process: subprocess.Popen[bytes], what: str = "VmRSS") -> int:
    """Resident memory of a process now, or at most so far (``VmHWM``)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(rf"{what}:\s+(\d+) kB", status)
    assert found
    return int(found[1])


class Progress:
    """Counts jobs by where their results are, from the rows."""

    def __init__(self, stack: Stack) -> None:
        self.jobs = DynamoJobs(stack.client("dynamodb"), table=stack["GAS_JOBS_TABLE"])

    def states(self) -> Counter[Results]:
        found: Counter[Results] = Counter()
        after = None
        while True:
            page = self.jobs.page_of_user(USER_ID, after=after, limit=500)
            found.update(job.results for job in page.jobs)
            after = page.next
            if after is None:
                return found

    def wait(self, process: subprocess.Popen[bytes], reached: Callable[[], bool], seconds: int) -> None:
        end = time.monotonic() + seconds
        while not reached():
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < end, f"not there after {seconds} s: {self.states()}"
            # The emulator sorts the whole table for every look.
            time.sleep(0.3 + JOBS / 1000)


def listing_bytes(stack: Stack) -> int:
    """What the index of the user's jobs holds, as DynamoDB counts it: names and values of the keys.

    All of it is read by answers as large as they get, and every job has to be in it once.
    """
    unbounded = DynamoJobs(stack.client("dynamodb"), table=stack["GAS_JOBS_TABLE"], page_items=JOBS + 1)
    page = unbounded.page_of_user(USER_ID, after=None, limit=JOBS)
    assert page.next is None
    assert len({job.job_id for job in page.jobs}) == JOBS
    names = len("user_id") + len("submit_time") + len("job_id")
    return sum(names + len(job.user_id) + len(job.job_id) + 6 for job in page.jobs)


def told(what: str, seconds: float, early_kib: int, late_kib: int, peak_kib: int) -> None:
    """Print how fast something was, and what memory it took."""
    memory = ", ".join(str(kib // 1024) for kib in (early_kib, late_kib, peak_kib))
    print(f"{what}: {seconds:.0f} s, {JOBS / seconds:.1f}/s; MiB early, at the end, at most: {memory}")  # noqa: T201 - the figures


def test_upgrade_brings_every_archived_result_back_though_the_restorer_is_killed(
    own_stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = DynamoUsers(own_stack.client("dynamodb"), table=own_stack["GAS_USERS_TABLE"])
    users.sign_in(identity_id=USER_ID, name="Ada", email="ada@research.example", now=SUBMITTED)
    archive_all(own_stack, tmp_path)
    progress = Progress(own_stack)
    assert progress.states() == {Results.ARCHIVED: JOBS}
    listed_bytes = listing_bytes(own_stack)
    assert listed_bytes > ONE_ANSWER_BYTES or JOBS < MANY
    set_plan(
        USER_ID,
        Plan.PREMIUM,
        source="operator",
        users=users,
        publisher=SnsPublisher(
            own_stack.client("sns"),
            job_requests_topic_arn=own_stack["GAS_JOB_REQUESTS_TOPIC_ARN"],
            job_results_topic_arn=own_stack["GAS_JOB_RESULTS_TOPIC_ARN"],
            plan_changes_topic_arn=own_stack["GAS_PLAN_CHANGES_TOPIC_ARN"],
        ),
        clock=SystemClock(),
        timings=Timings(),
    )

    begun = time.monotonic()
    with running(own_stack, tmp_path) as restorer:
        progress.wait(restorer, lambda: bool(users.get(USER_ID).plan_cursor), 120)
        early_kib = memory_kib(restorer)
        progress.wait(restorer, lambda: progress.states()[Results.RESTORING] >= JOBS * 0.4, 60 + JOBS)
        restorer.send_signal(signal.SIGKILL)
    cursor = users.get(USER_ID).plan_cursor
    with running(own_stack, tmp_path) as restorer:
        progress.wait(restorer, lambda: not users.get(USER_ID).plan_settling, 60 + JOBS)
        late_kib, peak_kib = memory_kib(restorer), memory_kib(restorer, "VmHWM")
    restoring = time.monotonic() - begun
    assert cursor, "it was killed before the first page was done"
    states = progress.states()
    assert states == {Results.RESTORING: JOBS}
    assert late_kib - early_kib < FLAT_KIB
    with capsys.disabled():
        print(f"\n{JOBS} jobs, {listed_bytes / 1e6:.2f} MB of index")  # noqa: T201 - what this test is for
        told("retrievals started, a kill and its lease included", restoring, early_kib, late_kib, peak_kib)

    begun = time.monotonic()
    with running(own_stack, tmp_path, "thaw") as thaw:
        progress.wait(thaw, lambda: progress.states()[Results.AVAILABLE] >= JOBS * 0.2, 120 + JOBS)
        thaw_early_kib = memory_kib(thaw)
        progress.wait(thaw, lambda: progress.states() == {Results.AVAILABLE: JOBS}, 300 + 2 * JOBS)
        thaw_late_kib, thaw_peak_kib = memory_kib(thaw), memory_kib(thaw, "VmHWM")
    thawing = time.monotonic() - begun
    with capsys.disabled():
        told("copied back", thawing, thaw_early_kib, thaw_late_kib, thaw_peak_kib)
    assert thaw_late_kib - thaw_early_kib < FLAT_KIB
    job = progress.jobs.page_of_user(USER_ID, after=None, limit=1).jobs[0]
    got = own_stack.client("s3").get_object(Bucket=job.s3_results_bucket, Key=job.s3_key_result_file)
    assert got["Body"].read() == THREE["annot.vcf.gz"]
