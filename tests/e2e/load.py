"""Visitors: requests at the Ingress, all the time, whose answers are noted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

import requests

if TYPE_CHECKING:
    from types import TracebackType

    from tests.e2e.conftest import Service


class Load:
    """Some threads that ask for pages, from ``with`` to its end."""

    def __init__(self, service: Service, *, visitors: int, pause_seconds: float) -> None:
        self._service = service
        self._pause = pause_seconds
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._visit, name="visitor") for _ in range(visitors)]
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        """Statuses, and names of errors where no answer came."""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: object, _tb: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._over.is_set():
                for path in ("/", "/help", "/healthz", "/annotations"):
                    outcome = self._ask(session, path)
                    with self._lock:
                        self.answers[outcome] += 1
                    time.sleep(self._pause)

    def _ask(self, session: requests.Session, path: str) -> str:
        headers = {"Host": self._service.host}
        url = f"http://{self._service.address}{path}"
        try:
            status = session.get(url, headers=headers, timeout=30, allow_redirects=False).status_code
            # When and where, to be found again in the cluster's events.
            return str(status) if status < HTTPStatus.INTERNAL_SERVER_ERROR else f"{status} {path} {now()}"
        except requests.RequestException as error:
            return f"{type(error).__name__}: {error} {now()}"

    @property
    def bad(self) -> dict[str, int]:
        """Answers that no visitor should have got."""
        return {outcome: count for outcome, count in self.answers.items() if outcome[0] not in "234"}


def now() -> str:
    return datetime.now(UTC).strftime("%H:%M:%S")
