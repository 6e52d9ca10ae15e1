"""What every object store does."""

from __future__ import annotations

import base64
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from gas_core.domain.errors import AccessRefusedError, ObjectMissingError
from gas_core.domain.job import ObjectRef
from gas_core.ports import Part, UploadForm

NAMES = [
    "plain.vcf",
    "a b  c.vcf",
    "tilde~name.vcf",
    "back\\slash.vcf",
    "per%20cent%.vcf",
    'say "hi".vcf',
    "semi;colon,comma=.VCF",
    "naïve.vcf.gz",
    "名前🧬.vcf",
    "plus+and&.vcf",
    "${filename}.vcf",
    "ü" * 296 + ".vcf",
]
"""What researchers' files may be called; a name with a quote is its own test, for browsers escape it."""


def form_for(bench: Any, ref: ObjectRef, **changes: Any) -> UploadForm:
    told: dict[str, Any] = {
        "max_bytes": 1000,
        "expires_seconds": 900,
        "redirect_url": "http://web.example/annotate/job?job_id=1",
        "now": bench.now(),
    }
    form: UploadForm = bench.port.presign_upload(ref, **(told | changes))
    return form


def stored(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
    path.write_bytes(data)
    return path


def read(bench: Any, ref: ObjectRef) -> bytes:
    with bench.port.open(ref) as stream:
        data: bytes = stream.read()
        return data


def test_upload_through_the_form_stands_at_its_key_with_its_name(store_bench: Any) -> None:
    ref = store_bench.input_ref()
    form = form_for(store_bench, ref)
    store_bench.upload(form, b"##fileformat=VCFv4.2\n", file_name="my sample.vcf")
    info = store_bench.port.head(ref)
    assert (info.size_bytes, info.metadata) == (21, {"name": "my sample.vcf"})
    assert (info.ref.bucket, info.ref.key) == (ref.bucket, ref.key)
    assert read(store_bench, ref) == b"##fileformat=VCFv4.2\n"


@pytest.mark.parametrize("name", NAMES)
def test_name_of_an_upload_comes_through_whole(store_bench: Any, name: str) -> None:
    ref = store_bench.input_ref()
    store_bench.upload(form_for(store_bench, ref), b"x", file_name=name)
    assert store_bench.port.head(ref).metadata == {"name": name}


@pytest.mark.parametrize("chosen", ["", "rCRS", "GRCh38 (ü)"])
def test_label_of_an_upload_is_what_its_sender_chose(store_bench: Any, chosen: str) -> None:
    ref = store_bench.input_ref()
    form = form_for(store_bench, ref, labels={"bundle": "first"})
    assert form.fields["x-amz-meta-bundle"] == "first"
    form.fields["x-amz-meta-bundle"] = chosen
    store_bench.upload(form, b"x", file_name="a.vcf")
    assert store_bench.port.head(ref).metadata == {"name": "a.vcf", "bundle": chosen}


def test_upload_may_be_as_large_as_the_form_says_and_no_larger(store_bench: Any) -> None:
    ref = store_bench.input_ref()
    form = form_for(store_bench, ref, max_bytes=1000)
    with pytest.raises(AccessRefusedError):
        store_bench.upload(form, b"x" * 1001, file_name="a.vcf")
    assert store_bench.port.head(ref) is None
    store_bench.upload(form, b"x" * 1000, file_name="a.vcf")
    assert store_bench.port.head(ref).size_bytes == 1000


def test_empty_upload_is_taken_so_that_its_job_can_say_what_is_wrong(store_bench: Any) -> None:
    ref = store_bench.input_ref()
    store_bench.upload(form_for(store_bench, ref), b"", file_name="a.vcf")
    assert store_bench.port.head(ref).size_bytes == 0
    assert read(store_bench, ref) == b""


def test_form_is_good_for_its_own_key_alone(store_bench: Any) -> None:
    mine, theirs = store_bench.input_ref(), store_bench.input_ref()
    form = form_for(store_bench, mine)
    form.fields["key"] = theirs.key
    with pytest.raises(AccessRefusedError):
        store_bench.upload(form, b"x", file_name="a.vcf")
    assert store_bench.port.head(theirs) is None


def test_form_expires(store_bench: Any) -> None:
    ref = store_bench.input_ref()
    form = form_for(store_bench, ref, expires_seconds=1)
    assert form.expires == pytest.approx(store_bench.now() + 1, abs=1)
    store_bench.wait(3)
    with pytest.raises(AccessRefusedError):
        store_bench.upload(form, b"x", file_name="a.vcf")
    assert store_bench.port.head(ref) is None


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4)).decode()


