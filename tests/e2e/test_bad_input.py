"""Mistakes and outages at the start: pods wait and say so, and go on by themselves once it is mended."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.cluster import wait_for
from tests.e2e.conftest import CHART, HERE, TAG, client

from gas_local.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.cluster import Namespace
    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster

RELEASE = "second"
REFERENCES = "references-of-an-operator"
BUNDLE = ROOT / "libs/engine/src/gas_engine/bundles/rCRS"


@pytest.fixture
def cluster(service: Service) -> Iterator[Namespace]:
    """The namespace, without the second release when the test is over."""
    yield service.namespace
    service.namespace.helm("uninstall", RELEASE, "--wait", "--timeout", "2m")


def install(cluster: Namespace, *sets: str, json_sets: tuple[str, ...] = ()) -> None:
    """A second release beside the first, without an Ingress, and without waiting for it."""
    values = (
        "--values",
        str(HERE / "gas-values.yaml"),
        "--set",
        f"image.tag={TAG},web.ingress.enabled=false",
    )
    as_json = [argument for each in json_sets for argument in ("--set-json", each)]
    cluster.helm("install", RELEASE, str(CHART), *values, "--set", ",".join(sets), *as_json)


def statuses(cluster: Namespace, component: str) -> list[dict[str, Any]]:
    return [
        status
        for pod in cluster.list("pods", instance=RELEASE, component=component)
        for status in pod["status"].get("containerStatuses", [])
    ]


def test_pods_wait_for_aws_and_are_not_restarted(cluster: Namespace) -> None:
    install(cluster, "demo.emulatorsOf=nowhere", "annotator.minReplicas=1")

    def started() -> bool:
        both = (statuses(cluster, "web"), statuses(cluster, "annotator"))
        return all(found and all("running" in s["state"] for s in found) for found in both)

    def told() -> bool:
        return "receive_failed" in cluster.kubectl("logs", f"deployment/{RELEASE}-annotator", "--tail=-1")

    wait_for(started, seconds=90, what="pods that run")
    wait_for(told, seconds=90, what="a line that tells it")
    time.sleep(20)
    assert not any(status["ready"] for status in statuses(cluster, "web"))
    assert not any(s["restartCount"] for name in ("web", "annotator") for s in statuses(cluster, name))


def test_queue_that_does_not_exist_is_named_by_worker_and_scaler(cluster: Namespace) -> None:
    install(cluster, "demo.stack=gas-nowhere", "annotator.minReplicas=1")

    def told() -> bool:
        logs = cluster.kubectl("logs", f"deployment/{RELEASE}-annotator", "--tail=-1")
        return "receive_failed" in logs and "NonExistentQueue" in logs

    def running() -> bool:
        found = statuses(cluster, "annotator")
        return bool(found) and all("running" in status["state"] for status in found)

    wait_for(running, seconds=90, what="an annotator that runs")
    wait_for(told, seconds=60, what="a line that names the queue's error")
    assert not any(status["restartCount"] for status in statuses(cluster, "annotator"))
    of_scaler = (
        "--field-selector",
        f"involvedObject.name={RELEASE}-annotator,involvedObject.kind=ScaledObject",
    )
    wait_for(
        lambda: "KEDAScalerFailed" in cluster.kubectl("get", "events", *of_scaler),
        seconds=60,
        what="an event of the scaler",
    )


@pytest.fixture(scope="module")
def bundle(service: Service) -> str:
    """The engine's own bundle in a bucket of the operator's; its address, to which a checksum belongs."""
    s3 = client("s3", service.aws_url)
    s3.create_bucket(Bucket=REFERENCES)
    for file in BUNDLE.iterdir():
        s3.upload_file(str(file), REFERENCES, f"bundles/rCRS/{file.name}")
    return f"s3://{REFERENCES}/bundles/rCRS#sha256="


def fetching(cluster: Namespace) -> str:
    """What the annotator's init container says."""
    pods = cluster.list("pods", instance=RELEASE, component="annotator")
    lines = [
        cluster.kubectl("logs", pod["metadata"]["name"], "--container=fetch-bundles", "--ignore-errors")
        for pod in pods
        if any(
            {"terminated", "running"} & set(s["state"] | s["lastState"])
            for s in pod["status"].get("initContainerStatuses", [])
        )
    ]
    return "".join(lines)


def test_annotator_with_another_bundle_than_expected_does_not_start_and_says_so(
    cluster: Namespace, bundle: str
) -> None:
    wrong = f'annotator.bundles=["{bundle}{"0" * 64}"]'
    install(cluster, "annotator.minReplicas=1", json_sets=(wrong,))
    wait_for(lambda: "bundles_not_fetched" in fetching(cluster), seconds=90, what="the reason")
    assert "was expected to have 0000" in fetching(cluster)
    pods = cluster.list("pods", instance=RELEASE, component="annotator")
    assert {pod["status"]["phase"] for pod in pods} == {"Pending"}
    assert not any(status["ready"] for status in statuses(cluster, "annotator"))


def test_bundle_is_fetched_once_for_all_pods_of_a_volume(cluster: Namespace, bundle: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "bundles"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    cluster.kubectl("create", "--filename", "-", given=json.dumps(claim))
    checksum = hashlib.sha256((BUNDLE / "manifest.json").read_bytes()).hexdigest()
    cache = 'annotator.bundleCache={"persistentVolumeClaim": {"claimName": "bundles"}}'
    sets = (f'annotator.bundles=["{bundle}{checksum}"]', cache)
    install(cluster, "annotator.minReplicas=1", json_sets=sets)

    def ready() -> bool:
        return any(status["ready"] for status in statuses(cluster, "annotator"))

    wait_for(ready, seconds=120, what="an annotator with its bundle")
    assert "bundle_fetched" in fetching(cluster)
    (pod,) = cluster.list("pods", instance=RELEASE, component="annotator")
    cluster.kubectl("delete", "pod", pod["metadata"]["name"], "--wait")
    wait_for(ready, seconds=120, what="its successor")
    assert "bundle_found" in fetching(cluster)
    assert "bundle_fetched" not in fetching(cluster)


def test_pods_start_by_themselves_once_their_secret_is_there(cluster: Namespace) -> None:
    install(cluster, "secrets.existingSecret=made-later", "annotator.enabled=false", "notifier.enabled=false")

    def waiting() -> set[str]:
        return {status["state"].get("waiting", {}).get("reason", "") for status in statuses(cluster, "web")}

    wait_for(lambda: waiting() == {"CreateContainerConfigError"}, seconds=90, what="pods that miss a Secret")
    keys = ("GAS_SECRET_KEY=of-sixteen-or-more", "GAS_GLOBUS_CLIENT_SECRET=x")
    literals = [f"--from-literal={key}" for key in keys]
    cluster.kubectl("create", "secret", "generic", "made-later", *literals)
    try:
        wait_for(
            lambda: any(status["ready"] for status in statuses(cluster, "web")),
            seconds=90,
            what="a ready pod",
        )
    finally:
        cluster.kubectl("delete", "secret", "made-later")
