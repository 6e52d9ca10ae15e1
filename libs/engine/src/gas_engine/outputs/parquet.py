"""Join Parquet files of one schema into one, copying their row groups as they are.

A Parquet file is the row groups, a footer that tells where each column of them lies, and the footer's length
(Apache Parquet, "File Format"). So files are joined by copying all before their footers, and writing one
footer whose places are moved. Arrow's own metadata cannot be moved, so the footer is read here: it is a
structure in Thrift's compact protocol (Apache Thrift, "Thrift Compact protocol encoding"), kept as it is but
for the fields named below.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_MAGIC: Final = b"PAR1"
_TAIL: Final = struct.Struct("<I4s")
_COPY_BYTES: Final = 4 * 1024 * 1024

# Fields of parquet.thrift: of FileMetaData, RowGroup, ColumnChunk, and places in them and in ColumnMetaData.
_NUM_ROWS, _ROW_GROUPS = 3, 4
_COLUMNS, _ROW_GROUP_PLACE, _ORDINAL = 1, 5, 7
_META_DATA = 3
_CHUNK_PLACES: Final = (2, 4, 6)
_COLUMN_PLACES: Final = (9, 10, 11, 14)

# Types of the compact protocol.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 12
_INTEGERS: Final = frozenset({_I16, _I32, _I64})
_LONG_LIST: Final = 15


class _Typed(NamedTuple):
    kind: int
    value: Any


_Struct = dict[int, _Typed]
"""Fields by number, in rising order. A list is (type of its items, items)."""


def join(parts: Sequence[Path], whole: Path, tick: Callable[[], None]) -> None:
    """Write the row groups of ``parts``, in order, as the file ``whole``; ``tick`` is called now and then.

    The bytes are those of one writer that got all row groups, if it writes the parts' way.
    """
    footer: _Struct = {}
    groups: list[_Struct] = []
    with whole.open("wb") as out:
        out.write(_MAGIC)
        for part in parts:
            with part.open("rb") as file:
                size = file.seek(-_TAIL.size, 2)
                footer_size, _ = _TAIL.unpack(file.read())
                end = file.seek(size - footer_size)
                footer = _Reader(file.read(footer_size)).struct()
                moved = out.tell() - len(_MAGIC)
                for group in footer[_ROW_GROUPS].value[1]:
                    _move(group, moved)
                    if _ORDINAL in group:
                        group[_ORDINAL] = _Typed(_I16, len(groups))
                    groups.append(group)
                file.seek(len(_MAGIC))
                left = end - len(_MAGIC)
                while left:
                    chunk = file.read(min(left, _COPY_BYTES))
                    out.write(chunk)
                    left -= len(chunk)
                    tick()
        rows = sum(group[_NUM_ROWS].value for group in groups)
        footer[_NUM_ROWS] = _Typed(_I64, rows)
        footer[_ROW_GROUPS] = _Typed(_LIST, (_STRUCT, groups))
        packed = _struct(footer)
        out.write(packed + _TAIL.pack(len(packed), _MAGIC))


def _move(group: _Struct, by: int) -> None:
    """Move all that a row group says of places; 0 says that there is nothing."""
    _shift(group, (_ROW_GROUP_PLACE,), by)
    for chunk in group[_COLUMNS].value[1]:
        _shift(chunk, _CHUNK_PLACES, by)
        _shift(chunk[_META_DATA].value, _COLUMN_PLACES, by)


def _shift(fields: _Struct, numbers: Sequence[int], by: int) -> None:
    for number in numbers:
        if number in fields and fields[number].value:
            fields[number] = _Typed(fields[number].kind, fields[number].value + by)


class _Reader:
    """Read values one after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> _Struct:
        fields: _Struct = {}
        number = 0
        while head := self._byte():
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._integer()
            fields[number] = _Typed(kind, self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:  # noqa: ANN401, PLR0911 - of any type that the protocol has
        if kind in {_TRUE, _FALSE}:
            return None  # a field's type is its value
        if kind == _BYTE:
            return self._byte()
        if kind in _INTEGERS:
            return self._integer()
        if kind == _DOUBLE:
            return self._take(8)
        if kind == _BINARY:
            return self._take(self._varint())
        if kind == _LIST:
            head = self._byte()
            size = head >> 4 if head >> 4 < _LONG_LIST else self._varint()
            item = head & 15
            # In a list, unlike in a field, a boolean takes a byte.
            read = self._byte if item in {_TRUE, _FALSE} else lambda: self._value(item)
            return item, [read() for _ in range(size)]
        if kind == _STRUCT:
            return self.struct()
        raise AssertionError(f"Parquet's footer has no type {kind}")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _integer(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)


def _struct(fields: _Struct) -> bytes:
    parts = []
    before = 0
    for number, (kind, value) in fields.items():
        step = number - before
        before = number
        if 0 < step < 16:  # noqa: PLR2004 - four bits
            parts.append(bytes((step << 4 | kind,)))
        else:
            parts.append(bytes((kind,)) + _integer(number))
        parts.append(_value(kind, value))
    return b"".join(parts) + b"\0"


def _value(kind: int, value: Any) -> bytes:  # noqa: ANN401, PLR0911 - of any type that the protocol has
    if kind in {_TRUE, _FALSE}:
        return b""
    if kind == _BYTE:
        return bytes((value,))
    if kind in _INTEGERS:
        return _integer(value)
    if kind == _DOUBLE:
        return bytes(value)
    if kind == _BINARY:
        return _varint(len(value)) + bytes(value)
    if kind == _STRUCT:
        return _struct(value)
    item, items = value
    size = len(items)
    head = bytes((size << 4 | item,)) if size < _LONG_LIST else bytes((0xF0 | item,)) + _varint(size)
    if item in {_TRUE, _FALSE}:
        return head + bytes(items)
    return head + b"".join(_value(item, each) for each in items)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:  # noqa: PLR2004 - seven bits
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else ~value << 1 | 1)
