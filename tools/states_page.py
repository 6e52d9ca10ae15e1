"""Make docs/developer/states.md from the tables of states.

``python tools/states_page.py``
    Write the page; run it after changing a table.
``python tools/states_page.py --check``
    Say whether the page is what the tables tell.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gas_core.domain.states import RESULTS_MOVES, STATUS_MOVES, TERMINAL, Results, Status

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/developer/states.md"

INTRODUCTION = """\
# The states of a job

`python tools/states_page.py` makes this page from the tables in `gas_core.domain.states`; change those.

A job has two states, kept apart: `job_status` tells how far its annotation is, `results_state` where its
results are. Every arrow is one conditional write of the job's row in DynamoDB. A function in
`gas_core.domain.lifecycle` decides it on the row as it was read; if anything was decided meanwhile, the
write is refused, and the decision is taken anew on the row as it stands then.
"""

BIRTH_OF_RESULTS = (
    "`complete` is the status arrow of that name: results appear in the very write that ends the job."
)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow between two states; a row of a table has one for each state it leaves."""

    name: str
    source: StrEnum
    target: StrEnum
    meaning: str


def status_arrows() -> list[Arrow]:
    """The arrows of ``job_status`` in the order of its table."""
    return [
        Arrow(move.name, source, move.target, move.meaning)
        for move in STATUS_MOVES.values()
        for source in Status
        if source in move.sources
    ]


def results_arrows() -> list[Arrow]:
    """The arrows of ``results_state``, first those that go with a change of status."""
    born = [
        Arrow(move.name, Results.NONE, move.results, move.meaning)
        for move in STATUS_MOVES.values()
        if move.results
    ]
    return born + [
        Arrow(move.name, source, move.target, move.meaning)
        for move in RESULTS_MOVES.values()
        for source in Results
        if source in move.sources
    ]


def diagram(arrows: Iterable[Arrow], *, first: StrEnum, last: Iterable[StrEnum]) -> list[str]:
    """A Mermaid state diagram, which GitHub draws."""
    return [
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {first}",
        *(f"    {arrow.source} --> {arrow.target}: {arrow.name}" for arrow in arrows),
        *(f"    {state} --> [*]" for state in last),
        "```",
        "",
    ]


def table(arrows: Iterable[Arrow]) -> list[str]:
    """One line for each arrow's name."""
    by_name: dict[str, list[Arrow]] = {}
    for arrow in arrows:
        by_name.setdefault(arrow.name, []).append(arrow)
    lines = ["| Arrow | From | To | When |", "|---|---|---|---|"]
    for name, same in by_name.items():
        sources = ", ".join(arrow.source for arrow in same)
        lines.append(f"| {name} | {sources} | {same[0].target} | {same[0].meaning} |")
    return [*lines, ""]


def page() -> str:
    """The page as it should be."""
    lines = [
        INTRODUCTION,
        "## Status",
        "",
        *diagram(
            status_arrows(), first=Status.UPLOADING, last=[state for state in Status if state in TERMINAL]
        ),
        *table(status_arrows()),
        "## Results",
        "",
        *diagram(results_arrows(), first=Results.NONE, last=[Results.DELETING]),
        *table(results_arrows()),
        BIRTH_OF_RESULTS,
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.stderr.write(
            f"{PAGE.relative_to(ROOT)} is out of date: run python tools/states_page.py and commit it.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
