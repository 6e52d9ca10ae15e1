"""The genome browser's page: what it is given, and what it may ask for."""

from __future__ import annotations

import html
import json
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from gas_core.domain.job import ObjectRef
from gas_core.domain.keys import standing_keys, summary_key
from gas_web.bundles import SHIPPED, Bundle
from gas_web.static import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World
    from gas_core.domain.job import Job

    Explored = Callable[..., Job]


BUNDLES = Path(str(resources.files("gas_engine"))) / "bundles"


def config(page: Any) -> dict[str, Any]:
    found = re.search(r'data-browser="([^"]+)"', page.text)
    assert found
    return json.loads(html.unescape(found[1]))


def browser(job: Job, variant: str = "2/1") -> str:
    return f"/annotations/{job.job_id}/results/{variant}/browser"


@pytest.mark.parametrize("bundle", SHIPPED)
def test_the_reference_that_is_drawn_is_the_one_that_the_engine_ships(bundle: str) -> None:
    drawn, shipped = ROOT / "references" / bundle, BUNDLES / bundle
    for name in ("sequence.fa", "genes.gff3"):
        assert (drawn / name).read_bytes() == (shipped / name).read_bytes()
    first, second, *_ = (drawn / "sequence.fa").read_text().splitlines(keepends=True)
    (contig,) = json.loads((shipped / "manifest.json").read_text())["contigs"]
    line = [first[1:].strip(), contig["length"], len(first), len(second) - 1, len(second)]
    assert (drawn / "sequence.fa.fai").read_text().split() == list(map(str, line))
    assert (drawn / "aliases.tsv").read_text().split() == [contig["name"], *contig["aliases"]]


@pytest.mark.parametrize("bundle", SHIPPED.values(), ids=SHIPPED)
def test_a_variant_of_a_shipped_bundle_has_its_sequence_and_genes(
    world: World, ada: Any, explored: Explored, bundle: Bundle
) -> None:
    job = explored()
    summary = json.dumps({"engine": {"bundle": bundle.name, "assembly": bundle.assembly}}).encode()
    world.store.put_for_test(ObjectRef(job.s3_results_bucket, summary_key(job)), summary)
    told = config(ada.get(browser(job)))
    assert told["locus"] == "MT:3270-3350"
    for url in (told["reference"]["fastaURL"], told["reference"]["indexURL"], told["tracks"][1]["url"]):
        with ada.client.get(url) as answer:
            assert answer.status_code == 200
    with ada.client.get(told["reference"]["fastaURL"], headers={"Range": "bytes=0-9"}) as part:
        assert (part.status_code, len(part.data)) == (206, 10)


def test_a_variant_of_another_bundle_has_its_contigs(ada: Any, explored: Explored) -> None:
    told = config(ada.get(browser(explored())))
    assert told["reference"]["format"] == "chromsizes"
    assert ada.get(told["reference"]["fastaURL"]).text == "MT\t15000\nchrX\t9\n"
    assert [track["type"] for track in told["tracks"]] == ["variant"]


def test_every_request_for_a_file_gets_a_link_of_its_own(world: World, ada: Any, explored: Explored) -> None:
    job = explored()
    track = config(ada.get(browser(job)))["tracks"][0]
    keys = standing_keys(job)
    for url, key in ((track["url"], keys.vcf), (track["indexURL"], keys.index)):
        answer = ada.get(url)
        assert answer.status_code == 303
        assert urlsplit(answer.location).path.endswith(key)
    assert ada.get(f"/annotations/{job.job_id}/results/files/table.parquet").status_code == 404
    archived = world.job("ARCHIVED")
    assert ada.get(f"/annotations/{archived.job_id}/results/files/annot.vcf.gz").status_code == 409


def test_what_igv_needs_is_allowed_on_its_page_alone(ada: Any, explored: Explored) -> None:
    job = explored()
    here = f"/annotations/{job.job_id}/results"
    allowed = ada.get(browser(job)).headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in allowed
    assert "frame-ancestors 'self'" in allowed
    assert "script-src 'self';" in allowed
    for path in (here, f"{here}/2/1"):
        policy = ada.get(path).headers["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert policy.endswith("frame-src 'self'")


def test_a_hostile_contig_is_text_in_what_igv_is_given(
    ada: Any, explored: Explored, row: Callable[..., Any]
) -> None:
    name = "\"'><script>alert(1)</script>"
    page = ada.get(browser(explored([row(1, 5, "A>G", contig_name=name)]), "1/1"))
    assert "<script>alert" not in page.text
    assert config(page)["locus"].startswith(name)
