"""The engine's own errors. Each carries fields; its text is one sentence that tells the user what to do."""

from __future__ import annotations


class EngineError(Exception):
    """The annotation cannot go on. ``str(error)`` is a sentence for the person who asked for it."""


class BundleError(EngineError):
    """A reference bundle is damaged, of another format version, or cannot be built from what was given."""


class VcfError(EngineError):
    """A place in the input that is not VCF.

    Parameters
    ----------
    line
        Line of the uncompressed text, counted from 1; the header counts.
    column
        Column (tab-separated field) of that line, counted from 1, or None when the whole line is meant.
    field
        The column's name (``POS``, ``REF``), or an empty string.
    found, expected
        What stands there and what belongs there, as short phrases without a full stop.
    """

    def __init__(self, line: int, column: int | None, field: str, found: str, expected: str) -> None:
        self.line = line
        self.column = column
        self.field = field
        self.found = found
        self.expected = expected
        super().__init__(line, column, field, found, expected)

    def __str__(self) -> str:
        where = f"Line {self.line}" if self.column is None else f"Line {self.line}, column {self.column}"
        name = f" ({self.field})" if self.field else ""
        return f"{where}{name}: {self.found} where {self.expected} belongs."
