"""What a run finds of the run before it: locks, and tables that were saved or not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gas_local.errors import LocalStackError
from gas_local.run import _only_one, _tidy

if TYPE_CHECKING:
    from pathlib import Path


def began(state: Path, *, saved_after_seconds: float | None) -> None:
    """Leave the marker of a run, and tables saved that long after it began."""
    marker = state / "running"
    marker.touch()
    os.utime(marker, (1000, 1000))
    objects = state / "aws" / "objects"
    objects.mkdir(parents=True)
    (objects / "an object").touch()
    if saved_after_seconds is not None:
        tables = state / "aws" / "saved" / "dynamodb.json"
        tables.parent.mkdir()
        tables.touch()
        os.utime(tables, (1000 + saved_after_seconds,) * 2)


def test_two_runs_cannot_share_their_state(tmp_path: Path) -> None:
    with _only_one(tmp_path), pytest.raises(LocalStackError, match="already runs"), _only_one(tmp_path):
        pass
    with _only_one(tmp_path):
        pass


def test_killed_run_that_saved_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began(tmp_path, saved_after_seconds=-60)
    _tidy(tmp_path)
    assert "the jobs of that run are gone" in capsys.readouterr().out
    assert (tmp_path / "aws/objects/an object").exists()


def test_killed_run_whose_guardian_saved_lost_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began(tmp_path, saved_after_seconds=60)
    _tidy(tmp_path)
    assert capsys.readouterr().out == ""
    assert (tmp_path / "aws/objects/an object").exists()


def test_objects_of_a_first_run_that_never_saved_are_removed(tmp_path: Path) -> None:
    began(tmp_path, saved_after_seconds=None)
    _tidy(tmp_path)
    assert not (tmp_path / "aws/objects").exists()


@pytest.mark.parametrize(("saved_after_seconds", "marked"), [(60, False), (-60, True)])
def test_run_leaves_its_marker_only_where_nothing_was_saved(
    tmp_path: Path, saved_after_seconds: float, *, marked: bool
) -> None:
    with _only_one(tmp_path):
        began(tmp_path, saved_after_seconds=saved_after_seconds)
    assert (tmp_path / "running").exists() is marked
