from __future__ import annotations

import pytest

from gas_core.config import ArchiveSettings


def test_a_bucket_is_all_that_the_default_store_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAS_ARCHIVE_BUCKET", "results-archive")

    settings = ArchiveSettings.from_environment()

    assert (settings.archive_store, settings.archive_bucket) == ("s3", "results-archive")
    assert settings.archive_storage_class == "GLACIER"


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, "GAS_ARCHIVE_BUCKET"),
        ({"GAS_ARCHIVE_STORE": "vault", "GAS_THAWS_TOPIC_ARN": "arn"}, "GAS_ARCHIVE_VAULT"),
        ({"GAS_ARCHIVE_STORE": "vault", "GAS_ARCHIVE_VAULT": "results"}, "GAS_THAWS_TOPIC_ARN"),
        ({"GAS_ARCHIVE_BUCKET": "b", "GAS_ARCHIVE_STORAGE_CLASS": "STANDARD"}, "GAS_ARCHIVE_STORAGE_CLASS"),
        ({"GAS_ARCHIVE_BUCKET": "b", "GAS_ARCHIVE_COPY_DAYS": "0"}, "GAS_ARCHIVE_COPY_DAYS"),
    ],
)
def test_what_the_chosen_store_lacks_is_named_at_the_start(
    environment: dict[str, str],
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit):
        ArchiveSettings.from_environment()
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [missing]
