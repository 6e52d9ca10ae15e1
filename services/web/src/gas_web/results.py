"""What a page says of a completed job's results: from the results machine alone; the plan changes the words.

Right after an upgrade nobody has looked at the user's jobs yet, and their rows say ARCHIVED. They read as
coming back from that moment on: the row of the user says that somebody will look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gas_core.domain.job import Action, Job
from gas_core.domain.lifecycle import Timings
from gas_core.domain.plans import Plan, User
from gas_core.domain.retention import came_back
from gas_core.domain.states import Results
from gas_web.words import Badge, Countdown, Moment, Sentence, duration_text, moment

BADGES = {
    Results.AVAILABLE: Badge("Ready", "good", "download"),
    Results.ARCHIVING: Badge("Moving to archive", "cold", "box-arrow-in-down"),
    Results.ARCHIVED: Badge("Archived", "cold", "archive"),
    Results.RESTORING: Badge("Coming back", "info", "arrow-counterclockwise"),
    Results.LOST: Badge("Lost", "bad", "exclamation-triangle-fill"),
    Results.DELETING: Badge("Being deleted", "neutral", "trash3"),
}

_LAST_SHARE = 5
"""The last fifth of a window is marked."""
_LAST_SECONDS = 60
"""A minute before the end is announced."""
_PACE = ((10, 1), (60, 2), (600, 5))
"""Younger than so many seconds: ask again after so many."""
_SLOWEST = 15
_WAITING_PACE = 5
_WINDOW_PACE = 60
"""A window may begin anew on another page; its own moments are asked for as they come."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Who looks at a job, and when (epoch seconds)."""

    user: User
    now: int
    timings: Timings
    others: int | None = None
    """How many other results of this reader are in the archive; None where nobody counted."""

    @property
    def premium(self) -> bool:
        return self.user.plan is Plan.PREMIUM


def pace(age_seconds: int) -> int:
    """Seconds after which to ask again about something that has been under way for so long."""
    return next((pause for younger, pause in _PACE if age_seconds < younger), _SLOWEST)


def coming_back(job: Job, reading: Reading) -> bool:
    """True from the upgrade on, whether or not anybody has started a retrieval yet.

    Results that were on their way into the archive come back, too: the move is stopped.
    """
    if job.results is Results.RESTORING:
        return True
    if not reading.premium:
        return False
    if job.results is Results.ARCHIVED:
        return job.waits_for_thaw or reading.user.plan_settling
    return job.results is Results.ARCHIVING


def window(job: Job, reading: Reading) -> int:
    """When the results leave for the archive; epoch seconds, 0 if they do not, or if that is open yet."""
    if job.results is not Results.AVAILABLE or reading.premium or _window_to_come(job, reading):
        return 0
    return job.window_ends


def back(job: Job, reading: Reading) -> int:
    """When results that are coming back are expected; epoch seconds, 0 if none are, or if they are late."""
    if job.results is not Results.RESTORING:
        return 0
    # A retrieval that is ready is looked for every so often.
    expected = job.retrieval.ready + reading.timings.thaw_seconds
    return expected if reading.now <= expected else 0


def _window_to_come(job: Job, reading: Reading) -> bool:
    """Its reader left premium, and the window that begins with that was not opened yet."""
    user = reading.user
    opens = user.plan_since + reading.timings.free_window_seconds
    return not reading.premium and user.plan_settling and job.window_ends < opens


def last_minute(job: Job, reading: Reading) -> bool:
    ends = window(job, reading)
    return 0 < ends <= reading.now + _LAST_SECONDS


def badge(job: Job, reading: Reading) -> Badge:
    if coming_back(job, reading):
        return BADGES[Results.RESTORING]
    mark, ends = BADGES[job.results], window(job, reading)
    if ends and ends - reading.now <= reading.timings.free_window_seconds // _LAST_SHARE:
        return replace(mark, kind="warn", until=moment(ends) if ends > reading.now else None)
    return mark


def offered(job: Job, reading: Reading) -> frozenset[Action]:
    """What the page offers: what the states do, where the reader's plan has a use for it."""
    unfit = set()
    if not window(job, reading) or job.extensions >= reading.timings.max_extensions:
        unfit.add(Action.KEEP_LONGER)
    if not reading.premium or coming_back(job, reading):
        unfit.add(Action.BRING_BACK)
    return job.actions - unfit


def upgrade_helps(job: Job, reading: Reading) -> bool:
    """True where an upgrade is what brings the results back."""
    return job.results is Results.ARCHIVED and not reading.premium


