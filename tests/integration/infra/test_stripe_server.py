"""The Stripe emulator: for this machine alone, and with a memory."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
import requests

from gas_local.emulators import stripe_emulator
from gas_local.ports import free_port
from gas_local.stripe import PRICE, SECRET_KEY, seed_stripe
from gas_local.supervisor import Supervisor

if TYPE_CHECKING:
    from pathlib import Path

HEADERS = {"Authorization": f"Bearer {SECRET_KEY}"}


def test_customers_outlive_a_stop_and_the_price_is_made_once(tmp_path: Path) -> None:
    made = ""
    for run in (1, 2):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with Supervisor(tmp_path / f"log{run}") as supervisor:
            supervisor.start(stripe_emulator(port=port, state=tmp_path / "stripe"))
            seed_stripe(url, webhook_url="http://127.0.0.1:1/", webhook_secret="whsec_x")
            if not made:
                answer = requests.post(f"{url}/v1/customers", data={}, headers=HEADERS, timeout=10)
                made = answer.json()["id"]
            plans = requests.get(f"{url}/v1/plans", headers=HEADERS, timeout=10).json()["data"]
            customers = requests.get(f"{url}/v1/customers", headers=HEADERS, timeout=10).json()["data"]
    assert [plan["id"] for plan in plans] == [PRICE]
    assert [customer["id"] for customer in customers] == [made]


def test_nobody_else_on_the_network_reaches_the_emulator(tmp_path: Path) -> None:
    port = free_port()
    with Supervisor(tmp_path / "log") as supervisor:
        supervisor.start(stripe_emulator(port=port, state=tmp_path / "stripe"))
        with socket.socket(socket.AF_INET) as probe, pytest.raises(ConnectionRefusedError):
            # Loopback has more addresses than the one: who listens on all, listens here.
            probe.connect(("127.0.0.2", port))
