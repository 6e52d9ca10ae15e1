"""Settings of the archiver."""

from __future__ import annotations

from pydantic import Field

from gas_core.config import (
    ArchiveSettings,
    JobsSettings,
    ResultsSettings,
    ScratchSettings,
    TopicsSettings,
    UsersSettings,
    WorkerSettings,
)


class ArchiverSettings(
    JobsSettings,
    UsersSettings,
    ResultsSettings,
    ArchiveSettings,
    TopicsSettings,
    WorkerSettings,
    ScratchSettings,
):
    """What the archiver reads from its environment."""

    job_archives_queue_url: str = Field(description="URL of the queue job-archives.")
