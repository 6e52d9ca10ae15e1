"""GAS on the cluster that KUBECONFIG leads to, installed as an operator would, used as outsiders would.

E2E_LOAD_IMAGES is the command that brings images from docker into it, such as `kind load docker-image`.
"""

from __future__ import annotations

import os
import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from tests.e2e.cluster import Namespace, ingress_address, make_namespace, run, wait_for

from gas_local.environment import ROOT
from gas_local.journey import Browser
from gas_local.mailbox import mails
from gas_local.provision import emulator_client
from gas_local.world import ADA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gas_local.world import Researcher

HERE = Path(__file__).parent
CHART = ROOT / "charts/gas"
RELEASED = HERE / "released/gas-0.1.0.tgz"
"""The chart that operators have now, as `helm package` made it: upgrades begin there."""
STACK = "gas-demo"
TAG = "e2e"
NEXT_TAG = "e2e-next"
"""The same images under another tag: a new version, as far as a cluster can tell."""
VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
"""The tag that k8s/ names."""

SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/Dockerfile"))
SAMPLE_COPIES = 60
"""How often a job's file repeats the sample's records: 17,220 of them, 0.9 MB, which premium may send."""

BATCH = 100
"""Rows that DynamoDB gives in one answer."""

# Making a client takes longer than asking with it.
client = cache(emulator_client)


