"""Compiling to machine code, once: where the result is kept, and the one decorator.

numba tells by the time stamp of a function's own file whether what it kept is stale, and so misses a change
in a function that is called from another file. So everything is kept under a digest of all our kernel
sources, and of what they take constants from: another source is another directory. What else must fit
(Python, numba, processor) is numba's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def _cache_directory() -> Path:
    """Under ``NUMBA_CACHE_DIR`` where that is set, else in the user's cache.

    numba uses no directory that it cannot write to. Where ours is such (an image that is read only), what it
    holds is copied to a temporary one; where it cannot be made, nothing is kept beyond this process.
    """
    digest = hashlib.sha256()
    here = Path(__file__).parent
    # the numbers of the terms are constants of compiled code too
    for path in (here.parent / "terms.py", *sorted(here.glob("*.py"))):
        digest.update(path.read_bytes())
    user = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - home may be unknown
    base = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(user) / "gas-engine")
    directory = base / f"kernel-{digest.hexdigest()[:16]}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError:
        writable = Path(tempfile.mkdtemp(prefix="gas-engine-")) / directory.name
        if directory.is_dir():
            shutil.copytree(directory, writable)
        return writable
    return directory


CACHE_DIRECTORY = _cache_directory()
numba.config.CACHE_DIR = str(CACHE_DIRECTORY)  # type: ignore[attr-defined]  # its stubs leave out settings


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile at the first call; keep the code on disk; run without Python's lock."""
    # Counting references to arrays, which the caller holds anyway, took three quarters of the time (measured:
    # 1.32 s for 100,000 records against 0.31 s); nothing is allocated in compiled code, so it can go.
    options: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False}
    return cast("Callable[P, R]", numba.njit(**options)(function))
