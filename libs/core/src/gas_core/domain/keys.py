"""Names of objects. They are fixed: a file name chosen by a user never becomes part of a key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gas_core.domain.job import Job, ObjectRef
from gas_core.domain.states import Results

_STANDING = {Results.AVAILABLE, Results.ARCHIVING}


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


def attempt_keys(job: Job) -> ResultKeys:
    """Keys of the copy that is being made, or was made last: those of the row's generation."""
    return result_keys(job.job_id, job.generation)


def standing_keys(job: Job) -> ResultKeys:
    """Keys that the results of an AVAILABLE or ARCHIVING job stand under."""
    return result_keys(job.job_id, job.results_generation)


def archive_key(job_id: str, generation: int) -> str:
    """The name of one generation's archive; a store that names archives itself keeps it as a description."""
    return f"{job_id}/{generation}/results.tar"


def every_object(job: Job) -> list[ObjectRef]:
    """Everything that may stand in the results bucket under a job's name, of every generation."""
    return [
        ObjectRef(job.s3_results_bucket, key)
        for generation in range(1, job.generation + 1)
        for key in result_keys(job.job_id, generation).every
    ]


def leftovers(job: Job) -> list[ObjectRef]:
    """What may stand in the results bucket and is not needed: neither results, log, nor in the making.

    Whatever happens to the row later: these keys are written again only by a process that lost its copy.
    """
    needed: set[str] = set()
    if job.results in _STANDING:
        needed |= set(standing_keys(job).results)
    if job.results is Results.RESTORING or not job.terminal:
        needed |= set(attempt_keys(job).every)
    if job.s3_key_log_file:
        needed |= {job.s3_key_log_file, summary_key(job)}
    return [ref for ref in every_object(job) if ref.key not in needed]


def leftover_archives(job: Job) -> list[str]:
    """Keys under which an archive may stand that is not needed, as ``leftovers``."""
    needed = {job.archive_generation}
    if job.results is Results.ARCHIVING:
        needed.add(job.generation)
    return every_archive(job, but=needed)


def every_archive(job: Job, *, but: Collection[int] = ()) -> list[str]:
    """Keys of the archives of all generations."""
    return [
        archive_key(job.job_id, generation)
        for generation in range(1, job.generation + 1)
        if generation not in but
    ]


def summary_key(job: Job) -> str:
    """The summary that stands beside a completed job's log."""
    return job.s3_key_log_file.removesuffix("count.log") + "summary.json"
