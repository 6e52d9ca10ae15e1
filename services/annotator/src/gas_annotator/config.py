"""Settings of the annotator."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gas_core.config import (
    BundlesSettings,
    JobsSettings,
    ResultsSettings,
    ScratchSettings,
    TopicsSettings,
    WorkerSettings,
)


class FetchSettings(BundlesSettings):
    """What it takes to bring bundles."""

    bundle_directory: Path = Field(
        Path("/bundles"), description="Cache that bundles are fetched into (python -m gas_annotator fetch)."
    )


class AnnotatorSettings(
    FetchSettings, JobsSettings, ResultsSettings, TopicsSettings, WorkerSettings, ScratchSettings
):
    """What the annotator reads from its environment."""

    open_bundles: int = Field(
        2,
        gt=0,
        description="Reference bundles that stay mapped into memory, those used last. Each has the size of "
        "its directory; the system drops pages of it where memory runs short.",
    )
    job_requests_queue_url: str = Field(description="URL of the queue job-requests.")
