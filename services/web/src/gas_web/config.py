"""Settings of the web service."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from gas_core.config import (
    BillingSettings,
    BundlesSettings,
    InputsSettings,
    JobsSettings,
    QueuesSettings,
    ResultsSettings,
    TopicsSettings,
    UsersSettings,
)

MIN_KEY_CHARACTERS = 16
STORE_BYTES = 5 * 1024**3
"""What S3 takes in one POST."""
LEAST_PART_BYTES = 5 * 1024**2
"""What S3 takes as a part that is not the last."""


class WebSettings(
    JobsSettings,
    UsersSettings,
    InputsSettings,
    ResultsSettings,
    TopicsSettings,
    QueuesSettings,
    BillingSettings,
    BundlesSettings,
):
    """What the web service reads from its environment."""

    base_url: str = Field(description="Public address of these pages, such as https://gas.example.org.")
    secret_key: SecretStr = Field(description="Key that signs sessions; 16 characters or more, random.")
    s3_public_endpoint_url: str | None = Field(None, description="Where browsers find S3; unset: AWS itself.")
    globus_client_id: str = Field(description="ID of this service's client at Globus Auth.")
    globus_client_secret: SecretStr = Field(description="Secret of that client.")
    globus_url: str | None = Field(
        None, description="Where this service talks to Globus Auth; unset: Globus itself."
    )
    globus_public_url: str | None = Field(
        None, description="Where browsers find Globus Auth; unset: Globus itself."
    )
    globus_groups_url: str | None = Field(
        None, description="Where this service talks to Globus Groups; unset: Globus itself."
    )
    pages: Literal["researchers", "operators", "all"] = Field(
        "researchers",
        description="Whose pages are served here: all but /admin, /admin alone, or both.",
    )
    operators: str = Field("", description="Identity IDs of those who may see /admin, separated by commas.")
    operator_group: str = Field(
        "", description="ID of a Globus group whose members may see /admin; asked of Globus as they sign in."
    )
    kubernetes_release: str = Field(
        "",
        description="Helm release that /admin shows, in this pod's namespace; unset: there is no cluster.",
    )
    free_max_bytes: int = Field(
        153_600, gt=0, le=STORE_BYTES, description="Largest file of a free user, bytes; at most 5 GiB."
    )
    premium_max_bytes: int = Field(
        STORE_BYTES, gt=0, le=STORE_BYTES, description="Largest file of a premium user, bytes; at most 5 GiB."
    )
    upload_form_seconds: int = Field(900, gt=0, description="How long an upload form is good, seconds.")
    parts_from_bytes: int = Field(
        16 * 1024**2, gt=0, description="Files of this size and more are uploaded in parts, bytes."
    )
    part_bytes: int = Field(
        8 * 1024**2,
        ge=LEAST_PART_BYTES,
        le=STORE_BYTES,
        description="Size of a part, bytes; larger where a file would have more than 10,000. At least 5 MiB.",
    )
    parts_seconds: int = Field(
        86_400,
        gt=0,
        le=86_400,
        description="How long an upload in parts may take, seconds; the bucket keeps parts for a day.",
    )
    part_url_seconds: int = Field(900, gt=0, description="How long the address of a part is good, seconds.")
    records_per_second: int = Field(
        40_000,
        gt=0,
        description="Records that a worker annotates in a second: the submit page estimates by it.",
    )
    session_seconds: int = Field(43_200, gt=0, description="How long a sign-in lasts, seconds.")
    contact: str = Field(
        "", description="Whom researchers ask for premium where it is not sold: an address or a name."
    )
    work_directory: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="Where tables that are being explored are kept: room for tables_max_bytes and more.",
    )
    tables_max_bytes: int = Field(
        4 * 1024**3, gt=0, description="Room for those tables, bytes; Parquet exports under way come on top."
    )
    sign_ins_per_minute: int = Field(
        120,
        ge=0,
        description="Sign-in steps of one address in a minute, per pod; 0: any number.",
    )
    submits_per_minute: int = Field(
        300, ge=0, description="Upload forms that one user may ask for in a minute, per pod; 0: any number."
    )
    exports_per_minute: int = Field(
        30, ge=0, description="Exports that one user may begin in a minute, per pod; 0: any number."
    )
    jobs_per_page: int = Field(25, gt=0, le=100, description="Rows of one page of the job list.")
    http_port: int = Field(8080, gt=0, description="Port of the pages.")
    http_host: str = Field("0.0.0.0", description="Address the pages are served on.")  # noqa: S104 - a pod's
    http_threads: int = Field(16, gt=0, description="Requests served at the same time.")
    health_port: int = Field(8081, ge=0, description="Port of /metrics; 0 takes any free one.")
    drain_seconds: int = Field(30, ge=0, description="How long requests may go on after SIGTERM, seconds.")
    linger_seconds: int = Field(
        0,
        ge=0,
        description="After SIGTERM, requests are taken until none has come for so long, seconds, and for "
        "half of drain_seconds at most: an ingress hears late. 0, where there is none: they are not.",
    )
    trusted_proxies: int = Field(
        0, ge=0, description="Proxies in front whose X-Forwarded headers are believed."
    )

    @field_validator("base_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        rest = parts.path.strip("/") or parts.query or parts.fragment
        if parts.scheme not in {"http", "https"} or not parts.netloc or rest:
            raise ValueError("has to be like https://gas.example.org, without a path")
        return url.rstrip("/")

    @field_validator("pages")
    @classmethod
    def _knows_every_queue(cls, pages: str, info: ValidationInfo) -> str:
        told = info.data
        missing = [name for name in told if name.endswith(("_queue_url", "_dlq_url")) and not told[name]]
        if pages != "researchers" and missing:
            raise ValueError(f"operators look at all queues, so GAS_{missing[0].upper()} has to be set")
        return pages

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value()) < MIN_KEY_CHARACTERS:
            raise ValueError(f"has to have {MIN_KEY_CHARACTERS} characters or more")
        return key

    @property
    def operator_ids(self) -> frozenset[str]:
        return frozenset(part.strip() for part in self.operators.split(",") if part.strip())

    @property
    def https(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    def url(self, path: str) -> str:
        """A public address of ours; never made from a request's Host header."""
        return self.base_url + path
