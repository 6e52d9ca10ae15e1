"""Reference bundles of an operator's own: brought from S3 into a cache, once for all who share it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import structlog

import gas_engine
from gas_core.domain.bundles import BundleAddress
from gas_core.domain.errors import AccessRefusedError, ObjectMissingError
from gas_core.ports import ObjectStore
from gas_core.worker.scratch import scratch
from gas_engine.bundle import shipped_directory, verify_bundle
from gas_engine.bundle.manifest import MANIFEST_NAME, Manifest, sha256_of
from gas_engine.errors import BundleError

log = structlog.get_logger()

_COPY_BYTES = 1 << 20


def fetch_bundles(offered: Iterable[BundleAddress | str], store: ObjectStore, cache: Path) -> None:
    """Bring an operator's own bundles into ``cache``; what is there and whole is not fetched again.

    A bundle is written beside, read back against its checksums and renamed, so that a name of the cache is
    always a whole bundle; what a killed fetch left goes with the next. Any number may do this at once.

    Raises
    ------
    BundleError
        A file is missing or forbidden, or is not what the address or the manifest says.
    TransientError
        The store does not answer.
    """
    for address in offered:
        if isinstance(address, str):
            continue  # it comes with the engine
        target = directory_of(address, cache)
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


def directory_of(bundle: BundleAddress | str, cache: Path) -> Path:
    """Where a bundle stands: an operator's own in the cache, as ``fetch_bundles`` left it, or in the engine.

    In the cache the name is the content, so that another version never takes a bundle's place. BundleError if
    the engine has none of that name.
    """
    return shipped_directory(bundle) if isinstance(bundle, str) else cache / bundle.sha256


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
