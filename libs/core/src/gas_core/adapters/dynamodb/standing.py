"""What stood in a row when a condition failed: somebody else's write, or our own whose answer was lost."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from gas_core.adapters.dynamodb import expressions
from gas_core.adapters.dynamodb.rows import Item, value
from gas_core.adapters.errors import error_code

CONDITION = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"


def what_stands(error: ClientError) -> Item:
    """The row that a condition failed on, empty if there is none; any other error is raised again."""
    if error_code(error) != "ConditionalCheckFailedException":
        raise error
    item: Item = error.response.get("Item", {})  # type: ignore[assignment]  # the stubs know no such member
    return item


def cancelled(error: ClientError) -> list[dict[str, Any]]:
    """Why each part of a transaction was refused; any other error is raised again."""
    if error_code(error) != "TransactionCanceledException":
        raise error
    reasons: list[dict[str, Any]] = error.response["CancellationReasons"]  # type: ignore[assignment]
    return reasons


def own_write(standing: Item, token: str) -> bool:
    return standing.get(expressions.TOKEN) == value(token)
