"""Results go to Glacier when the window is over and come back after an upgrade, each step by a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.cluster import wait_for

from gas_local.environment import ROOT
from gas_local.world import GREGOR

if TYPE_CHECKING:
    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster


def test_results_are_archived_and_come_back_after_an_upgrade(service: Service) -> None:
    browser = service.browser(GREGOR)
    outcome = browser.follow(browser.submit(ROOT / "examples/sample.vcf"), seconds=120)
    before = browser.download(outcome)

    def results() -> str:
        return service.rows([outcome.job_id])[0]["results_state"]

    wait_for(lambda: results() == "ARCHIVED", seconds=240, what="the archive")
    service.upgrade(GREGOR)
    wait_for(lambda: results() == "RESTORING", seconds=60, what="the retrieval")
    wait_for(lambda: results() == "AVAILABLE", seconds=180, what="the thaw")
    thaws = [
        job for job in service.namespace.list("jobs", component="thaw") if job["status"].get("succeeded")
    ]
    assert thaws, "no pass of the CronJob has ended well"
    assert browser.download(browser.follow(outcome.url)) == before
