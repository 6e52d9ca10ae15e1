"""Whether a line is text as VCF 4.3 asks for it."""

from __future__ import annotations


def is_utf8(line: bytes) -> bool:
    """True for UTF-8, ASCII included.

    Bytes that are not UTF-8 pass through to the output as they are: the specification asks for UTF-8 since
    4.3 and ASCII before, but real files carry Latin-1 descriptions and sample notes, and changing or
    refusing them would help nobody. They are counted; contig names and alleles must be ASCII.
    """
    if line.isascii():
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
