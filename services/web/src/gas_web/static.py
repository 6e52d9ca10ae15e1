"""Static files under addresses that have the hash of the contents in them: browsers keep them for good.

One hash stands for the whole tree, so that style sheets reach fonts and images by relative paths. Texts are
compressed once, when first asked for: not every proxy in front does it, and they are two thirds of a page.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from pathlib import Path

from flask import Flask, Response, abort, request, send_from_directory, url_for

ROOT = Path(__file__).parent / "assets"
_TEXTS = (".css", ".js", ".svg")
_YEAR_SECONDS = 31_536_000
_HTTP_NOT_FOUND = 404


class StaticFiles:
    """The files under ``assets/``."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._names = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
        self._packed: dict[str, bytes] = {}
        digest = hashlib.sha256()
        for name in sorted(self._names):
            digest.update(name.encode() + b"\0" + (root / name).read_bytes())
        self._hash = digest.hexdigest()[:16]

    def address(self, name: str) -> str:
        """The address of a file, for templates; a name that does not exist is a mistake of ours."""
        if name not in self._names:
            raise LookupError(f"there is no asset {name}")
        return url_for("static", tree=self._hash, name=name)

    def serve_from(self, app: Flask) -> None:
        @app.get("/static/<tree>/<path:name>", endpoint="static")
        def static(tree: str, name: str) -> Response:
            if tree != self._hash or name not in self._names:
                abort(_HTTP_NOT_FOUND)
            response = self._response(name)
            response.headers["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
            return response

    def _response(self, name: str) -> Response:
        text = name.endswith(_TEXTS)
        if not text or not request.accept_encodings["gzip"]:
            response = send_from_directory(self._root, name, max_age=_YEAR_SECONDS)
        else:
            response = Response(self._compressed(name), mimetype=mimetypes.guess_type(name)[0])
            response.headers["Content-Encoding"] = "gzip"
        if text:
            response.vary.add("Accept-Encoding")
        return response

    def _compressed(self, name: str) -> bytes:
        if name not in self._packed:
            self._packed[name] = gzip.compress((self._root / name).read_bytes(), mtime=0)
        return self._packed[name]
