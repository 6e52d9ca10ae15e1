"""What the mails say. A letter is a folder: subject, text and HTML, filled with the same facts."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from gas_core.domain.job import Job
from gas_core.domain.messages import JobEvent
from gas_core.ports import Mail

LETTERS = {JobEvent.COMPLETED: "completed", JobEvent.FAILED: "failed"}
"""Events that a researcher is told of, and the folder of each letter."""


class LetterBox:
    """Writes mails about jobs.

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
        folder = LETTERS[event]
        subject = self._templates.get_template(f"{folder}/subject.txt").render(facts)
        return Mail(
            message_id=self.message_id(job, event),
            to=to,
            subject=" ".join(subject.split()),
            text=self._templates.get_template(f"{folder}/body.txt").render(facts),
            html=self._templates.get_template(f"{folder}/body.html").render(facts),
        )
