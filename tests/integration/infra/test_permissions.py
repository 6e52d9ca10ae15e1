"""Least privilege by evidence: what services call while everything happens, against what their roles allow.

Emulators enforce no policies, so they are held here: a call that its role does not allow fails the test, and
so does a permission that no call used, unless it is listed with its reason. The table of both is printed.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections import defaultdict
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
import requests
from tests.integration.infra.policies import Policy, policies_of
from tests.integration.test_bundles import BUCKET, fetch, uploaded

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.clock import SystemClock
from gas_core.adapters.dynamodb.jobs import DynamoJobs
from gas_core.adapters.dynamodb.users import DynamoUsers
from gas_core.adapters.sns import SnsPublisher
from gas_core.announce import set_plan
from gas_core.domain.errors import JobNotFoundError
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan
from gas_core.domain.states import Results, Status
from gas_local.environment import ROOT
from gas_local.fixtures import Stack, running_stack
from gas_local.journey import Browser, Outcome
from gas_local.pages import read
from gas_local.ports import HOST, free_port
from gas_local.services import service_programs
from gas_local.supervisor import Program, Supervisor
from gas_local.world import ADA, OLIVIA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gas_local.journey import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RECORDER = Path(__file__).with_name("recorder")
SAMPLE = ROOT / "examples" / "sample.vcf"
SERVICES = ("web", "operations", "annotator", "notifier", "sweeper", "archiver", "restorer")

SETTINGS = {
    "GAS_FREE_WINDOW_SECONDS": "3",
    "GAS_DOWNLOAD_URL_SECONDS": "5",
    "GAS_UPLOAD_FORM_SECONDS": "5",
    "GAS_PARTS_SECONDS": "10",
    "GAS_ABANDONED_SECONDS": "1",
    "GAS_CLEANUP_SECONDS": "5",
    "GAS_SWEEP_INTERVAL_SECONDS": "1",
    "GAS_THAW_INTERVAL_SECONDS": "1",
    "GAS_RESTORED_MAIL_SECONDS": "1",
}

MISSING = "S3 answers 403 instead of 404 about a missing object to those who may not list"
HEARTBEAT = "heartbeats begin after 20 seconds, and a message is hidden only where two workers meet"
"""A busy machine makes both happen here, so that a call is no reason to strike the line out."""
LARGE = "only a failed upload of a large file is aborted"
UNUSED: dict[tuple[str, str], str] = {
    ("web", "s3:GetObjectVersion"): "only a line at fault and a file that is run again are read by version",
    ("web", "s3:ListBucket"): MISSING,
    ("web", "dynamodb:ConditionCheckItem"): "only results that an upgrade left behind are asked back",
    ("annotator", "s3:ListBucket"): MISSING,
    ("annotator", "s3:AbortMultipartUpload"): LARGE,
    ("annotator", "s3:DeleteObject"): "only what a losing attempt left is deleted",
    ("annotator", "s3:DeleteObjectVersion"): "only what a losing attempt left is deleted",
    ("annotator", "sqs:ChangeMessageVisibility"): HEARTBEAT,
    ("notifier", "sqs:ChangeMessageVisibility"): HEARTBEAT,
    ("notifier", "ses:SendRawEmail"): "SES asks for it when a mail comes with headers of its own",
    ("sweeper", "s3:ListBucket"): MISSING,
    ("sweeper", "s3:DeleteObject"): "only an upload that came after its form was given up is deleted",
    ("sweeper", "s3:DeleteObjectVersion"): "only an upload that came after its form was given up is deleted",
    ("archiver", "s3:ListBucket"): MISSING,
    ("archiver", "s3:AbortMultipartUpload"): LARGE,
    ("archiver", "sqs:ChangeMessageVisibility"): HEARTBEAT,
    ("restorer", "s3:ListBucket"): MISSING,
    ("restorer", "dynamodb:DeleteItem"): "only the row of an account that ended a day ago is deleted",
    (
        "restorer",
        "s3:DeleteObjectVersion",
    ): "leftovers go by whoever comes first, and here that is the archiver",
    ("restorer", "sqs:ChangeMessageVisibility"): HEARTBEAT,
}
"""Permissions that no call here uses, and why they are needed all the same."""

ACTIONS = {
    ("s3", "HeadObject"): "s3:GetObject",
    # What is signed into forms and addresses of parts is s3:PutObject too; there the browser calls.
    ("s3", "CreateMultipartUpload"): "s3:PutObject",
    ("s3", "CompleteMultipartUpload"): "s3:PutObject",
    ("s3", "ListParts"): "s3:ListMultipartUploadParts",
    ("s3", "CopyObject"): "s3:PutObject",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("sesv2", "SendEmail"): "ses:SendEmail",
    ("sqs", "SendMessageBatch"): "sqs:SendMessage",
    ("sqs", "DeleteMessageBatch"): "sqs:DeleteMessage",
}
"""Calls whose permission has another name."""


@dataclass(frozen=True, slots=True)
class Call:
    """One permission that a call needs."""

    action: str
    resource: str


def calls_of(recorded: dict[str, Any], stack: Stack) -> Iterator[Call]:
    """What AWS would check for a call."""
    service, operation = recorded["service"], recorded["operation"]
    action = ACTIONS.get((service, operation), f"{service}:{operation}")
    match service:
        case "dynamodb" if recorded["transaction"]:
            names = {"Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}
            for part, table in recorded["transaction"]:
                yield Call(f"dynamodb:{names[part]}", table_arn(table))
        case "dynamodb" if recorded["batch"]:
            for table in recorded["batch"]:
                yield Call(action, table_arn(table))
        case "dynamodb":
            index = f"/index/{recorded['IndexName']}" if "IndexName" in recorded else ""
            yield Call(action, table_arn(recorded["TableName"]) + index)
        case "s3" if recorded["keys"]:
            for key in recorded["keys"]:
                for version in ("", "Version") if recorded["versioned"] else ("",):
                    yield Call(f"s3:DeleteObject{version}", f"arn:aws:s3:::{recorded['Bucket']}/{key}")
        case "s3":
            version = "Version" if recorded["versioned"] else ""
            key = f"/{recorded['Key']}" if "Key" in recorded else ""
            yield Call(action + version, f"arn:aws:s3:::{recorded['Bucket']}{key}")
        case "sqs":
            queue = recorded["QueueUrl"].rpartition("/")[2]
            yield Call(action, f"arn:aws:sqs:us-east-1:000000000000:{queue}")
        case "cloudwatch":
            yield Call(action, "*")
        case "sns":
            yield Call(action, recorded["TopicArn"])
        case "sesv2":
            yield Call(action, f"arn:aws:ses:us-east-1:000000000000:identity/{stack['GAS_MAIL_SENDER']}")
        case _:
            raise AssertionError(f"no rule for {service}:{operation}")


def table_arn(table: str) -> str:
    return f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"


def allows(policy: Policy, call: Call) -> bool:
    return any(
        call.action in statement.actions
        and any(fnmatchcase(call.resource, pattern) for pattern in statement.resources)
        for statement in policy
    )


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose calls are all ours."""
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


