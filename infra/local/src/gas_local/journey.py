"""The main job of GAS through its front door: what a researcher does in a browser, step by step.

Every address comes from a page, a form or a redirect, as in a browser; only the landing page's is known.
"""

from __future__ import annotations

import gzip
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from gas_local.errors import LocalStackError
from gas_local.pages import Form, Page, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from urllib3.connectionpool import HTTPConnectionPool

    from gas_local.world import Researcher

TERMINAL = {"COMPLETED", "FAILED", "CANCELLED"}
TIMEOUT_SECONDS = 20
_JOB_PATH = re.compile(r"/annotations/([0-9a-f-]{36})")


class JourneyError(LocalStackError):
    """A step did not lead on; the message names it and what was there instead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended, as its page tells it."""

    job_id: str
    url: str
    status: str
    results: str
    sentences: tuple[str, ...]
    seconds: float
    """From the upload's start to the page that showed the end."""


class Browser:
    """A researcher's browser: cookies, redirects, and no idea of what is behind the pages."""

    def __init__(
        self,
        base_url: str,
        *,
        watch: Callable[[], None] = lambda: None,
        connect_to: Mapping[str, str] | None = None,
    ) -> None:
        """``connect_to`` says which host:port to ask for an origin (http://gas.example), as curl's option."""
        self.base_url = base_url
        self._watch = watch
        self._session = requests.Session()
        # Proxies and .netrc of the environment are for other places than this machine.
        self._session.trust_env = False
        for origin, address in (connect_to or {}).items():
            self._session.mount(f"{origin}/", _Detour(address))

    def sign_in(self, researcher: Researcher) -> None:
        """Follow the landing page's sign-in to Globus, choose the account there, and come back."""
        landing = self._get(urljoin(self.base_url, "/"), "the landing page")
        login = next(
            (
                link
                for link in (*read(landing.text).links, *(f.action for f in read(landing.text).forms))
                if urlsplit(link).path == "/login"
            ),
            None,
        )
        if login is None:
            raise JourneyError("the landing page has no way to sign in.")
        self._choose_account(self._get(urljoin(landing.url, login), "the sign-in at Globus"), researcher)

    def open_over_globus(self, path: str, researcher: Researcher) -> None:
        """A page that Globus is asked about anew; the emulator shows its picker each time."""
        self._choose_account(self._get(urljoin(self.base_url, path), f"the way to {path}"), researcher)
        self._get(urljoin(self.base_url, path), path)

    def _choose_account(self, picker: requests.Response, researcher: Researcher) -> None:
        """Choose at Globus's page, and come back to GAS."""
        account = next(
            (f for f in read(picker.text).forms if f.fields.get("account") == researcher.identity_id), None
        )
        if account is None:
            raise JourneyError(
                f"the account picker at {_place(picker.url)} does not offer {researcher.name}."
            )
        back = self._submit(picker.url, account, "the way back from Globus")
        if not back.url.startswith(self.base_url):
            raise JourneyError(f"signing in ended at {_place(back.url)}, not at GAS.")

    def submit(self, sample: Path) -> str:
        """Upload a file with the form of the submit page; gives the address of the job's page."""
        answer = self._get(urljoin(self.base_url, "/annotate"), "the submit page")
        form = next((form for form in read(answer.text).forms if form.file_field), None)
        if form is None:
            raise JourneyError(f"{_place(answer.url)} has no upload form; is anyone signed in?")
        job = self._submit(answer.url, form, "the upload", file=sample)
        if not _JOB_PATH.search(urlsplit(job.url).path):
            raise JourneyError(f"the upload ended at {_place(job.url)}, not at a job's page.")
        return job.url

    def follow(self, job_url: str, *, seconds: float = 60) -> Outcome:
        """Ask the job's status, as its page does, until it ends."""
        begun = time.monotonic()
        headers: dict[str, str] = {}
        page = Page()
        while page.state.partition(" ")[0] not in TERMINAL:
            self._watch()
            if time.monotonic() - begun > seconds:
                raise JourneyError(f"the job is still {page.state or 'unknown'} after {seconds:.0f} s.")
            answer = self._get(f"{job_url}/status", "the job's status", headers=headers)
            if answer.status_code != requests.codes.not_modified:
                page = read(answer.text)
                headers = {"If-None-Match": answer.headers["ETag"]} if "ETag" in answer.headers else {}
            time.sleep(0.1)
        status, _, results = page.state.partition(" ")
        found = _JOB_PATH.search(job_url)
        return Outcome(
            job_id=found.group(1) if found else "",
            url=job_url,
            status=status,
            results=results,
            sentences=tuple(page.sentences),
            seconds=time.monotonic() - begun,
        )

    def download(self, outcome: Outcome) -> str:
        """Text of the annotated VCF, by the link on the job's page."""
        page = read(self._get(outcome.url, "the job's page").text)
        link = next((link for link in page.links if link.endswith("/download")), None)
        if link is None:
            raise JourneyError(f"the page of job {outcome.job_id} offers no download.")
        return gzip.decompress(
            self._get(urljoin(outcome.url, link), "the download of the result").content
        ).decode()

    def heading(self, outcome: Outcome) -> str:
        """What the job's page calls the file."""
        return read(self._get(outcome.url, "the job's page").text).heading

    def log(self, outcome: Outcome) -> str:
        """The annotation log's page."""
        return self._get(f"{outcome.url}/log", "the log").text

    def _get(self, url: str, step: str, headers: dict[str, str] | None = None) -> requests.Response:
        return self._send(step, lambda: self._session.get(url, headers=headers, timeout=TIMEOUT_SECONDS))

    def _submit(self, page_url: str, form: Form, step: str, file: Path | None = None) -> requests.Response:
        action = urljoin(page_url, form.action)
        # requests sends the file after all other fields, which is where a store wants it.
        files = (
            {form.file_field: (file.name, file.read_bytes(), "text/plain")}
            if form.file_field and file
            else None
        )
        return self._send(
            step, lambda: self._session.post(action, data=form.fields, files=files, timeout=TIMEOUT_SECONDS)
        )

    def _send(self, step: str, send: Callable[[], requests.Response]) -> requests.Response:
        try:
            answer = send()
        except requests.RequestException as error:
            self._watch()
            raise JourneyError(f"{step} was not answered: {error}") from error
        if not answer.ok:
            self._watch()
            raise JourneyError(f"{step} answered {answer.status_code} at {_place(answer.url)}.")
        return answer


class _Detour(HTTPAdapter):
    """Asks another host than the address names, for names that only browsers outside can look up."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def get_connection_with_tls_context(self, *_: object, **__: object) -> HTTPConnectionPool:
        pool: HTTPConnectionPool = self.poolmanager.connection_from_url(f"http://{self._address}")
        return pool

    def add_headers(self, request: requests.PreparedRequest, **_: object) -> None:
        request.headers["Host"] = urlsplit(request.url or "").netloc


def _place(url: str) -> str:
    """An address without its query, which may hold signatures and tokens."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
