"""What made a job's results: engine, reference, files by their checksums, the command to make them again."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Any

from gas_core.domain.job import Action, Job
from gas_web.handlers import NotOfferedError

SCHEMA_VERSION = 1
ENGINE = "gas-engine"


def provenance_of(job: Job, summary: dict[str, Any] | None) -> dict[str, Any]:
    """The record of a completed job, for a page and as JSON. ``summary`` is the engine's own.

    Raises
    ------
    NotOfferedError
        The job is not completed, or its summary cannot be read.
    """
    if Action.LOG not in job.actions or summary is None:
        raise NotOfferedError(job_id=job.job_id, action=Action.LOG.value)
    engine, read = summary.get("engine", {}), summary.get("input", {})
    file = job.input_file_name or "input.vcf"
    return {
        "schema_version": SCHEMA_VERSION,
        "job": {
            "id": job.job_id,
            "submitted": _utc(job.submit_time),
            "completed": _utc(job.complete_time),
            "attempt": job.attempt,
        },
        "engine": {"name": ENGINE, "version": engine.get("version", "")},
        "reference": {
            "bundle": engine.get("bundle", ""),
            "chosen": bool(job.bundle),
            "version": engine.get("bundle_version", ""),
            "assembly": engine.get("assembly", ""),
            "sources": engine.get("sources", []),
        },
        "input": {
            "name": file,
            "bytes": job.input_bytes,
            "sha256": read.get("sha256", ""),
            "vcf_version": read.get("version", ""),
        },
        "annotated": {
            "started": summary.get("timing", {}).get("started", ""),
            "records": summary.get("records", {}),
        },
        "outputs": job.checksums,
        "command": shlex.join(
            [ENGINE, "annotate", file, "-o", "results", "--bundle", engine.get("bundle", "")]
        ),
    }


def provenance_name(job: Job) -> str:
    """What the file is saved as."""
    return f"{job.input_file_name or 'job'}.provenance.json"


def _utc(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()
