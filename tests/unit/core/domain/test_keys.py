from __future__ import annotations

from typing import Any

from gas_core.domain.job import ObjectRef
from gas_core.domain.keys import (
    archive_key,
    every_object,
    input_key,
    leftover_archives,
    leftovers,
    result_keys,
    standing_keys,
)
from gas_core.domain.states import Results, Status


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


def completed(job: Any, **changes: Any) -> Any:
    """A job whose third attempt won."""
    fields: dict[str, Any] = {
        "status": Status.COMPLETED,
        "results": Results.AVAILABLE,
        "generation": 3,
        "results_generation": 3,
        "s3_results_bucket": "results",
        "s3_key_log_file": result_keys("j", 3).log,
    }
    return job(job_id="j", **(fields | changes))


def test_leftovers_of_a_completed_job_leave_out_the_winner(job: Any) -> None:
    done = completed(job)
    losers = leftovers(done)
    winners = {ObjectRef("results", key) for key in standing_keys(done).every}
    assert {ref.key.split("/")[1] for ref in losers if "/log/" not in ref.key} == {"1", "2"}
    assert not winners & set(losers)
    assert set(every_object(done)) == winners | set(losers)


def test_originals_of_an_archived_job_are_leftovers_and_its_log_and_summary_are_not(job: Any) -> None:
    archived = completed(job, results=Results.ARCHIVED, generation=4, results_generation=0)
    gone = {ref.key for ref in leftovers(archived)}
    won = result_keys("j", 3)
    assert set(won.results) <= gone
    assert not {won.log, won.summary} & gone


def test_copy_that_is_being_made_is_no_leftover(job: Any) -> None:
    restoring = completed(job, results=Results.RESTORING, generation=5, results_generation=0)
    assert not set(result_keys("j", 5).every) & {ref.key for ref in leftovers(restoring)}
    assert set(result_keys("j", 3).results) <= {ref.key for ref in leftovers(restoring)}


def test_results_stay_while_their_archive_is_being_made(job: Any) -> None:
    archiving = completed(job, results=Results.ARCHIVING, generation=4)
    assert not set(result_keys("j", 3).every) & {ref.key for ref in leftovers(archiving)}


def test_archive_that_is_named_or_being_made_is_no_leftover(job: Any) -> None:
    archiving = completed(job, results=Results.ARCHIVING, generation=5)
    assert archive_key("j", 5) not in leftover_archives(archiving)
    assert archive_key("j", 4) in leftover_archives(archiving)
    archived = completed(job, results=Results.ARCHIVED, generation=7, archive_generation=5)
    assert archive_key("j", 5) not in leftover_archives(archived)
    assert archive_key("j", 7) in leftover_archives(archived)


def test_every_attempt_of_a_job_without_results_lost(job: Any) -> None:
    ended = job(status=Status.FAILED, generation=2, s3_results_bucket="results")
    assert set(leftovers(ended)) == set(every_object(ended))


def test_job_that_never_ran_has_no_objects_of_results(job: Any) -> None:
    waiting = job(status=Status.PENDING)
    assert leftovers(waiting) == every_object(waiting) == []
