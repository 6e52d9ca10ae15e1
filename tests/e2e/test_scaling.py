"""Workers follow their queue from none to several and back; pages follow their visitors."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.e2e.cluster import wait_for
from tests.e2e.load import Load
from tests.e2e.timeline import Timeline

from gas_local.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Service

pytestmark = pytest.mark.cluster

JOBS = 60
FIGURES = ROOT / ("docs/images" if os.environ.get("E2E_KEEP_FIGURES") else "test-results")


def test_annotators_go_from_none_to_several_and_back_and_do_each_job_once(
    service: Service, job_file: Path
) -> None:
    cluster = service.namespace
    wait_for(lambda: not cluster.pods("annotator"), seconds=180, what="a rest without annotators")
    job_ids: list[str] = []

    def depth() -> int:
        return sum(service.queue("job-requests").values())

    def completed() -> int:
        return service.statuses(list(job_ids)).count("COMPLETED")

    looks = {
        "messages in the queue": depth,
        "annotator pods": lambda: len(cluster.pods("annotator")),
        "of them ready": lambda: cluster.ready("annotator"),
        "jobs completed": completed,
    }
    with Timeline(looks) as timeline:
        job_ids += service.submit(job_file, JOBS)
        statuses = service.wait_until_ended(job_ids, seconds=300)
        wait_for(lambda: not cluster.pods("annotator"), seconds=120, what="scaling to none")
    print(f"\n{timeline.table()}")  # noqa: T201 - the figures of this run, for its log
    timeline.draw(FIGURES / "annotator-scaling.svg", f"Annotators during {JOBS} jobs")
    assert timeline.error is None
    assert Counter(statuses) == {"COMPLETED": JOBS}
    assert [row["attempt"] for row in service.rows(job_ids)] == ["1"] * JOBS
    assert timeline.most("of them ready") >= 3
    assert depth() == 0
    assert service.wait_for_mails(job_ids) == [1] * JOBS


def test_pages_grow_under_load_and_shrink_after(service: Service) -> None:
    cluster = service.namespace
    wait_for(lambda: cluster.ready("web") == 2, seconds=120, what="a rest with two web pods")
    looks = {"web pods": lambda: len(cluster.pods("web")), "of them ready": lambda: cluster.ready("web")}
    with Timeline(looks) as timeline:
        with Load(service, visitors=6, pause_seconds=0.005) as load:
            wait_for(lambda: cluster.ready("web") > 2, seconds=150, what="a third web pod")
        wait_for(lambda: len(cluster.pods("web")) == 2, seconds=150, what="shrinking to two web pods")
    print(f"\n{timeline.table()}\n{sum(load.answers.values())} requests: {dict(load.answers)}")  # noqa: T201
    timeline.draw(FIGURES / "web-scaling.svg", "Web pods under load")
    assert timeline.error is None
    assert load.bad == {}
