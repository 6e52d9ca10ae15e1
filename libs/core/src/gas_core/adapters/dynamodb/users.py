"""The users table: what the port asks, answered by the requests in ``expressions``."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from gas_core.adapters.dynamodb import expressions
from gas_core.adapters.dynamodb.pages import overdue
from gas_core.adapters.dynamodb.rows import user_from_item
from gas_core.adapters.dynamodb.standing import own_write, what_stands
from gas_core.adapters.errors import aws_errors, error_code
from gas_core.domain.errors import StaleError, UserNotFoundError
from gas_core.domain.job import DUE_SHARDS
from gas_core.domain.plans import User

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoUsers:
    """``Users`` in a DynamoDB table."""

    def __init__(self, client: DynamoDBClient, *, table: str, page_items: int = 1000) -> None:
        self._client = client
        self._table = table
        self._page_items = page_items

    def sign_in(self, *, identity_id: str, name: str, email: str, now: int) -> User:
        request = expressions.sign_in_user(identity_id=identity_id, name=name, email=email, now=now)
        with aws_errors("sign_in", user_id=identity_id):
            try:
                answer = self._client.update_item(TableName=self._table, **request)
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                # The profile is the user's own by now, and stays as it is.
                return self.get(identity_id)
        return user_from_item(answer["Attributes"])

    def get(self, identity_id: str) -> User:
        with aws_errors("get_user", user_id=identity_id):
            answer = self._client.get_item(TableName=self._table, **expressions.get_user(identity_id))
        if "Item" not in answer:
            raise UserNotFoundError(user_id=identity_id)
        return user_from_item(answer["Item"])

    def save_profile(
        self, identity_id: str, *, name: str, email: str, institution: str, window_mails: bool, now: int
    ) -> User:
        request = expressions.save_profile(
            identity_id,
            name=name,
            email=email,
            institution=institution,
            window_mails=window_mails,
            now=now,
        )
        with aws_errors("save_profile", user_id=identity_id):
            try:
                answer = self._client.update_item(TableName=self._table, **request)
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                raise UserNotFoundError(user_id=identity_id) from None
        return user_from_item(answer["Attributes"])

    def commit(self, before: User, after: User) -> User:
        token = uuid.uuid4().hex
        written = replace(after, revision=before.revision + 1)
        request = expressions.commit_user(before, written, token=token)
        with aws_errors("commit_user", user_id=before.identity_id):
            try:
                answer = self._client.update_item(TableName=self._table, **request)
            except ClientError as error:
                standing = what_stands(error)
                if not own_write(standing, token):
                    raise StaleError(action="commit_user", user_id=before.identity_id) from None
                return user_from_item(standing)
        return user_from_item(answer["Attributes"])

    def remove(self, user: User) -> None:
        with aws_errors("remove_user", user_id=user.identity_id):
            try:
                self._client.delete_item(TableName=self._table, **expressions.remove_user(user))
            except ClientError as error:
                if what_stands(error):
                    raise StaleError(action="remove_user", user_id=user.identity_id) from None

    def overdue(self, *, now: int, limit: int) -> Iterator[str]:
        return overdue(
            self._client,
            range(DUE_SHARDS),
            table=self._table,
            key="identity_id",
            now=now,
            limit=limit,
            page_items=self._page_items,
        )

    def with_email(self, email: str) -> Iterator[User]:
        request = expressions.all_users()
        with aws_errors("users_with_email"):
            for page in self._client.get_paginator("scan").paginate(TableName=self._table, **request):
                for item in page["Items"]:
                    # Looked at before it is read: a row that somebody spoiled must not hide the others.
                    if item.get("email", {}).get("S", "").casefold() == email.casefold():
                        yield user_from_item(item)
