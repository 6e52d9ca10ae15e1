from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gas_core.domain.job import Job
from gas_core.domain.states import Status

JobMaker = Callable[..., Job]

NOW = 1_790_000_000
LIVE = {"attempt": 1, "generation": 1, "lease_expires": NOW + 30, "s3_results_bucket": "results"}
"""What a running job has, whose lease is live at NOW."""


def make_job(**fields: Any) -> Job:
    told: dict[str, Any] = {
        "job_id": "0f0e0d0c-0b0a-4908-8706-050403020100",
        "user_id": "user",
        "user_email": "ada@research.example",
        "s3_inputs_bucket": "inputs",
        "s3_key_input_file": "user/job/input",
        "created_time": NOW - 100,
    }
    if fields.get("status") is Status.RUNNING:
        told |= LIVE
    return Job(**(told | fields))


@pytest.fixture
def job() -> JobMaker:
    """Make a job at NOW; a running one has a live lease for attempt 1."""
    return make_job