def until(true: Callable[[], bool], what: str, *, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not after {seconds:.0f} s"
        time.sleep(0.3)


def test_each_role_allows_what_its_service_does_and_nothing_else(
    own_stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = tmp_path / "calls"
    recorded.mkdir()
    environment = {
        **own_stack.environment,
        **SETTINGS,
        "PYTHONPATH": str(RECORDER),
        "RECORDED_CALLS": str(recorded),
    }
    url = f"http://{HOST}:{free_port()}"
    with Supervisor(tmp_path / "log") as supervisor:
        operations = operations_program(environment, url, recorded / "operations")
        supervisor.start(*service_programs(environment), operations)
        live_through_everything(own_stack, supervisor, tmp_path, monkeypatch, operations_url=url)
    fetched = fetch(replace(own_stack, environment=environment), tmp_path, uploaded(own_stack))
    assert fetched.returncode == 0, fetched.stdout

    policies = policies_of(
        (ROOT / "infra/aws/gas.yaml").read_text(),
        stack=own_stack.name,
        parameters={
            "BundlesArn": f"arn:aws:s3:::{BUCKET}/*",
            "KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/ours",
        },
    )
    table = []
    refused: list[str] = []
    unused: list[str] = []
    found: dict[str, set[str]] = {}
    for service in SERVICES:
        used: dict[str, set[str]] = defaultdict(set)
        # The operations page is the web's program, with a role of its own.
        file = "operations/gas_web.jsonl" if service == "operations" else f"gas_{service}.jsonl"
        for line in (recorded / file).read_text().splitlines():
            for call in calls_of(json.loads(line), own_stack):
                used[call.action].add(call.resource)
                if not allows(policies[service], call):
                    refused.append(f"{service}: {call.action} on {call.resource}")
        allowed = {action for statement in policies[service] for action in statement.actions}
        unused += [
            f"{service}: {action}"
            for action in sorted(allowed - set(used))
            if (service, action) not in UNUSED
        ]
        found[service] = set(used)
        table.append((service, len(set(used) & allowed), len(allowed)))
    with capsys.disabled():
        for service, used_count, allowed_count in table:
            print(f"\n{service}: {used_count} of {allowed_count} permissions used", end="")  # noqa: T201 - the table is what this is for
    assert sorted(set(refused)) == []
    needless = [
        f"{service}: {action}"
        for (service, action), reason in UNUSED.items()
        if action in found[service] and reason is not HEARTBEAT
    ]
    assert needless == [], "reasons for permissions that are used"
    assert unused == [], "\n".join(unused)
    stale = [pair for pair in UNUSED if not any(pair[1] in s.actions for s in policies[pair[0]])]
    assert stale == [], "reasons for permissions that nobody has"


def operations_program(environment: dict[str, str], url: str, recorded: Path) -> Program:
    """The web as the chart's second Deployment starts it: /admin and nothing else, on a port of its own."""
    recorded.mkdir()
    changed = {
        "GAS_PAGES": "operators",
        "GAS_OPERATORS": OLIVIA.identity_id,
        "GAS_HTTP_PORT": url.rpartition(":")[2],
        "RECORDED_CALLS": str(recorded),
    }
    (web,) = (program for program in service_programs(environment) if program.name == "web")
    return Program("operations", web.command, environment | changed, f"{url}/healthz")


def look_after(stack: Stack, browser: Browser, url: str, failed: Outcome) -> None:
    """What an operator does at the page. The session of the public pages holds there."""
    stack.client("sqs").send_message(QueueUrl=stack["GAS_THAWS_DLQ_URL"], MessageBody="dead")
    browser.sign_in(OLIVIA)
    browser._get(f"{url}/admin", "the operations page")
    browser._get(f"{url}/admin/jobs/{failed.job_id}", "what happened to a job")
    page = browser._get(f"{url}/admin/queues/thaws/redrive", "the question before sending back")
    form = next(form for form in read(page.text).forms if form.action.endswith("/redrive"))
    browser._submit(page.url, form, "the dead letters sent back")


def live_through_everything(
    stack: Stack,
    supervisor: Supervisor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    operations_url: str,
) -> None:
    """What a researcher, an operator and time do to jobs, so that every service meets all its work."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, stack[name])
    clients = AwsClients(region="us-east-1", endpoint_url=stack.aws_url)
    jobs = DynamoJobs(clients.dynamodb, table=stack["GAS_JOBS_TABLE"])
    users = DynamoUsers(clients.dynamodb, table=stack["GAS_USERS_TABLE"])
    topics = {f"{name}_topic_arn": stack[f"GAS_{name.upper()}_TOPIC_ARN"] for name in TOPICS}
    publisher = SnsPublisher(clients.sns, **topics)

    def become(plan: Plan) -> None:
        set_plan(
            ADA.identity_id,
            plan,
            source="operator",
            users=users,
            publisher=publisher,
            clock=SystemClock(),
            timings=Timings(),
        )

    browser = Browser(stack.base_url, watch=supervisor.check)
    browser.sign_in(ADA)
    kept = browser.follow(browser.submit(SAMPLE))
    assert kept.status == Status.COMPLETED
    browser.log(kept)
    picture = tmp_path / "picture.vcf"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    failed = browser.follow(browser.submit(picture))
    assert failed.status == Status.FAILED
    look_after(stack, Browser(stack.base_url, watch=supervisor.check), operations_url, failed)
    press(browser, failed.url, "delete")
    in_parts = send_in_parts(browser, picture.read_bytes())
    press(browser, in_parts.url, "delete")
    browser._get(urljoin(stack.base_url, "/annotate"), "a form that nothing is sent with")
    browser._get(urljoin(stack.base_url, "/annotations"), "the list")

    until(lambda: jobs.get(kept.job_id).results is Results.ARCHIVED, "archived")
    # The links to it have to die first; only then does thaw tidy up by itself.
    until(lambda: not jobs.get(kept.job_id).due, "at rest")
    become(Plan.PREMIUM)
    until(lambda: jobs.get(kept.job_id).results is Results.AVAILABLE, "restored")
    premium = browser.follow(browser.submit(SAMPLE))
    browser.download(premium)
    until(lambda: not jobs.get(premium.job_id).window_ends, "kept")
    become(Plan.FREE)
    until(lambda: jobs.get(premium.job_id).results is Results.ARCHIVED, "archived after premium")
    until(lambda: jobs.get(kept.job_id).results is Results.ARCHIVED, "archived again")
    for outcome in (kept, premium):
        press(browser, outcome.url, "delete")
    for outcome in (failed, in_parts, kept, premium):
        until(lambda job_id=outcome.job_id: gone(jobs, job_id), "deleted")
    until(lambda: not jobs_left(stack), "the form forgotten")


TOPICS = ("job_requests", "job_results", "plan_changes")


def send_in_parts(browser: Browser, data: bytes) -> Outcome:
    """As the submit page's script does: one upload sent and followed, one withdrawn, one left alone."""
    address = urljoin(browser.base_url, "/annotate/uploads")
    profile = read(browser._get(urljoin(browser.base_url, "/profile"), "the profile").text)
    token = next(form.fields["csrf_token"] for form in profile.forms if "csrf_token" in form.fields)
    declared = {"name": "picture.vcf", "size_bytes": len(data), "fingerprint": "0" * 16}
    crc32 = base64.b64encode(zlib.crc32(data).to_bytes(4)).decode()

    def ask(path: str, **fields: object) -> Any:
        answer = browser._session.post(
            address + path, json=fields, headers={"X-CSRFToken": token}, timeout=20
        )
        assert answer.ok, answer.text
        return answer.json()

    sent, withdrawn, _left = (ask("", **declared)["job_id"] for _ in range(3))
    ask(f"/{withdrawn}/give-up")
    url = ask(f"/{sent}/parts", number=1, crc32=crc32)["url"]
    assert requests.put(url, data=data, headers={"x-amz-checksum-crc32": crc32}, timeout=20).ok
    outcome = browser.follow(urljoin(browser.base_url, ask(f"/{sent}/finish")["location"]))
    assert outcome.status == Status.FAILED
    return outcome


def press(browser: Browser, job_url: str, button: str) -> None:
    """Ask for a costly step and confirm it, as the page asks."""
    page = browser._get(f"{job_url}/{button}", f"the question before {button}")
    form = next(form for form in read(page.text).forms if form.action.endswith(f"/{button}"))
    browser._submit(page.url, replace(form), f"the answer to {button}")


def gone(jobs: DynamoJobs, job_id: str) -> bool:
    try:
        jobs.get(job_id)
    except JobNotFoundError:
        return True
    return False


def jobs_left(stack: Stack) -> int:
    counted: int = stack.client("dynamodb").scan(TableName=stack["GAS_JOBS_TABLE"], Select="COUNT")["Count"]
    return counted
