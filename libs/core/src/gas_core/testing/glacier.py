"""Glacier's vault API on the wire, for clients of botocore; there is no emulator of it that tells the truth.

Written from the Amazon S3 Glacier Developer Guide (its API reference and "Computing Checksums"), and strict
where the service is: it refuses tree hashes and sizes that do not fit, parts that lie elsewhere, empty
archives, and vaults, archives and jobs that it does not have.
"""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.utils import calculate_tree_hash

MIB = 1 << 20


class _Body(io.BytesIO):
    def stream(self) -> Iterator[bytes]:
        yield self.read()


def reply(url: str, status: int, headers: dict[str, str], body: bytes = b"") -> AWSResponse:
    """An answer that botocore takes for one of the service, when a ``before-send`` hook gives it."""
    told = HTTPHeaders.from_dict({"content-length": str(len(body)), **headers})
    return AWSResponse(url, status, told, _Body(body))


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its way below the vault, its headers in lower case, its body."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"code": code, "message": message, "type": "Client"}).encode()


def _invalid(message: str) -> _RefusedError:
    return _RefusedError(400, "InvalidParameterValueException", message)


def _not_found(message: str) -> _RefusedError:
    return _RefusedError(404, "ResourceNotFoundException", message)


def _tree_hash(data: bytes) -> str:
    # botocore's, so that ours is not its own judge.
    hashed: Callable[[io.BytesIO], str] = cast("Any", calculate_tree_hash)  # its stub wants a str
    return hashed(io.BytesIO(data))


_Answer = tuple[int, dict[str, str], bytes]


