"""What fuzzing once found stays mended, and the seeds pass."""

from pathlib import Path

import pytest
from tests.fuzz.targets import TARGETS, seeds

CORPUS = Path(__file__).parent / "corpus"
FOUND = [(path.parent.name, path) for path in sorted(CORPUS.glob("*/*"))]


@pytest.mark.parametrize(("target", "path"), FOUND, ids=[f"{target}-{path.name}" for target, path in FOUND])
def test_what_broke_the_engine_once_does_so_no_more(target: str, path: Path) -> None:
    TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_the_inputs_that_fuzzing_starts_from_pass(target: str) -> None:
    for data in seeds()[target].values():
        TARGETS[target](data)
