"""A disk that is full ends a run in one sentence, and leaves nothing half."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# No file may grow beyond so many bytes: a write is then refused as on a full disk, by another name.
LIMITED = """
import resource, sys
from gas_engine.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
main()
"""


@pytest.mark.parametrize("room", [0, 4_000, 20_000], ids=["at once", "in the table", "later"])
def test_a_write_that_is_refused_is_one_sentence_and_leaves_nothing(
    vcf_text: Callable[..., str], tmp_path: Path, room: int
) -> None:
    source, out = tmp_path / "in.vcf", tmp_path / "out"
    source.write_text(vcf_text(*[f"MT 64 id{number * 7919 % 100_003} C T . . ." for number in range(5000)]))
    done = subprocess.run(
        (sys.executable, "-c", LIMITED, str(room), "annotate", str(source), "-o", str(out)),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(out.iterdir()) == []
