"""Settings of the sweeper."""

from __future__ import annotations

from pydantic import Field

from gas_core.config import InputsSettings, JobsSettings, TopicsSettings, UsersSettings


class SweeperSettings(JobsSettings, UsersSettings, InputsSettings, TopicsSettings):
    """What the sweeper reads from its environment."""

    sweep_interval_seconds: int = Field(
        0, ge=0, description="Pause between passes, seconds; 0 makes one pass and ends."
    )
    sweep_limit: int = Field(
        500, gt=0, description="Rows of each of the 16 index partitions looked at in one pass."
    )
