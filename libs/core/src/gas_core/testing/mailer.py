"""A mail provider in memory."""

from __future__ import annotations

from gas_core.domain.errors import GasError
from gas_core.ports import Mail


class FakeMailer:
    """``Mailer`` that keeps what it accepted, in order."""

    def __init__(self) -> None:
        self.outbox: list[Mail] = []
        self.refuse_for_test: GasError | None = None
        """Raised instead of accepting a mail."""

    def send(self, mail: Mail) -> None:
        if self.refuse_for_test:
            raise self.refuse_for_test
        self.outbox.append(mail)
