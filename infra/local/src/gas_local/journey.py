"""The main job of GAS through its front door: what a researcher does in a browser, step by step.

Every address comes from a page, a form or a redirect, as in a browser; only the landing page's is known.
"""

from __future__ import annotations

import gzip
import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests

from gas_local.errors import LocalStackError
from gas_local.pages import Form, Page, read

if TYPE_CHECKING:
    from pathlib import Path

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

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        # Proxies and .netrc of the environment are for other places than this machine.
        self._session.trust_env = False

    def sign_in(self, researcher: Researcher) -> None:
        """Follow the landing page's sign-in to Globus, choose the account there, and come back."""
        landing = self._get(urljoin(self._base_url, "/"), "the landing page")
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
        picker = self._get(urljoin(landing.url, login), "the sign-in at Globus")
        account = next(
            (f for f in read(picker.text).forms if f.fields.get("account") == researcher.identity_id), None
        )
        if account is None:
            raise JourneyError(
                f"the account picker at {_place(picker.url)} does not offer {researcher.name}."
            )
        back = self._submit(picker.url, account, "the way back from Globus")
        if not back.url.startswith(self._base_url):
            raise JourneyError(f"signing in ended at {_place(back.url)}, not at GAS.")

    def submit(self, sample: Path) -> str:
        """Upload a file with the form of the submit page; gives the address of the job's page."""
        answer = self._get(urljoin(self._base_url, "/annotate"), "the submit page")
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

    def log(self, outcome: Outcome) -> str:
        """The annotation log's page."""
        return self._get(f"{outcome.url}/log", "the log").text

    def _get(self, url: str, step: str, headers: dict[str, str] | None = None) -> requests.Response:
        return self._checked(step, self._session.get(url, headers=headers, timeout=TIMEOUT_SECONDS))

    def _submit(self, page_url: str, form: Form, step: str, file: Path | None = None) -> requests.Response:
        action = urljoin(page_url, form.action)
        if form.file_field and file:
            with file.open("rb") as content:
                # requests sends the file after all other fields, which is where a store wants it.
                answer = self._session.post(
                    action,
                    data=form.fields,
                    files={form.file_field: (file.name, content, "text/plain")},
                    timeout=TIMEOUT_SECONDS,
                )
        else:
            answer = self._session.post(action, data=form.fields, timeout=TIMEOUT_SECONDS)
        return self._checked(step, answer)

    @staticmethod
    def _checked(step: str, answer: requests.Response) -> requests.Response:
        if not answer.ok:
            raise JourneyError(f"{step} answered {answer.status_code} at {_place(answer.url)}.")
        return answer


def count(vcf: str) -> dict[str, Any]:
    """What an annotated VCF says, in numbers: its records, those annotated or with an ID, and by term."""
    records = [line.split("\t") for line in vcf.splitlines() if line and not line.startswith("#")]
    terms: Counter[str] = Counter()
    annotated = 0
    for record in records:
        csq = next((item for item in record[7].split(";") if item.startswith("CSQ=")), None)
        if csq is not None:
            annotated += 1
            entries = csq.removeprefix("CSQ=").split(",")
            terms.update({term for entry in entries for term in entry.split("|")[1].split("&")})
    return {
        "records": len(records),
        "annotated": annotated,
        "with_id": sum(record[2] != "." for record in records),
        "records_by_term": dict(sorted(terms.items())),
    }


def _place(url: str) -> str:
    """An address without its query, which may hold signatures and tokens."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
