"""Workers of the real stack die at random moments; every job ends all the same, once and whole.

30 jobs of two researchers go through the front door while both annotators and the notifier are killed and
started again, and annotators are frozen past their lease, to go on as zombies. Every draw comes from one
seed, which is printed: ``GAS_KILL_SEED`` draws the same once more (the machine's own timing stays its own).
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pysam
import pytest

import gas_engine
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.domain.job import Due, Job
from gas_core.domain.keys import ResultKeys, standing_keys
from gas_core.domain.states import Results, Status
from gas_local.environment import ROOT
from gas_local.fixtures import Stack, running_stack
from gas_local.journey import Browser, Outcome
from gas_local.mailbox import ReceivedMail, mails
from gas_local.services import service_programs
from gas_local.supervisor import Supervisor
from gas_local.world import ADA, GREGOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SAMPLE = ROOT / "examples" / "sample.vcf"
JOBS = 30
RECORDS = (20_000, 40_000, 60_000)
"""1 to 3 s of work each on one free core, so that most deaths come in the middle of it."""

LEASE_SECONDS = 4
SETTINGS = {
    "GAS_FREE_MAX_BYTES": "16000000",
    "GAS_LEASE_SECONDS": str(LEASE_SECONDS),
    "GAS_HEARTBEAT_SECONDS": "1",
    "GAS_VISIBILITY_SECONDS": str(LEASE_SECONDS + 2),
    "GAS_ANNOUNCE_GRACE_SECONDS": "3",
    "GAS_REPEAT_SECONDS": "4",
    "GAS_CLEANUP_SECONDS": "15",
    "GAS_SWEEP_INTERVAL_SECONDS": "1",
    # What comes after the window is another test's.
    "GAS_FREE_WINDOW_SECONDS": "3000",
    # Whoever kills five workers is FAILED, and rightly; here it is not the job that kills.
    "GAS_MAX_FAILURES": "100",
}

NOTIFIER = "notifier"
NOTIFIER_DEATHS = 6
ANNOTATOR_DEATHS = 30
"""Of both together: enough on an idle machine; on a busy one, a start takes as long as a life."""
MAILS_GATHERED = 3
FROZEN_SHARE = 0.25

END_SECONDS = 300
REST_SECONDS = 120
WINDOW_SECONDS = 2
"""An unrecorded mail went at most this long before the death; the mailbox tells whole seconds."""


class Reaper:
    """Kills and freezes workers, by draws of its own."""

    def __init__(self, supervisor: Supervisor, draw: random.Random, annotators: Iterable[str]) -> None:
        self._supervisor = supervisor
        self._draw = draw
        self._strikes = {name: self._soon() for name in annotators}
        self._frozen: dict[str, float] = {}
        self._mails_waiting = 0
        self.deaths: Counter[str] = Counter()
        self.freezes: Counter[str] = Counter()
        self.notifier_died: list[float] = []

    def strike(self, *, ended: int) -> None:
        """Do what is due; ``ended`` jobs have come to an end since the last call, and owe a mail."""
        for name, due in self._strikes.items():
            if name in self._frozen:
                if time.monotonic() >= self._frozen[name]:
                    self._thaw(name)
            elif time.monotonic() >= due and self._annotator_deaths() < ANNOTATOR_DEATHS:
                self._strike_annotator(name)
        self._strike_notifier(ended)

    def relent(self) -> None:
        """Let whoever is frozen go on."""
        for name in list(self._frozen):
            self._thaw(name)

    def _annotator_deaths(self) -> int:
        return sum(self.deaths[name] + self.freezes[name] for name in self._strikes)

    def _strike_annotator(self, name: str) -> None:
        self._strikes[name] = self._soon()
        if not self._frozen.keys() - {NOTIFIER} and self._draw.random() < FROZEN_SHARE:
            self._freeze(name, seconds=LEASE_SECONDS + self._draw.uniform(1, 4))
        else:
            self._kill(name)

    def _strike_notifier(self, ended: int) -> None:
        """A mail takes milliseconds: let a few gather, and kill in the midst of them."""
        if NOTIFIER in self._frozen:
            self._mails_waiting += ended
            if self._mails_waiting >= MAILS_GATHERED:
                self._thaw(NOTIFIER)
                time.sleep(self._draw.uniform(0, 0.2))
                self.notifier_died.append(time.time())
                self._kill(NOTIFIER)
        elif ended and self.freezes[NOTIFIER] < NOTIFIER_DEATHS and self._draw.random() < FROZEN_SHARE:
            self._mails_waiting = 0
            self._freeze(NOTIFIER, seconds=END_SECONDS)

    def _freeze(self, name: str, *, seconds: float) -> None:
        os.kill(self._supervisor.pid(name), signal.SIGSTOP)
        self._frozen[name] = time.monotonic() + seconds
        self.freezes[name] += 1

    def _thaw(self, name: str) -> None:
        del self._frozen[name]
        os.kill(self._supervisor.pid(name), signal.SIGCONT)

    def _kill(self, name: str) -> None:
        self._supervisor.restart(name)
        self.deaths[name] += 1

    def _soon(self) -> float:
        # A worker is up after about a second, and has to get something done at times.
        return time.monotonic() + self._draw.uniform(1, 6)


@dataclass(slots=True)
class Table:
    """The jobs as their rows tell them."""

    jobs: DynamoJobs
    ended: dict[str, Job] = field(default_factory=dict)
    """Each job as it was when it had first ended."""

    def rows(self) -> dict[str, Job]:
        return {
            job.job_id: job
            for person in (ADA, GREGOR)
            for job in self.jobs.page_of_user(person.identity_id, after=None, limit=100).jobs
        }

    def look(self) -> int:
        """How many jobs have ended since the last look."""
        fresh = {
            job_id: row for job_id, row in self.rows().items() if row.terminal and job_id not in self.ended
        }
        self.ended |= fresh
        return len(fresh)


def written(folder: Path, number: int) -> Path:
    """The input of one job: the sample's records over and over, under a header that is this job's alone."""
    lines = SAMPLE.read_text().splitlines(keepends=True)
    header = [line for line in lines if line.startswith("#")]
    records = [line for line in lines if not line.startswith("#")]
    wanted = RECORDS[number % len(RECORDS)]
    path = folder / f"job {number}.vcf"
    again = records * (wanted // len(records) + 1)
    path.write_text("".join([header[0], f"##job={number}\n", *header[1:], *sorted_by_pos(again[:wanted])]))
    return path


def sorted_by_pos(records: Iterable[str]) -> list[str]:
    return sorted(records, key=lambda record: int(record.split("\t")[1]))


def objects(stack: Stack, bucket: str) -> list[str]:
    """Keys in a bucket, one for each version."""
    pages = stack.client("s3").get_paginator("list_object_versions").paginate(Bucket=stack[bucket])
    return [version["Key"] for page in pages for version in page.get("Versions", [])]


def messages(stack: Stack, queue: str) -> int:
    """Messages that wait in a queue or are in somebody's hands."""
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    told = stack.client("sqs").get_queue_attributes(QueueUrl=stack[queue], AttributeNames=list(counts))
    return sum(int(told["Attributes"][count]) for count in counts)


