"""Files that GAS cannot annotate, each with the sentence that its sender reads."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import NamedTuple

HEADER = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
MIB = 1024**2


class BadFile(NamedTuple):
    """What is sent as ``sample.vcf``, and what the job's page then says."""

    data: bytes
    sentence: str


def vcf(*records: str) -> bytes:
    """A VCF of these records, written with spaces for tabs."""
    return HEADER + b"".join(record.replace(" ", "\t").encode() + b"\n" for record in records)


LONG = f"MT 73 . A G . . X={'A' * 14 * MIB}"

CASES = Path(__file__).parents[1] / "preflight" / "cases.json"
"""What pre-flight and engine are held to; the documented ones come through the front door as well."""

BAD_FILES = {
    case["name"]: BadFile(
        case["text"].encode() if "text" in case else base64.b64decode(case["base64"]), case["refused"]
    )
    for case in json.loads(CASES.read_text())
    if case.get("documented")
} | {
    "bomb": BadFile(
        gzip.compress(vcf(LONG, LONG, LONG)),
        "The file unpacks to more than 500 times its size. Files that do so are taken for a trap; "
        "upload this one uncompressed.",
    ),
    "long line": BadFile(
        gzip.compress(vcf(f"{LONG}{'C' * 3 * MIB}")),
        "Line 3: a line of more than 16 MiB where a VCF line belongs.",
    ),
}
