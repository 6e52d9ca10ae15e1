"""One command gives the whole service, and a researcher uses it through the Ingress."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from tests.browser.conftest import ARGUMENTS
from tests.browser.reader import Reader
from tests.e2e.cluster import ingress_address, make_namespace
from tests.e2e.conftest import CHART, Service, install

from gas_local.environment import ROOT
from gas_local.world import GREGOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def demo(images: None) -> Iterator[Service]:  # noqa: ARG001 - they have to be there
    """The demo as its values file describes it."""
    namespace = make_namespace("gas-demo")
    try:
        install(namespace, "gas", CHART / "demo-values.yaml")
        service = Service(namespace, "gas.localhost", ingress_address())
        service.wait_until_served()
        yield service
    finally:
        namespace.remove()


@pytest.fixture
def reader(demo: Service) -> Iterator[Reader]:
    """A researcher at Chromium, whose names lead to the Ingress."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    rules = f"MAP {demo.host} {demo.address}, MAP *.{demo.host} {demo.address}"
    with sync_playwright() as playwright:
        arguments = [*ARGUMENTS, f"--host-resolver-rules={rules}"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        # Nothing is sold in the demo, so that nobody is asked at Stripe.
        world = SimpleNamespace(
            aws_url=f"http://s3.{demo.host}",
            globus_url=f"http://globus.{demo.host}",
            stripe_url=demo.base_url,
        )
        reader = Reader(browser.new_context(), world, demo.base_url)
        yield reader
        reader.leave()
        browser.close()


def test_helm_test_does_the_samples_job(demo: Service) -> None:
    told = demo.namespace.helm("test", "gas", "--logs", "--timeout", "3m")
    assert "287 records annotated, as expected" in told
    assert "mail: Done: sample.vcf" in told


def test_researcher_gets_her_file_back_through_the_ingress(reader: Reader, tmp_path: Path) -> None:
    reader.sign_in(GREGOR)
    reader.submit(ROOT / "examples/sample.vcf")
    reader.sees_state("COMPLETED AVAILABLE")
    name, saved = reader.download(tmp_path / "result.vcf.gz")
    assert name == "sample.annot.vcf.gz"
    assert saved.read_bytes()[:2] == b"\x1f\x8b"


def test_every_pod_runs_under_the_restricted_standard(demo: Service) -> None:
    """The namespace enforces it, so nothing else could have started."""
    labels = demo.namespace.get("namespace", demo.namespace.name)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {"aws", "globus", "web"} <= {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]
        for pod in demo.namespace.list("pods", instance="gas")
        if pod["status"]["phase"] == "Running"
    }


def test_notes_tell_the_next_three_commands_with_real_names(demo: Service) -> None:
    notes = demo.namespace.helm("get", "notes", "gas")
    assert "rollout status deployment/gas-web" in notes
    assert "helm test gas --namespace gas-demo --logs" in notes
    assert "open http://gas.localhost/" in notes
