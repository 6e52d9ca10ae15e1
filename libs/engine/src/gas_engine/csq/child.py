"""Run bcftools csq from standard input to standard output: ``python child.py FASTA GFF3 CODE``.

It is C code that ends its process where something is wrong with its input, so it gets one of its own, with
bounds to what it may take.
"""

from __future__ import annotations

import resource
import sys
from typing import Final

_MEMORY_BYTES: Final = 16 << 30
"""A human genome's gene models take some 0.3 GB."""
_PROCESSOR_SECONDS: Final = 4 * 3600
"""At 50,000 records a second, five million take two minutes."""


def main() -> None:
    """Do it; what csq says of an error goes to standard error, with exit code 1."""
    fasta, gff3, code = sys.argv[1:]
    bounds = (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),
    )
    for what, most in bounds:
        resource.setrlimit(what, (most, most))
    import pysam.bcftools
    from pysam.utils import SamtoolsError

    # -l: each record alone, -n: do not cut consequences short, --force: leave out a gene model it cannot take
    options = ("-l", "-n", "1024", "--force", "-C", code, "-f", fasta, "-g", gff3, "-Ov", "-o", "-", "-")
    try:
        pysam.bcftools.csq(*options, catch_stdout=False)
    except SamtoolsError as error:
        sys.exit(error.value)  # its text is a quotation of this


if __name__ == "__main__":
    main()
