"""Queries that go on where a page ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gas_core.adapters.dynamodb.expressions import Request
from gas_core.adapters.dynamodb.rows import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def query(client: DynamoDBClient, request: Request, *, table: str, page_items: int) -> Iterator[Item]:
    """Items of all pages: a page ends at 1 MB or at ``page_items``, whether or not there is more."""
    more: dict[str, Any] = {}
    while True:
        answer = client.query(TableName=table, Limit=page_items, **(request | more))
        yield from answer["Items"]
        if not answer.get("LastEvaluatedKey"):
            return
        more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
