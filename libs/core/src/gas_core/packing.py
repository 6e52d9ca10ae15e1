"""One tar per job: the manifest first, then the results, so that an archive tells what it should hold.

The tar holds regular files only and nothing of the machine that made it: the same files give the same bytes,
and any ``tar`` can read it. Reading is strict: what the manifest does not announce, in its order, with its
size and its SHA-256, makes the archive corrupt. Both directions stream in bounded memory.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gas_core.domain.errors import ArchiveCorruptError, UnreadableError

MANIFEST_NAME = "manifest.json"
MANIFEST_MAX_BYTES = 1 << 20
VERSION: Literal[1] = 1
CHUNK_BYTES = 1 << 20

# One plain component, shorter than a tar header's name field: no separator, no leading dot, so no way out of
# the directory that it is unpacked into.
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,98}$"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PackedFile(_Model):
    """What the manifest says of one file."""

    name: str = Field(pattern=_NAME)
    size_bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(_Model):
    """The first member of an archive: whose results these are, and what exactly they are.

    ``files`` are in the order of their names. ``engine`` and ``bundle`` tell what annotated them, if known.
    """

    version: Literal[1] = VERSION
    job_id: str = Field(min_length=1)
    generation: int = Field(ge=1)
    engine: str = ""
    bundle: str = ""
    files: Annotated[tuple[PackedFile, ...], Field(strict=False)]  # JSON knows no tuples

    @field_validator("files")
    @classmethod
    def _in_order(cls, files: tuple[PackedFile, ...]) -> tuple[PackedFile, ...]:
        names = [file.name for file in files]
        if MANIFEST_NAME in names or any(one >= other for one, other in pairwise(names)):
            raise ValueError("file names must differ, be in order and not be the manifest's own")
        return files


class _Version(BaseModel):
    """All that every version of the manifest has in common."""

    version: int


def pack(
    files: Mapping[str, Path],
    target: Path,
    *,
    job_id: str,
    generation: int,
    engine: str = "",
    bundle: str = "",
) -> Manifest:
    """Write ``files``, by the names they shall have, into one tar at ``target``.

    Raises
    ------
    ValueError
        A name that is not a plain file name.
    RuntimeError
        A file changed while it was read. Nothing is left at ``target`` then.
    """
    manifest = Manifest(
        job_id=job_id,
        generation=generation,
        engine=engine,
        bundle=bundle,
        files=tuple(_described(name, files[name]) for name in sorted(files)),
    )
    try:
        with target.open("wb") as tar:
            _write(manifest, files, tar)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return manifest


def unpack(stream: BinaryIO, directory: Path) -> Manifest:
    """Read a tar that ``pack`` wrote into ``directory``, which must not exist yet.

    It appears when everything in it is verified, and not before. The stream is read to its very end, so that
    a store that checks what it delivers has its say, too.

    Raises
    ------
    ArchiveCorruptError
        Anything differs from what ``pack`` writes and the manifest says.
    UnreadableError
        A later version of GAS wrote it: its results are fine, only not for this program.
    """
    part = directory.with_name(f"{directory.name}.part")
    if part.exists():  # a process that was killed left it
        shutil.rmtree(part)
    part.mkdir(parents=True)
    try:
        manifest = _read(stream, part)
        part.rename(directory)
    except BaseException:
        shutil.rmtree(part)
        raise
    return manifest


def _write(manifest: Manifest, files: Mapping[str, Path], tar: BinaryIO) -> None:
    head = manifest.model_dump_json().encode()
    tar.write(_header(MANIFEST_NAME, len(head)) + head + _padding(len(head)))
    for file in manifest.files:
        tar.write(_header(file.name, file.size_bytes))
        with files[file.name].open("rb") as source:
            if _copy(source, tar, file.size_bytes) != file.sha256 or source.read(1):
                raise RuntimeError(f"{file.name} changed while it was packed")
        tar.write(_padding(file.size_bytes))
    tar.write(bytes(2 * tarfile.BLOCKSIZE))


def _read(stream: BinaryIO, directory: Path) -> Manifest:
    manifest = _read_manifest(stream)
    for file in manifest.files:
        if _member_size(stream, file.name) != file.size_bytes:
            raise ArchiveCorruptError(reason="size", name=file.name)
        with (directory / file.name).open("xb") as target:
            if _copy(stream, target, file.size_bytes) != file.sha256:
                raise ArchiveCorruptError(reason="checksum", name=file.name)
        _expect_zeros(stream, len(_padding(file.size_bytes)))
    _expect_zeros(stream, 2 * tarfile.BLOCKSIZE)
    while rest := stream.read(CHUNK_BYTES):
        if rest.strip(b"\0"):
            raise ArchiveCorruptError(reason="more members than the manifest has")
    return manifest


def _described(name: str, path: Path) -> PackedFile:
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
        return PackedFile(name=name, size_bytes=os.fstat(source.fileno()).st_size, sha256=digest)


def _header(name: str, size_bytes: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size_bytes
    # GNU's form differs from ustar only where a file is larger than 8 GiB.
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size_bytes: int) -> bytes:
    return bytes(-size_bytes % tarfile.BLOCKSIZE)


def _copy(source: BinaryIO, target: BinaryIO, size_bytes: int) -> str:
    """Copy exactly so many bytes and give their SHA-256; fewer if the source ends, which the digest tells."""
    digest = hashlib.sha256()
    left = size_bytes
    while left and (chunk := source.read(min(left, CHUNK_BYTES))):
        digest.update(chunk)
        target.write(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def _exactly(stream: BinaryIO, size_bytes: int) -> bytes:
    """So many bytes; only for few, since they are kept in memory."""
    data = bytearray()
    while len(data) < size_bytes:
        chunk = stream.read(size_bytes - len(data))
        if not chunk:
            raise ArchiveCorruptError(reason="truncated")
        data += chunk
    return bytes(data)


def _expect_zeros(stream: BinaryIO, size_bytes: int) -> None:
    if _exactly(stream, size_bytes).strip(b"\0"):
        raise ArchiveCorruptError(reason="not a tar that we wrote")


def _member_size(stream: BinaryIO, name: str) -> int:
    """Read the header of a regular file of this name; a link, a device or another name is none of ours."""
    block = _exactly(stream, tarfile.BLOCKSIZE)
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError):
        raise ArchiveCorruptError(reason="not a tar", name=name) from None
    if info.type != tarfile.REGTYPE or info.name != name:
        raise ArchiveCorruptError(reason="another member than the manifest has here", name=name)
    return info.size


def _read_manifest(stream: BinaryIO) -> Manifest:
    size_bytes = _member_size(stream, MANIFEST_NAME)
    if not 0 <= size_bytes <= MANIFEST_MAX_BYTES:
        raise ArchiveCorruptError(reason="the manifest is too large")
    head = _exactly(stream, size_bytes)
    _expect_zeros(stream, len(_padding(size_bytes)))
    try:
        if _Version.model_validate_json(head).version > VERSION:
            raise UnreadableError("A later version of GAS packed this archive; unpack it with that one.")
        return Manifest.model_validate_json(head)
    except ValidationError as error:
        reason = str(error.errors(include_input=False, include_url=False)[0]["msg"])
        raise ArchiveCorruptError(reason=f"manifest: {reason}") from None
