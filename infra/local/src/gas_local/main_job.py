"""The main job of ``make run``: the sample through the front door, told to the person at the terminal."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from gas_local.environment import ROOT
from gas_local.mailbox import mails
from gas_local.provision import emulator_client
from gas_local.world import ADA

if TYPE_CHECKING:
    from gas_local.journey import Browser

SAMPLE = ROOT / "examples" / "sample.vcf"
EXPECTED = ROOT / "examples" / "expected.json"
"""The parts of a job's summary.json that depend on the sample alone."""

MAIL_SECONDS = 20
LINES_SHOWN = 3
LINE_WIDTH = 110


def do_main_job(browser: Browser, *, aws_url: str, results_bucket: str) -> bool:
    """Sign in, submit the sample, and tell how it ended; whether it ended as expected."""
    _say(f"\nThe main job, through the front door of {browser.base_url}/")
    browser.sign_in(ADA)
    _say(f"  signed in over Globus as {ADA.name} <{ADA.email}>")
    job_url = browser.submit(SAMPLE)
    _say(f"  submitted {SAMPLE.name}, {SAMPLE.stat().st_size:,} bytes: {job_url}")
    outcome = browser.follow(job_url)
    _say(f"  {outcome.status} after {outcome.seconds:.1f} s: {' '.join(outcome.sentences)}")
    if outcome.status != "COMPLETED":
        return False
    records = [line for line in browser.download(outcome).splitlines() if not line.startswith("#")]
    for line in records[:LINES_SHOWN]:
        _say(f"    {shortened(line)}")
    mail = _mail_about(outcome.job_id, aws_url)
    _say(f"  mail: {mail or 'NONE CAME'}")
    summary = _summary(outcome.job_id, aws_url, results_bucket)
    wrong = differences(json.loads(EXPECTED.read_text()), summary, downloaded=len(records))
    for difference in wrong:
        _say(f"  NOT AS EXPECTED: {difference}")
    if not wrong:
        _say(f"  {len(records)} records annotated, as expected\n")
    return mail is not None and not wrong


def shortened(line: str) -> str:
    """A record, fit for a terminal."""
    text = line.replace("\t", "  ")
    return text if len(text) <= LINE_WIDTH else f"{text[: LINE_WIDTH - 1]}…"


def differences(expected: dict[str, Any], summary: dict[str, Any], *, downloaded: int) -> list[str]:
    """What a job told or gave that it should not have, in words."""
    wrong = [
        f"{name} should be {value} and is {summary.get(name)}"
        for name, value in expected.items()
        if summary.get(name) != value
    ]
    if downloaded != (told := sum(expected["contigs"].values())):
        wrong.append(f"the download should have {told} records and has {downloaded}")
    return wrong


def _summary(job_id: str, aws_url: str, bucket: str) -> dict[str, Any]:
    """The job's summary.json; no page offers it, so it is read where the annotator put it."""
    s3 = emulator_client("s3", aws_url)
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{job_id}/log/").get("Contents", [])
    (key,) = (item["Key"] for item in found if item["Key"].endswith("summary.json"))
    summary: dict[str, Any] = json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
    return summary


def _mail_about(job_id: str, aws_url: str) -> str | None:
    end = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < end:
        for mail in mails(aws_url):
            if job_id in mail.text:
                return mail.subject
        time.sleep(0.2)
    return None


def _say(line: str) -> None:
    print(line, flush=True)
