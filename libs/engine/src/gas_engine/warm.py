"""Get ready before the first file comes: compiled code loaded (or made), working memory there, pages read."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from gas_engine.annotate import annotate
from gas_engine.outputs.paths import OutputPaths

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle

_PAGE: Final = 4096
_HEADER: Final = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


def warm(bundle: Bundle) -> None:
    """Do one record on ``bundle``, and read all its pages into memory.

    Compiling takes a minute and is kept on disk, under ``NUMBA_CACHE_DIR`` or the user's cache; where it was
    done before (an image does it when it is built) this takes a fraction of a second. ``NUMBA_CPU_NAME`` must
    be the same then and now: code made for one processor is not used on another.
    """
    for array in bundle.tables.model:
        np.ascontiguousarray(array).view(np.uint8)[::_PAGE].sum()
    contig = bundle.contigs[0]
    ref = bundle.sequence(contig.name, 0, 1)
    record = f"{contig.name}\t1\t.\t{ref}\t{'C' if ref == 'A' else 'A'}\t.\t.\tDP=1\n"
    with tempfile.TemporaryDirectory() as scratch:
        annotate(io.BytesIO(_HEADER + record.encode()), bundle, OutputPaths(Path(scratch)), lambda _: None)
