"""Every request that the tables get, one function each; what it returns are the parameters of a boto3 call.

Attribute names always travel as ``#name`` placeholders: several of ours are reserved words.

``write_token`` tells a writer its own write: when an answer is lost on the way, boto3 sends the request
again, and the condition then fails on what the first one wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gas_core.adapters.dynamodb.rows import Item, job_to_item, queue_partition, user_to_item, value
from gas_core.domain.job import Job, Stage
from gas_core.domain.plans import Plan, User
from gas_core.ports import JobCursor

USER_ID_INDEX = "user_id_index"
DUE_INDEX = "due_index"
QUEUE_INDEX = "queue_index"
FAILED_INDEX = "failed_index"
TOKEN = "write_token"  # noqa: S105 - an attribute's name

Request = dict[str, Any]

_TELL_WHAT_STANDS = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def _placeholders(names: Mapping[str, Any] | list[str]) -> dict[str, str]:
    return {f"#{name}": name for name in names}


def _difference(old: Item, new: Item, token: str) -> tuple[str, list[str], Item]:
    """Write what differs, and the token: the expression, the attributes that it names, and their values."""
    changed = {name: spelled for name, spelled in new.items() if old.get(name) != spelled}
    changed[TOKEN] = value(token)
    gone = [name for name in old if name not in new]
    update = "SET " + ", ".join(f"#{name} = :{name}" for name in changed)
    if gone:
        update += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    return update, [*changed, *gone], {f":{name}": spelled for name, spelled in changed.items()}


def _as_read(job: Job) -> tuple[str, list[str], Item]:
    """The condition that a row stands as it was read.

    The revision alone would do. States and attempt are named too, so that the fence of DESIGN holds even
    over a row that a hand or another program changed without counting.
    """
    condition = (
        "#job_status = :was_status AND #results_state = :was_results"
        " AND #attempt = :was_attempt AND #revision = :was_revision"
    )
    values = {
        ":was_status": value(job.status.value),
        ":was_results": value(job.results.value),
        ":was_attempt": value(job.attempt),
        ":was_revision": value(job.revision),
    }
    return condition, ["job_status", "results_state", "attempt", "revision"], values


def add_job(job: Job, *, token: str) -> Request:
    """PutItem; key ``job_id``; condition: no such row."""
    return {
        "Item": {**job_to_item(job), TOKEN: value(token)},
        "ConditionExpression": "attribute_not_exists(#job_id)",
        "ExpressionAttributeNames": _placeholders(["job_id"]),
        **_TELL_WHAT_STANDS,
    }


def get_job(job_id: str) -> Request:
    """GetItem; key ``job_id``; consistent."""
    return {"Key": {"job_id": value(job_id)}, "ConsistentRead": True}


def commit_job(before: Job, written: Job, *, token: str) -> Request:
    """UpdateItem of the attributes that differ; key ``job_id``; condition: the row stands as read."""
    update, touched, spelled = _difference(job_to_item(before), job_to_item(written), token)
    condition, names, values = _as_read(before)
    return {
        "Key": {"job_id": value(before.job_id)},
        "UpdateExpression": update,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": _placeholders([*touched, *names]),
        "ExpressionAttributeValues": spelled | values,
        **_TELL_WHAT_STANDS,
    }


def remove_job(job: Job) -> Request:
    """DeleteItem; key ``job_id``; condition: the row stands as read."""
    condition, names, values = _as_read(job)
    return {
        "Key": {"job_id": value(job.job_id)},
        "ConditionExpression": condition,
        "ExpressionAttributeNames": _placeholders(names),
        "ExpressionAttributeValues": values,
        **_TELL_WHAT_STANDS,
    }


def jobs_of_user(user_id: str, *, after: JobCursor | None, oldest_first: bool = False) -> Request:
    """Query of ``user_id_index`` by submission time; keys only, eventually consistent (no index is not).

    The cursor gives where to go on, never whose jobs: a forged one cannot leave the user's partition.
    """
    request: Request = {
        "IndexName": USER_ID_INDEX,
        "KeyConditionExpression": "#user_id = :user_id",
        "ExpressionAttributeNames": _placeholders(["user_id"]),
        "ExpressionAttributeValues": {":user_id": value(user_id)},
        "ScanIndexForward": oldest_first,
    }
    if after:
        request["ExclusiveStartKey"] = {
            "user_id": value(user_id),
            "submit_time": value(after.submit_time),
            "job_id": value(after.job_id),
        }
    return request


def rows_of_jobs(job_ids: list[str]) -> Request:
    """One table's part of BatchGetItem; at most 100 keys; consistent."""
    return {"Keys": [{"job_id": value(job_id)} for job_id in job_ids], "ConsistentRead": True}


def user_has_plan(identity_id: str, plan: Plan) -> Request:
    """ConditionCheck of a transaction; key ``identity_id``; condition: there is such a user, on this plan."""
    return {
        "Key": {"identity_id": value(identity_id)},
        "ConditionExpression": "#plan = :plan",
        "ExpressionAttributeNames": _placeholders(["plan"]),
        "ExpressionAttributeValues": {":plan": value(plan.value)},
    }


