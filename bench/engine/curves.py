"""Time against the number of variants and of known alleles, and where the time of a run goes.

    python bench/engine/curves.py --data DIR [--rounds 3] [--most 10000000] [--out FILE.svg]

DIR is what ``make_data.py`` made, and ``run.py`` has built its bundle. Files of 10^2 to ``--most`` variants
come from the same genome, and so do bundles of 10^5 to 9 * 10^6 known alleles; 10^8 is what a straight line
through the last two says, drawn hollow and printed as extrapolated. Times are processor seconds of a new
process with all five outputs, medians. The profile is perf's (Debian: linux-perf), by library; without perf
it is left out and said so.
"""

from __future__ import annotations

import argparse
import math
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from make_data import KNOWN, write_known, write_vcf
from run import OURS, timed

Points = list[tuple[float, float]]
LIBRARIES = (
    (re.compile(r"JIT|perf-\d+\.map|anon|\[unknown\]"), "our core (compiled)"),
    (re.compile(r"deflate"), "deflate"),
    (re.compile(r"arrow|parquet"), "Arrow and Parquet"),
    (re.compile(r"python"), "Python"),
    (re.compile(r"kernel|vdso"), "operating system"),
    (re.compile(r"libc|libm|libpthread"), "C library (copying)"),
    (re.compile(r"numpy|multiarray"), "numpy"),
)


def contigs_of(fasta: Path) -> dict[str, np.ndarray]:
    """The sequences of a FASTA file as bytes."""
    contigs = {}
    for part in fasta.read_bytes().split(b">")[1:]:
        name, _, lines = part.partition(b"\n")
        contigs[name.decode()] = np.frombuffer(lines.replace(b"\n", b""), np.uint8)
    return contigs