def dead_letters(stack: Stack, queue: str) -> list[str]:
    """IDs of jobs whose message ended in a queue's dead letters."""
    sqs, found = stack.client("sqs"), []
    told = sqs.get_queue_attributes(QueueUrl=stack[queue], AttributeNames=["RedrivePolicy"])["Attributes"]
    name = json.loads(told["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    while letters := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [json.loads(letter["Body"])["job_id"] for letter in letters]
    return found


def own_outputs(vcf: Path, folder: Path) -> gas_engine.OutputPaths:
    """What the engine itself makes of a file, here and undisturbed."""
    folder.mkdir()
    outputs = gas_engine.OutputPaths(folder)
    with vcf.open("rb") as source:
        gas_engine.annotate(source, gas_engine.default_bundle(), outputs, lambda _progress: None)
    return outputs


def untimed(text: str) -> Any:
    summary = json.loads(text)
    del summary["timing"]
    return summary


def untimed_log(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(("Started: ", "Seconds: "))]


def hold_to_engine(stack: Stack, names: ResultKeys, expected: gas_engine.OutputPaths, folder: Path) -> None:
    """Every object of a job is what the engine makes of its input, and opens."""
    s3, bucket = stack.client("s3"), stack["GAS_RESULTS_BUCKET"]
    folder.mkdir()

    def fetched(key: str) -> Path:
        path = folder / key.rpartition("/")[2]
        s3.download_file(bucket, key, str(path))
        return path

    vcf, index, table = (fetched(key) for key in names.results)
    assert vcf.read_bytes() == expected.vcf.read_bytes()
    assert index.read_bytes() == expected.index.read_bytes()
    assert table.read_bytes() == expected.table.read_bytes()
    assert untimed(fetched(names.summary).read_text()) == untimed(expected.summary.read_text())
    assert untimed_log(fetched(names.log).read_text()) == untimed_log(expected.log.read_text())
    with pysam.VariantFile(str(vcf), index_filename=str(index)) as records:
        assert sum(1 for _ in records.fetch("MT", 3_000, 4_000)) > 0


def extra_mails(received: list[ReceivedMail], died: list[float]) -> int:
    """Hold a job's mails to the promise: one, and one more only where the notifier died right after it."""
    in_order = sorted(received, key=lambda mail: mail.sent)
    for before, mail in pairwise(in_order):
        assert (mail.subject, mail.text, mail.to) == (before.subject, before.text, before.to)
        sent = before.sent.timestamp()
        assert any(sent - 1 <= death <= sent + WINDOW_SECONDS for death in died), "a second mail"
    return len(in_order[1:])


def wait_for_rest(table: Table, stack: Stack) -> None:
    """Until no row owes anything but what its window's end brings, and no message is left."""
    queues = ("GAS_JOB_REQUESTS_QUEUE_URL", "GAS_JOB_NOTIFICATIONS_QUEUE_URL")
    end = time.monotonic() + REST_SECONDS
    while True:
        owed = {job_id: row.due for job_id, row in table.rows().items() if row.due.keys() - {Due.WINDOW}}
        waiting = {queue: count for queue in queues if (count := messages(stack, queue))}
        if not owed and not waiting:
            return
        assert time.monotonic() < end, f"not at rest after {REST_SECONDS} s: {owed} {waiting}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that no other test looks at: its queues are full of what was killed."""
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


def test_jobs_end_once_and_whole_whatever_dies(
    own_stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("GAS_KILL_SEED") or random.randrange(10**6))
    for name in ("inputs", "expected", "got", "work"):
        (tmp_path / name).mkdir()
    inputs = [written(tmp_path / "inputs", number) for number in range(JOBS)]
    environment = {**own_stack.environment, **SETTINGS, "GAS_WORK_DIRECTORY": str(tmp_path / "work")}
    programs = service_programs(environment)
    (annotator,) = (program for program in programs if program.name == "annotator")
    second = replace(annotator, name="annotator-2")
    table = Table(DynamoJobs(own_stack.client("dynamodb"), table=own_stack["GAS_JOBS_TABLE"]))
    submitted: dict[str, tuple[Browser, str, Path]] = {}

    with Supervisor(tmp_path / "log") as supervisor:
        supervisor.start(*programs, second)
        browsers = [Browser(own_stack.base_url, watch=supervisor.check) for _ in (ADA, GREGOR)]
        for browser, person in zip(browsers, (ADA, GREGOR), strict=True):
            browser.sign_in(person)
        reaper = Reaper(supervisor, random.Random(seed), (annotator.name, second.name))
        begun = time.monotonic()
        try:
            while len(table.ended) < JOBS:
                if len(submitted) < JOBS:
                    browser, vcf = browsers[len(submitted) % 2], inputs[len(submitted)]
                    url = browser.submit(vcf)
                    submitted[url.rpartition("/")[2]] = browser, url, vcf
                supervisor.check()
                reaper.strike(ended=table.look())
                states = Counter(row.status.value for row in table.rows().values())
                assert time.monotonic() < begun + END_SECONDS, f"seed {seed}: {states}, {reaper.deaths}"
                time.sleep(0.05)
        finally:
            reaper.relent()
        took = time.monotonic() - begun
        wait_for_rest(table, own_stack)
        rows = table.rows()
        received = mails(own_stack.aws_url)
        outcomes: dict[str, Outcome] = {}
        downloads: dict[str, str] = {}
        for job_id, (browser, url, _) in submitted.items():
            outcomes[job_id] = browser.follow(url)
            if outcomes[job_id].status == Status.COMPLETED:
                downloads[job_id] = browser.download(outcomes[job_id])

    by_job = {job_id: [mail for mail in received if job_id in mail.text] for job_id in submitted}
    mails_lost = dead_letters(own_stack, "GAS_JOB_NOTIFICATIONS_QUEUE_URL")
    extra = sum(extra_mails(one, reaper.notifier_died) for one in by_job.values())
    attempts_lost = sum(row.attempt - 1 for row in rows.values())
    notifier_log = (tmp_path / "log" / "notifier.log").read_text()
    mails_cut = notifier_log.count('"message_received"') - notifier_log.count('"message_settled"')
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what this test is for
            f"\nseed {seed}: {JOBS} jobs in {took:.0f} s; deaths {dict(reaper.deaths)}, "
            f"freezes {dict(reaper.freezes)}; attempts lost {attempts_lost}, mails cut short {mails_cut}, "
            f"extra mails {extra}, mails in the dead letters {len(mails_lost)}"
        )
    assert set(rows) == set(submitted)
    assert {(told.status, told.results) for told in outcomes.values()} == {
        (Status.COMPLETED, Results.AVAILABLE)
    }
    for job_id, row in rows.items():
        then = table.ended[job_id]
        ends = [(end.status, end.attempt, end.complete_time, end.s3_key_result_file) for end in (then, row)]
        assert ends[0] == ends[1], "an end changed"

    for job_id, (_, _, vcf) in submitted.items():
        expected = own_outputs(vcf, tmp_path / "expected" / job_id)
        hold_to_engine(own_stack, standing_keys(rows[job_id]), expected, tmp_path / "got" / job_id)
        with pysam.BGZFile(str(expected.vcf), "rb", None) as text:
            assert downloads[job_id] == text.read().decode()

    named = [key for row in rows.values() for key in standing_keys(row).every]
    assert sorted(objects(own_stack, "GAS_RESULTS_BUCKET")) == sorted(named), (
        "orphans, or something is missing"
    )
    assert len(objects(own_stack, "GAS_INPUTS_BUCKET")) == JOBS
    assert list((tmp_path / "work").iterdir()) == [], "a killed annotator left its scratch directory"

    assert sum(len(one) for one in by_job.values()) == len(received), "a mail about no job"
    # A message that kills whoever takes it five times is no longer tried; an alarm tells the operator.
    assert [job_id for job_id, one in by_job.items() if not one and job_id not in mails_lost] == [], "no mail"
    # What the test is worth: work was cut short on both sides.
    assert attempts_lost >= JOBS // 6
    assert mails_cut > 0
