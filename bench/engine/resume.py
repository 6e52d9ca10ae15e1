"""What checkpoints cost, and what going on from one does: processor seconds of all threads, from one run.

    python bench/engine/resume.py [--records 100000] [--rounds 3]

The input is made up, on the human mitochondrial genome that comes with the engine. ``every`` leaves a
checkpoint at each row group of the table; a run takes one every 30 seconds by itself.
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import time
from pathlib import Path
from statistics import median

from gas_engine import Bundle, OutputPaths, annotate, default_bundle
from gas_engine.checkpoint import Checkpoints

TRANSITIONS = {"A": "G", "G": "A", "C": "T", "T": "C"}


class EndError(Exception):
    """The run was to end here."""


class Ending(Checkpoints):
    """Checkpoints wherever they can be, and an end at the first one after so many records."""

    def __init__(self, records: int) -> None:
        super().__init__(seconds=0)
        self._end = records

    def written(self, records: int) -> None:
        super().written(records)
        if records >= self._end:
            raise EndError


def a_file(bundle: Bundle, count: int) -> bytes:
    """Transitions all over the genome, in order."""
    contig = bundle.contigs[0]
    bases = bundle.sequence(contig.name, 0, contig.length)
    rng = random.Random(1)
    places = sorted(rng.choices([at for at, base in enumerate(bases) if base in TRANSITIONS], k=count))
    rows = (
        f"{contig.name}\t{at + 1}\t.\t{bases[at]}\t{TRANSITIONS[bases[at]]}\t.\t.\tDP={rng.randrange(90)}\n"
        for at in places
    )
    return ("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + "".join(rows)).encode()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    bundle = default_bundle()
    data = a_file(bundle, options.records)

    def run(checkpoints: Checkpoints | None, out: Path) -> float:
        begin = time.process_time()
        annotate(io.BytesIO(data), bundle, OutputPaths(out), lambda _: None, checkpoints=checkpoints)
        return time.process_time() - begin

    took: dict[str, list[float]] = {"none": [], "30 s": [], "every": [], "rest": []}
    rest = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        run(None, out)
        for _ in range(options.rounds):
            took["none"].append(run(None, out))
            took["30 s"].append(run(Checkpoints(), out))
            took["every"].append(run(Checkpoints(0), out))
            ending = Ending(options.records * 3 // 4)
            try:
                run(ending, out)
            except EndError:
                rest = 1 - ending.records / options.records
            took["rest"].append(run(Checkpoints(), out))
    whole = median(took["none"])
    print(f"{options.records:,} records, without checkpoints: {whole:.2f} s")
    print(f"a checkpoint every 30 s:        {median(took['30 s']) / whole:.3f} x")
    print(f"one at every row group:         {median(took['every']) / whole:.3f} x")
    print(f"the last {rest:.1%} of the records: {median(took['rest']) / whole:.3f} x")


if __name__ == "__main__":
    main()
