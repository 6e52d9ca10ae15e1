"""Forms of our own pages."""

from __future__ import annotations

import unicodedata

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Regexp

NAME_CHARACTERS = 200
EMAIL_CHARACTERS = 254
"""The longest address that mail servers take (RFC 5321)."""
NOTES_CHARACTERS = 5000
"""A row of the table takes 400 KB, and a page is read whole."""


def _one_line(text: str | None) -> str | None:
    """What is typed into one line: no line breaks, no characters that nobody sees, no spaces around."""
    if not text:
        return text
    words = " ".join(text.split())
    return "".join(char for char in words if unicodedata.category(char) not in {"Cc", "Cs"}).strip()


def _lines(text: str | None) -> str | None:
    """What is typed into several lines: plain text, with the line breaks of one kind."""
    if not text:
        return text
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char for char in plain if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}
    ).strip()


class NotesForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What the owner of a job may write about it."""

    title = StringField(
        "Name",
        filters=[_one_line],
        validators=[Length(max=NAME_CHARACTERS, message=f"Use {NAME_CHARACTERS} characters or fewer.")],
    )
    notes = TextAreaField(
        "Notes",
        filters=[_lines],
        validators=[Length(max=NOTES_CHARACTERS, message=f"Use {NOTES_CHARACTERS:,} characters or fewer.")],
    )


class ProfileForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What a researcher may change about themselves."""

    name = StringField(
        "Name",
        filters=[_one_line],
        validators=[
            DataRequired("Enter your name."),
            Length(max=NAME_CHARACTERS, message=f"Use {NAME_CHARACTERS} characters or fewer."),
        ],
    )
    email = EmailField(
        "E-mail",
        filters=[_one_line],
        validators=[
            DataRequired("Enter your e-mail address."),
            Length(max=EMAIL_CHARACTERS, message=f"Use {EMAIL_CHARACTERS} characters or fewer."),
            # Only a mail that arrives proves an address; this catches what cannot be one.
            Regexp(
                r"^[^@\s<>,;:\"()\[\]\\]+@[^@\s.<>,;:\"()\[\]\\]+(\.[^@\s.<>,;:\"()\[\]\\]+)+$",
                message="Enter an address like name@example.org.",
            ),
        ],
    )
    institution = StringField(
        "Institution",
        filters=[_one_line],
        validators=[Length(max=NAME_CHARACTERS, message=f"Use {NAME_CHARACTERS} characters or fewer.")],
    )
    window_mails = BooleanField("Mail me before results move to the archive")
