"""Static files: addresses with a hash, kept for good, and small on the way."""

from __future__ import annotations

import gzip
import re
from typing import Any

from gas_web.static import ROOT


def address(visitor: Any, name: str) -> str:
    """As pages name it."""
    found = re.search(r'"/static/([0-9a-f]{16})/', visitor.get("/").text)
    assert found
    return f"/static/{found[1]}/{name}"


def fetched(visitor: Any, name: str, encodings: str) -> Any:
    answer = visitor.client.get(address(visitor, name), headers={"Accept-Encoding": encodings})
    assert answer.data
    answer.close()
    return answer


def test_text_is_compressed_for_whoever_takes_it(visitor: Any) -> None:
    for name in ("css/gas.css", "vendor/htmx/htmx.min.js", "vendor/bootstrap-icons/sprite.svg"):
        plain = fetched(visitor, name, "identity")
        packed = fetched(visitor, name, "br, gzip")
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data == (ROOT / name).read_bytes()
        assert packed.mimetype == plain.mimetype
        assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        assert "immutable" in packed.headers["Cache-Control"]
        assert len(packed.data) < len(plain.data) / 2


def test_whoever_refuses_compression_gets_the_plain_text(visitor: Any) -> None:
    answer = fetched(visitor, "css/gas.css", "gzip;q=0, identity")
    assert "Content-Encoding" not in answer.headers


def test_font_is_sent_as_it_is(visitor: Any) -> None:
    name = next(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.woff2"))
    answer = fetched(visitor, name, "gzip")
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (ROOT / name).read_bytes()


def test_page_itself_is_not_compressed(visitor: Any) -> None:
    # A page holds a token beside what others may have written: compressed, its length would tell of both.
    assert "Content-Encoding" not in visitor.get("/", Accept_Encoding="gzip").headers
