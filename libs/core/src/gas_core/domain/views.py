"""Views of variants that a user saved by name: every decision about them, on the user's row.

A view is kept as the query of its address, without the job: the same filters serve the next file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gas_core.domain.errors import PermanentError
from gas_core.domain.plans import User

MOST_VIEWS: Final = 30
NAME_CHARACTERS: Final = 60
QUERY_CHARACTERS: Final = 4000
"""Thirty of them take a quarter of what a row of the table may take."""


class ViewRefusedError(PermanentError):
    """The view cannot be saved; the message says why, to the reader."""


def save_view(user: User, name: str, query: str) -> User:
    """Keep a view by this name, in place of the one that had it.

    Raises
    ------
    ViewRefusedError
        There is no name, or it or the view is too long, or there are too many.
    """
    if not 0 < len(name) <= NAME_CHARACTERS or not name.isprintable():
        raise ViewRefusedError(f"Give the view a name of 1 to {NAME_CHARACTERS} characters.")
    if len(query) > QUERY_CHARACTERS:
        raise ViewRefusedError("These filters are too long to be saved.")
    others = {each: kept for each, kept in user.saved_views.items() if each != name}
    if len(others) >= MOST_VIEWS:
        raise ViewRefusedError(f"There may be {MOST_VIEWS} saved views. Remove one to save another.")
    return replace(user, saved_views=others | {name: query})


def remove_view(user: User, name: str) -> User:
    """Forget a view; one that is not there is forgotten already."""
    return replace(user, saved_views={each: kept for each, kept in user.saved_views.items() if each != name})
