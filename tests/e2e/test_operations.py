"""The operators' page shows what the cluster and the queues really hold, and acts on them."""

from __future__ import annotations

import html
import re
import shutil
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import requests
from playwright.sync_api import expect, sync_playwright
from tests.browser.conftest import ARGUMENTS
from tests.e2e.cluster import ClusterError, wait_for
from tests.e2e.conftest import HERE, STACK, client, install
from tests.e2e.test_docs import OPERATIONS_BLOCKS, run_block
from tests.e2e.test_scaling import FIGURES

from gas_core.domain.messages import JobChanged, JobEvent
from gas_local.environment import ROOT
from gas_local.journey import Browser, JourneyError
from gas_local.pages import read
from gas_local.world import ADA, OLIVIA, OPERATOR_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster

JOBS = 5


class Operator:
    """Olivia at the operators' page, by a browser without script."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._browser: Browser = service.browser(OLIVIA)
        # Only on the way there is Globus asked for her groups.
        self._browser.open_over_globus("/admin", OLIVIA)

    def page(self) -> str:
        return self._browser._get(f"{self._service.base_url}/admin", "the operations page").text

    def row(self, kind: str, name: str) -> list[str]:
        """What the row of a queue or component shows, cell by cell."""
        page = self.page()
        row = re.search(rf'<tr data-{kind}="{name}">(.*?)</tr>', page, re.DOTALL)
        assert row, f"no row of {name} in {page}"
        cells = re.findall(r"<td.*?>(.*?)</td>", row[1], re.DOTALL)
        return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells]

    def press(self, path: str) -> str:
        """Follow a step's link, confirm it as its page asks, and give the page that comes then."""
        asked = self._browser._get(f"{self._service.base_url}/admin/{path}", f"the question before {path}")
        form = next(form for form in read(asked.text).forms if form.action.endswith(path))
        return self._browser._submit(asked.url, form, path).text


@pytest.fixture(scope="module")
def operator(service: Service) -> Iterator[Operator]:
    """With the page installed, which an earlier chart that other tests upgrade from does not know."""
    values = HERE / "gas-values.yaml"
    sets = ("operations.enabled=true", f"operations.group={OPERATOR_GROUP}")
    install(service.namespace, "gas", values, *sets)
    # Web pods of before know no group of operators, and lead the way back from Globus until they are gone.
    wait_for(lambda: not leaving(service, "web"), seconds=120, what="web pods of this release alone")
    # The public pods have no such page: whoever answers otherwise is its own pod, heard of by the Ingress.
    wait_for(lambda: asked(service, "/admin") == requests.codes.found, seconds=60, what="the page's own pod")
    yield Operator(service)
    install(service.namespace, "gas", values)


def leaving(service: Service, component: str) -> list[dict[str, Any]]:
    """Its pods that have to go, which the Ingress may not have heard of."""
    pods = service.namespace.list("pods", instance="gas", component=component)
    return [pod for pod in pods if "deletionTimestamp" in pod["metadata"]]


def asked(service: Service, path: str) -> int:
    """The status that the Ingress gives to somebody who is not signed in."""
    url, headers = f"http://{service.address}{path}", {"Host": service.host}
    return requests.get(url, headers=headers, timeout=10, allow_redirects=False).status_code


@pytest.fixture
def annotator_resumed_after(operator: Operator) -> Iterator[None]:
    yield
    with suppress(StopIteration, AssertionError):
        operator.press("workers/annotator/resume")


def test_deployments_are_those_of_the_cluster(service: Service, operator: Operator) -> None:
    for deployment in service.namespace.list("deployments", instance="gas"):
        name = deployment["metadata"]["labels"]["app.kubernetes.io/component"]

        def agrees(name: str = name) -> bool:
            real = service.namespace.get("deployment", f"gas-{name}")
            ready, wanted = real["status"].get("readyReplicas", 0), real["spec"]["replicas"]
            shown = operator.row("component", name)
            image = real["spec"]["template"]["spec"]["containers"][0]["image"]
            return shown[0] == f"{ready} of {wanted}" and shown[4] == image

        wait_for(agrees, seconds=60, what=f"true numbers of {name}")


