"""How a job and a user are spelled as items.

Attributes have the names of the original GAS where it had them, so that its users find themselves at home;
others are named like their fields. An attribute that tells nothing yet is absent: a row without
``submit_time`` is not in ``user_id_index``, one without ``due_time`` not in ``due_index``, one that was
neither annotated nor waits for it not in ``queue_index``, and only one that FAILED is in ``failed_index``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from gas_core.domain.job import Asked, Failure, Job, MailRecord, Moved, PartsUpload, Progress, Stage
from gas_core.domain.plans import Plan, User
from gas_core.domain.states import Results, Status

_NOTHING: tuple[Any, ...] = (None, "", 0, {}, [])
"""Values that tell nothing yet."""

Item = dict[str, Any]
"""Attribute name → value in DynamoDB's own notation, ``{"N": "1"}``."""

_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()

_FROM_THE_START = (
    "job_id",
    "user_id",
    "user_email",
    "s3_inputs_bucket",
    "s3_key_input_file",
    "created_time",
)
_TOLD_LATER = (
    "input_file_name",
    "title",
    "notes",
    "bundle",
    "fitting_bundle",
    "input_version_id",
    "s3_results_bucket",
    "s3_key_result_file",
    "s3_key_log_file",
    "results_file_archive_id",
    "restore_message",
    "traceparent",
    "input_bytes",
    "submit_time",
    "start_time",
    "complete_time",
    "generation",
    "failures",
    "lease_expires",
    "results_since",
    "results_generation",
    "archive_generation",
    "window_ends",
    "links_dead",
    "extensions",
    "share_until",
    "share_number",
    "due_tries",
)


_USER_FROM_THE_START = ("identity_id", "name", "email")
_USER_TOLD_LATER = (
    "institution",
    "plan_source",
    "plan_since",
    "plan_changes",
    "plan_cursor",
    "plan_failed",
    "lease_expires",
    "restored_since",
    "restored_told",
    "restored_mail_begun",
    "customer_id",
    "paying_until",
    "payment_grace_ends",
    "payment_letter",
    "payment_letter_time",
    "payment_letter_begun",
    "session_epoch",
    "sessions_ended",
    "saved_views",
    "table_columns",
    "closing_since",
    "created",
    "updated",
    "profile_confirmed",
    "due_tries",
    "revision",
)


def job_to_item(job: Job) -> Item:
    """The whole row. What a condition names (states, attempt, revision) is always there."""
    told: dict[str, Any] = {name: getattr(job, name) for name in _TOLD_LATER}
    told |= {
        "upload": _told(job.upload),
        "progress": _told(job.progress),
        "failure": asdict(job.failure) if job.failure else None,
        "summary": job.summary,
        "checksums": job.checksums,
        "mails": {event: asdict(record) for event, record in job.mails.items()},
        "retrieval": _told(job.retrieval),
        "retired_archives": list(job.retired_archives),
        "moves": [{"results": move.results.value, "time": move.time} for move in job.moves],
        "due": job.due,
        "due_time": job.due_time,
        "failed_day": job.failed_day,
    }
    attributes = {name: plain for name, plain in told.items() if plain not in _NOTHING}
    attributes |= {name: getattr(job, name) for name in _FROM_THE_START}
    attributes |= {
        "job_status": job.status.value,
        "results_state": job.results.value,
        "attempt": job.attempt,
        "revision": job.revision,
    }
    if "due_time" in attributes:
        attributes["due_shard"] = job.due_shard
    if place := job.queue_place:
        stage, attributes["queue_time"] = place
        attributes["queue_shard"] = queue_partition(stage, job.queue_shard)
    return _item(attributes)


def queue_partition(stage: Stage, shard: int) -> str:
    """A partition key of ``queue_index``, such as ``waiting/3``."""
    return f"{stage.value}/{shard}"


def job_from_item(item: Mapping[str, Any]) -> Job:
    told = attributes_of(item)
    return Job(
        **{name: told[name] for name in _FROM_THE_START},
        **{name: told[name] for name in _TOLD_LATER if name in told},
        status=Status(told["job_status"]),
        results=Results(told["results_state"]),
        attempt=told["attempt"],
        revision=told["revision"],
        upload=PartsUpload(**told.get("upload", {})),
        progress=Progress(**told.get("progress", {})),
        retrieval=Asked(**told.get("retrieval", {})),
        retired_archives=tuple(told.get("retired_archives", ())),
        moves=tuple(Moved(Results(move["results"]), move["time"]) for move in told.get("moves", ())),
        failure=Failure(**told["failure"]) if "failure" in told else None,
        summary=told.get("summary", {}),
        checksums=told.get("checksums", {}),
        mails={event: MailRecord(**record) for event, record in told.get("mails", {}).items()},
        due=told.get("due", {}),
    )


def user_to_item(user: User) -> Item:
    """The whole row. The plan is always there: conditions name it."""
    told: dict[str, Any] = {name: getattr(user, name) for name in _USER_TOLD_LATER}
    told |= {
        "due": user.due,
        "due_time": user.due_time,
        "no_window_mails": not user.window_mails,
        "billing_events": list(user.billing_events),
    }
    attributes = {name: plain for name, plain in told.items() if plain not in _NOTHING}
    attributes |= {name: getattr(user, name) for name in _USER_FROM_THE_START}
    attributes["plan"] = user.plan.value
    if "due_time" in attributes:
        attributes["due_shard"] = user.due_shard
    return _item(attributes)


def user_from_item(item: Mapping[str, Any]) -> User:
    told = attributes_of(item)
    return User(
        **{name: told[name] for name in (*_USER_FROM_THE_START, *_USER_TOLD_LATER) if name in told},
        plan=Plan(told["plan"]),
        window_mails=not told.get("no_window_mails", False),
        billing_events=tuple(told.get("billing_events", ())),
        due=told.get("due", {}),
    )


def value(plain: object) -> dict[str, Any]:
    """One value in DynamoDB's notation."""
    return dict(_SERIALIZER.serialize(plain))


def _item(attributes: Mapping[str, object]) -> Item:
    return {name: value(plain) for name, plain in attributes.items()}


def attributes_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as Python has them."""
    return {name: _whole(_DESERIALIZER.deserialize(spelled)) for name, spelled in item.items()}


def _whole(plain: Any) -> Any:  # noqa: ANN401 - whatever an item may hold
    """Numbers come as Decimal; ours are all whole."""
    if isinstance(plain, Decimal):
        return int(plain)
    if isinstance(plain, dict):
        return {name: _whole(inner) for name, inner in plain.items()}
    if isinstance(plain, list):
        return [_whole(inner) for inner in plain]
    return plain


def _told(part: Any) -> dict[str, Any]:  # noqa: ANN401 - any of a job's parts
    return {name: plain for name, plain in asdict(part).items() if plain}
