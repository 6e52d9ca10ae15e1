"""The world that the Globus emulator starts with: who may sign in, and our client with its secret.

Ids are fixed, so that a researcher keeps her jobs from one run to the next. Secrets are drawn at the first
run and stand in the state directory, never in the tree.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

UNIVERSITY = "9d8f6a1e-7f0b-4b53-9a35-0d6f2c1b7e10"
CLIENT_ID = "5c1f7a52-6f43-4a53-8d0e-3b1f0a9c2d11"


@dataclass(frozen=True, slots=True)
class Researcher:
    """A person with a Globus identity."""

    identity_id: str
    name: str
    username: str
    email: str
    organization: str


ADA = Researcher(
    identity_id="1a6c4f0e-51c4-4d0c-9a40-aada00000001",
    name="Ada Researcher",
    username="ada@university.example",
    email="ada@university.example",
    organization="Example University",
)
GREGOR = Researcher(
    identity_id="1a6c4f0e-51c4-4d0c-9a40-9e9000000002",
    name="Gregor Researcher",
    username="gregor@abbey.example",
    email="gregor@abbey.example",
    organization="Example Abbey",
)
OLIVIA = Researcher(
    identity_id="1a6c4f0e-51c4-4d0c-9a40-011100000003",
    name="Olivia Operator",
    username="olivia@gas.example",
    email="olivia@gas.example",
    organization="Example University",
)
PEOPLE = (ADA, GREGOR, OLIVIA)
OPERATOR_GROUP = "6f0e4d0c-51c4-4d0c-9a40-06e000000001"
"""A Globus group that only Olivia is in."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only this machine's stack knows."""

    globus_client_secret: str
    web_secret_key: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the secrets in a file, drawing them first where there is none."""
        if path.exists():
            return cls(**json.loads(path.read_text()))
        drawn = cls(globus_client_secret=secrets.token_urlsafe(32), web_secret_key=secrets.token_urlsafe(48))
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(drawn)))
        return drawn


def globus_seed(*, client_secret: str, redirect_uris: list[str]) -> dict[str, Any]:
    """The document fauxbus is started with."""
    return {
        "identity_providers": {UNIVERSITY: {"name": "Example University"}},
        "accounts": {
            person.identity_id: {
                "identities": {
                    person.identity_id: {
                        "username": person.username,
                        "identity_provider": UNIVERSITY,
                        "name": person.name,
                        "email": person.email,
                        "organization": person.organization,
                    }
                }
            }
            for person in PEOPLE
        },
        "clients": {
            CLIENT_ID: {
                "name": "GAS on this machine",
                "secret": client_secret,
                "redirect_uris": redirect_uris,
            }
        },
        "groups": {
            OPERATOR_GROUP: {
                "name": "GAS operators",
                "memberships": {
                    OLIVIA.identity_id: {"username": OLIVIA.username, "role": "admin", "status": "active"}
                },
            }
        },
        # globus-sdk checks an ID token's time against the real clock.
        "oidc": {"signed_token_clock": "wall"},
    }
