"""Settings that services share, read from the environment (prefix ``GAS_``).

A service's settings class inherits the groups it needs. A setting that is missing or wrong stops the start
with the name of its variable.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gas_core.domain.bundles import BundleAddress, parse_bundle
from gas_core.domain.lifecycle import Timings

CLOCK_SKEW_SECONDS = 60
"""How far two services' clocks may be apart before anything is deleted that a link still leads to."""


class Settings(BaseSettings):
    """What every service reads."""

    model_config = SettingsConfigDict(env_prefix="GAS_", frozen=True, extra="ignore")

    log_format: Literal["json", "console"] = Field("json", description="How log lines are written.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level logged."
    )

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment, or leave with one line a variable that says what is wrong."""
        try:
            return cls()
        except ValidationError as error:
            for problem in error.errors(include_input=False, include_url=False):
                name = "GAS_" + "_".join(str(part) for part in problem["loc"]).upper()
                sys.stderr.write(f"{name}: {problem['msg']}\n")
            sys.exit(2)


class AwsSettings(Settings):
    """Where AWS is. Credentials come from the usual AWS variables or the pod's identity."""

    aws_region: str = Field("us-east-1", description="AWS region.")
    aws_endpoint_url: str | None = Field(None, description="Endpoint of all AWS services; unset: AWS itself.")


class JobsSettings(AwsSettings):
    """The jobs table and the times that decide about its rows."""

    jobs_table: str = Field(description="Name of the jobs table.")
    lease_seconds: int = Field(60, gt=0, description="How long a claim lasts without a heartbeat, seconds.")
    announce_grace_seconds: int = Field(
        60, gt=0, description="When an unpublished change counts as overdue, seconds."
    )
    repeat_seconds: int = Field(
        600, gt=0, description="First pause before an overdue row is announced again, seconds."
    )
    cleanup_seconds: int = Field(
        900, gt=0, description="When leftovers are removed once more after an end, seconds."
    )
    abandoned_seconds: int = Field(
        86_400, gt=0, description="How long the row of an upload that never arrived is kept, seconds."
    )
    max_failures: int = Field(5, gt=0, description="Tries that may end badly before a job is FAILED.")
    free_window_seconds: int = Field(
        300, gt=0, description="How long a free user can download results before they are archived, seconds."
    )
    max_extensions: int = Field(
        10, ge=0, description="How often a free user may begin the window anew; WCAG 2.2.1 asks for ten."
    )
    download_url_seconds: int = Field(60, gt=0, description="How long a download link is good, seconds.")
    sweep_seconds: int = Field(
        60, gt=0, description="How often the sweeper runs; what it left undone twice is overdue, seconds."
    )
    thaw_seconds: int = Field(
        300, gt=0, description="How often thaw runs; a late retrieval is looked at again after that, seconds."
    )
    thaw_lease_seconds: int = Field(
        900, gt=0, description="How long thaw may take for one step of one job, seconds."
    )
    restored_mail_seconds: int = Field(
        300, ge=0, description="How long results that came back are collected into one mail, seconds."
    )
    max_retrievals: int = Field(
        5, gt=0, description="Retrievals started for one restore before an operator has to look."
    )

    @property
    def timings(self) -> Timings:
        return Timings(
            lease_seconds=self.lease_seconds,
            announce_grace_seconds=self.announce_grace_seconds,
            repeat_seconds=self.repeat_seconds,
            cleanup_seconds=self.cleanup_seconds,
            abandoned_seconds=self.abandoned_seconds,
            mail_claim_seconds=self.lease_seconds + 15,
            free_window_seconds=self.free_window_seconds,
            links_seconds=self.download_url_seconds + CLOCK_SKEW_SECONDS,
            sweep_seconds=self.sweep_seconds,
            thaw_seconds=self.thaw_seconds,
            thaw_lease_seconds=self.thaw_lease_seconds,
            restored_mail_seconds=self.restored_mail_seconds,
            max_failures=self.max_failures,
            max_retrievals=self.max_retrievals,
            max_extensions=self.max_extensions,
        )


class BundlesSettings(AwsSettings):
    """The references that researchers choose among."""

    bundles: tuple[str, ...] = Field(
        ("rCRS", "SARS-CoV-2"),
        min_length=1,
        description="Reference bundles to offer, a JSON list: names of those that come with the engine, and "
        "s3://bucket/prefix#sha256=... of others. Annotator and web have to have the same.",
    )

    @field_validator("bundles")
    @classmethod
    def _are_bundles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            parse_bundle(text)
        if len(set(value)) < len(value):
            raise ValueError("names a bundle twice")
        return value

    @property
    def offered(self) -> tuple[BundleAddress | str, ...]:
        """An address, or the name of a bundle that comes with the engine, each; in the order offered."""
        return tuple(map(parse_bundle, self.bundles))


class UsersSettings(AwsSettings):
    """The users table."""

    users_table: str = Field(description="Name of the users table.")


class InputsSettings(AwsSettings):
    """The bucket that researchers upload to."""

    inputs_bucket: str = Field(description="Name of the inputs bucket (versioned).")


class ResultsSettings(AwsSettings):
    """The bucket that results stand in."""

    results_bucket: str = Field(description="Name of the results bucket.")


