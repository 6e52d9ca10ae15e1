"""Settings of the restorer and of thaw."""

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


class RestorerSettings(JobsSettings, UsersSettings, ArchiveSettings, WorkerSettings):
    """What the restorer reads from its environment."""

    restores_queue_url: str = Field(description="URL of the queue restores.")
    restore_threads: int = Field(
        8, gt=0, le=32, description="Jobs of one user that are looked at at the same time."
    )


class ThawSettings(
    JobsSettings, UsersSettings, ResultsSettings, ArchiveSettings, TopicsSettings, ScratchSettings
):
    """What thaw reads from its environment."""

    thaws_queue_url: str = Field(description="URL of the queue thaws.")
    visibility_seconds: int = Field(75, gt=0, description="How long thaw hides an event it reads, seconds.")
    thaw_interval_seconds: int = Field(
        0, ge=0, description="Pause between passes, seconds; 0 makes one pass and ends."
    )
    thaw_limit: int = Field(
        500, gt=0, description="Rows of each of the 16 index partitions looked at in one pass."
    )
    thaw_threads: int = Field(4, gt=0, le=32, description="Jobs that are copied back at the same time.")
