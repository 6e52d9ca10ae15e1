"""Log files of the programs: what they end with, and what of them is worth a line on the terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_LOUD = {"warning", "error", "critical"}
_COMMON = {"event", "level", "timestamp", "logger", "exception", "service", "trace_id", "span_id"}


@dataclass(slots=True)
class LogFile:
    """One program's log, read as it grows. Our services write a JSON object a line, others what they like."""

    name: str
    path: Path
    _seen: int = 0

    def last_lines(self, count: int) -> list[str]:
        """How it ends."""
        lines = self.path.read_text(errors="replace").splitlines()[-count:]
        return [part for line in lines for part in _readable(line).splitlines()] or ["(nothing)"]

    def new_warnings(self) -> list[str]:
        """Lines of level warning and above that came since the last call."""
        with self.path.open("rb") as file:
            file.seek(self._seen)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._seen += len(whole)
        lines = whole.decode(errors="replace").splitlines()
        return [f"{self.name:>10} | {_readable(line)}" for line in lines if _level(line) in _LOUD]


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _level(line: str) -> str:
    record = _record(line)
    return str(record.get("level", "")).lower() if record else ""


def _readable(line: str) -> str:
    record = _record(line)
    if record is None:
        return line
    fields = " ".join(f"{name}={value}" for name, value in record.items() if name not in _COMMON)
    text = f"{record.get('level', '')}: {record.get('event', '')} {fields}".rstrip()
    return f"{text}\n{record['exception']}" if record.get("exception") else text
