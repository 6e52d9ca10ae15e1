"""Upgrades, evictions and sudden deaths during work lose nothing and are seen by no visitor."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.e2e.cluster import wait_for
from tests.e2e.conftest import CHART, HERE, NEXT_TAG, RELEASED, SERVICES, TAG, install
from tests.e2e.load import Load

from gas_local.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.cluster import Namespace
    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster


def evict_all(service: Service, component: str, *, seconds: float) -> int:
    """Evict every pod there is now, one after the other as budgets allow; how many were."""
    cluster = service.namespace
    names = {pod["metadata"]["name"] for pod in cluster.pods(component)}
    evicted: set[str] = set()
    end = time.monotonic() + seconds
    while left := names - evicted:
        assert time.monotonic() < end, f"{left} could not be evicted"
        there = {pod["metadata"]["name"] for pod in cluster.pods(component)}
        for name in left:
            if name not in there or cluster.evict(name):
                evicted.add(name)
        time.sleep(1)
    return len(evicted)


def test_upgrade_and_evictions_under_load_lose_no_job_and_no_request(
    service: Service, job_file: Path
) -> None:
    cluster = service.namespace
    with Load(service, visitors=3, pause_seconds=0.1) as load:
        job_ids = service.submit(job_file, 20)
        wait_for(lambda: cluster.ready("annotator"), seconds=90, what="an annotator at work")
        install(cluster, "gas", HERE / "gas-values.yaml", tag=NEXT_TAG)
        job_ids += service.submit(job_file, 10)
        wait_for(lambda: cluster.ready("annotator"), seconds=90, what="an annotator at work")
        evicted = {name: evict_all(service, name, seconds=120) for name in ("annotator", "notifier", "web")}
        job_ids += service.submit(job_file, 2)
        statuses = service.wait_until_ended(job_ids, seconds=240)
        wait_for(lambda: cluster.ready("web") >= 2, seconds=60, what="two web pods")
    print(f"\n{sum(load.answers.values())} requests: {dict(load.answers)}; evicted: {evicted}")  # noqa: T201
    assert load.bad == {}
    assert Counter(statuses) == {"COMPLETED": len(job_ids)}
    assert service.wait_for_mails(job_ids) == [1] * len(job_ids)
    images = {
        deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        for deployment in cluster.list("deployments", instance="gas")
    }
    assert images == {f"gas-{name}:{NEXT_TAG}" for name in SERVICES if name != "sweeper"}


def test_annotators_that_die_suddenly_leave_no_job_undone(service: Service, long_job_file: Path) -> None:
    cluster = service.namespace
    job_ids = service.submit(long_job_file, 8)
    killed = 0
    for _ in range(3):
        wait_for(lambda: "RUNNING" in service.statuses(job_ids), seconds=120, what="a job under work")
        pods = [pod["metadata"]["name"] for pod in cluster.pods("annotator")]
        cluster.kubectl("delete", "pod", *pods, "--grace-period=0", "--force")
        killed += len(pods)
    statuses = service.wait_until_ended(job_ids, seconds=300)
    attempts = Counter(int(row["attempt"]) for row in service.rows(job_ids))
    print(f"\n{killed} pods killed; attempts that jobs took: {dict(attempts)}")  # noqa: T201
    assert Counter(statuses) == {"COMPLETED": len(job_ids)}
    assert max(attempts) > 1, "nothing was hit; the test has to kill while jobs run"


def test_image_that_cannot_be_pulled_leaves_the_old_pods_serving(service: Service) -> None:
    cluster = service.namespace
    with Load(service, visitors=2, pause_seconds=0.1) as load:
        upgrade = ("upgrade", "gas", str(CHART), "--values", str(HERE / "gas-values.yaml"))
        cluster.helm(*upgrade, "--set", "image.tag=of-no-version")

        def cannot_be_pulled() -> bool:
            return any(
                status.get("state", {}).get("waiting", {}).get("reason")
                in {"ErrImagePull", "ImagePullBackOff"}
                for pod in cluster.pods("web")
                for status in pod["status"].get("containerStatuses", [])
            )

        wait_for(cannot_be_pulled, seconds=60, what="a pod whose image cannot be pulled")
        time.sleep(5)
        assert cluster.ready("web") >= 2
        cluster.helm("rollback", "gas", "--wait", "--timeout", "5m")
    assert load.bad == {}
    # As the guide says: a pass that waits for the wrong image holds back the next.
    cluster.kubectl("delete", "jobs", "--selector", "app.kubernetes.io/component in (sweeper, thaw)")


def test_pod_that_is_stopped_while_it_starts_stops(service: Service) -> None:
    cluster = service.namespace
    template = cluster.get("deployment", "gas-annotator")["spec"]["template"]
    for number in range(3):
        name = f"stopped-early-{number}"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": template["spec"]}
        cluster.kubectl("create", "--filename", "-", given=json.dumps(pod))
        cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Running", f"pod/{name}", "--timeout=60s")
        began = time.monotonic()
        cluster.kubectl("delete", "pod", name, "--wait", "--timeout=60s")
        assert time.monotonic() - began < template["spec"]["terminationGracePeriodSeconds"] / 2


def test_upgrade_from_the_released_chart_and_rollback_lose_no_job(service: Service, job_file: Path) -> None:
    cluster = service.namespace
    install(cluster, "gas", HERE / "gas-values.yaml", chart=RELEASED)
    with Load(service, visitors=2, pause_seconds=0.1) as load:
        job_ids = service.submit(job_file, 6)
        sets = ("web.settings.GAS_JOBS_PER_PAGE=7",)
        install(cluster, "gas", HERE / "gas-values.yaml", *sets, tag=NEXT_TAG)
        assert cluster.get("configmap", "gas-web")["data"]["GAS_JOBS_PER_PAGE"] == "7"
        assert image_of(service, "web") == f"gas-web:{NEXT_TAG}"
        job_ids += service.submit(job_file, 6)
        cluster.helm("rollback", "gas", "--wait", "--timeout", "5m")
        statuses = service.wait_until_ended(job_ids, seconds=240)
    assert "GAS_JOBS_PER_PAGE" not in cluster.get("configmap", "gas-web")["data"]
    assert image_of(service, "web") == f"gas-web:{TAG}"
    assert load.bad == {}
    assert Counter(statuses) == {"COMPLETED": len(job_ids)}
    install(cluster, "gas", HERE / "gas-values.yaml")


def test_job_that_takes_too_much_memory_fails_alone(service: Service, tmp_path: Path) -> None:
    cluster = service.namespace
    tries = 2
    # A small job needs some 200 MiB with its process, the large one more than 400.
    little = ("annotator.resources.limits.memory=300Mi", f"settings.GAS_MAX_FAILURES={tries}")
    install(cluster, "gas", HERE / "gas-values.yaml", *little)
    try:
        (too_large,) = service.submit(with_a_large_header(tmp_path / "large.vcf"), 1, at_once=1)
        wait_for(lambda: was_killed_for_its_memory(cluster), seconds=120, what="a kill for lack of memory")
        job_ids = service.submit(ROOT / "examples/sample.vcf", 6)
        assert service.wait_until_ended(job_ids, seconds=240) == ["COMPLETED"] * len(job_ids)
        assert service.wait_until_ended([too_large], seconds=240) == ["FAILED"]
        (row,) = service.rows([too_large])
        assert int(row["failures"]) == tries
        outcome = service.browser().follow(f"{service.base_url}/annotations/{too_large}")
        assert any("Two tries failed; the fault is ours" in sentence for sentence in outcome.sentences)
    finally:
        install(cluster, "gas", HERE / "gas-values.yaml")


def was_killed_for_its_memory(cluster: Namespace) -> bool:
    """Whether the kubelet says so of a container; a pod that scaling took away tells nothing any more."""
    return any(
        ended.get("reason") == "OOMKilled"
        for pod in cluster.list("pods", component="annotator")
        for status in pod["status"].get("containerStatuses", [])
        for ended in (
            status["state"].get("terminated", {}),
            status.get("lastState", {}).get("terminated", {}),
        )
    )


def with_a_large_header(path: Path) -> Path:
    """A valid file of 58 MiB whose header, which is held in memory, needs more than other jobs do."""
    lines = (ROOT / "examples/sample.vcf").read_text().splitlines(keepends=True)
    notes = [f"##note{number}={'A' * 1000}\n" for number in range(60_000)]
    path.write_text("".join([lines[0], *notes, *lines[1:]]))
    return path


def image_of(service: Service, component: str) -> str:
    pod = service.namespace.get("deployment", f"gas-{component}")["spec"]["template"]["spec"]
    image: str = pod["containers"][0]["image"]
    return image