@dataclass(frozen=True, slots=True)
class Service:
    """GAS as seen from outside the cluster, and its emulators, which are asked for the truth."""

    namespace: Namespace
    host: str
    """Of the pages; the emulators' hosts have a name before it."""
    address: str
    """Of the Ingress."""
    aws_url: str = ""

    @property
    def base_url(self) -> str:
        return f"http://{self.host}"

    def browser(self, who: Researcher = ADA) -> Browser:
        """A new browser of a researcher, signed in. Names lead to the Ingress, as a public DNS would."""
        hosts = (self.host, f"s3.{self.host}", f"globus.{self.host}")
        browser = Browser(
            self.base_url, connect_to={f"http://{host}": f"{self.address}:80" for host in hosts}
        )
        browser.sign_in(who)
        return browser

    def wait_until_served(self) -> None:
        """A release is ready a moment before the ingress controller has heard of it."""

        def served() -> bool:
            url, headers = f"http://{self.address}/healthz", {"Host": self.host}
            return requests.get(url, headers=headers, timeout=10).status_code == requests.codes.ok

        wait_for(served, seconds=30, what=f"an answer at {self.host}")

    def submit(self, file: Path, count: int, *, at_once: int = 4) -> list[str]:
        """Submit a file so many times through the front door; the IDs of the jobs."""

        def some(number: int) -> list[str]:
            browser = self.browser()
            return [browser.submit(file) for _ in range(number, count, at_once)]

        with ThreadPoolExecutor(at_once) as pool:
            return [url.rsplit("/", 1)[1] for urls in pool.map(some, range(at_once)) for url in urls]

    def rows(self, job_ids: list[str]) -> list[dict[str, Any]]:
        """Rows of jobs as they stand, in their order."""
        table, found = f"{STACK}-jobs", {}
        for first in range(0, len(job_ids), BATCH):
            keys = [{"job_id": {"S": job_id}} for job_id in job_ids[first : first + BATCH]]
            asked = {table: {"Keys": keys, "ConsistentRead": True}}
            for item in client("dynamodb", self.aws_url).batch_get_item(RequestItems=asked)["Responses"][
                table
            ]:
                row = {name: next(iter(value.values())) for name, value in item.items()}
                found[row["job_id"]] = row
        return [found[job_id] for job_id in job_ids]

    def statuses(self, job_ids: list[str]) -> list[str]:
        return [row["job_status"] for row in self.rows(job_ids)]

    def wait_until_ended(self, job_ids: list[str], *, seconds: float) -> list[str]:
        """Statuses of jobs that all have ended."""
        wait_for(
            lambda: not {"UPLOADING", "PENDING", "RUNNING"} & set(self.statuses(job_ids)),
            seconds=seconds,
            what="the end of all jobs",
        )
        return self.statuses(job_ids)

    def mail_counts(self, job_ids: list[str]) -> list[int]:
        """How many mails each job's researcher got about it."""
        texts = [mail.text for mail in mails(self.aws_url)]
        return [sum(job_id in text for text in texts) for job_id in job_ids]

    def wait_for_mails(self, job_ids: list[str]) -> list[int]:
        wait_for(lambda: all(self.mail_counts(job_ids)), seconds=150, what="a mail for each job")
        return self.mail_counts(job_ids)

    def upgrade(self, who: Researcher) -> None:
        """What paying comes to, by an operator's hand; the researcher has signed in before."""
        command = ("exec", "deployment/gas-web", "--", "gas-admin", "plan", "set", who.identity_id, "premium")
        self.namespace.kubectl(*command)

    def queue(self, name: str) -> dict[str, int]:
        """How many messages of a queue wait, and how many are under work."""
        sqs = client("sqs", self.aws_url)
        url = sqs.get_queue_url(QueueName=f"{STACK}-{name}")["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return {name: int(attributes[name]) for name in names}


@pytest.fixture(scope="session")
def images() -> None:
    """All images, as `make e2e` has built them, brought into the cluster."""
    if not os.environ.get("KUBECONFIG") or not os.environ.get("E2E_LOAD_IMAGES"):
        pytest.skip(
            "needs a cluster: KUBECONFIG, and in E2E_LOAD_IMAGES the command that loads images into it"
        )
    names = [f"gas-{service}" for service in (*SERVICES, "demo")]
    for name in names:
        for tag in (NEXT_TAG, VERSION):
            run("docker", "tag", f"{name}:{TAG}", f"{name}:{tag}")
    tags = [f"{name}:{tag}" for name in names for tag in (TAG, NEXT_TAG, VERSION)]
    run(*shlex.split(os.environ["E2E_LOAD_IMAGES"]), *tags)


@pytest.fixture(scope="session")
def service(images: None) -> Iterator[Service]:  # noqa: ARG001 - they have to be there
    """GAS in one release, its emulators in another."""
    namespace = make_namespace("gas")
    try:
        install(namespace, "world", HERE / "world-values.yaml")
        install(namespace, "gas", HERE / "gas-values.yaml")
        with namespace.forwarded("world-aws", 4566) as aws_url:
            service = Service(namespace, "gas.test", ingress_address(), aws_url)
            service.wait_until_served()
            # Ada's jobs are counted, with one mail each: nothing of hers is archived meanwhile.
            service.browser(ADA)
            service.upgrade(ADA)
            yield service
    finally:
        namespace.remove()


@pytest.fixture(scope="session")
def job_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose annotation takes about a second."""
    return repeated(tmp_path_factory.mktemp("job") / "sample.vcf", copies=SAMPLE_COPIES)


@pytest.fixture(scope="session")
def long_job_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose annotation takes some seconds, so that it can be hit."""
    return repeated(tmp_path_factory.mktemp("long") / "sample.vcf", copies=8 * SAMPLE_COPIES)


def repeated(path: Path, *, copies: int) -> Path:
    """The sample with each of its records several times."""
    lines = (ROOT / "examples/sample.vcf").read_text().splitlines(keepends=True)
    header = [line for line in lines if line.startswith("#")]
    records = [line for line in lines if not line.startswith("#") for _ in range(copies)]
    path.write_text("".join(header + records))
    return path


def install(
    namespace: Namespace, release: str, values: Path, *sets: str, tag: str = TAG, chart: Path = CHART
) -> None:
    """Install or upgrade a release, and wait until it is ready."""
    command = ["upgrade", "--install", release, str(chart), "--values", str(values)]
    command += ["--set", ",".join([f"image.tag={tag}", *sets]), "--wait", "--timeout", "5m"]
    namespace.helm(*command)
