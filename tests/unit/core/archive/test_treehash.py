"""Tree hashes against what others published, what AWS answered, and another implementation.

Sources of the expected values: the unit tests of boto 2 (``tests/unit/glacier/test_utils.py``, by Amazon) for
1, 2 and 4 MiB and 4 MiB + 20 bytes of ``a``; Apache jclouds (``TreeHashTest``) for 3 MiB. Those for 2 and 4
MiB are also in replies of the Glacier service itself that somebody recorded in 2016.
"""

from __future__ import annotations

import hashlib
import io
import random
from pathlib import Path

import pytest
from botocore.utils import calculate_tree_hash

from gas_core.adapters.archive import treehash
from gas_core.adapters.archive.treehash import MIB

PUBLISHED = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1 * MIB: "9bc1b2a288b26af7257a36277ae3816a7d4f16e89c1e7e77d0a5c48bad62b360",
    2 * MIB: "560c2c9333c719cb00cfdffee3ba293db17f58743cdd1f7e4055373ae6300afa",
    3 * MIB: "70239f4f2ead7561f69d48b956b547edef52a1280a93c262c0b582190be7db17",
    4 * MIB: "9491cb2ed1d4e7cd53215f4017c23ec4ad21d7050a1e6bb636c4f67e8cddb844",
    4 * MIB + 20: "12f3cbd6101b981cde074039f6f728071da8879d6f632de8afc7cdf00661b08f",
}


@pytest.mark.parametrize(("size_bytes", "expected"), PUBLISHED.items())
def test_tree_hash_is_the_published_one(size_bytes: int, expected: str) -> None:
    assert treehash.root(treehash.leaves(b"a" * size_bytes)) == expected


@pytest.mark.parametrize("size_bytes", [1, MIB - 1, MIB + 1, 5 * MIB, 7 * MIB + 3, 9 * MIB, 11 * MIB - 1])
def test_tree_hash_is_what_botocore_computes(size_bytes: int) -> None:
    data = random.Random(size_bytes).randbytes(size_bytes)

    assert treehash.root(treehash.leaves(data)) == calculate_tree_hash(io.BytesIO(data))


def test_a_file_is_hashed_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    data = random.Random(0).randbytes(3 * MIB + 7)
    path = tmp_path / "archive"
    path.write_bytes(data)

    assert treehash.of_file(path) == treehash.root(treehash.leaves(data))


def test_hash_of_an_aligned_range_is_a_node_of_the_whole_tree() -> None:
    """What lets every range of a download be checked alone."""
    data = random.Random(1).randbytes(6 * MIB)
    ranges = [data[: 4 * MIB], data[4 * MIB :]]
    nodes = [bytes.fromhex(treehash.root(treehash.leaves(each))) for each in ranges]

    assert hashlib.sha256(b"".join(nodes)).hexdigest() == treehash.root(treehash.leaves(data))
