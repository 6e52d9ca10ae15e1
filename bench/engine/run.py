"""Time the engine beside the tools that do a part of its work, in one run, and print the ratios.

    python bench/engine/run.py --data DIR [--rounds 5] [--csq]

DIR is what ``make_data.py`` made; the bundle is built into it at the first call. Each line is the median of
the rounds, each round in a process of its own but for those called warm: wall-clock seconds, processor
seconds (all threads), and peak memory. Ratios compare processor seconds, which other work on the machine
disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gas_engine.vcf.bgzf import LEVEL

OURS = """
import sys
from pathlib import Path
from gas_engine import OutputPaths, annotate
from gas_engine.bundle import Bundle
with open(sys.argv[2], "rb") as vcf:
    annotate(vcf, Bundle.load(sys.argv[1]), OutputPaths(Path(sys.argv[3])), lambda _: None)
"""
WARM = """
import json, resource, sys, time
from pathlib import Path
from gas_engine import OutputPaths, annotate, warm
from gas_engine.bundle import Bundle
bundle, vcf, out = Bundle.load(sys.argv[1]), Path(sys.argv[2]), OutputPaths(Path(sys.argv[3]))
warm(bundle)
for _ in range(int(sys.argv[4]) + 1):
    wall, busy = time.perf_counter(), time.process_time()
    with vcf.open("rb") as stream:
        annotate(stream, bundle, out, lambda _: None)
    taken = (time.perf_counter() - wall, time.process_time() - busy)
    print(json.dumps([*taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""
IMPORTS = "import gas_engine, gas_engine.stream"
CSQ = "import pysam.bcftools, sys; pysam.bcftools.csq(*sys.argv[1:], catch_stdout=False)"


@dataclass(frozen=True)
class Taken:
    """Seconds by the clock and by the processor, and MiB at the peak."""

    wall: float
    busy: float
    peak: float


def timed(command: list[str], rounds: int) -> Taken:
    """Run a command some times; the median of each measure."""
    found = []
    for _ in range(rounds):
        begin = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{' '.join(command)} ended with {child.returncode}")
        found.append(
            Taken(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
        )
    return median(found)


def median(found: list[Taken]) -> Taken:
    return Taken(
        *(statistics.median(getattr(each, name) for each in found) for name in ("wall", "busy", "peak"))
    )


def warm(bundle: Path, vcf: Path, out: Path, rounds: int) -> Taken:
    """Time runs within one process, the first left out."""
    command = [sys.executable, "-c", WARM, str(bundle), str(vcf), str(out), str(rounds)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return median([Taken(wall, busy, peak / 1024) for wall, busy, peak in map(json.loads, lines[1:])])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--csq", action="store_true", help="also time bcftools csq, as pysam has it")
    options = parser.parse_args()
    data, rounds = options.data, options.rounds
    bundle = data / "bundle"
    if not bundle.exists():
        build = [
            "bundle",
            "build",
            "genome.fa",
            "genes.gff3",
            "-o",
            "bundle",
            "--name",
            "made",
            "--assembly",
            "made",
        ]
        build += ["--known", "known.vcf.gz", "--track", "segdups=segdups.bed"]
        begin = Taken(time.perf_counter(), 0, 0)
        subprocess.run([Path(sys.executable).with_name("gas-engine"), *build], check=True, cwd=data)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        tell("bundle build", Taken(time.perf_counter() - begin.wall, used.ru_utime, used.ru_maxrss / 1024))
    with tempfile.TemporaryDirectory(dir=data) as scratch:
        measure(data, bundle, Path(scratch), rounds, csq=options.csq)


def measure(data: Path, bundle: Path, out: Path, rounds: int, *, csq: bool) -> None:
    python = sys.executable
    engine = str(Path(python).with_name("gas-engine"))

    def ours(name: str) -> Taken:
        return timed([python, "-c", OURS, str(bundle), str(data / name), str(out / "ours")], rounds)

    tell("interpreter and imports", timed([python, "-c", IMPORTS], rounds))
    tell("1k, new process", ours("wgs-1k.vcf"))
    tell("1k, warm", warm(bundle, data / "wgs-1k.vcf", out / "warm", rounds))
    tell("100k wes, warm", warm(bundle, data / "wes-100k.vcf", out / "warm", rounds))
    text, packed = data / "wgs-1m.vcf", data / "wgs-1m.vcf.gz"
    parse = tell("bcftools view -Ou of 1M text", timed(["bcftools", "view", "-Ou", str(text)], rounds))
    piped = [engine, "annotate", str(text), "--bundle", str(bundle), "--quiet", "-o", "-"]
    tell("1M text to text, no HGVS", timed([*piped, "--no-hgvs"], rounds), parse, "view -Ou")
    tell("1M text to text", timed(piped, rounds), parse, "view -Ou")
    tell("1M text, all five outputs", ours("wgs-1m.vcf"), parse, "view -Ou")
    bound = limit(packed, out / "ours" / "annot.vcf.gz", out, rounds, ours)
    tell("1M bgz, all five outputs", ours("wgs-1m.vcf.gz"), bound, "inflate + deflate")
    cohort = data / "cohort-20k.vcf.gz"
    bound = limit(cohort, out / "ours" / "annot.vcf.gz", out, rounds, ours)
    tell("cohort bgz, all five outputs", ours("cohort-20k.vcf.gz"), bound, "inflate + deflate")
    if csq:
        model = [
            "-l",
            "-f",
            str(data / "genome.fa"),
            "-g",
            str(data / "genes.gff3"),
            "-Ov",
            "-o",
            "/dev/null",
        ]
        theirs = timed([python, "-c", CSQ, *model, str(text)], rounds)
        tell("bcftools csq of 1M text", theirs)


def limit(packed: Path, made: Path, out: Path, rounds: int, ours: Callable[[str], Taken]) -> Taken:
    """What inflating the input and deflating the same output, at the same level, takes bgzip."""
    ours(packed.name)
    plain = out / "plain.vcf"
    with plain.open("wb") as stream:
        subprocess.run(["bgzip", "-dc", str(made)], check=True, stdout=stream)
    inflate = tell(f"bgzip -dc of {packed.name}", timed(["bgzip", "-dc", str(packed)], rounds))
    pack = ["bgzip", "-l", str(LEVEL), "-c", str(plain)]
    deflate = tell("bgzip of what is written for it", timed(pack, rounds))
    shutil.rmtree(made.parent)
    plain.unlink()
    return Taken(inflate.wall + deflate.wall, inflate.busy + deflate.busy, max(inflate.peak, deflate.peak))


def tell(what: str, taken: Taken, than: Taken | None = None, name: str = "") -> Taken:
    ratio = f"  {taken.busy / than.busy:6.2f} x {name}" if than else ""
    print(f"{what:36} {taken.wall:9.3f} s  {taken.busy:9.3f} cpu s  {taken.peak:7.0f} MiB{ratio}", flush=True)
    return taken


if __name__ == "__main__":
    main()
