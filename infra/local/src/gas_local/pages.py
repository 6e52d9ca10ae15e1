"""What a person sees of a page and can act on: links, forms, and a job's state."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass(slots=True)
class Form:
    """A form, with the fields that a browser would send without the person doing anything."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    file_field: str | None = None


@dataclass(slots=True)
class Page:
    """The parts of a page."""

    heading: str = ""
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    state: str = ""
    """``data-state`` of the job's panel: status and results."""
    sentences: list[str] = field(default_factory=list)
    """Paragraphs of the job's panel."""


def read(html: str) -> Page:
    """Take a page apart."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._form: Form | None = None
        self._select = ""
        self._panel_depth = 0
        self._in_heading = False
        self._paragraph: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._panel_depth and tag not in _VOID:
            self._panel_depth += 1
        if "data-state" in given:
            self.page.state = given["data-state"]
            self._panel_depth = 1
        if tag == "h1":
            self._in_heading = True
        elif tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.page.forms.append(self._form)
        elif self._form and tag in {"input", "select", "option"}:
            self._sent(self._form, tag, given)
        elif tag == "p" and self._panel_depth:
            self._paragraph = []

    def _sent(self, form: Form, tag: str, given: dict[str, str]) -> None:
        """Note what a field sends by itself."""
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option":
            # The one that is selected, or the first.
            if self._select and ("selected" in given or self._select not in form.fields):
                form.fields[self._select] = given.get("value", "")
        elif name and given.get("type") == "file":
            form.file_field = name
        elif name and given.get("type") == "hidden":
            form.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "h1":
            self._in_heading = False
        elif tag == "p" and self._paragraph is not None:
            self.page.sentences.append(" ".join("".join(self._paragraph).split()))
            self._paragraph = None
        if self._panel_depth:
            self._panel_depth -= 1

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.page.heading += data
        if self._paragraph is not None:
            self._paragraph.append(data)