@pytest.mark.usefixtures("operator")
def test_page_is_drawn_while_annotators_work(service: Service, long_job_file: Path) -> None:
    """In Chromium through the Ingress, by day and by night: the pictures of the guide."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    FIGURES.mkdir(parents=True, exist_ok=True)
    rules = f"MAP {service.host} {service.address}, MAP *.{service.host} {service.address}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=[*ARGUMENTS, f"--host-resolver-rules={rules}"]
        )
        page = browser.new_page(viewport={"width": 1100, "height": 620}, device_scale_factor=1.5)
        page.goto(f"{service.base_url}/admin")
        page.get_by_role("button", name=OLIVIA.name).click()
        page.wait_for_url(f"{service.base_url}/**")
        if "/profile" in page.url:
            page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Operations", timeout=20_000)
        job_ids = service.submit(long_job_file, 2 * JOBS)
        wait_for(lambda: service.namespace.ready("annotator"), seconds=120, what="an annotator at work")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.reload()
            expect(page.locator('tr[data-component="annotator"]')).to_contain_text(" of ")
            expect(page.locator('tr[data-component="web"]')).to_contain_text("gas-web:")
            page.screenshot(path=FIGURES / f"operations-cluster-{scheme}.png", full_page=True)
        browser.close()
    assert set(service.wait_until_ended(job_ids, seconds=300)) == {"COMPLETED"}


@pytest.mark.usefixtures("annotator_resumed_after")
def test_paused_worker_takes_nothing_and_resumed_it_does_all(service: Service, operator: Operator) -> None:
    told = operator.press("workers/annotator/pause")
    assert "The annotator is paused" in told
    # Not even one on its way out, whose last long poll may still be answered.
    annotators = {"instance": "gas", "component": "annotator"}
    wait_for(lambda: not service.namespace.list("pods", **annotators), seconds=120, what="no annotator")
    assert operator.row("component", "annotator")[1] == "Paused"

    job_ids = service.submit(ROOT / "examples/sample.vcf", JOBS)
    wait_for(
        lambda: operator.row("queue", "job-requests")[0] == str(JOBS),
        seconds=30,
        what="all jobs in the queue",
    )
    assert service.queue("job-requests")["ApproximateNumberOfMessages"] == JOBS
    # Longer than KEDA's polling interval here, after which a worker that is not paused has pods.
    with pytest.raises(ClusterError):
        wait_for(lambda: service.namespace.pods("annotator"), seconds=20, what="a pod in spite of the pause")
    assert set(service.statuses(job_ids)) == {"PENDING"}

    operator.press("workers/annotator/resume")
    assert set(service.wait_until_ended(job_ids, seconds=240)) == {"COMPLETED"}
    assert operator.row("queue", "job-requests")[0] == "0"


def test_thaw_now_runs_a_pass_beside_the_schedule(service: Service, operator: Operator) -> None:
    found = re.search(r"(gas-thaw-now-[0-9a-f]{8}) was started", operator.press("thaw"))
    assert found

    def succeeded() -> bool:
        job = service.namespace.get("job", found[1])
        assert job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
        return bool(job["status"].get("succeeded"))

    wait_for(succeeded, seconds=180, what="the end of the pass")


def test_dead_letter_is_shown_and_sent_back(service: Service, operator: Operator) -> None:
    sqs = client("sqs", service.aws_url)
    url = sqs.get_queue_url(QueueName=f"{STACK}-job-archives-dlq")["QueueUrl"]
    before = int(operator.row("queue", "job-archives")[3])
    # About a job that is gone by now: the archiver drops it when it comes back.
    letter = JobChanged(user_id=OLIVIA.identity_id, job_id=str(uuid.uuid4()), event=JobEvent.DUE)
    sqs.send_message(QueueUrl=url, MessageBody=letter.model_dump_json())
    wait_for(
        lambda: int(operator.row("queue", "job-archives")[3]) == before + 1,
        seconds=30,
        what="the dead letter",
    )
    assert "of job-archives again." in operator.press("queues/job-archives/redrive")
    assert operator.row("queue", "job-archives")[3] == "0"


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("block", OPERATIONS_BLOCKS)
def test_commands_of_the_guide_for_its_pod_work_as_they_stand(block: str) -> None:
    done = run_block(block)
    # Exit code 3 tells that something is overdue, as the guide says.
    assert done.returncode in {0, 3}, done.stderr
    assert "overdue" in done.stdout


@pytest.mark.usefixtures("operator")
def test_everybody_else_finds_no_such_page(service: Service) -> None:
    with pytest.raises(JourneyError, match="answered 404"):
        service.browser(ADA).open_over_globus("/admin", ADA)


@pytest.mark.usefixtures("operator")
def test_public_pods_serve_no_such_page_and_hold_no_token(service: Service) -> None:
    with service.namespace.forwarded("gas-web", 80) as url:
        assert requests.get(f"{url}/admin", timeout=10, allow_redirects=False).status_code == 404
    with service.namespace.forwarded("gas-operations", 80) as url:
        assert requests.get(f"{url}/annotations", timeout=10, allow_redirects=False).status_code == 404
    for pod in service.namespace.list("pods", instance="gas"):
        mounts = [m["mountPath"] for c in pod["spec"]["containers"] for m in c["volumeMounts"]]
        holds = "/var/run/secrets/kubernetes.io/serviceaccount" in mounts
        assert holds is (pod["metadata"]["labels"]["app.kubernetes.io/component"] == "operations")


@pytest.mark.usefixtures("operator")
def test_role_allows_what_the_page_does_and_no_more(service: Service) -> None:
    account = f"system:serviceaccount:{service.namespace.name}:gas-operations"

    def can(*what: str) -> bool:
        try:
            return service.namespace.kubectl("auth", "can-i", *what, "--as", account).strip() == "yes"
        except ClusterError as error:
            # The command's exit code is its answer.
            if "no" in str(error).splitlines()[-1]:
                return False
            raise

    assert can("patch", "scaledobjects.keda.sh/gas-annotator")
    assert can("create", "jobs.batch")
    for refused in (
        ("patch", "scaledobjects.keda.sh/somebody-elses"),
        ("get", "secrets"),
        ("delete", "pods"),
        ("create", "pods"),
        ("patch", "deployments.apps"),
    ):
        assert not can(*refused), refused
