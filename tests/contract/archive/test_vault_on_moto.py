"""The vault adapter on moto, a second opinion where moto tells the truth (see ``conftest.py`` for where not).

moto is not safe for threads and changes botocore for the whole process while it is on: one test at a time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from gas_core.adapters.archive.vault import VaultArchive
from gas_core.ports import RetrievalState, Tier

SMALL = random.Random(9).randbytes(1 << 20)  # the longest archive whose tree hash is its SHA-256


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[VaultArchive]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("glacier", region_name="us-east-1")
        client.create_vault(vaultName="results")
        yield VaultArchive(client, vault="results", sns_topic_arn="")


def test_moto_stores_retrieves_and_deletes_what_the_adapter_asks(store: VaultArchive, tmp_path: Path) -> None:
    path = tmp_path / "small.tar"
    path.write_bytes(SMALL)
    archive_id = store.put("job/1.tar", path)
    retrieval = store.retrieve(archive_id, Tier.EXPEDITED)

    assert retrieval.tier is Tier.EXPEDITED
    assert store.state(archive_id, retrieval.retrieval_id) is RetrievalState.UNDER_WAY
    deadline = time.monotonic() + 10
    while store.state(archive_id, retrieval.retrieval_id) is RetrievalState.UNDER_WAY:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert store.state(archive_id, retrieval.retrieval_id) is RetrievalState.READY
    store.delete(archive_id)
