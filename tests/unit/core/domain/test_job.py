from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_core.domain.job import DUE_SHARDS, Action, Job
from gas_core.domain.states import Results, Status


@given(st.dictionaries(st.sampled_from(["announce", "lease", "window"]), st.integers(1, 2**40)))
def test_row_falls_due_with_its_earliest_debt(due: dict[str, int]) -> None:
    job = Job("00", "user", "", "inputs", "key", 1, due=due)
    assert job.due_time == (min(due.values()) if due else None)


@given(st.uuids(version=4))
def test_every_job_has_a_shard_of_the_index(job_id: Any) -> None:
    assert 0 <= Job(str(job_id), "user", "", "inputs", "key", 1).due_shard < DUE_SHARDS


def test_shards_are_spread_by_the_job_id() -> None:
    shards = {Job(f"{n:02x}", "user", "", "inputs", "key", 1).due_shard for n in range(256)}
    assert shards == set(range(DUE_SHARDS))


OFFERS: dict[tuple[Status, Results], set[Action]] = {
    (Status.PENDING, Results.NONE): {Action.CANCEL},
    (Status.RUNNING, Results.NONE): {Action.CANCEL},
    (Status.FAILED, Results.NONE): {Action.DELETE},
    (Status.CANCELLED, Results.NONE): {Action.DELETE},
    (Status.COMPLETED, Results.AVAILABLE): {Action.DOWNLOAD, Action.LOG, Action.DELETE},
    (Status.COMPLETED, Results.ARCHIVING): {Action.LOG, Action.DELETE},
    (Status.COMPLETED, Results.ARCHIVED): {Action.LOG, Action.BRING_BACK, Action.DELETE},
    (Status.COMPLETED, Results.RESTORING): {Action.LOG, Action.DELETE},
    (Status.COMPLETED, Results.LOST): {Action.LOG, Action.DELETE},
}
"""What is offered in each pair of states that occurs; in all others nothing that needs results is."""


@pytest.mark.parametrize(("states", "offered"), OFFERS.items(), ids=str)
def test_offers_follow_from_the_two_states(
    job: Any, states: tuple[Status, Results], offered: set[Action]
) -> None:
    status, results = states
    assert job(status=status, results=results).actions == offered


@pytest.mark.parametrize(("states", "offered"), OFFERS.items(), ids=str)
def test_file_of_a_job_that_ended_may_be_run_again(
    job: Any, states: tuple[Status, Results], offered: set[Action]
) -> None:
    status, results = states
    again = {Action.RUN_AGAIN} if Action.DELETE in offered else set()
    assert job(status=status, results=results, submit_time=1).actions == offered | again


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("results", set(Results) - {Results.AVAILABLE})
def test_download_is_offered_only_while_results_are_available(
    job: Any, status: Status, results: Results
) -> None:
    texts = {"restore_message": "ready", "s3_key_result_file": "there", "results_file_archive_id": ""}
    assert Action.DOWNLOAD not in job(status=status, results=results, **texts).actions


@pytest.mark.parametrize("status", Status)
def test_job_being_deleted_offers_nothing(job: Any, status: Status) -> None:
    assert job(status=status, results=Results.DELETING).actions == frozenset()


def test_upload_under_way_offers_nothing(job: Any) -> None:
    assert job(status=Status.UPLOADING).actions == frozenset()
