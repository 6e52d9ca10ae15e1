"""Settings of the annotator."""

from __future__ import annotations

from pydantic import Field

from gas_core.config import JobsSettings, ResultsSettings, ScratchSettings, TopicsSettings, WorkerSettings


class AnnotatorSettings(JobsSettings, ResultsSettings, TopicsSettings, WorkerSettings, ScratchSettings):
    """What the annotator reads from its environment."""

    job_requests_queue_url: str = Field(description="URL of the queue job-requests.")
