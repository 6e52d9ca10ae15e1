"""The manifest of a reference bundle: what it holds, where it comes from, and the checksum of every file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gas_engine.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION: Final = 4
"""Raised when older engines could misread a bundle; an engine refuses every other version."""

MANIFEST_NAME: Final = "manifest.json"
SEQUENCE_NAME: Final = "sequence.fa"
GENES_NAME: Final = "genes.gff3"
KNOWN_NAME: Final = "known.vcf"

SEQUENCE_PART: Final = "sequence"
GENES_PART: Final = "genes"
KNOWN_PART: Final = "known"
"""Parts of a bundle, as `Source` tells them; sources and tracks go by their names."""


@dataclass(frozen=True, slots=True)
class Contig:
    """A sequence of the assembly.

    ``aliases`` are other names a VCF may use for it; ``genetic_code`` is the number of NCBI's translation
    table; a ``circular`` contig has no ends, so that distances and 3' shifts go around its origin.
    """

    name: str
    length: int
    aliases: tuple[str, ...] = ()
    genetic_code: int = 1
    circular: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """A set of named regions; INFO fields are made from ``name``."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Field:
    """An INFO field of a VCF source, whose values records get for the same alleles.

    ``type`` is VCF's: Integer, Float or String.
    """

    source: str
    name: str
    type: str
    description: str

    @property
    def key(self) -> str:
        """Its name in an annotated VCF and in the table, as in ``ClinVar_CLNSIG``."""
        return f"{self.source}_{self.name}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part of the bundle comes from; ``sha256`` is that of the file it was read from."""

    part: str
    name: str
    version: str
    licence: str
    note: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``manifest.json`` says; ``checksums`` maps each file's name to its SHA-256.

    A bundle is kept as tables to be mapped (``tables.bin``, whose checksum is that of its header) or, small
    and to be read by people too, as the texts it was made of.
    """

    name: str
    assembly: str
    version: str
    contigs: tuple[Contig, ...]
    tracks: tuple[Track, ...] = ()
    fields: tuple[Field, ...] = ()
    sources: tuple[Source, ...] = ()
    checksums: dict[str, str] | None = None

    def to_json(self) -> str:
        """The manifest as text, keys in a fixed order so that two builds of one input are the same bytes."""
        body = {"format": "gas-bundle", "format_version": FORMAT_VERSION, **asdict(self)}
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, where: Path) -> Manifest:
        """Read a manifest; BundleError for anything that this engine did not write."""
        try:
            body: dict[str, Any] = json.loads(text)
            if body["format"] != "gas-bundle":
                raise BundleError(f"{where} is not the manifest of a reference bundle.")
            if body["format_version"] != FORMAT_VERSION:
                raise BundleError(
                    f"The bundle at {where.parent} has format version {body['format_version']}, and this "
                    f"engine reads version {FORMAT_VERSION}: build it again with `gas-engine bundle build`."
                )
            return cls(
                name=body["name"],
                assembly=body["assembly"],
                version=body["version"],
                contigs=tuple(Contig(**{**c, "aliases": tuple(c["aliases"])}) for c in body["contigs"]),
                tracks=tuple(Track(**t) for t in body["tracks"]),
                fields=tuple(Field(**f) for f in body["fields"]),
                sources=tuple(Source(**s) for s in body["sources"]),
                checksums=dict(body["checksums"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
            raise BundleError(
                f"{where} is damaged ({type(fault).__name__}: {fault}): fetch the bundle anew or build it."
            ) from fault


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
