"""What only S3's adapter can get wrong: broken connections, parts, many versions, names in headers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.http import parse_options_header

from gas_core.adapters import resuming, s3
from gas_core.adapters.clients import AwsClients
from gas_core.adapters.s3 import S3Store
from gas_core.domain.errors import ObjectMissingError, StoreUnavailableError
from gas_core.domain.job import ObjectRef
from gas_local.fixtures import Stack

SIZE = 3_000_000


@pytest.fixture
def store(stack_store: Any) -> S3Store:
    port: S3Store = stack_store.port
    return port


@pytest.fixture
def far_store(aws_over_wire: AwsClients, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Store]:
    """The same buckets over connections that break."""
    monkeypatch.setattr(resuming, "FIRST_PAUSE_SECONDS", 0.01)
    yield S3Store(aws_over_wire.s3, public=aws_over_wire.s3_public)
    aws_over_wire.s3.close()


@pytest.fixture
def data() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def source(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "source"
    path.write_bytes(data)
    return path


@pytest.fixture
def overwrite_at_the_break(wire: Any, stack_store: Any, tmp_path: Path) -> Callable[[ObjectRef], None]:
    """Have the connection break, and the object replaced before the next one is made."""
    other = tmp_path / "other"
    other.write_bytes(os.urandom(SIZE))

    def arm(ref: ObjectRef) -> None:
        wire.before_reconnect = lambda: stack_store.port.put(ref, other, content_type="text/plain")
        wire.cuts = [1_000_000]

    return arm


def read_through(store: S3Store, ref: ObjectRef) -> bytes:
    with store.open(ref) as stream:
        return b"".join(iter(lambda: stream.read(65536), b""))


def test_reader_survives_dropped_connections(
    wire: Any, far_store: S3Store, stack_store: Any, source: Path, data: bytes
) -> None:
    ref = stack_store.result_ref()
    stack_store.port.put(ref, source, content_type="application/gzip")
    wire.cuts = [1_000_000, 900_000, 600]
    assert read_through(far_store, ref) == data
    assert wire.cut_done == 3


def test_reader_gives_up_when_nothing_comes_through_any_more(
    wire: Any, far_store: S3Store, stack_store: Any, source: Path
) -> None:
    ref = stack_store.result_ref()
    stack_store.port.put(ref, source, content_type="application/gzip")
    wire.cuts = [1_000_000] + [0] * 100
    with far_store.open(ref) as stream, pytest.raises(StoreUnavailableError):
        stream.read()


def test_reader_goes_on_in_the_version_that_it_began(
    far_store: S3Store, stack_store: Any, source: Path, data: bytes, overwrite_at_the_break: Any
) -> None:
    ref = stack_store.input_ref()
    stack_store.port.put(ref, source, content_type="text/plain")
    overwrite_at_the_break(ref)
    assert read_through(far_store, ref) == data
    assert read_through(stack_store.port, ref) != data


def test_reader_never_joins_two_objects_of_one_key(
    far_store: S3Store, stack_store: Any, source: Path, overwrite_at_the_break: Any
) -> None:
    ref = stack_store.result_ref()
    stack_store.port.put(ref, source, content_type="text/plain")
    overwrite_at_the_break(ref)
    with far_store.open(ref) as stream, pytest.raises(StoreUnavailableError):
        stream.read()


def test_store_refuses_a_file_that_changed_on_its_way(
    wire: Any, far_store: S3Store, stack_store: Any, tmp_path: Path
) -> None:
    ref = stack_store.result_ref()
    source = tmp_path / "source"
    source.write_bytes(b"the truth")
    wire.spoil = lambda sent: sent.replace(b"the truth", b"the lie!!")
    with pytest.raises(StoreUnavailableError):
        far_store.put(ref, source, content_type="text/plain")
    assert stack_store.port.head(ref) is None


def test_large_file_goes_in_parts_each_with_a_checksum(stack_store: Any, tmp_path: Path, data: bytes) -> None:
    ref = stack_store.result_ref()
    source = tmp_path / "large"
    source.write_bytes(data * 4)
    client = stack_store.client
    in_parts = S3Store(client, public=client, multipart_bytes=8_000_000, part_bytes=5 << 20)
    in_parts.put(ref, source, content_type="application/gzip")
    head = client.head_object(Bucket=ref.bucket, Key=ref.key, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"].endswith("-3")
    assert head["ContentType"] == "application/gzip"
    assert read_through(in_parts, ref) == data * 4


def test_key_with_more_versions_than_one_request_deletes_loses_them_all(
    stack_store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "DELETE_KEYS", 3)
    ref = stack_store.input_ref()
    source = tmp_path / "source"
    for n in range(8):
        source.write_text(str(n))
        stack_store.port.put(ref, source, content_type="text/plain")
    stack_store.client.delete_object(Bucket=ref.bucket, Key=ref.key)  # leaves a delete marker
    stack_store.port.delete([ref])
    left = stack_store.client.list_object_versions(Bucket=ref.bucket, Prefix=ref.key)
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")


def test_all_keys_of_a_job_are_found_by_one_listing(stack_store: Any, store: S3Store, tmp_path: Path) -> None:
    """Many jobs are tidied after an upgrade, and each may have had several generations of five objects."""
    inputs = stack_store.input_ref()
    bucket, job = stack_store.result_ref().bucket, stack_store.result_ref().key.partition("/")[0]
    refs = [ObjectRef(bucket, f"{job}/{generation}/{name}") for generation in (1, 2, 10) for name in "abcde"]
    kept = [ObjectRef(bucket, f"{job}/3/a"), ObjectRef(bucket, f"{job}0/1/a")]
    source = tmp_path / "source"
    source.write_text("x")
    for ref in [*refs[::2], *kept, inputs]:
        store.put(ref, source, content_type="text/plain")
    asked: list[str] = []
    stack_store.client.meta.events.register(
        "before-call.s3.*", lambda model, **_: asked.append(model.name), unique_id="asked"
    )
    try:
        store.delete([*refs, inputs])
    finally:
        stack_store.client.meta.events.unregister("before-call.s3.*", unique_id="asked")
    assert asked == ["ListObjectVersions", "DeleteObjects"] * 2
    assert [ref for ref in [*refs, inputs] if store.head(ref)] == []
    assert all(store.head(ref) for ref in kept)


def test_key_whose_newest_version_is_a_delete_marker_is_missing(
    stack_store: Any, store: S3Store, source: Path
) -> None:
    ref = stack_store.input_ref()
    store.put(ref, source, content_type="text/plain")
    kept = store.head(ref)
    stack_store.client.delete_object(Bucket=ref.bucket, Key=ref.key)
    assert store.head(ref) is None
    with pytest.raises(ObjectMissingError), store.open(ref):
        pass
    assert kept is not None
    assert store.head(kept.ref) == kept


@pytest.mark.parametrize(
    "name",
    [
        "plain.annot.vcf.gz",
        'say "hi".annot.vcf.gz',
        "tilde~ back\\slash per%20cent.gz",
        "semi;colon=,.gz",
        "naïve 名前🧬.annot.vcf.gz",
        "ü" * 290 + ".annot.vcf.gz",
    ],
)
def test_download_is_saved_under_the_users_own_name(
    stack_store: Any, store: S3Store, source: Path, data: bytes, name: str
) -> None:
    ref = stack_store.result_ref()
    store.put(ref, source, content_type="application/gzip")
    url = store.presign_download(ref, file_name=name, content_type="application/gzip", expires_seconds=60)
    answer = requests.get(url, timeout=20)
    assert answer.content == data
    assert answer.headers["Content-Type"] == "application/gzip"
    assert parse_options_header(answer.headers["Content-Disposition"]) == ("attachment", {"filename": name})


def test_browsers_are_sent_to_the_public_address(stack: Stack, stack_store: Any, aws: AwsClients) -> None:
    del aws  # it has set the credentials
    clients = AwsClients(
        region="us-east-1", endpoint_url=stack.aws_url, s3_public_endpoint_url="https://s3.gas.example"
    )
    store = S3Store(clients.s3, public=clients.s3_public)
    ref = stack_store.result_ref()
    url = store.presign_download(ref, file_name="a", content_type="text/plain", expires_seconds=60)
    assert url.startswith(f"https://s3.gas.example/{ref.bucket}/{ref.key}?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    form = store.presign_upload(ref, max_bytes=1, expires_seconds=60, redirect_url="", now=0)
    assert form.url == f"https://s3.gas.example/{ref.bucket}"
    assert form.fields["success_action_status"] == "201"


def test_bucket_that_is_not_there_is_an_error_not_a_missing_object(store: S3Store) -> None:
    with pytest.raises(StoreUnavailableError), store.open(ObjectRef("no-such-bucket-of-ours", "key")):
        pass