class ArchiveSettings(AwsSettings):
    """Where free users' results rest. What a setting costs is in docs/operator/archive-stores.md."""

    archive_store: Literal["s3", "vault"] = Field(
        "s3", description="s3: a bucket with a Glacier storage class; vault: a vault of the Glacier API."
    )
    archive_bucket: str = Field(
        "", description="Name of the archive bucket (store s3).", validate_default=True
    )
    archive_storage_class: Literal["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"] = Field(
        "GLACIER", description="Storage class of new archives (store s3)."
    )
    archive_copy_days: int = Field(
        2, gt=0, description="How long a retrieved copy stays, days; more than thaw may be late (store s3)."
    )
    archive_vault: str = Field("", description="Name of the vault (store vault).", validate_default=True)
    thaws_topic_arn: str = Field(
        "",
        description="ARN of the topic that Glacier tells finished retrievals (store vault).",
        validate_default=True,
    )

    @field_validator("archive_bucket", "archive_vault", "thaws_topic_arn")
    @classmethod
    def _set_for_the_store(cls, value: str, info: ValidationInfo) -> str:
        store = "s3" if info.field_name == "archive_bucket" else "vault"
        if not value and info.data.get("archive_store") == store:
            raise ValueError(f"has to be set when GAS_ARCHIVE_STORE is {store}")
        return value


class TopicsSettings(AwsSettings):
    """Topics that jobs are announced on."""

    job_requests_topic_arn: str = Field(description="ARN of the topic job-requests.")
    job_results_topic_arn: str = Field(description="ARN of the topic job-results.")
    plan_changes_topic_arn: str = Field(description="ARN of the topic plan-changes.")

    @property
    def topics(self) -> dict[str, str]:
        """What the publisher is made with."""
        return {
            "job_requests_topic_arn": self.job_requests_topic_arn,
            "job_results_topic_arn": self.job_results_topic_arn,
            "plan_changes_topic_arn": self.plan_changes_topic_arn,
        }


class QueuesSettings(AwsSettings):
    """All queues and their dead letters, for whoever looks after them."""

    job_requests_queue_url: str = Field("", description="URL of the queue job-requests.")
    job_requests_dlq_url: str = Field("", description="URL of its dead letters.")
    job_notifications_queue_url: str = Field("", description="URL of the queue job-notifications.")
    job_notifications_dlq_url: str = Field("", description="URL of its dead letters.")
    job_archives_queue_url: str = Field("", description="URL of the queue job-archives.")
    job_archives_dlq_url: str = Field("", description="URL of its dead letters.")
    restores_queue_url: str = Field("", description="URL of the queue restores.")
    restores_dlq_url: str = Field("", description="URL of its dead letters.")
    thaws_queue_url: str = Field("", description="URL of the queue thaws.")
    thaws_dlq_url: str = Field("", description="URL of its dead letters.")

    @property
    def queues(self) -> dict[str, tuple[str, str]]:
        """By name, the URL of each queue and of its dead letters."""
        return {
            "job-requests": (self.job_requests_queue_url, self.job_requests_dlq_url),
            "job-notifications": (self.job_notifications_queue_url, self.job_notifications_dlq_url),
            "job-archives": (self.job_archives_queue_url, self.job_archives_dlq_url),
            "restores": (self.restores_queue_url, self.restores_dlq_url),
            "thaws": (self.thaws_queue_url, self.thaws_dlq_url),
        }


class BillingSettings(Settings):
    """How researchers pay for premium. Without billing an operator sets plans: docs/operator/plans.md."""

    billing: Literal["stripe", "none"] = Field(
        "none", description="stripe: premium is bought; none: an operator sets plans (gas-admin plan set)."
    )
    stripe_secret_key: SecretStr = Field(
        SecretStr(""), description="Secret key of the Stripe account.", validate_default=True
    )
    stripe_publishable_key: str = Field(
        "", description="Publishable key of the Stripe account, for browsers.", validate_default=True
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Signing secret of the webhook at Stripe.", validate_default=True
    )
    stripe_price: str = Field("", description="ID of the recurring price of premium.", validate_default=True)
    stripe_url: str | None = Field(
        None, description="Where services find Stripe's API; unset: Stripe itself."
    )
    stripe_js_url: str = Field("https://js.stripe.com/v3/", description="Where browsers find Stripe.js.")
    payment_grace_seconds: int = Field(
        604_800, ge=0, description="How long premium goes on after a payment failed, seconds."
    )

    @field_validator("stripe_secret_key", "stripe_publishable_key", "stripe_webhook_secret", "stripe_price")
    @classmethod
    def _set_for_stripe(cls, value: SecretStr | str, info: ValidationInfo) -> SecretStr | str:
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not given and info.data.get("billing") == "stripe":
            raise ValueError("has to be set when GAS_BILLING is stripe")
        return value


class WorkerSettings(AwsSettings):
    """How a worker takes messages."""

    heartbeat_seconds: int = Field(
        20, gt=0, description="Pause between heartbeats, seconds; a third of the lease."
    )
    visibility_seconds: int = Field(
        75, gt=0, description="Visibility timeout that a heartbeat sets: lease + 15, seconds."
    )
    stall_seconds: int = Field(
        300, gt=20, description="Work without a sign of life this long loses its lease, seconds."
    )
    drain_seconds: int = Field(30, ge=0, description="How long work may go on after SIGTERM, seconds.")
    poll_seconds: int = Field(20, ge=0, le=20, description="Long poll of an empty queue, seconds.")
    health_port: int = Field(
        8081, ge=0, description="Port of /healthz, /readyz and /metrics; 0 takes any free one."
    )


class ScratchSettings(Settings):
    """The disk of a worker that handles files."""

    work_directory: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="Where results are written before they are stored: room for twice the largest one.",
    )
