"""The archive store that the settings choose."""

from __future__ import annotations

from gas_core.adapters.archive.s3 import S3Archive
from gas_core.adapters.archive.vault import VaultArchive
from gas_core.adapters.clients import AwsClients
from gas_core.config import ArchiveSettings
from gas_core.ports import ArchiveStore


def archive_store(clients: AwsClients, settings: ArchiveSettings) -> ArchiveStore:
    if settings.archive_store == "vault":
        return VaultArchive(
            clients.glacier, vault=settings.archive_vault, sns_topic_arn=settings.thaws_topic_arn
        )
    return S3Archive(
        clients.s3,
        bucket=settings.archive_bucket,
        storage_class=settings.archive_storage_class,
        copy_days=settings.archive_copy_days,
    )
