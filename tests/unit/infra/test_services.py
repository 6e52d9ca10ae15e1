from __future__ import annotations

from typing import TYPE_CHECKING

from gas_local.services import service_environment, service_programs

if TYPE_CHECKING:
    import pytest

ADDRESSES = {
    "aws_url": "http://127.0.0.1:4566",
    "globus_url": "http://127.0.0.1:9800",
    "base_url": "http://127.0.0.1:8080",
    "globus_client_secret": "s",
    "secret_key": "k",
    "stripe": {"GAS_BILLING": "stripe"},
}


def test_every_service_of_this_house_is_started() -> None:
    programs = service_programs(service_environment({}, **ADDRESSES))
    assert [program.name for program in programs] == [
        *("web", "annotator", "notifier", "sweeper"),
        *("archiver", "restorer", "thaw"),
    ]
    assert {p.name: p.ready_url for p in programs if p.ready_url} == {"web": "http://127.0.0.1:8080/healthz"}


def test_setting_of_the_caller_reaches_the_services_but_moves_no_resource(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GAS_FREE_MAX_BYTES", "7")
    monkeypatch.setenv("GAS_JOBS_TABLE", "somebody-elses")
    environment = service_environment({"GAS_JOBS_TABLE": "gas-local-jobs"}, **ADDRESSES)
    assert environment["GAS_FREE_MAX_BYTES"] == "7"
    assert environment["GAS_JOBS_TABLE"] == "gas-local-jobs"


def test_credentials_and_proxies_of_the_caller_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    environment = service_environment({}, **ADDRESSES)
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "https_proxy"} & set(environment)
    assert environment["AWS_ACCESS_KEY_ID"] == "test"


def test_secrets_do_not_show_where_a_program_is_printed() -> None:
    (web, *_) = service_programs(service_environment({}, **(ADDRESSES | {"secret_key": "very-secret"})))
    assert "very-secret" not in repr(web)