def said(job: Job, reading: Reading) -> list[Sentence]:
    """Where the results are, what is safe, what can be done."""
    sentences = {
        Results.AVAILABLE: _available,
        Results.ARCHIVING: _archiving,
        Results.ARCHIVED: _archived,
        Results.RESTORING: _restoring,
        Results.LOST: _lost,
    }.get(job.results)
    return sentences(job, reading) if sentences else []


def _available(job: Job, reading: Reading) -> list[Sentence]:
    sentences: list[Sentence] = []
    if came_back(job):
        sentences.append(("Came back from the archive ", Moment(moment(job.results_since)), "."))
    ends, timings = window(job, reading), reading.timings
    if reading.premium:
        sentences.append(("Your plan keeps the results until you delete the job.",))
    elif _window_to_come(job, reading):
        time = duration_text(timings.free_window_seconds)
        sentences.append((f"You left premium: in a moment {time} begin in which to download the results.",))
    elif not ends:
        sentences.append(("The results stay here until you delete the job.",))
    elif ends <= reading.now:
        sentences.append(("The time to download is over: the results move to the archive any moment now.",))
    else:
        until = moment(ends)
        sentences.append(
            (
                "Download until ",
                Moment(until, "clock"),
                Countdown(until, moment(reading.now)),
                ", then the results move to the archive.",
            )
        )
    if ends and 0 < timings.max_extensions <= job.extensions:
        sentences.append((f"This time was begun anew {job.extensions} times, as often as it can be.",))
    return sentences


def _archiving(_job: Job, reading: Reading) -> list[Sentence]:
    if reading.premium:
        return [("Your upgrade stops the move to the archive; downloads open again in a moment.",)]
    return [("Moving to the archive; downloads are closed meanwhile.",)]


def _lost(_job: Job, _reading: Reading) -> list[Sentence]:
    return [
        ("This archive cannot be read. The fault is ours; an operator knows.",),
        ("Log and summary are here. Submit the file again to have the results again.",),
    ]


def _archived(job: Job, reading: Reading) -> list[Sentence]:
    if coming_back(job, reading):
        return [
            ("Coming back from the archive.",),
            ("We are about to ask the archive for them. Log and summary are here.",),
        ]
    since: Sentence = (
        "Archived ",
        Moment(moment(job.results_since)),
        "; nothing is lost. Log and summary are here.",
    )
    if not reading.premium:
        return [since, (f"Premium brings back these results{_and_others(reading.others)}.",)]
    if job.restore_message:
        return [since, ("Bringing them back failed, and an operator knows. You can have it tried again.",)]
    return [since, ("Bring the results back when you need them.",)]


def _and_others(others: int | None) -> str:
    match others:
        case None:
            return " and all others in the archive"
        case 0:
            return ""
        case 1:
            return " and 1 other"
        case _:
            return f" and {others} others"


def _restoring(job: Job, reading: Reading) -> list[Sentence]:
    asked = job.retrieval
    started = Moment(moment(asked.started or job.results_since), "clock")
    here: Sentence = ("Log and summary are here.",)
    expected = back(job, reading)
    if not expected:
        return [("Coming back since ", started, ", later than expected; we keep trying."), here]
    how = f", by {asked.tier.lower()} retrieval" if asked.tier else ""
    return [
        ("Coming back since ", started, f"{how}; expected by ", Moment(moment(expected), "clock"), "."),
        here,
    ]


def poll_seconds(job: Job, reading: Reading) -> int | None:
    """When to ask again; None where nothing changes by itself."""
    now = reading.now
    match job.results:
        case Results.AVAILABLE:
            return _window_pace(job, reading)
        case Results.ARCHIVING:
            return pace(now - job.results_since)
        case Results.ARCHIVED:
            return _WAITING_PACE if coming_back(job, reading) else None
        case Results.RESTORING:
            return pace(now - (job.retrieval.started or job.results_since))
        case Results.DELETING:
            return _WAITING_PACE
        case _:
            return None


def _window_pace(job: Job, reading: Reading) -> int | None:
    if _window_to_come(job, reading):
        return _WAITING_PACE
    ends, now = window(job, reading), reading.now
    if not ends:
        return None
    if ends <= now:
        return pace(now - ends)
    marked = ends - reading.timings.free_window_seconds // _LAST_SHARE
    return min([_WINDOW_PACE, *(then - now for then in (marked, ends - _LAST_SECONDS, ends) if then > now)])