def send_part(bench: Any, ref: ObjectRef, upload_id: str, number: int, data: bytes, **changes: Any) -> None:
    part = Part(number, changes.get("size_bytes", len(data)), changes.get("crc32", crc32(data)))
    expires = changes.get("expires_seconds", 60)
    url = bench.port.presign_part(ref, upload_id, part, expires_seconds=expires)
    bench.wait(changes.get("wait", 0))
    bench.upload_part(url, data, crc32=part.crc32)


def test_parts_become_one_object_when_they_are_joined_and_not_before(store_bench: Any) -> None:
    ref, port = store_bench.input_ref(), store_bench.port
    first, second = os.urandom(5 << 20), b"the end"
    upload_id = port.begin_parts(ref)
    assert port.parts(ref, upload_id) == ()
    send_part(store_bench, ref, upload_id, 2, second)
    send_part(store_bench, ref, upload_id, 1, first)
    arrived = port.parts(ref, upload_id)
    assert [(part.number, part.size_bytes, part.crc32) for part in arrived] == [
        (1, len(first), crc32(first)),
        (2, len(second), crc32(second)),
    ]
    assert port.head(ref) is None
    port.join_parts(ref, upload_id, arrived)
    assert port.head(ref).size_bytes == len(first) + len(second)
    assert read(store_bench, ref) == first + second
    assert port.parts(ref, upload_id) is None


def test_part_that_is_sent_again_takes_the_place_of_the_first(store_bench: Any) -> None:
    ref, port = store_bench.input_ref(), store_bench.port
    upload_id = port.begin_parts(ref)
    for data in (b"wrong", b"right"):
        send_part(store_bench, ref, upload_id, 1, data)
    port.join_parts(ref, upload_id, port.parts(ref, upload_id))
    assert read(store_bench, ref) == b"right"


def test_part_with_another_checksum_is_refused(store_bench: Any) -> None:
    ref = store_bench.input_ref()
    upload_id = store_bench.port.begin_parts(ref)
    with pytest.raises(AccessRefusedError):
        send_part(store_bench, ref, upload_id, 1, b"spoiled", crc32=crc32(b"whole!!"))
    assert store_bench.port.parts(ref, upload_id) == ()


def test_address_of_a_part_expires(store_bench: Any) -> None:
    ref = store_bench.input_ref()
    upload_id = store_bench.port.begin_parts(ref)
    with pytest.raises(AccessRefusedError):
        send_part(store_bench, ref, upload_id, 1, b"late", expires_seconds=1, wait=3)
    assert store_bench.port.parts(ref, upload_id) == ()


def test_joining_again_changes_nothing(store_bench: Any) -> None:
    ref, port = store_bench.input_ref(), store_bench.port
    upload_id = port.begin_parts(ref)
    send_part(store_bench, ref, upload_id, 1, b"once")
    arrived = port.parts(ref, upload_id)
    port.join_parts(ref, upload_id, arrived)
    stands = port.head(ref)
    port.join_parts(ref, upload_id, arrived)
    other = port.begin_parts(ref)
    send_part(store_bench, ref, other, 1, b"other")
    port.join_parts(ref, other, port.parts(ref, other))
    assert port.head(ref) == stands


def test_aborted_upload_leaves_nothing_and_aborting_again_is_no_error(store_bench: Any) -> None:
    ref, port = store_bench.input_ref(), store_bench.port
    upload_id = port.begin_parts(ref)
    send_part(store_bench, ref, upload_id, 1, b"x")
    for _ in range(2):
        port.abort_parts(ref, upload_id)
    assert port.parts(ref, upload_id) is None
    assert port.head(ref) is None
    with pytest.raises(AccessRefusedError):
        send_part(store_bench, ref, upload_id, 2, b"y")


def test_version_once_told_stays_what_it_was_when_the_key_is_written_again(store_bench: Any) -> None:
    ref = store_bench.input_ref()
    form = form_for(store_bench, ref)
    store_bench.upload(form, b"first", file_name="first.vcf")
    first = store_bench.port.head(ref).ref
    store_bench.upload(form, b"second", file_name="second.vcf")
    assert first.version_id
    assert read(store_bench, first) == b"first"
    assert store_bench.port.head(first).metadata == {"name": "first.vcf"}
    assert read(store_bench, ref) == b"second"


