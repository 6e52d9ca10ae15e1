"""Settings of ``gas-admin``."""

from __future__ import annotations

from gas_core.config import JobsSettings, TopicsSettings, UsersSettings


class AdminSettings(JobsSettings, UsersSettings, TopicsSettings):
    """What ``gas-admin`` reads from its environment: what the web has, too."""
