"""Where a run leaves its files, and the promise that no half-made file ever bears a final name."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gas_engine.errors import EngineError, ResumeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class OutputPaths:
    """The five files of a run, under fixed names in one directory."""

    directory: Path

    @property
    def vcf(self) -> Path:
        return self.directory / "annot.vcf.gz"

    @property
    def index(self) -> Path:
        return self.directory / "annot.vcf.gz.tbi"

    @property
    def table(self) -> Path:
        return self.directory / "table.parquet"

    @property
    def log(self) -> Path:
        return self.directory / "count.log"

    @property
    def summary(self) -> Path:
        return self.directory / "summary.json"

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file, the summary last: where it stands, the others stand too."""
        return (self.vcf, self.index, self.table, self.log, self.summary)

    @property
    def checkpoint(self) -> Path:
        return self.directory / "checkpoint.npz"

    @property
    def unfinished(self) -> Path:
        """Where a run that can be gone on with is at work."""
        return self.directory / ".gas-resume"

    @contextmanager
    def staged(self, *, with_table: bool = True) -> Iterator[OutputPaths]:
        """Write into a hidden directory beside the outputs; move them into place only if all went well.

        An exception removes what was made. A killed process leaves ``.gas-partial-*`` behind, never a file
        under a final name. Results of an earlier run stay until a complete set replaces them: the old
        summary goes first and the new one comes last, so a crash between the moves shows as a missing
        summary.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".gas-partial-", dir=self.directory) as partial:
            staged = OutputPaths(Path(partial))
            yield staged
            if not with_table:
                self.table.unlink(missing_ok=True)  # an earlier run's is not of this one
            self._take(file for file in staged.all if with_table or file != staged.table)

    @contextmanager
    def resumable(self) -> Iterator[OutputPaths]:
        """As `staged`, but the hidden directory is always the same, and stays if there is a checkpoint in it.

        It goes where the input is at fault: a checkpoint helps no one then.

        Raises
        ------
        ResumeError
            Another process is at work there.
        """
        staged = OutputPaths(self.unfinished)
        staged.directory.mkdir(parents=True, exist_ok=True)
        with _locked(staged.directory):
            try:
                yield staged
            except BaseException as error:
                at_fault = isinstance(error, EngineError) and not isinstance(error, ResumeError)
                if at_fault or not staged.checkpoint.exists():
                    shutil.rmtree(staged.directory)
                raise
            # Some are gone from here once they are moved: from now on, a run would have to begin anew.
            staged.checkpoint.unlink(missing_ok=True)
            self._take(staged.all)
            shutil.rmtree(staged.directory)

    def _take(self, staged: Iterable[Path]) -> None:
        self.summary.unlink(missing_ok=True)
        for made in staged:
            made.replace(self.directory / made.name)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Keep other processes out of a directory, until this one ends."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ResumeError(directory, "is at work", "Wait for its end.") from error
        yield
    finally:
        os.close(handle)
