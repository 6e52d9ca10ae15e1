"""What S3 and Glacier tell the queue thaws: a retrieval is ready, or a ready one went again."""

from __future__ import annotations

import json
from urllib.parse import unquote_plus
from uuid import UUID

from gas_core.domain.errors import UnreadableError


def jobs_of(body: str) -> list[str]:
    """IDs of the jobs that an event is about; none where it tells of no archive of ours.

    S3 names the object, whose key begins with the job's ID. Glacier names its archive, which tells nothing of
    the job; those jobs are found when their time has come. S3's test event at set-up names nothing.

    Raises
    ------
    UnreadableError
        Not an event of either.
    """
    try:
        records = json.loads(body).get("Records", [])
        keys = [unquote_plus(record["s3"]["object"]["key"]) for record in records]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnreadableError(reason=f"not an event of S3 or Glacier: {type(error).__name__}") from None
    return [job_id for key in keys if _is_job_id(job_id := key.partition("/")[0])]


def _is_job_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
