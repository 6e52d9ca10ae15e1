"""Where a run leaves its files, and the promise that no half-made file ever bears a final name."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


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

    @contextmanager
    def staged(self) -> Iterator[OutputPaths]:
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
            self.summary.unlink(missing_ok=True)
            for made, final in zip(staged.all, self.all, strict=True):
                made.replace(final)
