"""Forms of our own pages."""

from __future__ import annotations

import unicodedata

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, StringField
from wtforms.validators import DataRequired, Length, Regexp

NAME_CHARACTERS = 200
EMAIL_CHARACTERS = 254
"""The longest address that mail servers take (RFC 5321)."""


def _one_line(text: str | None) -> str | None:
    """What is typed into one line: no line breaks, no characters that nobody sees, no spaces around."""
    if not text:
        return text
    words = " ".join(text.split())
    return "".join(char for char in words if unicodedata.category(char) not in {"Cc", "Cs"}).strip()


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