class GlacierOnTheWire:
    """One vault behind a botocore client: ``asked`` tells what was requested of it."""

    def __init__(self, client: Any, vault: str) -> None:  # noqa: ANN401 - boto3 makes clients of any service
        self.vault = vault
        self.archives: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.asked: list[Asked] = []
        self.short_for_test: set[str] = set()
        """Tiers that have no capacity now."""
        self.corrupt_for_test: set[str] = set()
        """Archives whose bytes are not those that their hashes were made of."""
        self.page_size = 2
        self._part_bytes: dict[str, int] = {}
        self._numbers = itertools.count(1)
        client.meta.events.register("before-send.glacier", self._answer)

    def finish(self, job_id: str, status: str = "Succeeded") -> None:
        """A retrieval is over."""
        self.jobs[job_id].update(Completed=True, StatusCode=status)

    def forget_jobs_of(self, archive_id: str) -> None:
        """A day has passed: what was retrieved is gone, and so are the jobs."""
        self.jobs = {name: job for name, job in self.jobs.items() if job["ArchiveId"] != archive_id}

    def asked_for(self, method: str, pattern: str) -> list[Asked]:
        """Requests by method and a pattern of the whole path below the vault."""
        return [each for each in self.asked if each.method == method and re.fullmatch(pattern, each.path)]

    def _answer(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 - its stub lacks bytes
        url, body = urlsplit(request.url), request.body or b""
        vault, *rest = unquote(url.path).strip("/").split("/")[2:]
        asked = Asked(
            method=request.method,
            path="/".join(rest),
            query=url.query,
            headers={name.lower(): _text(value) for name, value in request.headers.items()},
            body=bytes(body) if isinstance(body, bytes | bytearray) else body.read(),
        )
        self.asked.append(asked)
        try:
            if vault != self.vault:
                raise _not_found("Vault not found for ARN")
            return reply(request.url, *self._call(asked))
        except _RefusedError as refused:
            return reply(request.url, refused.status, {"content-type": "application/json"}, refused.body)

    def _call(self, asked: Asked) -> _Answer:
        calls: list[tuple[str, str, Callable[..., _Answer]]] = [
            ("GET", "", self._describe_vault),
            ("POST", "archives", self._upload),
            ("DELETE", "archives/(.+)", self._delete),
            ("POST", "multipart-uploads", self._begin),
            ("PUT", "multipart-uploads/(.+)", self._part),
            ("POST", "multipart-uploads/(.+)", self._complete),
            ("DELETE", "multipart-uploads/(.+)", self._abort),
            ("POST", "jobs", self._initiate),
            ("GET", "jobs", self._list),
            ("GET", "jobs/([^/]+)", self._describe),
            ("GET", "jobs/([^/]+)/output", self._output),
        ]
        for method, pattern, call in calls:
            match = re.fullmatch(pattern, asked.path)
            if method == asked.method and match:
                return call(asked, *match.groups())
        raise NotImplementedError(f"{asked.method} {asked.path}")

    def _name(self, kind: str) -> str:
        return f"{kind}{next(self._numbers)}"

    def _describe_vault(self, _asked: Asked) -> _Answer:
        return 200, {}, json.dumps({"VaultName": self.vault}).encode()

    def _store(self, body: bytes, tree_hash: str) -> _Answer:
        if not body:
            raise _invalid("An archive is not empty")
        if tree_hash != _tree_hash(body):
            raise _invalid("The tree hash does not fit")
        archive_id = self._name("archive")
        self.archives[archive_id] = body
        return 201, {"x-amz-archive-id": archive_id, "x-amz-sha256-tree-hash": tree_hash}, b""

    def _upload(self, asked: Asked) -> _Answer:
        return self._store(asked.body, asked.headers["x-amz-sha256-tree-hash"])

    def _delete(self, _asked: Asked, archive_id: str) -> _Answer:
        if self.archives.pop(archive_id, None) is None:
            raise _not_found("The archive ID was not found")
        return 204, {}, b""

    def _begin(self, asked: Asked) -> _Answer:
        mib, rest = divmod(int(asked.headers["x-amz-part-size"]), MIB)
        if rest or mib & (mib - 1):
            raise _invalid("The part size is not a power of two of MiB")
        upload_id = self._name("upload")
        self.uploads[upload_id], self._part_bytes[upload_id] = {}, mib * MIB
        return 201, {"x-amz-multipart-upload-id": upload_id}, b""

    def _part(self, asked: Asked, upload_id: str) -> _Answer:
        first, last = _range(asked.headers["content-range"])
        part_bytes = self._part_bytes[upload_id]
        if len(asked.body) != last - first + 1 or first % part_bytes or len(asked.body) > part_bytes:
            raise _invalid("The part does not lie where it should")
        if asked.headers["x-amz-sha256-tree-hash"] != _tree_hash(asked.body):
            raise _invalid("The tree hash does not fit")
        self.uploads[upload_id][first] = asked.body
        return 204, {"x-amz-sha256-tree-hash": _tree_hash(asked.body)}, b""

    def _complete(self, asked: Asked, upload_id: str) -> _Answer:
        parts = self.uploads[upload_id]
        whole = b"".join(parts[first] for first in sorted(parts))
        if len(whole) != int(asked.headers["x-amz-archive-size"]):
            raise _invalid("The archive size does not fit")
        answer = self._store(whole, asked.headers["x-amz-sha256-tree-hash"])
        del self.uploads[upload_id]
        return answer

    def _abort(self, _asked: Asked, upload_id: str) -> _Answer:
        if self.uploads.pop(upload_id, None) is None:
            raise _not_found("The upload ID was not found")
        return 204, {}, b""

    def _initiate(self, asked: Asked) -> _Answer:
        wanted = asked.json
        archive = self.archives.get(wanted["ArchiveId"])
        if archive is None:
            raise _not_found("The archive ID was not found")
        if wanted["Tier"] in self.short_for_test:
            raise _RefusedError(503, "InsufficientCapacityException", "No capacity now")
        job_id = self._name("job")
        self.jobs[job_id] = {
            "JobId": job_id,
            "Action": "ArchiveRetrieval",
            "ArchiveId": wanted["ArchiveId"],
            "ArchiveSizeInBytes": len(archive),
            "ArchiveSHA256TreeHash": _tree_hash(archive),
            "SHA256TreeHash": _tree_hash(archive),
            "RetrievalByteRange": f"0-{len(archive) - 1}",
            "Completed": False,
            "StatusCode": "InProgress",
            "Tier": wanted["Tier"],
            "SNSTopic": wanted["SNSTopic"],
        }
        return 202, {"x-amz-job-id": job_id}, b""

    def _list(self, asked: Asked) -> _Answer:
        marker = re.search(r"marker=(\d+)", asked.query)
        start = int(marker[1]) if marker else 0
        stop = start + self.page_size
        jobs = list(self.jobs.values())
        page = {"JobList": jobs[start:stop], "Marker": str(stop) if stop < len(jobs) else None}
        return 200, {}, json.dumps(page).encode()

    def _describe(self, _asked: Asked, job_id: str) -> _Answer:
        if job_id not in self.jobs:
            raise _not_found("The job ID was not found")
        return 200, {}, json.dumps(self.jobs[job_id]).encode()

    def _output(self, asked: Asked, job_id: str) -> _Answer:
        archive_id = self.jobs[job_id]["ArchiveId"]
        whole = self.archives[archive_id]
        first, last = _range(asked.headers["range"])
        data, length = whole[first : last + 1], last - first + 1
        headers = {"content-range": f"bytes {first}-{last}/{len(whole)}"}
        # Glacier tells the hash of a range only where the range is a node of the archive's tree.
        power_of_two = length % MIB == 0 and (length // MIB) & (length // MIB - 1) == 0
        if first % MIB == 0 and (last + 1 == len(whole) or (power_of_two and first % length == 0)):
            headers["x-amz-sha256-tree-hash"] = _tree_hash(data)
        if archive_id in self.corrupt_for_test:
            data = data[:-1] + bytes([data[-1] ^ 1])
        return 206, headers, data


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _range(header: str) -> tuple[int, int]:
    match = re.fullmatch(r"bytes[ =](\d+)-(\d+)(/\*)?", header)
    if not match:
        raise _invalid("The range is not one")
    return int(match[1]), int(match[2])
