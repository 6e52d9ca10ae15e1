"""The outputs of a run appear together or not at all."""

from pathlib import Path

import pytest

from gas_engine.outputs.paths import OutputPaths


def fail_with(error: BaseException, outputs: OutputPaths) -> None:
    with outputs.staged() as staged:
        fill(staged, "half")
        raise error


def lose_the_log(outputs: OutputPaths) -> None:
    with outputs.staged() as staged:
        fill(staged, "later")
        staged.log.unlink()


def fill(outputs: OutputPaths, text: str) -> None:
    for path in outputs.all:
        path.write_text(text)


def test_names_are_those_of_the_design(tmp_path: Path) -> None:
    assert [path.name for path in OutputPaths(tmp_path).all] == [
        "annot.vcf.gz",
        "annot.vcf.gz.tbi",
        "table.parquet",
        "count.log",
        "summary.json",
    ]


def test_a_complete_set_takes_its_place_and_leaves_nothing_else(tmp_path: Path) -> None:
    outputs = OutputPaths(tmp_path / "new" / "directory")
    with outputs.staged() as staged:
        fill(staged, "made")
        assert not any(path.exists() for path in outputs.all)
    assert sorted(outputs.directory.iterdir()) == sorted(outputs.all)


def test_a_failed_run_leaves_nothing(tmp_path: Path) -> None:
    outputs = OutputPaths(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fail_with(KeyboardInterrupt(), outputs)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_run_leaves_the_results_of_the_one_before(tmp_path: Path) -> None:
    outputs = OutputPaths(tmp_path)
    fill(outputs, "earlier")
    with pytest.raises(ValueError, match="broke"):
        fail_with(ValueError("broke"), outputs)
    assert {path.read_text() for path in outputs.all} == {"earlier"}


def test_a_crash_between_the_moves_shows_as_a_missing_summary(tmp_path: Path) -> None:
    outputs = OutputPaths(tmp_path)
    fill(outputs, "earlier")
    with pytest.raises(FileNotFoundError):
        lose_the_log(outputs)
    assert not outputs.summary.exists()
