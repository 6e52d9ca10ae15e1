"""Numbers of the kernel become words of the table."""

import numpy as np

from gas_engine.outputs.columns import _named


def test_words_that_come_twice_are_once_in_the_dictionary() -> None:
    numbers, nulls = np.array([0, 1, 2, -1], np.int32), np.array([False, False, False, True])
    named = _named(numbers, ["chrM", "chrM", "chr1"], nulls)
    assert named.to_pylist() == ["chrM", "chrM", "chr1", None]
    assert named.dictionary.to_pylist() == ["chrM", "chr1"]
