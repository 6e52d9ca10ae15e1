"""The choice of a reference: what is offered, what is taken, what the new job keeps of it."""

from __future__ import annotations

import hashlib
import html
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.domain.bundles import BundleAddress
from gas_core.domain.job import Failure, ObjectRef
from gas_core.domain.plans import Plan
from gas_core.testing import FakeClock, FakeStore
from gas_core.testing.store import INPUTS_BUCKET
from gas_web.bundles import SHIPPED, BundleUnreadableError, read_bundles

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Visitor, World
    from gas_core.domain.job import Job

FIELD = "x-amz-meta-bundle"
MISFIT = Failure("contigs", "No record lies on a contig of rCRS: found NC_045512.2.", "It fits SARS-CoV-2.")


def options(page: Any) -> dict[str, bool]:
    """What is offered: value → whether it is selected."""
    found = re.search(rf'<select[^>]* name="{FIELD}".*?</select>', page.text, re.DOTALL)
    if found is None:
        return {}
    return {
        html.unescape(value): bool(selected)
        for value, selected in re.findall(r'<option value="([^"]*)"( selected)?>', found[0])
    }


def submitted(world: World, visitor: Visitor, bundle: str) -> Job:
    """A file that a browser without JavaScript sent with this choice."""
    form = visitor.upload_form()
    form.fields[FIELD] = bundle
    world.store.upload_for_test(form, b"##fileformat=VCFv4.2\n", file_name="a.vcf")
    answer = visitor.get(form.fields["success_action_redirect"].removeprefix("http://localhost"))
    assert answer.status_code == 303
    return world.jobs.get(answer.location.rpartition("/")[2])


def misfit(world: World, **changes: Any) -> Job:
    job = world.job("FAILED")
    told = {"failure": MISFIT, "bundle": "rCRS", "fitting_bundle": "SARS-CoV-2", "title": "Family 3"}
    return world.jobs.commit(job, replace(job, **(told | changes)))


def test_references_are_offered_and_the_one_that_the_file_fits_is_the_default(ada: Any) -> None:
    page = ada.get("/annotate")
    assert options(page) == {"": False, "rCRS": False, "SARS-CoV-2": False}
    # The store reads no field after the file.
    assert page.text.index(f'name="{FIELD}"') < page.text.index('type="file"')


def test_one_reference_is_told_and_not_to_be_chosen(world: World, Visitor: Any) -> None:
    one = Visitor(world, world.app(ports={"bundles": (SHIPPED["rCRS"],)}))
    one.sign_in()
    page = one.get("/annotate")
    assert options(page) == {}
    assert one.upload_form().fields[FIELD] == ""
    assert "Human mitochondrial genome" in page.text


@pytest.mark.parametrize("bundle", ["", "SARS-CoV-2"])
def test_choice_that_came_with_the_form_is_the_jobs(world: World, ada: Any, bundle: str) -> None:
    assert submitted(world, ada, bundle).bundle == bundle


def test_strange_choice_is_kept_as_text_for_the_annotator_to_refuse(world: World, ada: Any) -> None:
    job = submitted(world, ada, "<b>\u202eGRCh38\x07" + "x" * 500)
    assert job.bundle.startswith("<b>GRCh38x")
    assert len(job.bundle) == 255
    assert "<b>GRCh38" not in ada.get(f"/annotations/{job.job_id}").text


def upload_in_parts(world: World, ada: Any, **finish: object) -> tuple[int, Job, Any]:
    world.plan(Plan.PREMIUM)
    headers = {"X-CSRFToken": ada.token()}
    declared = {"name": "b.vcf", "size_bytes": 3, "fingerprint": "0" * 16}
    job_id = ada.client.post("/annotate/uploads", json=declared, headers=headers).json["job_id"]
    part = {"number": 1, "crc32": "qqqqqg=="}
    url = ada.client.post(f"/annotate/uploads/{job_id}/parts", json=part, headers=headers).json["url"]
    upload_id = world.jobs.get(job_id).upload.upload_id
    assert url
    world.store.uploads[upload_id][1][1] = b"abc"
    answer = ada.client.post(f"/annotate/uploads/{job_id}/finish", json=finish, headers=headers)
    return answer.status_code, world.jobs.get(job_id), answer.json


def test_choice_that_came_with_the_last_part_is_the_jobs(world: World, ada: Any) -> None:
    status, job, _ = upload_in_parts(world, ada, bundle="SARS-CoV-2")
    assert (status, job.bundle, job.submit_time > 0) == (200, "SARS-CoV-2", True)


def test_file_in_parts_with_an_unknown_choice_is_not_submitted(world: World, ada: Any) -> None:
    status, job, told = upload_in_parts(world, ada, bundle="GRCh38")
    assert (status, job.submit_time) == (422, 0)
    assert told["sentence"].startswith("This service has no reference called GRCh38. Reload the page")


def test_job_that_fits_another_reference_is_submitted_again_with_it(
    world: World, ada: Any, words: Callable[[Any], str]
) -> None:
    job = misfit(world)
    page = ada.get(f"/annotations/{job.job_id}")
    assert "Submit again with SARS-CoV-2" in words(page)
    assert page.text.count("btn-primary") == 1
    answer = ada.post(f"/annotations/{job.job_id}/run-again", bundle="SARS-CoV-2")
    new = world.jobs.get(answer.location.rpartition("/")[2])
    assert (new.bundle, new.title, new.fitting_bundle) == ("SARS-CoV-2", "Family 3", "")


