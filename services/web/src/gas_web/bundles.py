"""The references that the submit page offers, as it describes them: no web process holds one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gas_core.domain.bundles import BundleAddress
from gas_core.domain.errors import AccessRefusedError, ObjectMissingError, PermanentError
from gas_core.ports import ObjectStore

MANIFEST = "manifest.json"
_MANIFEST_BYTES = 64 * 1024**2
"""A genome of millions of scaffolds; what is larger is no manifest."""


class BundleUnreadableError(PermanentError):
    """A reference bundle that is to be offered cannot be read."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A reference that files are annotated against."""

    name: str
    assembly: str
    description: str
    contigs: Mapping[str, int]
    """Length in bases of each contig, under every name that it goes by."""
    sample: str = ""
    """A file to try it with, of the folder ``examples``; empty if there is none."""


SHIPPED: Final = {
    "rCRS": Bundle(
        name="rCRS",
        assembly="NC_012920.1",
        description="Human mitochondrial genome",
        contigs=dict.fromkeys(("NC_012920.1", "chrM", "MT", "M", "chrMT"), 16_569),
        sample="sample.vcf",
    ),
    "SARS-CoV-2": Bundle(
        name="SARS-CoV-2",
        assembly="NC_045512.2",
        description="Coronavirus of COVID-19, isolate Wuhan-Hu-1",
        contigs=dict.fromkeys(
            ("NC_045512.2", "NC_045512", "NC_045512v2", "MN908947.3", "MN908947", "chrNC_045512.2"), 29_903
        ),
        sample="sars-cov-2.vcf",
    ),
}
"""Those that come with the engine."""


class _Contig(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str
    length: int
    aliases: tuple[str, ...] = ()


class _Manifest(BaseModel):
    """What is read of a bundle's manifest."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["gas-bundle"]
    name: str
    assembly: str
    version: str
    contigs: tuple[_Contig, ...]


def read_bundles(offered: Iterable[BundleAddress | str], store: ObjectStore) -> tuple[Bundle, ...]:
    """Describe what is offered, in its order; of an operator's own bundles the manifests are read.

    Raises
    ------
    BundleUnreadableError
        A manifest is not there or not the one expected; the engine has none of a name; two go by one name.
    TransientError
        The store does not answer.
    """
    bundles = tuple(_described(bundle, store) for bundle in offered)
    names = [bundle.name for bundle in bundles]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BundleUnreadableError(
            f"Two bundles are called {twice}: build one of them again with another --name."
        )
    return bundles


def _described(bundle: BundleAddress | str, store: ObjectStore) -> Bundle:
    if isinstance(bundle, str):
        if bundle not in SHIPPED:
            raise BundleUnreadableError(
                f"No bundle {bundle!r} comes with the engine, which has {' and '.join(SHIPPED)}."
            )
        return SHIPPED[bundle]
    where = f"{bundle}/{MANIFEST}"
    try:
        with store.open(bundle.file(MANIFEST)) as stream:
            data = stream.read(_MANIFEST_BYTES)
    except (ObjectMissingError, AccessRefusedError) as error:
        raise BundleUnreadableError(
            f"{where} is not there, or the web service may not read it (s3:GetObject, which the stack's "
            "parameter BundlesArn allows)."
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != bundle.sha256:
        raise BundleUnreadableError(
            f"{where} has the SHA-256 {found} and was expected to have {bundle.sha256}: correct #sha256= in "
            "GAS_BUNDLES, or upload the bundle anew."
        )
    try:
        manifest = _Manifest.model_validate_json(data)
    except ValidationError as error:
        raise BundleUnreadableError(f"{where} is not the manifest of a reference bundle.") from error
    contigs = manifest.contigs
    count = "1 contig" if len(contigs) == 1 else f"{len(contigs):,} contigs"
    return Bundle(
        name=manifest.name,
        assembly=manifest.assembly,
        description=f"Version {manifest.version}, {count}",
        contigs={name: contig.length for contig in contigs for name in (contig.name, *contig.aliases)},
    )
