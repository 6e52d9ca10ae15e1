"""Colours keep their contrast, the first page stays light, and vendored files are what the lock names."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from conftest import Document

GROUNDS = ("canvas", "surface", "sunken")
TEXT_PAIRS = [
    *((text, ground) for text in ("text", "muted", "accent", "accent-strong") for ground in GROUNDS),
    ("danger", "canvas"),
    ("danger", "surface"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-danger", "danger"),
    ("on-danger", "danger-strong"),
    *((f"{kind}-fg", f"{kind}-bg") for kind in ("neutral", "info", "good", "warn", "bad", "cold")),
]
FIRST_PAGE_BYTES = 150 * 1024


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def themes() -> dict[str, dict[str, str]]:
    from pathlib import Path

    css = Path(__file__).parents[4] / "services/web/src/gas_web/assets/css/tokens.css"
    found = re.findall(r"--gas-([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", css.read_text())
    return {
        "light": {name: light for name, light, _ in found},
        "dark": {name: dark for name, _, dark in found},
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read(themes: dict[str, dict[str, str]], theme: str, text: str, ground: str) -> None:
    assert contrast(themes[theme][text], themes[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_outlines_of_fields_can_be_seen(themes: dict[str, dict[str, str]], theme: str, ground: str) -> None:
    assert contrast(themes[theme]["edge"], themes[theme][ground]) >= 3


def test_the_first_page_is_light(page: Callable[[str], Document], gallery: Any) -> None:
    document = page("landing")
    assets = {
        element[name].removeprefix("/assets/").partition("#")[0]
        for element in document.elements
        for name in ("src", "href")
        if element[name].startswith("/assets/")
    }
    assets |= {
        f"vendor/{path}"
        for path in re.findall(r"\.\./vendor/([^\"]+)", (gallery.WEB / "assets/css/gas.css").read_text())
    }
    sent = [document.html.encode(), *((gallery.WEB / "assets" / path).read_bytes() for path in assets)]
    assert len(sent) > 5
    assert sum(len(gzip.compress(content)) for content in sent) <= FIRST_PAGE_BYTES


@pytest.fixture
def vendor_tool(gallery: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The vendoring tool, looking at a copy of the tree."""
    spec = importlib.util.spec_from_file_location(
        "vendor_assets", gallery.WEB.parents[3] / "tools/vendor_assets.py"
    )
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    shutil.copytree(tool.VENDOR, tmp_path / "vendor")
    monkeypatch.setattr(tool, "VENDOR", tmp_path / "vendor")
    monkeypatch.setattr(tool, "LOCK", tmp_path / "vendor/vendor.json")
    return tool


def test_vendored_files_are_as_locked_and_noticed(vendor_tool: Any) -> None:
    assert vendor_tool.differences(json.loads(vendor_tool.LOCK.read_text())) == []


def test_a_changed_missing_or_unknown_vendored_file_is_told(vendor_tool: Any) -> None:
    (vendor_tool.VENDOR / "htmx/htmx.min.js").write_text("changed")
    (vendor_tool.VENDOR / "idiomorph/LICENSE").unlink()
    (vendor_tool.VENDOR / "extra.js").write_text("")
    told = " ".join(vendor_tool.differences(json.loads(vendor_tool.LOCK.read_text())))
    assert "htmx/htmx.min.js was changed" in told
    assert "idiomorph/LICENSE is missing" in told
    assert "extra.js is not in vendor.json" in told


def test_a_package_that_notice_leaves_out_is_told(vendor_tool: Any) -> None:
    lock = json.loads(vendor_tool.LOCK.read_text())
    lock["packages"][0]["version"] = "0.0.1"
    assert vendor_tool.differences(lock) == ["NOTICE does not name bootstrap 0.0.1 (MIT)."]


def test_every_icon_of_the_sprite_is_used(gallery: Any, vendor_tool: Any) -> None:
    icons = next(
        p["sprite"]["icons"] for p in json.loads(vendor_tool.LOCK.read_text())["packages"] if "sprite" in p
    )
    templates = "".join(path.read_text() for path in (gallery.WEB / "templates").rglob("*.html"))
    in_marks = {icon for _, _, icon in gallery.BADGES.values()}
    assert [icon for icon in icons if f'"{icon}"' not in templates and icon not in in_marks] == []
