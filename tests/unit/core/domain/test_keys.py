from __future__ import annotations

from typing import Any

from gas_core.domain.job import ObjectRef
from gas_core.domain.keys import every_object, input_key, losing_objects, result_keys, result_refs
from gas_core.domain.states import Status


def test_no_two_generations_share_a_key() -> None:
    keys = [key for generation in range(1, 20) for key in result_keys("j", generation).every]
    assert len(keys) == len(set(keys))


def test_results_stand_where_design_says() -> None:
    keys = result_keys("j", 2)
    assert keys.results == ("j/2/annot.vcf.gz", "j/2/annot.vcf.gz.tbi", "j/2/table.parquet")
    assert keys.log.endswith("/count.log")
    assert keys.summary.endswith("/summary.json")
    assert not {keys.log, keys.summary} & set(keys.results)


def test_upload_has_its_own_key_under_its_owner() -> None:
    assert input_key("user", "job") == "user/job/input"


def test_losers_of_a_completed_job_leave_out_the_winner(job: Any) -> None:
    done = job(status=Status.COMPLETED, generation=3, s3_results_bucket="results", s3_key_result_file="there")
    losers = losing_objects(done)
    winners = {ObjectRef("results", key) for key in result_refs(done).every}
    assert {ref.key.split("/")[1] for ref in losers if "/log/" not in ref.key} == {"1", "2"}
    assert not winners & set(losers)
    assert set(every_object(done)) == winners | set(losers)


def test_every_attempt_of_a_job_without_results_lost(job: Any) -> None:
    ended = job(status=Status.FAILED, generation=2, s3_results_bucket="results")
    assert set(losing_objects(ended)) == set(every_object(ended))


def test_job_that_never_ran_has_no_objects_of_results(job: Any) -> None:
    waiting = job(status=Status.PENDING)
    assert losing_objects(waiting) == every_object(waiting) == []
