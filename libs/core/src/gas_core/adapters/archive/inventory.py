"""What a vault says it has: the output of Glacier's job ``inventory-retrieval``, in its JSON format."""

from __future__ import annotations

import json
from uuid import UUID

from gas_core.domain.errors import UnreadableError
from gas_core.domain.keys import archive_key
from gas_core.domain.retention import StoredArchive


def archives_of(text: str) -> list[StoredArchive]:
    """The archives that GAS stored, told by their descriptions; those of others are passed over.

    Raises
    ------
    UnreadableError
        Not an inventory.
    """
    try:
        listed = json.loads(text)["ArchiveList"]
        found = [(str(one["ArchiveId"]), str(one["ArchiveDescription"])) for one in listed]
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableError("This is no inventory of a vault in JSON.", reason=repr(error)) from None
    return [stored for archive_id, key in found if (stored := _ours(archive_id, key))]


def _ours(archive_id: str, key: str) -> StoredArchive | None:
    job_id, _, rest = key.partition("/")
    generation, _, _ = rest.partition("/")
    try:
        stored = StoredArchive(archive_id, str(UUID(job_id)), int(generation))
    except ValueError:
        return None
    return stored if archive_key(stored.job_id, stored.generation) == key else None