def places(contigs: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(count)
    total = sum(map(len, contigs.values()))
    return {
        name: np.unique(rng.integers(100, len(bases) - 100, math.ceil(count * len(bases) / total)))
        for name, bases in contigs.items()
    }


def over_variants(data: Path, contigs: dict[str, np.ndarray], most: int, rounds: int) -> Points:
    points = []
    with tempfile.TemporaryDirectory(dir=data) as scratch:
        for power in range(2, round(math.log10(most)) + 1):
            vcf = Path(scratch) / "curve.vcf"
            write_vcf(vcf, contigs, places(contigs, 10**power), power)
            Path(f"{vcf}.gz").unlink()
            with vcf.open("rb") as lines:
                records = sum(not line.startswith(b"#") for line in lines)
            taken = timed(
                [sys.executable, "-c", OURS, str(data / "bundle"), str(vcf), f"{scratch}/out"],
                rounds if power < 7 else 1,  # noqa: PLR2004 - a long run needs no median
            )
            print(f"{records:>12,} variants {taken.busy:9.2f} cpu s {taken.peak:7.0f} MiB", flush=True)
            points.append((float(records), taken.busy))
    return points


def over_known(data: Path, contigs: dict[str, np.ndarray], rounds: int) -> Points:
    points = []
    with tempfile.TemporaryDirectory(dir=data) as scratch:
        for count in (100_000, 1_000_000, 9_000_000):
            known, bundle = Path(scratch) / "known.vcf.gz", Path(scratch) / "bundle"
            write_known(known, contigs, count / KNOWN)
            build = ["bundle", "build", str(data / "genome.fa"), str(data / "genes.gff3"), "-o", str(bundle)]
            build += ["--name", "made", "--assembly", "made", "--known", str(known)]
            subprocess.run([Path(sys.executable).with_name("gas-engine"), *build], check=True)
            vcf = data / "wgs-1m.vcf"
            taken = timed([sys.executable, "-c", OURS, str(bundle), str(vcf), f"{scratch}/out"], rounds)
            print(f"{count:>12,} known alleles {taken.busy:9.2f} cpu s {taken.peak:7.0f} MiB", flush=True)
            points.append((float(count), taken.busy))
            shutil.rmtree(bundle)
    (x0, y0), (x1, y1) = points[-2:]
    far = y1 + (y1 - y0) / (x1 - x0) * (1e8 - x1)
    print(f"{10**8:>12,} known alleles {far:9.2f} cpu s, extrapolated", flush=True)
    return [*points, (1e8, far)]


def profile(data: Path) -> list[tuple[str, float]]:
    """Shares of the processor's time by what runs, of 1 million records as text."""
    if not shutil.which("perf"):
        print("no profile: perf is not installed")
        return []
    with tempfile.TemporaryDirectory(dir=data) as scratch:
        recorded = f"{scratch}/perf.data"
        run = [sys.executable, "-c", OURS, str(data / "bundle"), str(data / "wgs-1m.vcf"), f"{scratch}/out"]
        command = ["perf", "record", "-q", "-F", "199", "-o", recorded, "--", *run]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        report = ["perf", "report", "-i", recorded, "--sort", "dso", "--stdio", "-q"]
        lines = subprocess.run(report, check=True, capture_output=True, text=True).stdout.splitlines()
    shares: Counter[str] = Counter()
    for line in lines:
        if found := re.match(r"\s*([\d.]+)%\s+(\S+)", line):
            name = next((name for pattern, name in LIBRARIES if pattern.search(found[2])), "others")
            shares[name] += float(found[1])
    for name, share in shares.most_common():
        print(f"{name:24} {share:5.1f} %")
    return shares.most_common()


def draw(path: Path, variants: Points, known: Points, shares: list[tuple[str, float]]) -> None:
    parts = [
        (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1080 340" role="img" '
            'font-family="system-ui, sans-serif" font-size="12">'
        ),
        "<title>Time of a run over variants and over known alleles, and where it goes</title>",
        '<rect width="1080" height="340" fill="#fff"/>',
        *axes(60, "Processor seconds over variants", variants, hollow=False),
        *axes(420, "… of 1 million variants over known alleles (hollow: extrapolated)", known, hollow=True),
    ]
    if shares:
        parts.append('<text x="800" y="24">Where the time of 1 million goes</text>')
    for number, (name, share) in enumerate(shares):
        y = 48 + 30 * number
        parts.append(f'<rect x="800" y="{y}" width="{share * 3:.1f}" height="10" fill="#0072b2"/>')
        parts.append(f'<text x="800" y="{y - 4}">{name}, {share:.0f} %</text>')
    path.write_text("\n".join([*parts, "</svg>", ""]))


def axes(left: int, title: str, points: Points, *, hollow: bool) -> list[str]:
    """One plot, both axes logarithmic, a grid line for each power of ten."""
    size = 250
    low_x, high_x = (round(math.log10(edge)) for edge in (points[0][0], points[-1][0]))
    low_y = math.floor(math.log10(min(y for _, y in points)))
    high_y = max(math.ceil(math.log10(max(y for _, y in points))), low_y + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            round(left + (math.log10(x) - low_x) / (high_x - low_x) * size, 1),
            round(44 + size - (math.log10(y) - low_y) / (high_y - low_y) * size, 1),
        )

    parts = [f'<text x="{left}" y="24">{title}</text>']
    for power in range(low_y, high_y + 1):
        _, y = place(10.0**low_x, 10.0**power)
        parts.append(f'<path d="M{left} {y}h{size}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>')
    for power in range(low_x, high_x + 1):
        x, _ = place(10.0**power, 10.0**low_y)
        parts.append(f'<path d="M{x} 44v{size}" stroke="#eee"/>')
        parts.append(
            f'<text x="{x}" y="{44 + size + 18}" text-anchor="middle">10'
            f'<tspan dy="-5" font-size="9">{power}</tspan></text>'
        )
    line = " ".join(f"{x},{y}" for x, y in (place(*point) for point in points))
    parts.append(f'<polyline points="{line}" fill="none" stroke="#0072b2"/>')
    for number, point in enumerate(points):
        x, y = place(*point)
        fill = "#fff" if hollow and number == len(points) - 1 else "#0072b2"
        parts.append(f'<circle cx="{x}" cy="{y}" r="3.5" fill="{fill}" stroke="#0072b2"/>')
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path, default=Path("docs/images/engine-curves.svg"))
    options = parser.parse_args()
    contigs = contigs_of(options.data / "genome.fa")
    variants = over_variants(options.data, contigs, options.most, options.rounds)
    known = over_known(options.data, contigs, options.rounds)
    draw(options.out, variants, known, profile(options.data))


if __name__ == "__main__":
    main()
