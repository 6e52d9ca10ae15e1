"""A run that was stopped, by whatever, is gone on with: its files are those of a run that was not."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.engine.worlds import a_bundle, a_file

from gas_engine import Bundle, EngineError, Keep, OutputPaths, Pick, annotate
from gas_engine.checkpoint import Checkpoints, StoppedError
from gas_engine.cli import main
from gas_engine.errors import ResumeError
from gas_engine.outputs import table

Maker = Callable[..., str]


class KilledError(Exception):
    """As if the process had ended here."""


class Killer(Checkpoints):
    """Checkpoints whenever they can be, and an end after so many."""

    def __init__(self, after: int) -> None:
        super().__init__(seconds=0)
        self._left = after

    def written(self, records: int) -> None:
        super().written(records)
        self._left -= 1
        if not self._left:
            raise KilledError


def told(outputs: OutputPaths) -> dict[str, Any]:
    """All that a run leaves, but for what tells the time."""
    assert outputs.log.exists()
    summary = json.loads(outputs.summary.read_text())
    del summary["timing"]
    files = {path.name: path.read_bytes() for path in (outputs.vcf, outputs.index, outputs.table)}
    return {**files, "summary": summary}


def whole(data: bytes, bundle: Bundle, directory: Path, **how: Any) -> dict[str, Any]:
    outputs = OutputPaths(directory)
    annotate(io.BytesIO(data), bundle, outputs, lambda _: None, **how)
    assert set(directory.iterdir()) == set(outputs.all)
    return told(outputs)


def killed(data: bytes, bundle: Bundle, directory: Path, after: int) -> bool:
    """Run up to so many checkpoints; False if there are not so many."""
    try:
        annotate(io.BytesIO(data), bundle, OutputPaths(directory), lambda _: None, checkpoints=Killer(after))
    except KilledError:
        return True
    return False


@pytest.fixture
def _small_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints lie between row groups: have many of them in little data."""
    monkeypatch.setattr(table, "_ROW_GROUP_ROWS", 1)
    monkeypatch.setattr(table, "_BATCH_ROWS", 3)


pytestmark = pytest.mark.usefixtures("_small_row_groups")


@pytest.fixture
def data(vcf_text: Maker, snv_at: Maker) -> bytes:
    """Some blocks of BGZF; every fourth record goes the plain way, which ends a row group."""
    rng = random.Random(1)
    notes = ("".join(rng.choices("abcdefgh", k=6000)) for _ in range(60))
    records = [snv_at(100 + 7 * number, f"NOTE={note};X{number}=1") for number, note in enumerate(notes)]
    records[::4] = [f"MT {100 + 28 * number} . A <DEL> . q{number % 3} END=600" for number in range(15)]
    return vcf_text(*records, "chrOther 5 . A C . . .").encode()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**48), st.sampled_from([bytes, gzip.compress]))
def test_on_made_up_genomes_a_resumed_run_leaves_the_same_bytes(
    seed: int, packed: Callable[[bytes], bytes]
) -> None:
    rng = random.Random(seed)
    bundle = a_bundle(rng)
    data = packed(a_file(rng, bundle))
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch) / "again"
        try:
            expected = whole(data, bundle, Path(scratch) / "whole")
        except EngineError:  # of another reference, by chance
            return
        # Each try ends after one checkpoint of its own, so that every one of the run is gone on from.
        while killed(data, bundle, again, 1 + (again / ".gas-resume" / "checkpoint.npz").exists()):
            assert not OutputPaths(again).vcf.exists()
        assert told(OutputPaths(again)) == expected
        assert set(again.iterdir()) == set(OutputPaths(again).all)


