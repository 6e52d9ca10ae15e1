from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gas_core.domain.states import RESULTS_MOVES, STATUS_MOVES, TERMINAL, Results, Status

ROOT = Path(__file__).parents[4]


def test_no_arrow_leaves_a_terminal_status() -> None:
    assert not {move.name for move in STATUS_MOVES.values() if move.sources & TERMINAL}


def test_every_status_is_reached_from_the_first() -> None:
    reached, before = {Status.UPLOADING}, set()
    while reached != before:
        before = set(reached)
        reached |= {move.target for move in STATUS_MOVES.values() if move.sources & reached}
    assert reached == set(Status)


def test_every_status_that_is_not_terminal_can_end() -> None:
    ending, before = set(TERMINAL), set()
    while ending != before:
        before = set(ending)
        ending |= {
            source for move in STATUS_MOVES.values() if move.target in ending for source in move.sources
        }
    assert ending == set(Status)


def test_every_results_state_is_reached_once_results_are_there() -> None:
    reached, before = {Results.NONE, Results.AVAILABLE}, set()
    while reached != before:
        before = set(reached)
        reached |= {move.target for move in RESULTS_MOVES.values() if move.sources & reached}
    assert reached == set(Results)


def test_nothing_comes_back_from_deleting() -> None:
    assert not [move for move in RESULTS_MOVES.values() if Results.DELETING in move.sources]


def test_results_appear_in_the_write_that_completes_and_in_no_other() -> None:
    assert {move.name: move.results for move in STATUS_MOVES.values() if move.results} == {
        "complete": Results.AVAILABLE
    }


@pytest.mark.parametrize(
    "move", [*STATUS_MOVES.values(), *RESULTS_MOVES.values()], ids=lambda move: move.name
)
def test_every_arrow_tells_what_it_means(move: object) -> None:
    assert move.meaning  # type: ignore[attr-defined]  # both kinds of arrow have it


def test_page_of_the_states_tells_what_the_tables_say() -> None:
    check = [sys.executable, str(ROOT / "tools" / "states_page.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
