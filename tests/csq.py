"""bcftools csq as pysam has it, in a process of its own: within one it keeps the last record's place."""

from __future__ import annotations

import subprocess
import sys

_CALL = "import pysam.bcftools, sys; print(pysam.bcftools.csq(*sys.argv[1:]), end='')"


def bcftools_csq(*arguments: str) -> str:
    """What csq prints."""
    command = (sys.executable, "-c", _CALL, *arguments)
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout
