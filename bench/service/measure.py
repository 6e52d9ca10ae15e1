"""How much longer a job takes in the service than in the engine.

    python -m bench.service.measure [--records 100000] [--rounds 5]

One annotator on the embedded stack, fed through the real queue and store. Of each job: seconds from the
claim to COMPLETED by the worker's log, seconds of the engine by the job's own summary, and what the worker's
process took of the processor; beside it the same file in the engine alone, in a process that is as warm.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from bench.queue.measure import Bench, write_vcf

from gas_core.domain.job import Due, Job, ObjectRef
from gas_core.domain.keys import attempt_keys, input_key
from gas_core.domain.states import Status
from gas_local.fixtures import running_stack
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor

ENGINE = """
import json, sys, tempfile, time
from pathlib import Path
import gas_engine
bundle = gas_engine.default_bundle()
gas_engine.warm(bundle)
for _ in range(int(sys.argv[2]) + 1):
    busy = time.process_time()
    with tempfile.TemporaryDirectory() as out, open(sys.argv[1], "rb") as vcf:
        summary = gas_engine.annotate(vcf, bundle, gas_engine.OutputPaths(Path(out)), lambda _: None)
    print(json.dumps([summary.timing.seconds, time.process_time() - busy]), flush=True)
"""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of a job: in the engine, from claim to COMPLETED, and of the processor in the worker."""

    engine: float
    job: float
    busy: float


def busy_seconds(pid: int) -> float:
    """What a process has taken of the processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def upload(bench: Bench, vcf: Path) -> str:
    job_id = str(uuid.uuid4())
    key = input_key("ada", job_id)
    bench.jobs.add(Job(job_id, "ada", "ada@example.org", bench.bucket, key, bench.clock.now()))
    bench.store.put(ObjectRef(bench.bucket, key), vcf, content_type="text/plain")
    return job_id


def logged(log: Path, job_id: str) -> dict[str, float]:
    """When the worker said what of a job."""
    found = {}
    for line in log.read_text().splitlines():
        if job_id in line:
            said = json.loads(line)
            found[said["event"]] = datetime.fromisoformat(said["timestamp"]).timestamp()
    return found


def run(bench: Bench, vcf: Path, log: Path, pid: int) -> Taken:
    job_id = upload(bench, vcf)
    before = busy_seconds(pid)
    bench.submit(job_id)
    while not (job := bench.jobs.get(job_id)).terminal or Due.ANNOUNCE in job.due:
        time.sleep(0.2)
    busy = busy_seconds(pid) - before
    said = logged(log, job_id)
    if job.status is not Status.COMPLETED:
        sys.exit(f"the job is {job.status}: {job.failure}")
    with bench.store.open(ObjectRef(job.s3_results_bucket, attempt_keys(job).summary)) as summary:
        engine = json.load(summary)["timing"]["seconds"]
    return Taken(engine, said["job_completed"] - said["job_claimed"], busy)


def alone(vcf: Path, rounds: int) -> tuple[float, float]:
    """The engine without the service: seconds by the clock and of the processor, the first run left out."""
    command = [sys.executable, "-c", ENGINE, str(vcf), str(rounds)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[1:]
    taken = [json.loads(line) for line in lines]
    return median(clock for clock, _ in taken), median(busy for _, busy in taken)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, running_stack(Path(scratch)) as stack:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ[name] = stack[name]
        vcf = Path(scratch) / "in.vcf"
        write_vcf(vcf, options.records, random.Random(1))
        programs = [each for each in service_programs(stack.environment) if each.name == "annotator"]
        with Supervisor(Path(scratch) / "log") as supervisor:
            supervisor.start(*programs)
            bench = Bench(stack.environment, stack.aws_url, Path(scratch))
            log, pid = Path(scratch) / "log" / "annotator.log", supervisor.pid("annotator")
            taken = [run(bench, vcf, log, pid) for _ in range(options.rounds + 1)][1:]
        clock, busy = alone(vcf, options.rounds)
    engine, job = median(each.engine for each in taken), median(each.job for each in taken)
    whole = median(each.busy for each in taken)
    over = median(each.job - each.engine for each in taken)
    print(f"{options.records:,} records, {vcf.name}; medians of {options.rounds}")
    print(f"claim to COMPLETED {job:7.3f} s, of which the engine {engine:7.3f} s, all else {over:6.3f} s")
    print(f"overhead by the clock      {over / engine:7.1%}")
    print(f"processor: worker {whole:7.3f} s, engine alone {busy:7.3f} s, overhead {whole / busy - 1:7.1%}")
    print(f"engine alone by the clock  {clock:7.3f} s")


if __name__ == "__main__":
    main()
