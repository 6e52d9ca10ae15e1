"""Mistakes and outages at the start: pods wait and say so, and go on by themselves once it is mended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.cluster import wait_for
from tests.e2e.conftest import CHART, HERE, TAG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.cluster import Namespace
    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster

RELEASE = "second"


@pytest.fixture
def cluster(service: Service) -> Iterator[Namespace]:
    """The namespace, without the second release when the test is over."""
    yield service.namespace
    service.namespace.helm("uninstall", RELEASE, "--wait", "--timeout", "2m")


def install(cluster: Namespace, *sets: str) -> None:
    """A second release beside the first, without an Ingress, and without waiting for it."""
    values = (
        "--values",
        str(HERE / "gas-values.yaml"),
        "--set",
        f"image.tag={TAG},web.ingress.enabled=false",
    )
    cluster.helm("install", RELEASE, str(CHART), *values, "--set", ",".join(sets))


def statuses(cluster: Namespace, component: str) -> list[dict[str, Any]]:
    return [
        status
        for pod in cluster.list("pods", instance=RELEASE, component=component)
        for status in pod["status"].get("containerStatuses", [])
    ]


def test_pods_wait_for_aws_and_are_not_restarted(cluster: Namespace) -> None:
    install(cluster, "demo.emulatorsOf=nowhere")

    def started() -> bool:
        both = (statuses(cluster, "web"), statuses(cluster, "annotator"))
        return all(found and all("running" in s["state"] for s in found) for found in both)

    wait_for(started, seconds=90, what="pods that run")
    time.sleep(20)
    assert not any(status["ready"] for status in statuses(cluster, "web"))
    assert not any(s["restartCount"] for name in ("web", "annotator") for s in statuses(cluster, name))
    logs = cluster.kubectl("logs", f"deployment/{RELEASE}-annotator", "--tail=-1")
    assert "receive_failed" in logs


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
