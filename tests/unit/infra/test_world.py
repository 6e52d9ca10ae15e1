from __future__ import annotations

from typing import TYPE_CHECKING

from gas_local.world import ADA, CLIENT_ID, Secrets, globus_seed

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_are_drawn_once_and_kept_from_others(tmp_path: Path) -> None:
    first = Secrets.of(tmp_path / "secrets.json")
    assert Secrets.of(tmp_path / "secrets.json") == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_two_machines_share_no_secret(tmp_path: Path) -> None:
    assert Secrets.of(tmp_path / "a.json") != Secrets.of(tmp_path / "b.json")


def test_globus_redirects_to_our_web_alone() -> None:
    seed = globus_seed(client_secret="s", redirect_uris=["http://127.0.0.1:8080/authcallback"])
    assert seed["clients"][CLIENT_ID]["redirect_uris"] == ["http://127.0.0.1:8080/authcallback"]
    assert ADA.identity_id in seed["accounts"]
