"""Make the table of values in charts/gas/README.md from the ``# --`` comments of values.yaml.

``python tools/chart_readme.py``
    Write it; run it after changing a value or its comment.
``python tools/chart_readme.py --check``
    Say whether it is what the comments tell, and whether every value has one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parent.parent / "charts/gas"
PAGE = CHART / "README.md"
MARKS = ("<!-- values: made by tools/chart_readme.py -->", "<!-- end of values -->")

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]+):(?P<rest>.*)$")


@dataclass(frozen=True, slots=True)
class Value:
    """A value as its reader meets it."""

    path: str
    default: Any
    meaning: str


class UndescribedError(Exception):
    """A value has no ``# --`` comment."""


def values(text: str) -> list[Value]:
    """All values of a values.yaml in their order; one that has a comment is told whole.

    Raises
    ------
    UndescribedError
        A value has no comment, neither itself nor the object it is part of.
    """
    tree = yaml.safe_load(text)
    found: list[Value] = []
    trail: list[tuple[int, str]] = []
    comment: list[str] | None = None
    inside: int | None = None
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("# -- "):
            comment = [stripped.removeprefix("# -- ")]
            continue
        if stripped.startswith("#"):
            if comment is not None:
                comment.append(stripped.removeprefix("# "))
            continue
        match = _KEY.match(line)
        if not match:
            continue
        indent = len(match["indent"])
        if inside is not None and indent > inside:
            continue
        inside = None
        trail = [(depth, key) for depth, key in trail if depth < indent]
        trail.append((indent, match["key"]))
        path = [key for _, key in trail]
        if comment is not None:
            found.append(Value(".".join(path), _at(tree, path), " ".join(comment)))
            inside, comment = indent, None
        elif match["rest"].strip():
            raise UndescribedError(f"{'.'.join(path)} has no '# --' comment in values.yaml.")
    return found


def page(text: str, current: str) -> str:
    """The page with the table between its marks."""
    head, _, rest = current.partition(MARKS[0])
    tail = rest.partition(MARKS[1])[2]
    rows = ["| Value | Default | Meaning |", "|---|---|---|"]
    for value in values(text):
        default = json.dumps(value.default)
        meaning = value.meaning.replace("|", "\\|")
        rows.append(f"| `{value.path}` | `{default}` | {meaning} |")
    return f"{head}{MARKS[0]}\n{chr(10).join(rows)}\n{MARKS[1]}{tail}"


def _at(tree: Any, path: list[str]) -> Any:  # noqa: ANN401 - YAML
    for key in path:
        tree = tree[key]
    return tree


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if the table is out of date"
    )
    check = parser.parse_args().check
    current = PAGE.read_text(encoding="utf-8")
    try:
        wanted = page((CHART / "values.yaml").read_text(encoding="utf-8"), current)
    except UndescribedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not check:
        PAGE.write_text(wanted, encoding="utf-8")
    elif current != wanted:
        sys.stderr.write(
            "charts/gas/README.md is out of date: run python tools/chart_readme.py and commit it.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
