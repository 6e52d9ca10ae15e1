"""Reference bundles of an operator's own: brought from S3 into a cache, once for all who share it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

import gas_engine
from gas_core.domain.errors import AccessRefusedError, ObjectMissingError
from gas_core.domain.job import ObjectRef
from gas_core.ports import ObjectStore
from gas_core.worker.scratch import scratch
from gas_engine.bundle import verify_bundle
from gas_engine.bundle.manifest import MANIFEST_NAME, Manifest, sha256_of
from gas_engine.errors import BundleError

log = structlog.get_logger()

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\s#]*[^\s#/])/?#sha256=([0-9a-f]{64})")
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BundleAddress:
    """Where a bundle's files stand, and which bundle it has to be.

    ``sha256`` is of its manifest, which holds the checksum of everything else: one number pins the whole.
    """

    bucket: str
    prefix: str
    sha256: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``s3://bucket/prefix#sha256=...``; ValueError for anything else."""
        found = _ADDRESS.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not like s3://bucket/bundles/GRCh38#sha256=<64 hex digits>")
        return cls(*found.groups())

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def within(self, cache: Path) -> Path:
        """Its directory in a cache: the name is the content, so another version never takes its place."""
        return cache / self.sha256

    def file(self, name: str) -> ObjectRef:
        return ObjectRef(self.bucket, f"{self.prefix}/{name}")


def fetch_bundles(addresses: Iterable[BundleAddress], store: ObjectStore, cache: Path) -> None:
    """Bring bundles into ``cache``; what is there and whole is not fetched again.

    A bundle is written beside, read back against its checksums and renamed, so that a name of the cache is
    always a whole bundle; what a killed fetch left goes with the next. Any number may do this at once.

    Raises
    ------
    BundleError
        A file is missing or forbidden, or is not what the address or the manifest says.
    TransientError
        The store does not answer.
    """
    for address in addresses:
        target = address.within(cache)
        if _is_whole(target, address):
            log.info("bundle_found", bundle=str(address), directory=str(target))
            continue
        with scratch(cache, prefix="fetching-") as own:
            fetched = own / "bundle"
            fetched.mkdir()
            size = _fetch(address, store, fetched)
            verify_bundle(fetched)
            _put_in_place(fetched, target, address, aside=own / "damaged")
        log.info("bundle_fetched", bundle=str(address), directory=str(target), bytes=size)


def open_bundles(addresses: Iterable[BundleAddress], cache: Path) -> tuple[gas_engine.Bundle, ...]:
    """Open bundles that were fetched; BundleError tells of one that was not."""
    return tuple(gas_engine.Bundle.load(address.within(cache)) for address in addresses)


def _is_whole(directory: Path, address: BundleAddress) -> bool:
    """Cheap, as it is done at every start: the manifest is ours, and the files have the sizes it knows."""
    if not directory.exists():
        return False
    try:
        gas_engine.Bundle.load(directory)
        return sha256_of(directory / MANIFEST_NAME) == address.sha256
    except BundleError as error:
        log.warning("bundle_damaged", bundle=str(address), error=str(error))
        return False


def _fetch(address: BundleAddress, store: ObjectStore, directory: Path) -> int:
    """Copy a bundle's files; how many bytes they have."""
    size = _copy(address, MANIFEST_NAME, store, directory)
    manifest = directory / MANIFEST_NAME
    found = sha256_of(manifest)
    if found != address.sha256:
        raise BundleError(
            f"{address}/{MANIFEST_NAME} has the SHA-256 {found} and was expected to have {address.sha256}: "
            "it is another bundle, or was changed. Upload it anew, or correct #sha256= in GAS_BUNDLES."
        )
    names = Manifest.from_json(manifest.read_text(encoding="utf-8"), manifest).checksums or {}
    for name in names:
        if Path(name).name != name:
            raise BundleError(f"{address}/{MANIFEST_NAME} names a file outside of its bundle: {name!r}.")
        size += _copy(address, name, store, directory)
    return size


def _copy(address: BundleAddress, name: str, store: ObjectStore, directory: Path) -> int:
    try:
        with store.open(address.file(name)) as source, (directory / name).open("xb") as copy:
            while piece := source.read(_COPY_BYTES):
                copy.write(piece)
            return copy.tell()
    except (ObjectMissingError, AccessRefusedError) as error:
        raise BundleError(
            f"{address}/{name} is not there, or the annotator may not read it "
            "(s3:GetObject, which the stack's parameter BundlesArn allows)."
        ) from error


def _put_in_place(fetched: Path, target: Path, address: BundleAddress, *, aside: Path) -> None:
    """Give a verified bundle its name, unless somebody else was faster."""
    if target.exists() and not _is_whole(target, address):
        target.rename(aside)
    try:
        fetched.rename(target)
    except OSError:
        # A directory with files in it is not replaced: that of whoever came first.
        if not _is_whole(target, address):
            raise
