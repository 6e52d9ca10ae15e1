"""What the mails say. A letter is a folder: subject, text and HTML, filled with the same facts."""

from __future__ import annotations

from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from gas_core.domain.job import Job
from gas_core.domain.messages import JobEvent
from gas_core.domain.plans import Plan, User
from gas_core.domain.states import Results
from gas_core.ports import Mail


class LetterBox:
    """Writes mails.

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

    def message_id(self, subject_id: str, name: str) -> str:
        """The same for every try, so that a mail sent twice can be told for one."""
        return f"<{subject_id}.{name}@{self._domain}>"

    def ended(self, job: Job, event: JobEvent, user: User) -> Mail:
        """COMPLETED or FAILED."""
        return self._about_job(job, event.value, user, mail_name=event.value)

    def expiring(self, job: Job, user: User) -> Mail:
        """The job's window ends soon."""
        return self._about_job(job, "expiring", user, mail_name=f"expiring-{job.window_ends}")

    def restored(self, user: User, *, count: int) -> Mail:
        """So many of the user's results came back since the last such mail."""
        facts = {"name": user.name, "link": f"{self._base_url}/annotations", "count": count}
        mail_name = f"restored-{user.restored_told}"
        return self._write("restored", facts, to=user.email, subject_id=user.identity_id, mail_name=mail_name)

    def payment(self, user: User) -> Mail:
        """The news of payments that the user's row owes."""
        facts: dict[str, object] = {
            "name": user.name,
            "link": f"{self._base_url}/subscribe",
            "ends": _moment(user.payment_grace_ends),
        }
        mail_name = f"{user.payment_letter}-{user.payment_letter_time}"
        return self._write(
            user.payment_letter, facts, to=user.email, subject_id=user.identity_id, mail_name=mail_name
        )

    def _about_job(self, job: Job, folder: str, user: User, *, mail_name: str) -> Mail:
        link = f"{self._base_url}/annotations/{job.job_id}"
        here = job.results is Results.AVAILABLE
        facts = {
            "job": job,
            "name": user.name,
            "link": link,
            "longer_link": f"{link}/keep-longer",
            "records": job.summary.get("records", 0),
            "until": _moment(job.window_ends) if here and user.plan is Plan.FREE else "",
            "kept": here and user.plan is Plan.PREMIUM,
        }
        return self._write(folder, facts, to=user.email, subject_id=job.job_id, mail_name=mail_name)

    def _write(
        self, folder: str, facts: dict[str, object], *, to: str, subject_id: str, mail_name: str
    ) -> Mail:
        def filled(file: str) -> str:
            return self._templates.get_template(f"{folder}/{file}").render(facts)

        return Mail(
            message_id=self.message_id(subject_id, mail_name),
            to=to,
            subject=" ".join(filled("subject.txt").split()),
            text=filled("body.txt"),
            html=filled("body.html"),
        )


def _moment(time: int) -> str:
    """``14:05 UTC on 24 Nov 2026``: a mail does not know its reader's zone. Empty for no time."""
    if not time:
        return ""
    when = datetime.fromtimestamp(time, UTC)
    return f"{when:%H:%M} UTC on {when.day} {when:%b %Y}"
