"""The jobs table: what the port asks, answered by the requests in ``expressions``."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from gas_core.adapters.dynamodb import expressions
from gas_core.adapters.dynamodb.pages import overdue, query
from gas_core.adapters.dynamodb.rows import Item, attributes_of, job_from_item
from gas_core.adapters.dynamodb.standing import CONDITION, CONFLICT, cancelled, own_write, what_stands
from gas_core.adapters.errors import aws_errors
from gas_core.domain.errors import JobNotFoundError, PlanChangedError, StaleError, StoreUnavailableError
from gas_core.domain.job import DAY_SECONDS, DUE_SHARDS, QUEUE_SHARDS, Job, Stage
from gas_core.domain.plans import Plan
from gas_core.domain.waiting import SERVED_JOBS, Line, Running, Served, Waiting
from gas_core.ports import JobCursor, JobPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_KEYS = 100
"""The most that one BatchGetItem takes."""

BATCH_TRIES = 8
"""With the pauses between them, about 6 seconds: a table that is throttled for longer is an outage."""


class DynamoJobs:
    """``Jobs`` in a DynamoDB table.

    ``users_table`` is where the plans of ``while_plan`` stand; only services that decide by plan name it.
    ``page_items`` bounds what one Query answers; DynamoDB itself stops at 1 MB.
    """

    def __init__(
        self, client: DynamoDBClient, *, table: str, users_table: str = "", page_items: int = 1000
    ) -> None:
        self._client = client
        self._table = table
        self._users_table = users_table
        self._page_items = page_items

    def add(self, job: Job) -> None:
        token = uuid.uuid4().hex
        with aws_errors("add_job", job_id=job.job_id):
            try:
                self._client.put_item(TableName=self._table, **expressions.add_job(job, token=token))
            except ClientError as error:
                if not own_write(what_stands(error), token):
                    raise StaleError(action="add_job", job_id=job.job_id) from None

    def get(self, job_id: str) -> Job:
        with aws_errors("get_job", job_id=job_id):
            answer = self._client.get_item(TableName=self._table, **expressions.get_job(job_id))
        if "Item" not in answer:
            raise JobNotFoundError(job_id=job_id)
        return job_from_item(answer["Item"])

    def commit(self, before: Job, after: Job, *, while_plan: Plan | None = None) -> Job:
        token = uuid.uuid4().hex
        written = replace(after, revision=before.revision + 1)
        request = expressions.commit_job(before, written, token=token)
        if while_plan:
            self._commit_while(while_plan, before, request, token)
            return written
        with aws_errors("commit_job", job_id=before.job_id):
            try:
                self._client.update_item(TableName=self._table, **request)
            except ClientError as error:
                if not own_write(what_stands(error), token):
                    raise StaleError(action="commit_job", job_id=before.job_id) from None
        return written

    def _commit_while(self, plan: Plan, before: Job, request: expressions.Request, token: str) -> None:
        update: Any = {"TableName": self._table, **request}
        check: Any = {"TableName": self._users_table, **expressions.user_has_plan(before.user_id, plan)}
        with aws_errors("commit_job", job_id=before.job_id, decided_for=plan.value):
            try:
                self._client.transact_write_items(
                    TransactItems=[{"Update": update}, {"ConditionCheck": check}]
                )
            except ClientError as error:
                row, user = cancelled(error)
                if row.get("Code") == CONDITION and own_write(row.get("Item", {}), token):
                    return
                if row.get("Code") in {CONDITION, CONFLICT} or user.get("Code") == CONFLICT:
                    raise StaleError(action="commit_job", job_id=before.job_id) from None
                if user.get("Code") == CONDITION:
                    raise PlanChangedError(job_id=before.job_id, decided_for=plan.value) from None
                raise

    def remove(self, job: Job) -> None:
        with aws_errors("remove_job", job_id=job.job_id):
            try:
                self._client.delete_item(TableName=self._table, **expressions.remove_job(job))
            except ClientError as error:
                # IDs are never used again, so a row that is gone was removed, perhaps by this very request.
                if what_stands(error):
                    raise StaleError(action="remove_job", job_id=job.job_id) from None

    def page_of_user(
        self, user_id: str, *, after: JobCursor | None, limit: int, oldest_first: bool = False
    ) -> JobPage:
        """Keys from the index, rows from the table; the index may still name a row that is gone."""
        request = expressions.jobs_of_user(user_id, after=after, oldest_first=oldest_first)
        # One more than asked for tells whether there is a next page.
        page_items = min(limit + 1, self._page_items)
        with aws_errors("page_of_user", user_id=user_id):
            keys = query(self._client, request, table=self._table, page_items=page_items)
            jobs = list(islice(self._rows(keys, batch_keys=min(limit + 1, BATCH_KEYS)), limit + 1))
        if len(jobs) <= limit:
            return JobPage(tuple(jobs), next=None)
        last = jobs[limit - 1]
        return JobPage(tuple(jobs[:limit]), next=JobCursor(last.submit_time, last.job_id))

    def overdue(self, *, now: int, limit: int, for_thaw: bool = False) -> Iterator[str]:
        first = DUE_SHARDS * for_thaw
        return overdue(
            self._client,
            range(first, first + DUE_SHARDS),
            table=self._table,
            key="job_id",
            now=now,
            limit=limit,
            page_items=self._page_items,
        )

    def line(self, *, limit: int) -> Line:
        shards = [self._stage(Stage.WAITING, shard, limit) for shard in range(QUEUE_SHARDS)]
        waiting = sorted(
            (
                Waiting(row["job_id"], row["queue_time"], row.get("input_bytes", 0))
                for rows in shards
                for row in rows
            ),
            key=lambda each: (each.submit_time, each.job_id),
        )
        cut = [rows[-1]["queue_time"] for rows in shards if len(rows) == limit]
        running = self._stages(Stage.RUNNING, limit)
        served = sorted(self._stages(Stage.SERVED, SERVED_JOBS), key=lambda row: -row["queue_time"])
        return Line(
            waiting=tuple(waiting),
            running=tuple(Running(row["queue_time"], row.get("input_bytes", 0)) for row in running),
            served=tuple(
                Served(row["start_time"], row["queue_time"], row.get("input_bytes", 0))
                for row in served[:SERVED_JOBS]
            ),
            known_until=min(cut, default=None),
        )

    def _stages(self, stage: Stage, limit: int) -> list[dict[str, Any]]:
        return [row for shard in range(QUEUE_SHARDS) for row in self._stage(stage, shard, limit)]

    def _stage(self, stage: Stage, shard: int, limit: int) -> list[dict[str, Any]]:
        """At most ``limit`` rows of a partition of ``queue_index``: the oldest, or the last to end."""
        request = expressions.stage(stage, shard, newest_first=stage is Stage.SERVED)
        with aws_errors("line", stage=stage.value, shard=shard):
            items = query(self._client, request, table=self._table, page_items=min(limit, self._page_items))
            return [attributes_of(item) for item in islice(items, limit)]

    def failed(self, *, now: int, days: int, limit: int) -> Iterator[str]:
        today = now // DAY_SECONDS
        left = limit
        for day in range(today, today - days, -1):
            if not left:
                return
            request, page_items = expressions.failed(day), min(left, self._page_items)
            keys = query(self._client, request, table=self._table, page_items=page_items)
            with aws_errors("failed", day=day):
                found = [key["job_id"]["S"] for key in islice(keys, left)]
            left -= len(found)
            yield from found

    def _rows(self, keys: Iterator[Item], *, batch_keys: int) -> Iterator[Job]:
        """The rows of keys, in their order; keys without a row are passed over."""
        while batch := [key["job_id"]["S"] for key in islice(keys, batch_keys)]:
            rows = self._batch(batch)
            yield from (rows[job_id] for job_id in batch if job_id in rows)

    def _batch(self, job_ids: list[str]) -> dict[str, Job]:
        """One BatchGetItem; what it leaves over (16 MB, throttling) is asked for again, slower each time."""
        asked: Any = {self._table: expressions.rows_of_jobs(job_ids)}
        found: dict[str, Job] = {}
        for tried in range(BATCH_TRIES):
            answer = self._client.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(self._table, []):
                job = job_from_item(item)
                found[job.job_id] = job
            asked = answer.get("UnprocessedKeys")
            if not asked:
                return found
            time.sleep(0.05 * 2**tried)
        raise StoreUnavailableError(action="batch_get_jobs", code="UnprocessedKeys")
