"""Reference bundles that are offered: by name those that come with the engine, and an operator's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from gas_core.domain.job import ObjectRef

_SHIPPED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\s#]*[^\s#/])/?#sha256=([0-9a-f]{64})")


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

    def file(self, name: str) -> ObjectRef:
        return ObjectRef(self.bucket, f"{self.prefix}/{name}")


def parse_bundle(text: str) -> BundleAddress | str:
    """One entry of the list that an operator writes: an address, or the name of a bundle that is shipped."""
    return text if _SHIPPED.fullmatch(text) else BundleAddress.parse(text)
