"""File names on their way through HTTP headers, which know little but ASCII."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import quote

_PLAIN = "!#$&+-.^_`|~"
"""What RFC 5987 lets stand unquoted beside letters and digits."""


def content_disposition(file_name: str) -> str:
    """The header that makes a browser save under this name (RFC 6266).

    ``filename*`` carries it whole; ``filename`` is for programs that only know that one, so it stays with
    characters that no program misreads.
    """
    plain = "".join(
        character if character.isascii() and character.isprintable() and character not in '"\\%' else "_"
        for character in file_name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe=_PLAIN)}"


def from_metadata(text: str) -> str:
    """What a metadata value meant.

    S3 gives text that is not ASCII back as RFC 2047 words; a store that gives its UTF-8 bytes has them
    arrive as Latin-1, which is how Python reads headers.
    """
    if "=?" in text:
        try:
            return str(make_header(decode_header(text)))
        except (HeaderParseError, LookupError, UnicodeDecodeError):
            return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def from_form(text: str) -> str:
    """What a file is called whose name came with a form.

    Browsers write a quote in it as ``%22`` and leave ``%`` as it is (HTML, "multipart form data"), so a name
    that really has ``%22`` in it gets a quote instead. Line ends, which they write so too, are no part of a
    name that we keep.
    """
    return text.replace("%22", '"').replace("%0D", "").replace("%0A", "")
