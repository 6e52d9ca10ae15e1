"""Checkpoints: what a run has done so far, so that a later one goes on from there.

The outputs themselves stay in the run's directory (`OutputPaths.resumable`): BGZF blocks of records, and the
table in parts. A checkpoint tells how much of each counts and holds all that is in memory between two
records. It is one file that is replaced as a whole, after what it speaks of is on the disk. A run that was
killed at any moment therefore has one that is right, and whatever was written after it is cut off.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gas_engine.errors import ResumeError

if TYPE_CHECKING:
    from pathlib import Path

    from gas_engine.kernel.layout import Rows

_VERSION: Final = 1
CHECKPOINT_SECONDS: Final = 30.0


class StoppedError(Exception):
    """The run was asked to stop, and its checkpoint is written."""


class Checkpoints:
    """When a run leaves checkpoints: every so many seconds, and when it is asked to stop.

    ``records`` counts the records of the last checkpoint that was written or gone on from; 0 without one.
    """

    def __init__(self, seconds: float = CHECKPOINT_SECONDS) -> None:
        self._seconds = seconds
        self._last = time.monotonic()
        self.records = 0
        self.stopping = False

    def stop(self) -> None:
        """Leave a checkpoint as soon as the outputs allow, then end with `StoppedError`."""
        self.stopping = True

    @property
    def due(self) -> bool:
        """True if it is time for one."""
        return self.stopping or time.monotonic() - self._last >= self._seconds

    def written(self, records: int) -> None:
        """Take note of one."""
        self._last = time.monotonic()
        self.records = records


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the input, between two lines.

    ``lines`` stand before it, those of the header too; ``crc`` is the CRC-32 of the records' text before it,
    unpacked; ``contig`` (its number among those met) and ``pos`` are the last record's.
    """

    lines: int
    crc: int
    contig: int
    pos: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint.

    ``identity`` is what a run must have in common with the one that wrote it, by the words that a refusal
    uses; ``parts`` counts parts of the table; ``state`` is of JSON's types; ``body`` comes of
    `BodyWriter.settle`.
    """

    identity: dict[str, str]
    place: Place
    parts: int
    state: dict[str, Any]
    body: dict[str, Rows]

    def save(self, path: Path) -> None:
        """Put it in the place of the one before."""
        told = {
            "version": _VERSION,
            "identity": self.identity,
            "place": asdict(self.place),
            "parts": self.parts,
            "state": self.state,
        }
        beside = path.with_name(path.name + ".new")
        with beside.open("wb") as file:
            arrays: dict[str, Any] = {"told": np.frombuffer(json.dumps(told).encode(), np.uint8), **self.body}
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    @classmethod
    def load(cls, path: Path) -> Checkpoint | None:
        """Read the one at ``path``, if there is one; ResumeError if it is damaged."""
        if not path.exists():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                body = {name: arrays[name] for name in arrays.files}
            told = json.loads(body.pop("told").tobytes())
            if told["version"] != _VERSION:
                raise ResumeError(path.parent, "is of another version of the engine")
            return cls(told["identity"], Place(**told["place"]), told["parts"], told["state"], body)
        except (ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
            raise ResumeError(path.parent, "is damaged") from error

    def check(self, identity: dict[str, str], path: Path) -> None:
        """Refuse to go on with anything else."""
        for what, value in identity.items():
            if self.identity.get(what) != value:
                raise ResumeError(path.parent, f"is of a run with another {what}")
