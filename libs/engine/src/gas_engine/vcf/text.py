"""Bytes of a file as text: for people, who must be able to trust it, and for JSON, which loses nothing."""

from __future__ import annotations

_SHOWN_CHARACTERS = 40


def shown(value: bytes) -> str:
    r"""Quote what stands in a file: controls and invalid UTF-8 escaped, cut after 40 characters.

    >>> shown(b"12a")
    '"12a"'
    >>> shown(bytes([0, 255]))
    '"\\x00\\xff"'
    """
    if not value:
        return "nothing"
    text = value[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    if len(text) > _SHOWN_CHARACTERS or len(value) > 4 * _SHOWN_CHARACTERS:
        text = text[:_SHOWN_CHARACTERS] + "…"
    return f'"{text}"'


def readable(value: bytes) -> str:
    """Decode for tables and logs; bytes that are not UTF-8 become U+FFFD (the VCF itself keeps them)."""
    return value.decode("utf-8", "replace")


def as_json(value: bytes) -> str:
    """Keep any bytes in JSON."""
    return value.decode("latin-1")


def from_json(value: str) -> bytes:
    """Bytes that `as_json` kept."""
    return value.encode("latin-1")
