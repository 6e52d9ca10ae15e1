"""Settings of the annotator."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pydantic import Field

from gas_core.config import JobsSettings, ResultsSettings, TopicsSettings, WorkerSettings


class AnnotatorSettings(JobsSettings, ResultsSettings, TopicsSettings, WorkerSettings):
    """What the annotator reads from its environment."""

    job_requests_queue_url: str = Field(description="URL of the queue job-requests.")
    work_directory: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="Where results are written before they are stored: room for twice the largest one.",
    )
