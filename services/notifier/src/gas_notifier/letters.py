"""What the mails say. A letter is a folder: subject, text and HTML, filled with the same facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from gas_core.domain.job import Job
from gas_core.domain.messages import JobEvent
from gas_core.domain.plans import User
from gas_core.ports import Mail

LETTERS = {JobEvent.COMPLETED: "completed", JobEvent.FAILED: "failed"}
"""Events that a researcher is told of, and the folder of each letter."""


class LetterBox:
    """Writes mails about jobs and payments.

    Parameters
    ----------
    sender
        Address the mails come from; its domain names them.
    base_url
        Public address of the web pages, without a slash at its end.
    """

    def __init__(self, *, sender: str, base_url: str) -> None:
        self._domain = sender.rpartition("@")[2].rstrip("> ")
        self._base_url = base_url.rstrip("/")
        self._templates = Environment(
            loader=PackageLoader("gas_notifier", "mails"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def message_id(self, job: Job, event: JobEvent) -> str:
        """The same for every try, so that a mail sent twice can be told for one."""
        return f"<{job.job_id}.{event.value}@{self._domain}>"

    def write(self, job: Job, event: JobEvent, *, to: str, name: str) -> Mail:
        """The letter about one event of one job, to one researcher."""
        facts: dict[str, Any] = {
            "job": job,
            "name": name,
            "link": f"{self._base_url}/annotations/{job.job_id}",
            "records": job.summary.get("records", 0),
        }
        return self._filled(LETTERS[event], facts, message_id=self.message_id(job, event), to=to)

    def write_about_payment(self, user: User) -> Mail:
        """The letter about payments that the user's row owes."""
        ends = datetime.fromtimestamp(user.payment_grace_ends, UTC)
        facts: dict[str, Any] = {
            "name": user.name,
            "link": f"{self._base_url}/subscribe",
            "ends": f"{ends.day} {ends:%B %Y}",
        }
        # One letter of its kind for each time that it was decided, and the same one for every try.
        owed = f"{user.payment_letter}.{user.payment_letter_time}"
        message_id = f"<{user.identity_id}.{owed}@{self._domain}>"
        return self._filled(user.payment_letter, facts, message_id=message_id, to=user.email)

    def _filled(self, folder: str, facts: dict[str, Any], *, message_id: str, to: str) -> Mail:
        subject = self._templates.get_template(f"{folder}/subject.txt").render(facts)
        return Mail(
            message_id=message_id,
            to=to,
            subject=" ".join(subject.split()),
            text=self._templates.get_template(f"{folder}/body.txt").render(facts),
            html=self._templates.get_template(f"{folder}/body.html").render(facts),
        )
