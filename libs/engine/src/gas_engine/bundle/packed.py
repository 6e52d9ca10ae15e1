"""Tables in one file: a header that describes the arrays, and the arrays, to be mapped into memory.

Layout: 16 bytes (``GASTABLE``, size of the header), the header (JSON: name, type, shape, place, size and
SHA-256 of every array), the arrays, each from a multiple of 4,096 on. The manifest holds the header's
SHA-256; it and the size of the file are checked whenever a bundle is opened, the arrays themselves by
``gas-engine bundle verify``, as reading gigabytes would make every start slow.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gas_engine.bundle.tables import TRANSCRIPT_TEXTS, Tables, TextColumn
from gas_engine.errors import BundleError
from gas_engine.kernel import layout
from gas_engine.kernel.layout import Model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLES_NAME: Final = "tables.bin"
_MAGIC: Final = b"GASTABLE"
_START: Final = 16
_PAGE: Final = 4096
_COPY_BYTES: Final = 1 << 24
_TYPES: Final[dict[str, Any]] = {
    "seq": np.uint8,
    "contigs": layout.CONTIG,
    "transcripts": layout.TRANSCRIPT,
    "exons": layout.EXON,
    "mature": layout.SEGMENT,
    "no_marks": np.uint8,
    "transcript_bins": np.int64,
    "transcript_bin_items": np.int32,
    "known": layout.KNOWN,
    "known_bins": np.int64,
    "values": layout.VALUE,
    "fields": np.int64,
    "regions": layout.REGION,
    "region_bins": np.int64,
    "region_bin_items": np.int32,
    "pool": np.uint8,
    "amino_acids": np.uint8,
    "starts": np.uint8,
    "track_starts": np.int64,
    "track_keys": np.int64,
}
_TEXTS: Final = (*TRANSCRIPT_TEXTS, "gene", "region_name")


def _arrays(tables: Tables) -> Iterator[tuple[str, Any]]:
    yield from zip(Model._fields, tables.model, strict=True)
    yield "track_starts", tables.track_starts
    yield "track_keys", tables.track_keys
    columns = (*tables.texts, tables.genes, tables.region_names)
    for name, column in zip(_TEXTS, columns, strict=True):
        yield f"{name}_text", column.data
        yield f"{name}_offsets", column.offsets


def _type_of(name: str) -> np.dtype[Any]:
    if name in _TYPES:
        found: np.dtype[Any] = np.dtype(_TYPES[name])
        return found
    return np.dtype(np.uint8 if name.endswith("_text") else np.int64)


def write_tables(path: Path, tables: Tables) -> str:
    """Write tables; return the SHA-256 of the header, which the manifest keeps."""
    described = []
    at = 0
    for name, array in _arrays(tables):
        flat = np.ascontiguousarray(array).view(np.uint8).reshape(-1) if array.size else np.zeros(0, np.uint8)
        described.append(
            {
                "name": name,
                "type": np.lib.format.dtype_to_descr(array.dtype),
                "shape": list(array.shape),
                "at": at,
                "bytes": flat.size,
                "sha256": hashlib.sha256(flat.data).hexdigest(),
            }
        )
        at += -(-flat.size // _PAGE) * _PAGE
    header = json.dumps({"arrays": described, "bytes": at}).encode()
    begin = -(-(_START + len(header)) // _PAGE) * _PAGE
    with path.open("wb") as out:
        out.write(_MAGIC + len(header).to_bytes(8, "little") + header)
        for (_, array), description in zip(_arrays(tables), described, strict=True):
            out.seek(begin + int(str(description["at"])))
            if array.size:
                flat = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
                for start in range(0, flat.size, _COPY_BYTES):
                    out.write(flat[start : start + _COPY_BYTES].data)
        out.truncate(begin + at)
    return hashlib.sha256(header).hexdigest()


def read_tables(path: Path, checksum: str) -> Tables:
    """Map tables; BundleError if the file is not the one that was written."""
    header, begin = _header(path, checksum)
    try:
        return _mapped(path, header, begin)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as fault:
        raise BundleError(f"{path} is damaged (its header). Fetch the bundle anew or build it.") from fault


def _mapped(path: Path, header: dict[str, Any], begin: int) -> Tables:
    with path.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
    found = {}
    for each in header["arrays"]:
        dtype = _type_of(each["name"])
        if np.lib.format.descr_to_dtype(_untupled(each["type"])) != dtype:
            raise BundleError(
                f"{path} was built by another version of the engine: build the bundle again with "
                "`gas-engine bundle build`."
            )
        count = each["bytes"] // dtype.itemsize
        array = np.frombuffer(mapped, dtype, count, begin + each["at"]) if count else np.zeros(0, dtype)
        found[each["name"]] = array.reshape(each["shape"])
    columns = [TextColumn(found[f"{name}_text"], found[f"{name}_offsets"]) for name in _TEXTS]
    return Tables(
        model=Model(*(found[name] for name in Model._fields)),
        texts=tuple(columns[: len(TRANSCRIPT_TEXTS)]),
        genes=columns[-2],
        region_names=columns[-1],
        track_starts=found["track_starts"],
        track_keys=found["track_keys"],
    )


def verify_tables(path: Path, checksum: str) -> None:
    """Read every array and hold it against its checksum; BundleError names one that is damaged."""
    header, begin = _header(path, checksum)
    read_tables(path, checksum)  # what its header says of the arrays holds together
    with path.open("rb") as stream:
        for each in header["arrays"]:
            stream.seek(begin + each["at"])
            digest = hashlib.sha256()
            left = each["bytes"]
            while left:
                piece = stream.read(min(left, _COPY_BYTES))
                digest.update(piece)
                left -= len(piece)
            if digest.hexdigest() != each.get("sha256"):
                raise BundleError(f"{path} is damaged ({each['name']}): fetch the bundle anew or build it.")


def _header(path: Path, checksum: str) -> tuple[dict[str, Any], int]:
    with path.open("rb") as stream:
        start = stream.read(_START)
        size = int.from_bytes(start[len(_MAGIC) :], "little")
        text = stream.read(min(size, path.stat().st_size))
    if start[: len(_MAGIC)] != _MAGIC or hashlib.sha256(text).hexdigest() != checksum:
        raise BundleError(
            f"{path} is not the file that its manifest lists. Fetch the bundle anew or build it."
        )
    try:
        header: dict[str, Any] = json.loads(text)
        bytes_told = header["bytes"]
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise BundleError(f"{path} is damaged (its header). Fetch the bundle anew or build it.") from fault
    begin = -(-(_START + size) // _PAGE) * _PAGE
    if path.stat().st_size != begin + bytes_told:
        raise BundleError(f"{path} is cut short. Fetch the bundle anew or build it.")
    return header, begin


def _untupled(described: str | list[list[object]]) -> Any:  # noqa: ANN401 - as numpy describes types
    """JSON has lists where numpy wants tuples."""
    if isinstance(described, str):
        return described
    return [tuple(tuple(part) if isinstance(part, list) else part for part in each) for each in described]
