"""A run that is stopped, by whatever, leaves no file under a final name."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from gas_engine import Bundle, OutputPaths, Progress, annotate
from gas_engine.cli import main

Maker = Callable[..., str]
COMMAND = (sys.executable, "-c", "from gas_engine.cli import main; main()", "annotate", "-", "-o")


class CancelledError(Exception):
    """What a service raises from its progress callback when the user cancels."""


@pytest.mark.parametrize("stage", ["annotating", "writing", "done"])
def test_an_exception_of_progress_passes_through_and_leaves_nothing(
    bundle: Bundle, vcf_text: Maker, tmp_path: Path, stage: str
) -> None:
    def cancel(progress: Progress) -> None:
        if progress.stage == stage:
            raise CancelledError

    text = vcf_text(*["MT 64 . C T . . ."] * 1500)
    with pytest.raises(CancelledError):
        annotate(io.BytesIO(text.encode()), bundle, OutputPaths(tmp_path), cancel)
    assert list(tmp_path.iterdir()) == []


def test_progress_comes_at_least_every_thousand_records_and_rises(
    bundle: Bundle, vcf_text: Maker, tmp_path: Path
) -> None:
    seen: list[Progress] = []
    text = vcf_text(*["MT 64 . C T . . ."] * 3500).encode()
    annotate(io.BytesIO(text), bundle, OutputPaths(tmp_path), seen.append)
    counts = [progress.records for progress in seen]
    assert counts == sorted(counts)
    assert {1000, 2000, 3000, 3500} <= set(counts)
    assert {progress.bytes_total for progress in seen} == {len(text)}
    assert (seen[-1].stage, seen[-1].bytes_read) == ("done", len(text))


def test_progress_comes_while_bytes_dribble_in(bundle: Bundle, vcf_text: Maker, tmp_path: Path) -> None:
    reads = 0

    class SlowPipe(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal reads
            reads += 1
            time.sleep(0.1)
            return super().read(min(size or -1, 5_000))

    # Counted in reads, not in seconds: a busy machine makes each of them longer, and no more fit between two.
    seen: list[int] = []
    text = vcf_text(*["MT 64 . C T . . ."] * 900, "MT 72 . T C . . NOTE=" + "x" * 100_000).encode()
    annotate(SlowPipe(text), bundle, OutputPaths(tmp_path), lambda _: seen.append(reads))
    assert max(later - earlier for earlier, later in pairwise([0, *seen])) <= 8
    assert reads > 20


@pytest.fixture
def sigint_heeded() -> Iterator[None]:
    """Tests that a script starts with ``&`` ignore SIGINT, and their children would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("sigint_heeded")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_process_leaves_no_final_name(vcf_text: Maker, tmp_path: Path, how: signal.Signals) -> None:
    text = vcf_text(*["MT 64 . C T . . ."] * 50).encode()
    with subprocess.Popen(
        (*COMMAND, str(tmp_path)), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(text)
        process.stdin.flush()
        deadline = time.monotonic() + 20
        while not list(tmp_path.glob(".gas-partial-*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(how)
        process.wait(timeout=20)
    assert process.returncode == (130 if how is signal.SIGINT else -how)
    assert [path for path in OutputPaths(tmp_path).all if path.exists()] == []


def test_a_terminated_build_leaves_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "genome.fa")  # nobody writes to it: the build waits there
    (tmp_path / "genes.gff3").write_text("")
    given = ("bundle", "build", str(tmp_path / "genome.fa"), str(tmp_path / "genes.gff3"))
    terminate = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    terminate.start()
    done = CliRunner().invoke(main, [*given, "-o", str(tmp_path / "b"), "--name", "n", "--assembly", "a"])
    assert (done.exit_code, done.stderr) == (143, "Terminated; no results were left.\n")
    assert {path.name for path in tmp_path.iterdir()} == {"genome.fa", "genes.gff3"}
