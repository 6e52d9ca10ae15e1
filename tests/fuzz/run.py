"""Fuzz one target for a time, guided by what of our plain Python an input reaches.

    python -m tests.fuzz.run vcf|bundle --seconds 600

Compiled code checks its bounds here, so that a read beside an array is found and not luck. New inputs are
kept under ``.local/fuzz``, and so is what broke something (``*-crash-*``, ``*-timeout-*``): make it small,
mend what it shows, and put it into ``tests/fuzz/corpus``, which the tests go through.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / ".local" / "fuzz"
LONGEST_BYTES = 1 << 14
SLOWEST_SECONDS = 60


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", choices=("vcf", "bundle"))
    parser.add_argument("--seconds", type=int, default=600)
    options = parser.parse_args()
    # Before numba is imported; checked code is other code, and is kept elsewhere.
    os.environ["NUMBA_BOUNDSCHECK"] = "1"
    os.environ["NUMBA_CACHE_DIR"] = str(KEPT / "kernel")

    import atheris

    # Not the core: numba compiles its bytecode as it stands.
    package = find_spec("gas_engine")
    assert package is not None
    assert package.origin is not None
    kernel = [f"gas_engine.kernel.{path.stem}" for path in Path(package.origin).parent.glob("kernel/*.py")]
    with atheris.instrument_imports(include=["gas_engine"], exclude=kernel, enable_loader_override=False):
        from tests.fuzz.targets import TARGETS, seeds
    target = TARGETS[options.target]
    corpus = KEPT / options.target
    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in seeds()[options.target].items():
        target(data)  # compiles, which must not count as a hang
        (corpus / name).write_bytes(data)
    arguments = [
        str(corpus),
        str(HERE / "corpus" / options.target),
        f"-max_total_time={options.seconds}",
        f"-max_len={LONGEST_BYTES}",
        f"-timeout={SLOWEST_SECONDS}",
        "-rss_limit_mb=4096",
        f"-artifact_prefix={KEPT / options.target}-",
        f"-dict={HERE / (options.target + '.dict')}",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *arguments], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
