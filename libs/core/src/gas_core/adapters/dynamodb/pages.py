"""Queries that go on where a page ends, and the one that both tables have in common."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from gas_core.adapters.dynamodb import expressions
from gas_core.adapters.dynamodb.expressions import Request
from gas_core.adapters.dynamodb.rows import Item
from gas_core.adapters.errors import aws_errors

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


def overdue(
    client: DynamoDBClient, shards: range, *, table: str, key: str, now: int, limit: int, page_items: int
) -> Iterator[str]:
    """Values of ``key`` of the rows in ``due_index`` whose time has come, at most ``limit`` of each shard."""
    for shard in shards:
        request = expressions.overdue(shard, now=now)
        rows = islice(query(client, request, table=table, page_items=min(limit, page_items)), limit)
        with aws_errors("overdue", shard=shard):
            found = [row[key]["S"] for row in rows]
        yield from found
