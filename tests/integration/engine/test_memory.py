"""Memory does not grow with the input."""

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
