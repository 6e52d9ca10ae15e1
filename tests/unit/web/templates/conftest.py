"""The gallery's pages for these tests, read as a browser would."""

from __future__ import annotations

import importlib.util
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from flask import Flask

FOLDER = Path(__file__).parent
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def _load_gallery() -> ModuleType:
    # Test folders are not packages, so the module beside this file is loaded by its path.
    spec = importlib.util.spec_from_file_location("web_template_gallery", FOLDER / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


GALLERY = _load_gallery()


class Element:
    """A start tag with its attributes, the elements it stands in, and the text below it."""

    def __init__(self, tag: str, attributes: dict[str, str], parents: list[Element]) -> None:
        self.tag, self.attributes, self.parents = tag, attributes, parents
        self.text = ""

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    @property
    def inert(self) -> bool:
        """Inside a ``<template>``: not part of the page until a script copies it."""
        return any(parent.tag == "template" for parent in self.parents)

    @property
    def classes(self) -> set[str]:
        return set(self["class"].split())


class Document(HTMLParser):
    """A parsed page; ``mistakes`` lists tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[Element] = []
        self.mistakes: list[str] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        self.mistakes += [f"<{element.tag}> stays open" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.mistakes.append(f"<{tag}> repeats an attribute")
        element = Element(tag, {name: value or "" for name, value in attrs}, list(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop().tag != tag:
            self.mistakes.append(f"</{tag}> at {self.getpos()} closes another tag")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def by_id(self, name: str) -> Element:
        [found] = [element for element in self.elements if element["id"] == name]
        return found

    @property
    def words(self) -> str:
        return " ".join(self.all("html")[0].text.split())


@pytest.fixture
def gallery() -> Any:
    return GALLERY


@pytest.fixture
def app() -> Iterator[Flask]:
    app: Flask = GALLERY.make_gallery()
    with app.test_request_context():
        yield app


@pytest.fixture
def page(app: Flask) -> Callable[[str], Document]:
    """The sample page of a name, parsed."""
    assert app
    return lambda sample: Document(GALLERY.render(sample))


@pytest.fixture
def page_of(app: Flask) -> Callable[..., Document]:
    """A template with a context of the test's own, parsed."""
    from flask import render_template

    assert app
    return lambda template, **context: Document(
        render_template(template, **{"current_user": GALLERY.ADA, "nav": "", **context})
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "each_sample" in metafunc.fixturenames:
        metafunc.parametrize("each_sample", GALLERY.SAMPLES)
