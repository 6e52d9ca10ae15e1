"""Plain manifests, for those who have no helm: one kubectl command gives the whole demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.cluster import Namespace, ingress_address, run
from tests.e2e.conftest import Service

from gas_local.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.cluster

DEMO = ROOT / "k8s/demo"


@pytest.fixture
def applied(images: None) -> Iterator[Service]:  # noqa: ARG001 - they have to be there
    """The demo, in the namespace that its manifests name and make."""
    run("kubectl", "wait", "--for=delete", "namespace/gas", "--timeout=120s")
    namespace = Namespace("gas")
    try:
        run("kubectl", "apply", "--kustomize", str(DEMO))
        namespace.kubectl("wait", "--for=condition=Available", "deployments", "--all", "--timeout=300s")
        service = Service(namespace, "gas.localhost", ingress_address())
        service.wait_until_served()
        yield service
    finally:
        namespace.remove()


def test_kubectl_apply_gives_the_whole_service(applied: Service) -> None:
    browser = applied.browser()
    outcome = browser.follow(browser.submit(ROOT / "examples/sample.vcf"), seconds=180)
    assert outcome.status == "COMPLETED"
    assert browser.download(outcome)
    # A second time changes nothing that runs.
    again = run("kubectl", "apply", "--kustomize", str(DEMO))
    changed = [
        line for line in again.splitlines() if line.startswith("deployment") and "unchanged" not in line
    ]
    assert changed == []