def test_run_again_keeps_the_reference_that_was_chosen(world: World, ada: Any) -> None:
    job = misfit(world)
    # The copy of the file has the choice of its first form beside it, which is not the row's any more.
    place = ObjectRef(INPUTS_BUCKET, job.s3_key_input_file)
    world.store.put_for_test(place, b"a vcf", name="a.vcf")
    answer = ada.post(f"/annotations/{job.job_id}/run-again")
    assert world.jobs.get(answer.location.rpartition("/")[2]).bundle == "rCRS"
    anew = ada.post(f"/annotations/{job.job_id}/run-again", bundle="")
    assert world.jobs.get(anew.location.rpartition("/")[2]).bundle == ""


def test_unknown_reference_is_refused_with_a_sentence_and_the_choices(
    world: World, ada: Any, words: Callable[[Any], str]
) -> None:
    job = misfit(world)
    before = {each for each, row in world.jobs.rows.items() if row.submit_time}
    answer = ada.post(f"/annotations/{job.job_id}/run-again", bundle="<i>GRCh38")
    assert answer.status_code == 422
    assert "This service has no reference called <i>GRCh38. Choose another" in words(answer)
    assert "&lt;i&gt;GRCh38" in answer.text
    assert {each for each, row in world.jobs.rows.items() if row.submit_time} == before


def test_edit_and_submit_again_keeps_the_reference(world: World, ada: Any) -> None:
    job = misfit(world)
    assert options(ada.get(f"/annotate?edit={job.job_id}"))["rCRS"] is True
    gone = misfit(world, bundle="GRCh37")
    assert not any(options(ada.get(f"/annotate?edit={gone.job_id}")).values())
    declared = {"name": "b.vcf", "size_bytes": 20, "fingerprint": "0" * 16, "edit": job.job_id}
    told = ada.client.post("/annotate/uploads", json=declared, headers={"X-CSRFToken": ada.token()}).json
    assert world.jobs.get(told["job_id"]).bundle == "rCRS"


def test_list_is_searched_by_the_reference_that_was_chosen(world: World, ada: Any) -> None:
    misfit(world, title="one")
    misfit(world, bundle="SARS-CoV-2", title="other")
    page = ada.get("/annotations?q=sars").text
    assert ">other<" in page
    assert ">one<" not in page


@pytest.mark.parametrize(("chosen", "said"), [("rCRS", "as it was chosen"), ("", "which the file fits")])
def test_provenance_tells_whether_the_reference_was_chosen(
    world: World, ada: Any, words: Callable[[Any], str], chosen: str, said: str
) -> None:
    job = world.job("COMPLETED")
    world.jobs.commit(job, replace(job, bundle=chosen))
    assert said in words(ada.get(f"/annotations/{job.job_id}"))
    told = ada.get(f"/annotations/{job.job_id}/provenance").json
    assert told["reference"]["chosen"] is bool(chosen)


# An operator's own bundles.


def address_of(store: FakeStore, manifest: bytes) -> BundleAddress:
    address = BundleAddress("references", "bundles/toy", hashlib.sha256(manifest).hexdigest())
    store.put_for_test(address.file("manifest.json"), manifest)
    return address


MANIFEST = json.dumps(
    {
        "format": "gas-bundle",
        "format_version": 4,
        "name": "GRCh38",
        "assembly": "GRCh38.p14",
        "version": "7",
        "contigs": [{"name": "chr1", "length": 9, "aliases": ["1"], "circular": False}],
        "checksums": {},
    }
).encode()


def test_bundles_of_an_operator_are_offered_as_their_manifests_say() -> None:
    store = FakeStore(FakeClock())
    mine, shipped = read_bundles([address_of(store, MANIFEST), "SARS-CoV-2"], store)
    assert (mine.name, mine.assembly, mine.description) == ("GRCh38", "GRCh38.p14", "Version 7, 1 contig")
    assert mine.contigs == {"chr1": 9, "1": 9}
    assert shipped is SHIPPED["SARS-CoV-2"]


def test_bundle_that_cannot_be_offered_is_told_in_a_sentence() -> None:
    store = FakeStore(FakeClock())
    address = address_of(store, MANIFEST)
    with pytest.raises(BundleUnreadableError, match="Two bundles are called GRCh38"):
        read_bundles([address, address], store)
    with pytest.raises(BundleUnreadableError, match=r"has the SHA-256 .* and was expected to have 0000"):
        read_bundles([replace(address, sha256="0" * 64)], store)
    with pytest.raises(BundleUnreadableError, match="is not the manifest of a reference bundle"):
        read_bundles([address_of(store, b"{}")], store)
    with pytest.raises(BundleUnreadableError, match=r"s3://references/none/manifest\.json is not there"):
        read_bundles([replace(address, prefix="none")], store)
    with pytest.raises(BundleUnreadableError, match="No bundle 'hg38' comes with the engine"):
        read_bundles(["hg38"], store)
