from __future__ import annotations

import io
import json
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from gas_core import packing
from gas_core.domain.errors import ArchiveCorruptError, UnreadableError
from gas_core.packing import Manifest, pack, unpack

JOB = "11111111-2222-3333-4444-555555555555"
CONTENT = {"annot.vcf.gz": b"variants" * 4096 + b"end", "annot.vcf.gz.tbi": b"", "table.parquet": b"P" * 512}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Results that lie under other names than they shall have in the archive."""
    (tmp_path / "work").mkdir()
    paths = {name: tmp_path / "work" / f"{number}.tmp" for number, name in enumerate(CONTENT)}
    for name, path in paths.items():
        path.write_bytes(CONTENT[name])
    return paths


@pytest.fixture
def packed(files: dict[str, Path], tmp_path: Path) -> bytes:
    pack(files, tmp_path / "packed.tar", job_id=JOB, generation=3)
    return (tmp_path / "packed.tar").read_bytes()


def refused(data: bytes, tmp_path: Path) -> ArchiveCorruptError:
    """The error that these bytes are refused with, once it is sure that they left nothing behind."""
    with pytest.raises(ArchiveCorruptError) as caught:
        unpack(io.BytesIO(data), tmp_path / "out" / "results")
    assert list((tmp_path / "out").iterdir()) == []
    return caught.value


def repacked(data: bytes, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]) -> bytes:
    """The tar again, by Python's own tarfile, after a change to its members."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = [(info, tar.extractfile(info).read()) for info in tar]
    change(members)
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, body in members:
            tar.addfile(info, io.BytesIO(body))
    return target.getvalue()


