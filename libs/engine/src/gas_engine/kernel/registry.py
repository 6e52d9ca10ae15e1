"""The names met in a file, as the kernel looks them up; Python enters them, one call a name."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gas_engine.kernel.layout import NAME, Bytes, Rows
from gas_engine.kernel.names import enter_name, name_slot

_FIRST_SLOTS: Final = 1 << 10


class Entry(NamedTuple):
    """What is known of a name: see `layout.NAME`."""

    use: int = 0
    new: bytes = b""


class Registry:
    """A hash table of names by kind, numbered from 0 within their kind in the order they were entered."""

    def __init__(self) -> None:
        self.names: Rows = np.zeros(_FIRST_SLOTS, NAME)
        self.pool: Bytes = np.zeros(1 << 14, np.uint8)
        self._used = 0
        self._filled = 0
        self._counts: dict[int, int] = {}

    def add(self, kind: int, name: bytes, entry: Entry = Entry()) -> int:  # noqa: B008 - immutable
        """Enter a name that is not there yet; return its number."""
        if 2 * self._filled >= len(self.names):
            self._grow()
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        at, new_at = self._keep(name), self._keep(entry.new)
        enter_name(self.names, self.pool, kind, at, len(name), number, entry.use, new_at, len(entry.new))
        self._filled += 1
        return number

    def find(self, kind: int, name: bytes) -> int | None:
        """Number of a name, or None."""
        text = np.frombuffer(bytearray(name) or bytearray(1), np.uint8)
        slot = name_slot(self.names, self.pool, kind, text, 0, len(name))
        return None if slot < 0 else int(self.names[slot]["id"])

    def count(self, kind: int) -> int:
        """How many names of a kind there are."""
        return self._counts.get(kind, 0)

    def of(self, kind: int) -> list[tuple[bytes, np.void]]:
        """Names of a kind with their rows, by number."""
        rows = self.names[(self.names["hash"] != 0) & (self.names["kind"] == kind)]
        rows = rows[np.argsort(rows["id"])]
        return [(self.pool[row["at"] : row["at"] + row["size"]].tobytes(), row) for row in rows]

    def _keep(self, text: bytes) -> int:
        at = self._used
        end = at + len(text)
        if end > len(self.pool):
            self.pool = np.concatenate((self.pool, np.zeros(max(len(self.pool), len(text)), np.uint8)))
        self.pool[at:end] = np.frombuffer(text, np.uint8)
        self._used = end
        return at

    def _grow(self) -> None:
        old = self.names[self.names["hash"] != 0]
        self.names = np.zeros(2 * len(self.names), NAME)
        for row in old:
            at, size = int(row["at"]), int(row["size"])
            slot = name_slot(self.names, self.pool, int(row["kind"]), self.pool, at, at + size)
            self.names[-1 - slot] = row
