"""Where a file of a bundle comes from, as far as it tells so itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gas_engine.bundle.manifest import Source, sha256_of
from gas_engine.bundle.sequence import open_text

if TYPE_CHECKING:
    from pathlib import Path

_VERSIONS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"##dbSNP_BUILD_ID=(\S+)",
        r"##fileDate=(\S+)",
        r"##description:.*\b(version .+)",  # GENCODE
        r"#!annotation-source (.+)",  # RefSeq
        r"#!genebuild-last-updated (.+)",  # Ensembl
        r"#!genome-build-accession (.+)",
    )
)
_LINES: Final = 200


def origin_of(part: str, path: Path, version: str = "", note: str = "") -> Source:
    """Name, version (of the first lines, where none is given) and checksum of a file."""
    return Source(part, path.name, version or _version_told(path), "", note, sha256_of(path))


def _version_told(path: Path) -> str:
    with open_text(path) as lines:
        head = [line.rstrip("\r\n") for line, _ in zip(lines, range(_LINES), strict=False) if line[:1] == "#"]
    found = (pattern.fullmatch(line) for pattern in _VERSIONS for line in head)
    return next((match[1].strip() for match in found if match), "")
