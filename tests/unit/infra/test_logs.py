from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gas_local.logs import LogFile

if TYPE_CHECKING:
    from pathlib import Path


def lines(*records: object) -> str:
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records)


def test_warnings_are_told_once_and_in_words(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    log = LogFile("web", path)
    path.write_text(
        lines({"level": "info", "event": "started"}, {"level": "warning", "event": "slow", "ms": 9})
    )
    assert log.new_warnings() == ["       web | warning: slow ms=9"]
    assert log.new_warnings() == []


def test_line_still_being_written_is_told_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    log = LogFile("web", path)
    whole = lines({"level": "error", "event": "broken"})
    path.write_text(whole[:10])
    assert log.new_warnings() == []
    path.write_text(whole)
    assert log.new_warnings() == ["       web | error: broken"]


def test_last_lines_show_a_trace_in_full(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text(lines("plain", {"level": "critical", "event": "died", "exception": "Traceback\n  here"}))
    assert LogFile("web", path).last_lines(5) == ["plain", "critical: died", "Traceback", "  here"]


def test_silent_program_leaves_a_word(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("")
    assert LogFile("web", path).last_lines(5) == ["(nothing)"]