# A process of its own is killed at a point, without any chance to tidy up.
KILLED = """
import io, os, signal, sys
from pathlib import Path
from gas_engine import OutputPaths, annotate, default_bundle
from gas_engine.checkpoint import Checkpoints
from gas_engine.outputs import table
table._ROW_GROUP_ROWS, table._BATCH_ROWS = 1, 3
path, out, stage, after = sys.argv[1:]
checkpoints = Checkpoints(0)
passed = 0
def die(progress):
    global passed
    passed += progress.stage == stage and checkpoints.records >= int(after)
    if passed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
with open(path, "rb") as vcf:
    annotate(vcf, default_bundle(), OutputPaths(Path(out)), die, checkpoints=checkpoints)
"""


@pytest.mark.parametrize(("stage", "after"), [("annotating", 5), ("done", 0)])
def test_a_killed_process_is_gone_on_with(
    bundle: Bundle, data: bytes, tmp_path: Path, stage: str, after: int
) -> None:
    # Progress is told every thousand records: so many more, where the process is to die between checkpoints.
    more = b"".join(b"chrOther\t%d\t.\tA\tC\t.\t.\t.\n" % pos for pos in range(6, 1200))
    (tmp_path / "in.vcf").write_bytes(data + more)
    done = subprocess.run(
        (sys.executable, "-c", KILLED, str(tmp_path / "in.vcf"), str(tmp_path / "out"), stage, str(after)),
        timeout=100,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    outputs = OutputPaths(tmp_path / "out")
    assert not any(path.exists() for path in outputs.all)
    seen: list[int] = []
    with (tmp_path / "in.vcf").open("rb") as vcf:
        annotate(
            vcf,
            bundle,
            outputs,
            lambda progress: seen.append(progress.records),
            checkpoints=Checkpoints(),
        )
    assert told(outputs) == whole(data + more, bundle, tmp_path / "whole")
    assert min(seen) > 20


def test_a_run_that_is_to_stop_leaves_a_checkpoint_at_once(
    bundle: Bundle, data: bytes, tmp_path: Path
) -> None:
    checkpoints = Checkpoints()
    checkpoints.stop()
    with pytest.raises(StoppedError):
        annotate(io.BytesIO(data), bundle, OutputPaths(tmp_path), lambda _: None, checkpoints=checkpoints)
    assert 0 < checkpoints.records < 10
    again = Checkpoints()
    annotate(io.BytesIO(data), bundle, OutputPaths(tmp_path), lambda _: None, checkpoints=again)
    assert again.records == checkpoints.records
    assert told(OutputPaths(tmp_path)) == whole(data, bundle, tmp_path / "whole")


def test_what_was_appended_to_the_input_meanwhile_is_done_too(
    bundle: Bundle, data: bytes, tmp_path: Path
) -> None:
    assert killed(data[: len(data) // 2].rpartition(b"\n")[0] + b"\n", bundle, tmp_path, 2)
    annotate(io.BytesIO(data), bundle, OutputPaths(tmp_path), lambda _: None, checkpoints=Checkpoints())
    assert told(OutputPaths(tmp_path)) == whole(data, bundle, tmp_path / "whole")


def resumed(data: bytes, bundle: Bundle, directory: Path, pick: Pick = Pick()) -> str:  # noqa: B008 - frozen
    """Try to go on, in vain; return the sentence that says why."""
    with pytest.raises(ResumeError) as caught:
        annotate(
            io.BytesIO(data),
            bundle,
            OutputPaths(directory),
            lambda _: None,
            pick=pick,
            checkpoints=Checkpoints(),
        )
    assert (directory / ".gas-resume" / "checkpoint.npz").exists()
    return str(caught.value)


def test_a_run_of_another_kind_is_refused_and_what_was_done_stays(
    bundle: Bundle, data: bytes, tmp_path: Path
) -> None:
    assert killed(data, bundle, tmp_path, 3)
    where = f"The unfinished run in {tmp_path / '.gas-resume'} "
    remedy = ". Remove that directory to begin anew."
    changed = data.replace(b"NOTE=", b"NOTA=", 1)
    assert resumed(changed, bundle, tmp_path) == where + "is of a run with another input" + remedy
    assert resumed(data.replace(b"INFO", b"INFO\tFORMAT", 1), bundle, tmp_path).startswith(
        where + "is of a run with another input"
    )
    assert "another set of options" in resumed(data, bundle, tmp_path, Pick(Keep.GENE))
    other = Bundle(replace(bundle.manifest, contigs=bundle.contigs[:1], version="x"), bundle.tables)
    assert "another bundle" in resumed(data, other, tmp_path)
    short = data[: data.index(b"\n", data.index(b"NOTE=")) + 1]
    assert "another input" in resumed(short, bundle, tmp_path)
    annotate(io.BytesIO(data), bundle, OutputPaths(tmp_path), lambda _: None, checkpoints=Checkpoints())
    assert told(OutputPaths(tmp_path)) == whole(data, bundle, tmp_path / "whole")


@pytest.mark.parametrize("name", ["checkpoint.npz", "body.bgz"])
def test_a_damaged_unfinished_run_is_refused(bundle: Bundle, data: bytes, tmp_path: Path, name: str) -> None:
    assert killed(data, bundle, tmp_path, 12)
    damaged = tmp_path / ".gas-resume" / name
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    assert " is damaged. Remove that directory" in resumed(data, bundle, tmp_path)


def test_two_runs_do_not_work_in_one_directory(bundle: Bundle, data: bytes, tmp_path: Path) -> None:
    def start_another(_: object) -> None:
        with pytest.raises(ResumeError, match=r"is at work\. Wait for its end"):
            annotate(io.BytesIO(data), bundle, outputs, lambda _: None, checkpoints=Checkpoints())

    outputs = OutputPaths(tmp_path)
    annotate(io.BytesIO(data), bundle, outputs, start_another, checkpoints=Checkpoints())
    assert told(outputs) == whole(data, bundle, tmp_path / "whole")


def test_a_fault_of_the_input_leaves_nothing_to_go_on_with(
    bundle: Bundle, data: bytes, tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match="Line 64, column 3"):
        annotate(
            io.BytesIO(data + b"MT\tx\n"),
            bundle,
            OutputPaths(tmp_path),
            lambda _: None,
            checkpoints=Checkpoints(0),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_with_where_the_command_goes_on(
    bundle: Bundle, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.vcf").write_bytes(data)
    out = tmp_path / "out"
    given = ("annotate", str(tmp_path / "in.vcf"), "-o", str(out), "--resume", "--checkpoint-seconds", "0")
    room = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self: Checkpoints, records: int) -> None:
        """No file may grow any more: a write is then refused as on a full disk, by another name."""
        self.records = records
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, room[1]))

    with monkeypatch.context() as full:
        full.setattr(Checkpoints, "written", fill)
        try:
            done = CliRunner().invoke(main, given)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, room)
    assert done.exit_code == 1
    assert re.fullmatch(
        r"Error: .*File too large\. When this is mended, the same command goes on after record \d+\.\n",
        done.stderr,
    )
    assert CliRunner().invoke(main, given).exit_code == 0
    assert told(OutputPaths(out)) == whole(data, bundle, tmp_path / "whole")


COMMAND = """
from gas_engine import cli, terminate
from gas_engine.outputs import table
table._ROW_GROUP_ROWS, table._BATCH_ROWS = 1, 3
terminate._STOP_SECONDS = 0.5
cli.main()
"""


@pytest.mark.parametrize("resume", [True, False])
def test_a_terminated_command_says_what_it_left(data: bytes, tmp_path: Path, *, resume: bool) -> None:
    out = tmp_path / "out"
    given = ("annotate", "-", "-o", str(out), *(("--resume", "--checkpoint-seconds", "0") if resume else ()))
    with subprocess.Popen(
        (sys.executable, "-c", COMMAND, *given), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        # It waits for more of its input: so sure is it that it is at work when the signal comes.
        process.stdin.write(data)
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while not list(out.glob(".gas-*/body.bgz")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        said = process.stderr.read().decode()
        assert process.wait(timeout=60) == 143
    assert said == "Terminated; no results were left.\n"
    assert list(out.iterdir()) == []
