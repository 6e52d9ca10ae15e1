"""Memory grows neither with the input nor with the number of inputs."""

import re
import subprocess
import sys
from pathlib import Path

MAKE_WIDE = Path(__file__).parents[3] / "examples" / "make_wide.py"
MEBIBYTE = 1024
ANNOTATE = """
import sys
from gas_engine.cli import main
try:
    main(["annotate", "-", "-o", sys.argv[1]])
finally:
    # ru_maxrss would start from the memory of whatever started this process.
    with open("/proc/self/status") as status:
        print("peak", next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""

REFUSE = """
import io, sys
from pathlib import Path
from gas_engine import EngineError, OutputPaths, annotate, default_bundle
bundle, outputs = default_bundle(), OutputPaths(Path(sys.argv[2]))
text = Path(sys.argv[1]).read_bytes() + b"MT\\tnowhere\\t.\\tA\\tG\\t.\\t.\\t.\\n"
for number in range(60):
    try:
        annotate(io.BytesIO(text), bundle, outputs, lambda _: None)
    except EngineError:
        if number in (5, 59):
            with open("/proc/self/status") as status:
                print("resident", next(line.split()[1] for line in status if line.startswith("VmRSS")))
"""


def peak_mib(samples: int, records: int, directory: Path) -> int:
    make = (sys.executable, MAKE_WIDE, str(samples), str(records))
    with subprocess.Popen(make, stdout=subprocess.PIPE) as wide:
        done = subprocess.run(
            (sys.executable, "-c", ANNOTATE, directory),
            stdin=wide.stdout,
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        )
    assert f"{records:,} of {records:,} records annotated" in done.stdout
    peak = re.search(r"peak ([0-9]+)", done.stdout)
    assert peak is not None
    return int(peak[1]) // MEBIBYTE


def test_three_thousand_samples_take_no_more_memory_for_twice_the_records(tmp_path: Path) -> None:
    # 2,500 records are 90 MB of text: beyond what is held for putting records in order.
    once, twice = (peak_mib(3000, records, tmp_path / str(records)) for records in (2500, 5000))
    assert twice < 1.15 * once
    assert twice < 400


def test_files_that_are_refused_do_not_make_a_worker_grow(tmp_path: Path) -> None:
    sample = MAKE_WIDE.with_name("sample.vcf")
    run = (sys.executable, "-c", REFUSE, sample, tmp_path)
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=100)
    early, late = (int(size) // MEBIBYTE for size in re.findall(r"resident ([0-9]+)", done.stdout))
    assert late - early < 64
