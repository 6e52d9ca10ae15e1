"""Room on the disk for one process, given back even by those that were killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(parent: Path, *, prefix: str) -> Iterator[Path]:
    """Make a directory that is this process's alone, and remove those whose process is gone.

    A container that is killed starts again on the same volume: without this, half-made results would pile
    up until the disk is full. The lock on a directory goes with its process, however that ends.
    """
    with _locked(parent):
        for old in parent.glob(f"{prefix}*"):
            _remove_if_left(old)
        own = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        handle = os.open(own, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield own
    finally:
        shutil.rmtree(own)
        os.close(handle)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remove_if_left(directory: Path) -> None:
    try:
        handle = os.open(directory, os.O_RDONLY)
    except FileNotFoundError:  # its process ended in order just now
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory)
    except BlockingIOError:
        pass  # its process lives
    finally:
        os.close(handle)