def test_file_that_was_put_is_read_as_it_was(store_bench: Any, tmp_path: Path) -> None:
    ref, data = store_bench.result_ref(), os.urandom(300_000)
    store_bench.port.put(ref, stored(tmp_path, data), content_type="application/gzip")
    assert store_bench.port.head(ref).size_bytes == len(data)
    assert read(store_bench, ref) == data


def test_stream_is_read_in_pieces(store_bench: Any, tmp_path: Path) -> None:
    ref, data = store_bench.result_ref(), os.urandom(300_000)
    store_bench.port.put(ref, stored(tmp_path, data), content_type="application/gzip")
    with store_bench.port.open(ref) as stream:
        pieces = [stream.read(7), stream.read(100_000), stream.read(), stream.read(1)]
    assert [len(piece) for piece in pieces] == [7, 100_000, 199_993, 0]
    assert b"".join(pieces) == data


def test_stream_may_begin_inside_the_object(store_bench: Any, tmp_path: Path) -> None:
    ref, data = store_bench.result_ref(), os.urandom(300_000)
    store_bench.port.put(ref, stored(tmp_path, data), content_type="application/gzip")
    for start in (0, 1, 123_456, 299_999):
        with store_bench.port.open(ref, start=start) as stream:
            assert stream.read() == data[start:]


def test_object_that_is_not_there_is_missing(store_bench: Any) -> None:
    ref = store_bench.input_ref()
    assert store_bench.port.head(ref) is None
    with pytest.raises(ObjectMissingError), store_bench.port.open(ref):
        pass


def test_delete_leaves_no_version_of_a_key_and_nothing_else_changes(store_bench: Any, tmp_path: Path) -> None:
    doomed, plain = store_bench.input_ref(), store_bench.result_ref()
    longer = ObjectRef(doomed.bucket, doomed.key + "-not-this-one")
    for data in (b"first", b"second"):
        store_bench.port.put(doomed, stored(tmp_path, data), content_type="text/plain")
    first = store_bench.port.head(doomed).ref
    for ref in (longer, plain):
        store_bench.port.put(ref, stored(tmp_path, b"kept"), content_type="text/plain")
    store_bench.port.delete([doomed])
    assert store_bench.port.head(doomed) is None
    assert store_bench.port.head(first) is None
    assert read(store_bench, longer) == b"kept"
    assert read(store_bench, plain) == b"kept"


def test_delete_of_one_version_leaves_the_others(store_bench: Any, tmp_path: Path) -> None:
    ref = store_bench.input_ref()
    store_bench.port.put(ref, stored(tmp_path, b"first"), content_type="text/plain")
    first = store_bench.port.head(ref).ref
    store_bench.port.put(ref, stored(tmp_path, b"second"), content_type="text/plain")
    store_bench.port.delete([first])
    assert store_bench.port.head(first) is None
    assert read(store_bench, ref) == b"second"


def test_deleting_what_is_not_there_is_no_error(store_bench: Any, tmp_path: Path) -> None:
    missing, there = store_bench.result_ref(), store_bench.result_ref()
    store_bench.port.put(there, stored(tmp_path, b"x"), content_type="text/plain")
    store_bench.port.delete([missing, there, missing])
    assert store_bench.port.head(there) is None
    store_bench.port.delete([])


def test_copy_has_the_bytes_and_the_name_and_is_its_own(store_bench: Any) -> None:
    source, target = store_bench.input_ref(), store_bench.input_ref()
    store_bench.upload(form_for(store_bench, source), b"first", file_name="a b~ü.vcf")
    first = store_bench.port.head(source).ref
    store_bench.upload(form_for(store_bench, source), b"second", file_name="other.vcf")
    store_bench.port.copy(first, target)
    assert read(store_bench, target) == b"first"
    assert store_bench.port.head(target).metadata == {"name": "a b~ü.vcf"}
    store_bench.port.delete([source])
    assert read(store_bench, target) == b"first"


def test_what_is_not_there_is_not_copied(store_bench: Any) -> None:
    source, target = store_bench.input_ref(), store_bench.input_ref()
    with pytest.raises(ObjectMissingError):
        store_bench.port.copy(source, target)
    assert store_bench.port.head(target) is None
