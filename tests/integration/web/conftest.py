"""The web application on the embedded stack, and a Globus of its own that tests may trip and wind forward."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
import requests

from gas_local.emulators import globus_emulator
from gas_local.fixtures import CLIENT_SECRET
from gas_local.pages import read
from gas_local.ports import HOST, free_port
from gas_local.supervisor import Supervisor
from gas_local.world import CLIENT_ID
from gas_web.app import create_app
from gas_web.bootstrap import build
from gas_web.config import WebSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    from gas_local.fixtures import Stack
    from gas_local.world import Researcher

HTTP, HTTPS = "http://gas.example.test", "https://gas.example.test"
TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Globus:
    """The emulator, as a browser meets it and as a test looks behind it."""

    url: str

    def choose(self, authorize_url: str, who: Researcher) -> str:
        """Sign in as somebody with a fresh browser; the address that Globus sends it back to."""
        with requests.Session() as browser:
            browser.trust_env = False
            picker = browser.get(authorize_url, timeout=TIMEOUT_SECONDS)
            (form,) = (one for one in read(picker.text).forms if one.fields["account"] == who.identity_id)
            chosen = browser.post(
                urljoin(picker.url, form.action),
                data=form.fields,
                allow_redirects=False,
                timeout=TIMEOUT_SECONDS,
            )
        assert chosen.is_redirect, chosen.text
        return chosen.headers["Location"]

    def refuse(self, authorize_url: str) -> str:
        """Where Globus sends a browser whose request it cannot serve."""
        answer = self._send("GET", authorize_url, allow_redirects=False)
        assert answer.is_redirect, answer.text
        return str(answer.headers["Location"])

    def tokens(self) -> dict[str, Any]:
        """Every token given out so far."""
        told: dict[str, Any] = self._send("GET", f"{self.url}/_fauxbus/state").json()["tokens"]
        return told

    def is_active(self, token: str) -> bool:
        answer = self._send(
            "POST",
            f"{self.url}/v2/oauth2/token/introspect",
            data={"token": token},
            auth=(CLIENT_ID, CLIENT_SECRET),
        )
        active: bool = answer.json()["active"]
        return active

    def who_is(self, token: str) -> int:
        """The status of userinfo's answer."""
        url = f"{self.url}/v2/oauth2/userinfo"
        return self._send("GET", url, headers={"Authorization": f"Bearer {token}"}).status_code

    def fail(self, path: str, status: int) -> None:
        """Answer a path with a status until ``heal``."""
        self._send("POST", f"{self.url}/_fauxbus/failures", json={"path": path, "status": status})

    def heal(self) -> None:
        self._send("DELETE", f"{self.url}/_fauxbus/failures")

    def wait(self, seconds: int) -> None:
        """Let time pass for codes and tokens."""
        self._send("POST", f"{self.url}/_fauxbus/tick", json={"seconds": seconds})

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, timeout=TIMEOUT_SECONDS, **options)


class Visitor:
    """A browser at the application; redirects are told, not followed."""

    def __init__(self, app: Flask, globus: Globus, base_url: str) -> None:
        self._client = app.test_client()
        self._globus = globus
        self._base_url = base_url

    def get(self, path: str) -> Any:
        return self._client.get(path, base_url=self._base_url)

    def post(self, path: str, **fields: str) -> Any:
        return self._client.post(path, data=fields, base_url=self._base_url)

    def login(self, **query: str) -> str:
        """Press "Sign in"; the address at Globus that this leads to."""
        answer = self.get(f"/login?{urlencode(query)}")
        assert answer.status_code == 302
        return str(answer.location)

    def come_back(self, address: str) -> Any:
        """Follow Globus' redirect."""
        parts = urlsplit(address)
        return self.get(f"{parts.path}?{parts.query}")

    def sign_in(self, who: Researcher, **query: str) -> Any:
        """All of it; the answer to the way back."""
        return self.come_back(self._globus.choose(self.login(**query), who))

    @property
    def signed_in(self) -> bool:
        return bool(self.get("/profile").status_code == 200)

    def csrf_token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/profile").text)
        assert found
        return html.unescape(found[1])

    @property
    def cookie(self) -> str:
        """The session's cookie; empty if there is none."""
        found = self._client.get_cookie(self.cookie_name, domain=urlsplit(self._base_url).netloc)
        return found.value if found else ""

    @cookie.setter
    def cookie(self, value: str) -> None:
        self._client.set_cookie(self.cookie_name, value, domain=urlsplit(self._base_url).netloc)

    @property
    def cookie_name(self) -> str:
        return "__Host-gas" if self._base_url == HTTPS else "gas"


@pytest.fixture(scope="module")
def running_globus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Globus]:
    folder, port = tmp_path_factory.mktemp("globus"), free_port()
    with Supervisor(folder / "log") as supervisor:
        supervisor.start(
            globus_emulator(
                port=port,
                state=folder,
                client_secret=CLIENT_SECRET,
                redirect_uris=[f"{HTTP}/authcallback", f"{HTTPS}/authcallback"],
            )
        )
        yield Globus(f"http://{HOST}:{port}")


@pytest.fixture
def globus(running_globus: Globus) -> Iterator[Globus]:
    yield running_globus
    running_globus.heal()


def made(stack: Stack, globus: Globus, base_url: str = HTTP, **changes: str) -> Flask:
    """The application, built as the service builds it from its environment."""
    environment = {
        **stack.environment,
        "GAS_BASE_URL": base_url,
        "GAS_GLOBUS_URL": globus.url,
        "GAS_GLOBUS_PUBLIC_URL": globus.url,
        "GAS_GLOBUS_GROUPS_URL": globus.url,
        **changes,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return create_app(build(WebSettings.from_environment()))


@pytest.fixture(scope="module")
def app(stack: Stack, running_globus: Globus) -> Flask:
    return made(stack, running_globus)


@pytest.fixture
def visitor(app: Flask, globus: Globus) -> Visitor:
    """Nobody in particular."""
    return Visitor(app, globus, HTTP)


@pytest.fixture
def visit(stack: Stack, globus: Globus) -> Callable[..., Visitor]:
    """Makes a browser at an application with other settings."""

    def make(base_url: str = HTTP, **changes: str) -> Visitor:
        return Visitor(made(stack, globus, base_url, **changes), globus, base_url)

    return make
