"""A cluster without KEDA: it is taken away for this, last of all, and only where nobody else uses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.e2e.cluster import ClusterError, Namespace, run
from tests.e2e.conftest import HERE, install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster

CRD = "scaledobjects.keda.sh"
WORKERS = ("annotator", "archiver", "restorer", "notifier")


@pytest.fixture
def without_keda(service: Service) -> Iterator[Namespace]:
    """The namespace without GAS, on a cluster that does not know what a ScaledObject is."""
    service.namespace.helm("uninstall", "gas", "--wait", "--timeout", "3m")
    used = json.loads(run("kubectl", "get", CRD, "--all-namespaces", "--output", "json"))["items"]
    if used:
        pytest.skip("others use KEDA here: taking it away would end their scaling")
    definition = json.loads(run("kubectl", "get", "crd", CRD, "--output", "json"))
    kept = {"name", "annotations", "labels"}
    definition["metadata"] = {name: value for name, value in definition["metadata"].items() if name in kept}
    del definition["status"]
    run("kubectl", "delete", "crd", CRD, "--timeout=60s")
    try:
        yield service.namespace
    finally:
        run("kubectl", "create", "--filename", "-", given=json.dumps(definition))


def test_install_without_keda_names_what_is_missing_and_leaves_nothing(without_keda: Namespace) -> None:
    with pytest.raises(ClusterError, match=r'no matches for kind "ScaledObject"'):
        install(without_keda, "gas", HERE / "gas-values.yaml")
    assert without_keda.list("deployments,services,configmaps", instance="gas") == []
    off = [f"{worker}.minReplicas=1" for worker in WORKERS]
    install(without_keda, "gas", HERE / "gas-values.yaml", "autoscaling.keda.enabled=false", *off)
    assert {worker: without_keda.ready(worker) for worker in WORKERS} == dict.fromkeys(WORKERS, 1)
