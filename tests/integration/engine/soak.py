"""Hold the engine against plain Python, and its names against what they tell, for as long as wanted.

    python -m tests.integration.engine.soak --minutes 60 [--processes 2] [--first 0]

Every number is a made-up genome, gene models, known variants, tracks, and a file for them: the cases of
``test_fast_equals_plain.py`` and ``test_names_make_the_change.py``. What fails is told with its number, which
``--first`` begins with again. The exit code is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from itertools import count

from tests.integration.engine.test_fast_equals_plain import compare_world
from tests.integration.engine.test_names_make_the_change import judge_world


def soak(process: int, processes: int, first: int, until: float) -> tuple[int, int, int, int]:
    """Numbers tried, records compared, names and terms judged, and numbers that failed."""
    worlds = records = judged = failed = 0
    for number in count(first + process, processes):
        if time.monotonic() > until:
            break
        try:
            records += compare_world(number)
            judged += judge_world(number)
        except Exception:  # noqa: BLE001  # any is a finding, and the next numbers are worth trying
            failed += 1
            print(f"number {number} failed:\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        worlds += 1
    return worlds, records, judged, failed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    tasks = [(number, options.processes, options.first, until) for number in range(options.processes)]
    with multiprocessing.Pool(options.processes) as pool:
        worlds, records, judged, failed = map(sum, zip(*pool.starmap(soak, tasks), strict=True))
    print(
        f"{worlds:,} made-up genomes: {records:,} records compared with plain Python, "
        f"{judged:,} names judged; {failed:,} failed"
    )
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
