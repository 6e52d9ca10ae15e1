"""Where else a variant is described. A link is made only of values that have the form of the other site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

_RS = re.compile(r"rs[0-9]{1,15}")
_GENE = re.compile(r"ENSG[0-9]{11}")
_TRANSCRIPT = re.compile(r"ENST[0-9]{11}")
_BASES = re.compile(r"[ACGT]{1,50}")
_HGVS = re.compile(r"[A-Z]{2}_[0-9]+\.[0-9]+:[gm]\.[0-9_+ACGTdelinsup>]{1,100}")
_CONTIG = re.compile(r"(?:chr)?([1-9]|1[0-9]|2[0-2]|X|Y|M|MT)")
_MITOCHONDRIAL = {"M", "MT"}
_GNOMAD: Final = {"GRCh38": "gnomad_r4", "GRCh37": "gnomad_r2_1"}


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


def rs_link(name: str) -> str | None:
    """The address of an rs ID at dbSNP."""
    return f"https://www.ncbi.nlm.nih.gov/snp/{name}" if _RS.fullmatch(name) else None


def gene_link(gene_id: str | None) -> str | None:
    """The address of a human gene at Ensembl."""
    found = _GENE.fullmatch(gene_id or "")
    return f"https://www.ensembl.org/Homo_sapiens/Gene/Summary?g={gene_id}" if found else None


def transcript_link(transcript_id: str | None) -> str | None:
    """The address of a human transcript at Ensembl."""
    found = _TRANSCRIPT.fullmatch(transcript_id or "")
    return f"https://www.ensembl.org/Homo_sapiens/Transcript/Summary?t={transcript_id}" if found else None


def links_of(variant: Mapping[str, Any], *, assembly: str) -> list[Link]:
    """Pages of other services about a variant of the table; ``assembly`` is that of the job's reference."""
    links = [
        Link(f"dbSNP {name}", address)
        for name in dict.fromkeys([*variant["ids"], *variant["known_ids"]])
        if (address := rs_link(name))
    ]
    gnomad = _gnomad(variant, assembly)
    if gnomad:
        links.append(Link("gnomAD", gnomad))
    if _HGVS.fullmatch(variant["hgvs_g"] or ""):
        term = quote(f'"{variant["hgvs_g"]}"', safe="")
        links.append(Link("ClinVar", f"https://www.ncbi.nlm.nih.gov/clinvar/?term={term}"))
    gene = gene_link(variant["gene_id"])
    if gene:
        links.append(Link("Ensembl gene", gene))
    return links


def _gnomad(variant: Mapping[str, Any], assembly: str) -> str | None:
    # A bundle may name its contigs by accession; the file's own name is as good.
    contig = _CONTIG.fullmatch(variant["contig"]) or _CONTIG.fullmatch(variant["contig_name"])
    ref, alt = variant["ref"].upper(), (variant["alt"] or "").upper()
    if not contig or not _BASES.fullmatch(ref) or not _BASES.fullmatch(alt):
        return None
    if contig[1] in _MITOCHONDRIAL:
        name, release = "M", "gnomad_r3"
    else:
        name, release = contig[1], _GNOMAD.get(assembly.split(".", maxsplit=1)[0], "")
    if not release:
        return None
    return f"https://gnomad.broadinstitute.org/variant/{name}-{variant['pos']}-{ref}-{alt}?dataset={release}"
