"""What is in a bundle, for people and programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gas_engine.bundle.load import Bundle
from gas_engine.codon import STOP

if TYPE_CHECKING:
    from pathlib import Path


def inspect_bundle(path: str | Path) -> dict[str, Any]:
    """Open the bundle at ``path``, which checks it, and describe it in values that JSON can hold."""
    bundle = Bundle.load(path)
    coding = [spliced for spliced in map(bundle.spliced, bundle.transcripts) if spliced.coding]
    proteins = [spliced.code.translate(spliced.cds) for spliced in coding]
    return {
        "name": bundle.name,
        "assembly": bundle.assembly,
        "version": bundle.version,
        "contigs": [asdict(contig) for contig in bundle.contigs],
        "genes": len({transcript.gene_id for transcript in bundle.transcripts}),
        "transcripts": len(bundle.transcripts),
        "transcripts_by_biotype": dict(Counter(t.biotype for t in bundle.transcripts).most_common()),
        "coding_transcripts": len(coding),
        "coding_transcripts_that_end_in_a_stop": sum(protein.endswith(STOP) for protein in proteins),
        "coding_transcripts_with_a_stop_inside": sum(STOP in protein[:-1] for protein in proteins),
        "known_alleles": bundle.known_count,
        "tracks": [{**asdict(track), "regions": len(bundle.regions(track.name))} for track in bundle.tracks],
        "sources": [asdict(source) for source in bundle.manifest.sources],
        "checksums": bundle.manifest.checksums or {},
    }
