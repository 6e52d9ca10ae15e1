"""Names of objects. They are fixed: a file name chosen by a user never becomes part of a key."""

from __future__ import annotations

from dataclasses import dataclass

from gas_core.domain.job import Job, ObjectRef


@dataclass(frozen=True, slots=True)
class ResultKeys:
    """The objects of one generation: three results that move together, and the two that never leave."""

    vcf: str
    index: str
    table: str
    log: str
    summary: str

    @property
    def results(self) -> tuple[str, str, str]:
        return self.vcf, self.index, self.table

    @property
    def every(self) -> tuple[str, ...]:
        return (*self.results, self.log, self.summary)


def input_key(user_id: str, job_id: str) -> str:
    """Where a job's upload goes; the presigned POST names exactly this key."""
    return f"{user_id}/{job_id}/input"


def result_keys(job_id: str, generation: int) -> ResultKeys:
    """Keys of one generation. The log carries the generation too, so that no key is ever written twice."""
    results = f"{job_id}/{generation}"
    log = f"{job_id}/log/{generation}"
    return ResultKeys(
        vcf=f"{results}/annot.vcf.gz",
        index=f"{results}/annot.vcf.gz.tbi",
        table=f"{results}/table.parquet",
        log=f"{log}/count.log",
        summary=f"{log}/summary.json",
    )


def result_refs(job: Job) -> ResultKeys:
    """Keys of the generation that the job's results now stand under."""
    return result_keys(job.job_id, job.generation)


def losing_objects(job: Job) -> list[ObjectRef]:
    """What attempts before the winning one may have left; without results, what any attempt left."""
    last = job.generation if job.s3_key_result_file else job.generation + 1
    return [
        ObjectRef(job.s3_results_bucket, key)
        for generation in range(1, last)
        for key in result_keys(job.job_id, generation).every
    ]


def every_object(job: Job) -> list[ObjectRef]:
    """Everything that stands in the results bucket under a job's name, of every generation."""
    return [
        ObjectRef(job.s3_results_bucket, key)
        for generation in range(1, job.generation + 1)
        for key in result_keys(job.job_id, generation).every
    ]


def summary_key(job: Job) -> str:
    """The summary that stands beside a completed job's log."""
    return job.s3_key_log_file.removesuffix("count.log") + "summary.json"
