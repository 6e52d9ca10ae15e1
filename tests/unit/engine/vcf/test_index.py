"""The index that is made while writing finds what is there, by htslib's reading of it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pysam
import pytest

from gas_engine.kernel import layout
from gas_engine.vcf.writer import BodyWriter

HEAD = [b"##fileformat=VCFv4.2", b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
CONTIGS = [b"chr1", b"unused", b"chrM", b"HLA-A*01:01"]


@pytest.mark.parametrize("seed", range(6))
def test_every_query_finds_the_records_it_should(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    spread = rng.choice((300, 40_000, 2**29 - 300_000))
    records: list[tuple[int, int, int]] = []
    for contig in (0, 2, 3)[: rng.randint(1, 3)]:
        starts = sorted(rng.randrange(spread) for _ in range(rng.choice((1, 40, 3000))))
        records += [(contig, start, start + rng.choice((1, 1, 1, 20, 70_000))) for start in starts]
    vcf, index = tmp_path / "a.vcf.gz", tmp_path / "a.vcf.gz.tbi"
    with ThreadPoolExecutor(2) as pool:
        body = BodyWriter(tmp_path / "body", pool)
        with body:
            for first in range(0, len(records), 700):
                batch = records[first : first + 700]
                sites = np.zeros(len(batch), layout.SITE)
                text = b""
                for number, (contig, start, end) in enumerate(batch):
                    line = b"%s\t%d\t.\tA\tG\t.\t.\tEND=%d;X=%s\n" % (
                        CONTIGS[contig], start + 1, end, rng.randbytes(20).hex().encode()
                    )  # fmt: skip
                    sites[number] = (len(text), len(text) + len(line), start, end, contig)
                    text += line
                body.write(text, sites)
        body.finish(vcf, index, HEAD, CONTIGS, lambda: None)
    with pysam.TabixFile(str(vcf)) as tabix:
        assert tabix.contigs == [CONTIGS[contig].decode() for contig in dict.fromkeys(r[0] for r in records)]
        for _ in range(60):
            contig, near, _ = rng.choice(records)
            low = max(0, near - rng.choice((0, 5, 20_000, 200_000)))
            high = low + rng.choice((1, 100, 100_000))
            found = [
                int(line.split("\t")[1]) - 1 for line in tabix.fetch(CONTIGS[contig].decode(), low, high)
            ]
            assert found == [start for c, start, end in records if c == contig and start < high and end > low]
