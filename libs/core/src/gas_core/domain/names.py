"""What a researcher's file is called, and what its results are called when they are downloaded.

Names are for people: they are shown and sent in Content-Disposition, and never become part of a key.
"""

from __future__ import annotations

import re
import unicodedata

FALLBACK = "upload.vcf"
MAX_BYTES = 255
"""What common file systems take as one name, in UTF-8."""

_SEPARATORS = re.compile(r"[/\\]")
_ENDING = re.compile(r"\.vcf(\.gz|\.bgz)?$", re.IGNORECASE)
_ANY_ENDING = re.compile(r"(\.[A-Za-z0-9]{1,15}){1,2}$")
# Besides controls: marks that turn the reading direction, which make a name read as another one.
_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RESULT_ENDING = ".annot.vcf.gz"
_LOG_ENDING = ".vcf.count.log"


def clean_file_name(name: str) -> str:
    """A file name as its owner wrote it, without folders, control characters and excess length."""
    last = _SEPARATORS.split(unicodedata.normalize("NFC", name))[-1]
    seen = "".join(char for char in last if unicodedata.category(char) not in {"Cc", "Cs"})
    seen = _UNSEEN.sub("", seen).strip()
    if not seen.strip("."):
        return FALLBACK
    ending = _ENDING.search(seen) or _ANY_ENDING.search(seen)
    return _shortened(seen, ending.group() if ending else "")


def clean_label(text: str) -> str:
    """One line of a stranger's text to be shown: nothing unseen in it, no excess length."""
    seen = "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Cs"})
    return _shortened(_UNSEEN.sub("", seen).strip(), "")


def result_name(file_name: str) -> str:
    """``<stem>.annot.vcf.gz``: what the annotated file is saved as."""
    return _renamed(file_name, _RESULT_ENDING)


def log_name(file_name: str) -> str:
    """``<stem>.vcf.count.log``: what the log is saved as."""
    return _renamed(file_name, _LOG_ENDING)


def _renamed(file_name: str, ending: str) -> str:
    stem = _ENDING.sub("", file_name)
    return _shortened((stem or "upload") + ending, ending)


def _shortened(name: str, ending: str) -> str:
    """Cut before the ending, at a whole character."""
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem = name.removesuffix(ending).encode()[: MAX_BYTES - len(ending.encode())]
    return stem.decode(errors="ignore").rstrip() + ending
