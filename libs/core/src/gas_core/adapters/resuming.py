"""Reading an object to its end over connections that may break on the way."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, FlexibleChecksumError

from gas_core.adapters.errors import aws_errors
from gas_core.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef

RESUMES = 5
"""How often in a row a connection may break without a byte coming through."""

FIRST_PAUSE_SECONDS = 0.2

CHUNK_BYTES = 1 << 20


class ResumingStream(io.RawIOBase):
    """The bytes of one object, which goes on at the offset where a connection broke.

    The first answer says which bytes these are (version and ETag); every further request insists on the
    same. A whole object read over one connection was held against the store's checksum by boto3; after a
    break the ETag stands in for that.
    """

    def __init__(self, client: S3Client, request: GetObjectRequestTypeDef, *, start: int = 0) -> None:
        super().__init__()
        self._client = client
        self._request = request
        self._offset = start
        first: GetObjectRequestTypeDef = {**request, "Range": f"bytes={start}-"} if start else request
        self._answer: GetObjectOutputTypeDef = client.get_object(**first)
        self._already_read = self._repeated()
        self._size = self._answer["ContentLength"] + start - self._already_read
        self._same: GetObjectRequestTypeDef = {**request, "IfMatch": self._answer["ETag"]}
        # An unversioned bucket tells no version, or that it is "null".
        if self._answer.get("VersionId", "null") != "null":
            self._same["VersionId"] = self._answer["VersionId"]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        broken = 0
        while True:
            try:
                self._pass_over()
                data = self._answer["Body"].read(len(view))
            except FlexibleChecksumError as error:
                # The bytes themselves are wrong: going on would not mend them, reading anew may.
                raise self._unavailable("FlexibleChecksumError") from error
            except (BotoCoreError, OSError) as error:
                if self._offset == self._size:
                    return 0
                broken += 1
                if broken > RESUMES:
                    raise self._unavailable(type(error).__name__) from error
                time.sleep(FIRST_PAUSE_SECONDS * 2 ** (broken - 1))
                self._resume()
            else:
                view[: len(data)] = data
                self._offset += len(data)
                return len(data)

    def close(self) -> None:
        if not self.closed:
            self._answer["Body"].close()
        super().close()

    def _resume(self) -> None:
        self._answer["Body"].close()
        rest: GetObjectRequestTypeDef = {**self._same, "Range": f"bytes={self._offset}-"}
        with aws_errors("read_object", key=self._request["Key"], offset=self._offset):
            self._answer = self._client.get_object(**rest)
        self._already_read = self._repeated()

    def _repeated(self) -> int:
        """How much of the answer stands before the offset that was asked for."""
        # HTTP lets a server ignore a range and send all; the emulator does where a version is named.
        ranged = self._answer.get("ContentRange", "").startswith(f"bytes {self._offset}-")
        return 0 if ranged else self._offset

    def _pass_over(self) -> None:
        """Skip what the present answer repeats."""
        while self._already_read:
            repeated = self._answer["Body"].read(min(self._already_read, CHUNK_BYTES))
            if not repeated:
                raise self._unavailable("ShorterThanBefore")
            self._already_read -= len(repeated)

    def _unavailable(self, code: str) -> StoreUnavailableError:
        return StoreUnavailableError(
            action="read_object", code=code, key=self._request["Key"], offset=self._offset
        )
