"""A warm engine has its code at hand."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gas_engine import Bundle, OutputPaths, annotate, warm
from gas_engine.kernel import native
from gas_engine.kernel.names import name_hash

SMALL_JOB = """
import io, sys
from pathlib import Path
from gas_engine import OutputPaths, annotate, default_bundle
vcf = b"##fileformat=VCFv4.2\\n#CHROM\\tPOS\\tID\\tREF\\tALT\\tQUAL\\tFILTER\\tINFO\\n"
vcf += b"MT\\t1\\t.\\tG\\tA\\t.\\t.\\t.\\n"
annotate(io.BytesIO(vcf), default_bundle(), OutputPaths(Path(sys.argv[1])), lambda _: None)
assert "numba" not in sys.modules
"""


def test_after_warming_the_code_is_on_disk_and_a_small_job_is_quick(
    bundle: Bundle, tmp_path: Path, vcf_text: object, snv_at: object
) -> None:
    warm(bundle)
    assert list(native.CACHE_DIRECTORY.glob("*.o"))
    text = vcf_text(*map(snv_at, range(1, 1001))).encode()  # type: ignore[operator]
    path = tmp_path / "in.vcf"
    path.write_bytes(text)
    taken = []
    for _ in range(3):
        begin = time.process_time()
        with path.open("rb") as vcf:
            annotate(vcf, bundle, OutputPaths(tmp_path / "out"), lambda _: None)
        taken.append(time.process_time() - begin)
    assert min(taken) < 1  # compiling takes a minute


def test_new_process_does_a_job_without_the_compiler(bundle: Bundle, tmp_path: Path) -> None:
    warm(bundle)
    subprocess.run([sys.executable, "-c", SMALL_JOB, str(tmp_path)], check=True)


def test_code_that_is_not_whole_is_made_anew(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm(bundle)
    [made] = native.CACHE_DIRECTORY.glob("binning.index_sites-*.o")
    monkeypatch.setattr(native, "CACHE_DIRECTORY", tmp_path / "kernel")
    asked = []

    def make() -> tuple[native.Description, bytes]:
        asked.append(made)
        code = made.read_bytes().partition(b"\n")[2]
        return native.Description(results=2, signed=True), code

    native.load("sites", (), make)
    native.load("sites", (), make)
    assert len(asked) == 1
    [kept] = (tmp_path / "kernel").iterdir()
    kept.write_bytes(kept.read_bytes()[:-100])
    native.load("sites", (), make)
    native.load("sites", (), make)
    assert len(asked) == 2


def test_compiled_code_refuses_an_array_with_gaps() -> None:
    with pytest.raises(ValueError, match="without gaps"):
        name_hash(1, np.zeros(20, np.uint8)[::2], 0, 3)
