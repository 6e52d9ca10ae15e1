"""What services tell each other: versioned, validated, and never more than a reason to look at the row."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gas_core.domain.errors import UnreadableError


class JobEvent(StrEnum):
    """What happened to a job; subscriptions of the topic job-results filter on it."""

    COMPLETED = "completed"
    FAILED = "failed"
    ARCHIVED = "archived"
    RESTORED = "restored"
    EXPIRING = "expiring"
    """The window ends soon."""
    DUE = "due"
    """Something falls due that the archiver owes: a window's end, leftovers, a deletion."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = 1
    user_id: str
    traceparent: str = ""

    @property
    def ids(self) -> dict[str, str]:
        """What the message is about, as log lines name it."""
        return {"user_id": self.user_id}


class _JobMessage(_Message):
    job_id: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

    @property
    def ids(self) -> dict[str, str]:
        return {"job_id": self.job_id}


class JobRequested(_JobMessage):
    """Topic job-requests: look at this job; it waits, its lease is over, or it owes a cleanup."""

    kind: Literal["job_requested"] = "job_requested"


class JobChanged(_JobMessage):
    """Topic job-results: this happened to the job."""

    kind: Literal["job_changed"] = "job_changed"
    event: JobEvent


class UserChanged(_Message):
    """Topic plan-changes: look at this user; a change of plan is to be worked through, or a mail is due."""

    kind: Literal["user_changed"] = "user_changed"


Message = JobRequested | JobChanged | UserChanged

_ADAPTER: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])


def parse(body: str | bytes) -> Message:
    """The message in a queue's body.

    Raises
    ------
    UnreadableError
        Not JSON, an unknown kind or version, or a field that does not fit.
    """
    try:
        return _ADAPTER.validate_json(body)
    except ValidationError as error:
        raise UnreadableError(reason=str(error.errors(include_input=False, include_url=False)[0])) from None