def overdue(shard: int, *, now: int) -> Request:
    """Query of either table's ``due_index``, the longest overdue first; keys only, eventually consistent."""
    return {
        "IndexName": DUE_INDEX,
        "KeyConditionExpression": "#due_shard = :due_shard AND #due_time <= :now",
        "ExpressionAttributeNames": _placeholders(["due_shard", "due_time"]),
        "ExpressionAttributeValues": {":due_shard": value(shard), ":now": value(now)},
    }


def stage(stage: Stage, shard: int, *, newest_first: bool) -> Request:
    """Query of ``queue_index``, by the time of the stage; what it projects alone, eventually consistent."""
    return {
        "IndexName": QUEUE_INDEX,
        "KeyConditionExpression": "#queue_shard = :queue_shard",
        "ExpressionAttributeNames": _placeholders(["queue_shard"]),
        "ExpressionAttributeValues": {":queue_shard": value(queue_partition(stage, shard))},
        "ScanIndexForward": not newest_first,
    }


def failed(day: int) -> Request:
    """Query of ``failed_index``, the newest of a day first; keys only, eventually consistent."""
    return {
        "IndexName": FAILED_INDEX,
        "KeyConditionExpression": "#failed_day = :failed_day",
        "ExpressionAttributeNames": _placeholders(["failed_day"]),
        "ExpressionAttributeValues": {":failed_day": value(day)},
        "ScanIndexForward": False,
    }


def get_user(identity_id: str) -> Request:
    """GetItem; key ``identity_id``; consistent."""
    return {"Key": {"identity_id": value(identity_id)}, "ConsistentRead": True}


def all_users() -> Request:
    """Scan of the users table, every page of it; consistent. No service does this: an operator asks."""
    return {"ConsistentRead": True}


def commit_user(before: User, written: User, *, token: str) -> Request:
    """UpdateItem of the attributes that differ; key ``identity_id``; condition: no other commit in between.

    Sign-ins and profiles are written beside it and do not count: they touch other attributes.
    """
    update, touched, values = _difference(user_to_item(before), user_to_item(written), token)
    condition = "attribute_exists(#identity_id) AND attribute_not_exists(#revision)"
    if before.revision:
        condition = "#revision = :was_revision"
        values[":was_revision"] = value(before.revision)
    names = ["revision"] if before.revision else ["revision", "identity_id"]
    return {
        "Key": {"identity_id": value(before.identity_id)},
        "UpdateExpression": update,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": _placeholders([*touched, *names]),
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_NEW",
        **_TELL_WHAT_STANDS,
    }


def remove_user(user: User) -> Request:
    """DeleteItem; key ``identity_id``; condition: no commit since the row was read."""
    return {
        "Key": {"identity_id": value(user.identity_id)},
        "ConditionExpression": "#revision = :was_revision",
        "ExpressionAttributeNames": _placeholders(["revision"]),
        "ExpressionAttributeValues": {":was_revision": value(user.revision)},
        **_TELL_WHAT_STANDS,
    }


def sign_in_user(*, identity_id: str, name: str, email: str, now: int) -> Request:
    """UpdateItem, which creates; key ``identity_id``; condition: the user has not confirmed a profile.

    The plan is written only where there is none.
    """
    first = {"plan": Plan.FREE.value, "plan_source": "default", "plan_since": now, "created": now}
    always = {"name": name, "email": email, "updated": now}
    sets = [f"#{attribute} = :{attribute}" for attribute in always]
    sets += [f"#{attribute} = if_not_exists(#{attribute}, :{attribute})" for attribute in first]
    return {
        "Key": {"identity_id": value(identity_id)},
        "UpdateExpression": "SET " + ", ".join(sets),
        "ConditionExpression": "attribute_not_exists(#profile_confirmed)",
        "ExpressionAttributeNames": _placeholders([*always, *first, "profile_confirmed"]),
        "ExpressionAttributeValues": {
            f":{attribute}": value(plain) for attribute, plain in (always | first).items()
        },
        "ReturnValues": "ALL_NEW",
    }


def save_profile(
    identity_id: str, *, name: str, email: str, institution: str, window_mails: bool, now: int
) -> Request:
    """UpdateItem; key ``identity_id``; condition: there is such a user."""
    profile = {"name": name, "email": email, "institution": institution, "updated": now}
    attributes: dict[str, object] = {
        **profile,
        "no_window_mails": not window_mails,
        "profile_confirmed": True,
    }
    return {
        "Key": {"identity_id": value(identity_id)},
        "UpdateExpression": "SET " + ", ".join(f"#{attribute} = :{attribute}" for attribute in attributes),
        "ConditionExpression": "attribute_exists(#identity_id)",
        "ExpressionAttributeNames": _placeholders([*attributes, "identity_id"]),
        "ExpressionAttributeValues": {
            f":{attribute}": value(plain) for attribute, plain in attributes.items()
        },
        "ReturnValues": "ALL_NEW",
    }
