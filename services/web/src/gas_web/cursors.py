"""The place in a job list, as an address carries it. It names no user: the session does."""

from __future__ import annotations

import re

from gas_core.ports import JobCursor

_WRITTEN = re.compile(r"([0-9]{1,12})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def write(cursor: JobCursor) -> str:
    return f"{cursor.submit_time}.{cursor.job_id}"


def read(text: str) -> JobCursor | None:
    """The cursor, None if the text is not one."""
    found = _WRITTEN.fullmatch(text)
    return JobCursor(int(found[1]), found[2]) if found else None
