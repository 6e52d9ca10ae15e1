"""Time the list of a researcher with many jobs: ``python bench/joblist/measure.py 10000``.

The rows stand in the embedded stack's table, which is slower than DynamoDB; what counts is that a page costs
the same wherever it is in the list, and a search no more than it may look at.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.rows import job_to_item
from gas_core.domain.job import Job
from gas_core.domain.plans import User
from gas_core.domain.states import Results, Status
from gas_core.ports import JobCursor
from gas_local.fixtures import running_stack
from gas_web.joblist import Wanted, find

ADA = User("ada", "Ada Researcher", "ada@university.example")
BEGIN = 1_700_000_000
ROUNDS = 7
PAGE = 25
"""Also what one BatchWriteItem takes."""


def job(number: int) -> Job:
    return Job(
        str(uuid.uuid4()),
        ADA.identity_id,
        ADA.email,
        "inputs",
        f"ada/{number}/input",
        BEGIN + number,
        status=Status.COMPLETED,
        results=Results.ARCHIVED,
        input_file_name=f"sample_{number}.vcf.gz",
        submit_time=BEGIN + number,
        complete_time=BEGIN + number + 9,
        summary={"records": number},
    )


def main() -> None:
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as stack:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ[name] = stack[name]
        client = AwsClients(region="us-east-1", endpoint_url=stack.aws_url).dynamodb
        table = stack["GAS_JOBS_TABLE"]
        for first in range(0, count, PAGE):
            rows = [job_to_item(job(number)) for number in range(first, first + PAGE)]
            client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": row}} for row in rows]})
        jobs = DynamoJobs(client, table=table)
        asked = {
            "first page": (Wanted(), None),
            "page in the middle": (Wanted(), JobCursor(BEGIN + count // 2, str(uuid.uuid4()))),
            "last page": (Wanted(), JobCursor(BEGIN + PAGE, str(uuid.uuid4()))),
            "oldest first": (Wanted(oldest_first=True), None),
            "name that many have": (Wanted("9"), None),
            "name that none has": (Wanted("none"), None),
        }
        for name, (wanted, after) in asked.items():
            seconds = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                found = find(ADA, wanted, after=after, limit=PAGE, jobs=jobs)
                seconds.append(time.perf_counter() - began)
            told = f"median {statistics.median(seconds) * 1000:6.0f} ms, worst {max(seconds) * 1000:6.0f} ms"
            print(f"{name:20} {told}, {len(found.jobs)} jobs")


if __name__ == "__main__":
    main()
