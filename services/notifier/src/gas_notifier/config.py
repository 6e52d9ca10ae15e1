"""Settings of the notifier."""

from __future__ import annotations

from pydantic import Field

from gas_core.config import JobsSettings, UsersSettings, WorkerSettings


class NotifierSettings(JobsSettings, UsersSettings, WorkerSettings):
    """What the notifier reads from its environment."""

    job_notifications_queue_url: str = Field(description="URL of the queue job-notifications.")
    mail_sender: str = Field(description="Address that mails come from; SES must have verified it.")
    base_url: str = Field(description="Public address of the web pages, for the links in mails.")
