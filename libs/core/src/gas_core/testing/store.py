"""Buckets in memory, some of them versioned."""

from __future__ import annotations

import base64
import io
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from gas_core.domain.errors import AccessRefusedError, ObjectMissingError
from gas_core.domain.job import ObjectRef
from gas_core.ports import Clock, ObjectInfo, Part, UploadForm

INPUTS_BUCKET = "inputs"
RESULTS_BUCKET = "results"
ORIGIN = "https://store.test"
_LABEL = "x-amz-meta-"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version; ``version_id`` is empty in a bucket that keeps none."""

    version_id: str
    data: bytes
    content_type: str = "application/octet-stream"
    metadata: dict[str, str] = field(default_factory=dict)


class FakeStore:
    """``ObjectStore``. Buckets exist as soon as something is put there; ``versioned`` ones keep versions."""

    def __init__(self, clock: Clock, *, versioned: Collection[str] = (INPUTS_BUCKET,)) -> None:
        self._clock = clock
        self._versioned = frozenset(versioned)
        self._objects: dict[tuple[str, str], list[StoredObject]] = {}
        self._lock = threading.Lock()
        self._begun = 0
        self.uploads: dict[str, tuple[ObjectRef, dict[int, bytes]]] = {}
        """Uploads under way: upload ID → where to, and the parts by number."""
        self.puts: list[ObjectRef] = []
        """Every ``put`` there ever was, in order: a key that is in it twice was used twice."""

    @property
    def objects(self) -> dict[tuple[str, str], StoredObject]:
        """The newest version of everything there is, by bucket and key."""
        with self._lock:
            return {place: versions[-1] for place, versions in self._objects.items()}

    def versions_for_test(self, bucket: str, key: str) -> list[StoredObject]:
        with self._lock:
            return list(self._objects.get((bucket, key), []))

    def presign_upload(
        self,
        ref: ObjectRef,
        *,
        max_bytes: int,
        expires_seconds: int,
        redirect_url: str,
        now: int,
        labels: Mapping[str, str] = {},
    ) -> UploadForm:
        fields = {
            "key": ref.key,
            "success_action_redirect": redirect_url,
            "x-amz-meta-name": "${filename}",
            "policy": f"{ref.bucket}/{ref.key}",
        } | {f"x-amz-meta-{name}": value for name, value in labels.items()}
        return UploadForm(f"{ORIGIN}/{ref.bucket}", fields, max_bytes, now + expires_seconds)

    def upload_for_test(self, form: UploadForm, data: bytes, *, file_name: str) -> str:
        """What a browser does with the form; AccessRefusedError where the store would refuse it.

        Returns the new version's ID.
        """
        bucket = form.url.removeprefix(f"{ORIGIN}/")
        if form.fields["policy"] != f"{bucket}/{form.fields['key']}":
            raise AccessRefusedError("The policy names another key.")
        if len(data) > form.max_bytes:
            raise AccessRefusedError("The file is larger than the policy allows.")
        if self._clock.now() >= form.expires:
            raise AccessRefusedError("The policy has expired.")
        told = {
            name.removeprefix(_LABEL): value for name, value in form.fields.items() if name.startswith(_LABEL)
        }
        ref = ObjectRef(bucket, form.fields["key"])
        return self._add(ref, data, "application/octet-stream", told | {"name": file_name})

    def begin_parts(self, ref: ObjectRef) -> str:
        with self._lock:
            self._begun += 1
            upload_id = f"upload-{self._begun}"
            self.uploads[upload_id] = (ref, {})
            return upload_id

    def presign_part(self, ref: ObjectRef, upload_id: str, part: Part, *, expires_seconds: int) -> str:
        query = urlencode(
            {
                "uploadId": upload_id,
                "partNumber": part.number,
                "size": part.size_bytes,
                "crc32": part.crc32,
                "expires": self._clock.now() + expires_seconds,
            }
        )
        return f"{ORIGIN}/{ref.bucket}/{quote(ref.key)}?{query}"

    def put_part_for_test(self, url: str, data: bytes, *, crc32: str) -> None:
        """What a browser does with a part's address; AccessRefusedError where the store would refuse it."""
        signed = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if crc32 != signed["crc32"] or crc32 != _crc32(data):
            raise AccessRefusedError("The checksum is not the one that was signed, or not the part's.")
        if self._clock.now() >= int(signed["expires"]):
            raise AccessRefusedError("The address has expired.")
        if len(data) != int(signed["size"]):
            raise AccessRefusedError("The part has not the size that was signed.")
        with self._lock:
            if signed["uploadId"] not in self.uploads:
                raise AccessRefusedError("There is no such upload.")
            self.uploads[signed["uploadId"]][1][int(signed["partNumber"])] = data

    def parts(self, ref: ObjectRef, upload_id: str) -> tuple[Part, ...] | None:
        with self._lock:
            begun = self.uploads.get(upload_id)
            if begun is None or begun[0] != ref:
                return None
            return tuple(
                Part(number, len(data), _crc32(data), f"etag-{number}")
                for number, data in sorted(begun[1].items())
            )

    def join_parts(self, ref: ObjectRef, upload_id: str, parts: Sequence[Part]) -> None:
        with self._lock:
            begun = self.uploads.get(upload_id)
            if begun is None or begun[0] != ref or (ref.bucket, ref.key) in self._objects:
                return
            del self.uploads[upload_id]
        data = b"".join(begun[1][part.number] for part in parts)
        self._add(ref, data, "application/octet-stream", {})

    def abort_parts(self, ref: ObjectRef, upload_id: str) -> None:
        with self._lock:
            if upload_id in self.uploads and self.uploads[upload_id][0] == ref:
                del self.uploads[upload_id]

    def put_for_test(self, ref: ObjectRef, data: bytes, *, name: str = "") -> str:
        """An object from nowhere; its version's ID."""
        metadata = {"name": name} if name else {}
        return self._add(ref, data, "application/octet-stream", metadata)

    def presign_download(
        self, ref: ObjectRef, *, file_name: str, content_type: str, expires_seconds: int
    ) -> str:
        query = urlencode(
            {"name": file_name, "type": content_type, "expires": self._clock.now() + expires_seconds}
        )
        return f"{ORIGIN}/{ref.bucket}/{quote(ref.key)}?{query}"

    def head(self, ref: ObjectRef) -> ObjectInfo | None:
        found = self._find(ref)
        if found is None:
            return None
        standing = ObjectRef(ref.bucket, ref.key, found.version_id)
        return ObjectInfo(standing, len(found.data), dict(found.metadata))

    @contextmanager
    def open(self, ref: ObjectRef, *, start: int = 0) -> Iterator[BinaryIO]:
        found = self._find(ref)
        if found is None:
            raise ObjectMissingError(bucket=ref.bucket, key=ref.key, version_id=ref.version_id)
        with io.BytesIO(found.data[start:]) as stream:
            yield stream

    def put(self, ref: ObjectRef, source: Path, *, content_type: str) -> None:
        self._add(ref, source.read_bytes(), content_type, {})

    def copy(self, source: ObjectRef, target: ObjectRef) -> None:
        found = self._find(source)
        if found is None:
            raise ObjectMissingError(bucket=source.bucket, key=source.key, version_id=source.version_id)
        self._add(target, found.data, found.content_type, dict(found.metadata))

    def delete(self, refs: Iterable[ObjectRef]) -> None:
        for ref in refs:
            with self._lock:
                place = ref.bucket, ref.key
                versions = self._objects.pop(place, [])
                left = [each for each in versions if ref.version_id and each.version_id != ref.version_id]
                if left:
                    self._objects[place] = left

    def _add(self, ref: ObjectRef, data: bytes, content_type: str, metadata: dict[str, str]) -> str:
        with self._lock:
            self.puts.append(ObjectRef(ref.bucket, ref.key))
            versioned = ref.bucket in self._versioned
            version_id = f"v{len(self.puts)}" if versioned else ""
            new = StoredObject(version_id, data, content_type, metadata)
            older = self._objects.get((ref.bucket, ref.key), []) if versioned else []
            self._objects[ref.bucket, ref.key] = [*older, new]
            return version_id

    def _find(self, ref: ObjectRef) -> StoredObject | None:
        with self._lock:
            versions = self._objects.get((ref.bucket, ref.key), [])
            if ref.version_id:
                versions = [each for each in versions if each.version_id == ref.version_id]
            return versions[-1] if versions else None


def _crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4)).decode()
