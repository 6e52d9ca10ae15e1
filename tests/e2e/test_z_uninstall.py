"""Uninstalling GAS, last of all, leaves what belongs to researchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.cluster import wait_for
from tests.e2e.conftest import HERE, STACK, install

from gas_local.environment import ROOT
from gas_local.provision import emulator_client

if TYPE_CHECKING:
    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster


def test_uninstall_leaves_tables_and_buckets_and_a_new_install_finds_the_jobs(service: Service) -> None:
    cluster = service.namespace
    (job_id,) = service.submit(ROOT / "examples/sample.vcf", 1, at_once=1)
    assert service.wait_until_ended([job_id], seconds=120) == ["COMPLETED"]
    cluster.helm("uninstall", "gas", "--wait", "--timeout", "3m")
    wait_for(lambda: not cluster.list("pods", instance="gas"), seconds=120, what="the last pod of GAS to go")
    assert not cluster.list("deployments,scaledobjects,cronjobs,configmaps,secrets", instance="gas")
    assert service.statuses([job_id]) == ["COMPLETED"]
    buckets = [b["Name"] for b in emulator_client("s3", service.aws_url).list_buckets()["Buckets"]]
    assert {f"{STACK}-000000000000-{name}" for name in ("inputs", "results", "archive")} <= set(buckets)
    install(cluster, "gas", HERE / "gas-values.yaml")
    service.wait_until_served()
    outcome = service.browser().follow(f"{service.base_url}/annotations/{job_id}")
    assert outcome.status == "COMPLETED"