def with_manifest(data: bytes, change: Callable[[dict], None]) -> bytes:
    def rewrite(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        info, body = members[0]
        manifest = json.loads(body)
        change(manifest)
        body = json.dumps(manifest).encode()
        info.size = len(body)
        members[0] = info, body

    return repacked(data, rewrite)


def test_what_was_packed_is_unpacked_byte_for_byte(files: dict[str, Path], tmp_path: Path) -> None:
    target = tmp_path / "packed.tar"
    written = pack(files, target, job_id=JOB, generation=3, engine="gas 1.0", bundle="rCRS")

    with target.open("rb") as stream:
        read = unpack(stream, tmp_path / "results")

    assert read == written
    assert (read.job_id, read.generation, read.engine, read.bundle) == (JOB, 3, "gas 1.0", "rCRS")
    assert {path.name: path.read_bytes() for path in (tmp_path / "results").iterdir()} == CONTENT


def test_any_tar_reads_an_archive_and_finds_the_manifest_first(packed: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert tar.getnames() == ["manifest.json", *sorted(CONTENT)]
        assert json.load(tar.extractfile("manifest.json"))["job_id"] == JOB


def test_a_tar_of_pythons_own_with_the_same_members_is_accepted(packed: bytes, tmp_path: Path) -> None:
    """The refusals below are for what was changed, not for who wrote the tar."""
    unpack(io.BytesIO(repacked(packed, lambda _: None)), tmp_path / "results")


def test_same_files_give_the_same_bytes_whatever_their_order_and_age(
    files: dict[str, Path], packed: bytes, tmp_path: Path
) -> None:
    for path in files.values():
        path.write_bytes(path.read_bytes())
    pack(dict(reversed(files.items())), tmp_path / "again.tar", job_id=JOB, generation=3)

    assert (tmp_path / "again.tar").read_bytes() == packed


def test_a_changed_first_or_last_byte_of_any_member_is_noticed(packed: bytes, tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        places = [info.offset_data + at for info in tar if info.size for at in (0, info.size - 1)]
    for place in places:
        changed = bytearray(packed)
        changed[place] ^= 1
        refused(bytes(changed), tmp_path)


@pytest.mark.parametrize("length", [0, 1, 511, 512, 600, 1024, 20_000, -1536, -1024, -1])
def test_a_truncated_archive_is_corrupt(packed: bytes, tmp_path: Path, length: int) -> None:
    refused(packed[:length], tmp_path)


def test_a_member_that_the_manifest_does_not_name_is_corrupt(packed: bytes, tmp_path: Path) -> None:
    def add(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members.append((tarfile.TarInfo("zebra"), b""))

    refused(repacked(packed, add), tmp_path)


def test_a_member_behind_the_end_is_corrupt(packed: bytes, tmp_path: Path) -> None:
    refused(packed + packed, tmp_path)


def test_a_member_under_another_name_is_corrupt(packed: bytes, tmp_path: Path) -> None:
    def rename(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[1][0].name = "other.vcf.gz"

    refused(repacked(packed, rename), tmp_path)


def test_a_member_that_is_longer_by_zeros_is_corrupt(packed: bytes, tmp_path: Path) -> None:
    """Its first bytes have the right checksum, and zeros pad every member anyway."""

    def lengthen(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        info, body = members[1]
        members[1] = info, body + b"\0"
        info.size += 1

    refused(repacked(packed, lengthen), tmp_path)


def test_a_missing_member_is_corrupt(packed: bytes, tmp_path: Path) -> None:
    refused(repacked(packed, lambda members: members.pop(2)), tmp_path)


def test_members_in_another_order_are_corrupt(packed: bytes, tmp_path: Path) -> None:
    refused(repacked(packed, lambda members: members.append(members.pop(1))), tmp_path)


def test_an_archive_without_a_manifest_first_is_corrupt(packed: bytes, tmp_path: Path) -> None:
    refused(repacked(packed, lambda members: members.append(members.pop(0))), tmp_path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_only_regular_files_are_members(packed: bytes, tmp_path: Path, kind: bytes) -> None:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[2][0].type = kind
        members[2][0].linkname = "/etc/passwd"

    refused(repacked(packed, change), tmp_path)


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "a/b", "..", ".", "", ".hidden", "a\\b", "a\0b", "a\n", "é", "x" * 100]
)
def test_a_name_that_is_not_a_plain_file_name_is_refused_even_if_manifest_and_tar_agree(
    packed: bytes, tmp_path: Path, name: str
) -> None:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[1][0].name = name

    tricky = with_manifest(packed, lambda manifest: manifest["files"][0].update(name=name))

    assert "manifest" in str(refused(repacked(tricky, change), tmp_path).fields["reason"])


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["files"][0].update(size_bytes=7),
        lambda manifest: manifest["files"][0].update(size_bytes=-1),
        lambda manifest: manifest["files"][0].update(sha256="0" * 64),
        lambda manifest: manifest["files"].append(manifest["files"][-1]),
        lambda manifest: manifest["files"].reverse(),
        lambda manifest: manifest["files"][0].update(name="manifest.json"),
        lambda manifest: manifest.update(surprise=1),
        lambda manifest: manifest.update(generation="3"),
        lambda manifest: manifest.pop("job_id"),
        lambda manifest: manifest.pop("version"),
        lambda manifest: manifest.update(version=0),
    ],
)
def test_a_manifest_that_does_not_fit_is_corrupt(
    packed: bytes, tmp_path: Path, change: Callable[[dict], None]
) -> None:
    refused(with_manifest(packed, change), tmp_path)


def test_an_enormous_manifest_is_refused_before_it_is_read(packed: bytes, tmp_path: Path) -> None:
    fat = with_manifest(packed, lambda manifest: manifest.update(engine="x" * packing.MANIFEST_MAX_BYTES))

    assert refused(fat, tmp_path).fields["reason"] == "the manifest is too large"


def test_an_archive_of_a_later_version_is_unreadable_but_not_called_corrupt(
    packed: bytes, tmp_path: Path
) -> None:
    """A rollback must not declare lost what the newer version packed."""
    later = with_manifest(packed, lambda manifest: manifest.update(version=2, novelty=True))

    with pytest.raises(UnreadableError, match="later version"):
        unpack(io.BytesIO(later), tmp_path / "out" / "results")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_the_store_says_at_the_end_of_its_stream_is_heard(packed: bytes, tmp_path: Path) -> None:
    class Complaining(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            if not data:
                raise ArchiveCorruptError(reason="the store's checksum")
            return data

    with pytest.raises(ArchiveCorruptError):
        unpack(Complaining(packed), tmp_path / "out" / "results")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_process_left_does_not_stand_in_the_way(packed: bytes, tmp_path: Path) -> None:
    (tmp_path / "results.part").mkdir()
    (tmp_path / "results.part" / "annot.vcf.gz").write_bytes(b"half")

    unpack(io.BytesIO(packed), tmp_path / "results")

    assert (tmp_path / "results" / "annot.vcf.gz").read_bytes() == CONTENT["annot.vcf.gz"]


@pytest.mark.parametrize("later", [b"other", CONTENT["table.parquet"] + b"more"])
def test_a_file_that_changes_while_it_is_packed_leaves_no_archive(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: bytes
) -> None:
    header = packing._header

    def header_and_meanwhile(name: str, size_bytes: int) -> bytes:
        files["table.parquet"].write_bytes(later)
        return header(name, size_bytes)

    monkeypatch.setattr(packing, "_header", header_and_meanwhile)

    with pytest.raises(RuntimeError, match=r"table\.parquet changed"):
        pack(files, tmp_path / "packed.tar", job_id=JOB, generation=1)
    assert not (tmp_path / "packed.tar").exists()


def test_a_name_with_a_path_is_not_packed(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name"):
        pack({"../x": files["table.parquet"]}, tmp_path / "packed.tar", job_id=JOB, generation=1)


def test_large_files_pass_in_bounded_memory(tmp_path: Path) -> None:
    size_bytes = 48 << 20
    with (tmp_path / "large").open("wb") as target:
        target.truncate(size_bytes)
    tracemalloc.start()
    try:
        pack({"large": tmp_path / "large"}, tmp_path / "packed.tar", job_id=JOB, generation=1)
        with (tmp_path / "packed.tar").open("rb") as stream:
            manifest: Manifest = unpack(stream, tmp_path / "results")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert manifest.files[0].size_bytes == size_bytes
    assert peak < 4 * packing.CHUNK_BYTES
