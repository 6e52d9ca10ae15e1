"""Settings of the annotator."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from gas_annotator.bundles import BundleAddress
from gas_core.config import (
    AwsSettings,
    JobsSettings,
    ResultsSettings,
    ScratchSettings,
    TopicsSettings,
    WorkerSettings,
)


class BundleSettings(AwsSettings):
    """Reference bundles of the operator's own; without any there is the one that comes with the engine."""

    bundles: tuple[str, ...] = Field(
        (),
        description="Bundles to annotate with instead of the built-in rCRS, a JSON list of "
        "s3://bucket/prefix#sha256=...; a file is annotated with the first that it fits.",
    )
    bundle_directory: Path = Field(
        Path("/bundles"), description="Cache that bundles are fetched into (python -m gas_annotator fetch)."
    )

    @field_validator("bundles")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            BundleAddress.parse(text)
        return value

    @property
    def bundle_addresses(self) -> tuple[BundleAddress, ...]:
        return tuple(map(BundleAddress.parse, self.bundles))


class AnnotatorSettings(
    BundleSettings, JobsSettings, ResultsSettings, TopicsSettings, WorkerSettings, ScratchSettings
):
    """What the annotator reads from its environment."""

    job_requests_queue_url: str = Field(description="URL of the queue job-requests.")
