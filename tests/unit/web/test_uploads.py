"""Large files in parts: what the page's script may ask, of what, and when."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gas_core.domain.plans import Plan
from gas_core.domain.states import Status
from gas_web.config import STORE_BYTES

if TYPE_CHECKING:
    from conftest import World

MIB = 1024**2
PART = 8 * MIB
FILE = b"##fileformat=VCFv4.2\n".ljust(PART + 1000, b"#")
DECLARED = {"name": "my ~ gen\u00f6me.vcf", "size_bytes": len(FILE), "fingerprint": "0123456789abcdef"}


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4)).decode()


def part_of(number: int) -> bytes:
    return FILE[(number - 1) * PART : number * PART]


def ask(visitor: Any, path: str = "", /, **fields: object) -> Any:
    headers = {"X-CSRFToken": visitor.token()}
    url = f"/annotate/uploads{path}"
    return visitor.client.post(url, json=fields, headers=headers, base_url=visitor.base_url)


def send(world: World, visitor: Any, job_id: str, number: int) -> None:
    data = part_of(number)
    answer = ask(visitor, f"/{job_id}/parts", number=number, crc32=crc32(data))
    assert answer.status_code == 200
    world.store.put_part_for_test(answer.json["url"], data, crc32=crc32(data))


@pytest.fixture
def premium(world: World, ada: Any) -> Any:
    """Ada, whose plan takes large files."""
    world.plan(Plan.PREMIUM)
    return ada


@pytest.fixture
def job_id(premium: Any) -> str:
    """An upload of Ada's that has begun."""
    begun: str = ask(premium, **DECLARED).json["job_id"]
    return begun


def test_file_in_two_parts_becomes_a_job_under_its_own_name(world: World, premium: Any) -> None:
    begun = ask(premium, **DECLARED)
    assert begun.status_code == 201
    assert (begun.json["part_bytes"], begun.json["arrived"]) == (PART, [])
    job_id = begun.json["job_id"]
    for number in (2, 1):
        send(world, premium, job_id, number)
    done = ask(premium, f"/{job_id}/finish")
    assert (done.status_code, done.json) == (200, {"location": f"/annotations/{job_id}"})
    job = world.jobs.get(job_id)
    assert (job.status, job.input_file_name, job.input_bytes) == (
        Status.PENDING,
        DECLARED["name"],
        len(FILE),
    )
    assert world.store.objects[job.s3_inputs_bucket, job.s3_key_input_file].data == FILE
    assert len(world.job_requests.messages) == 1
    again = ask(premium, f"/{job_id}/finish")
    assert again.json == done.json
    assert len(world.job_requests.messages) == 1


def test_upload_tells_what_has_arrived_so_that_only_the_rest_is_sent(
    world: World, premium: Any, job_id: str
) -> None:
    send(world, premium, job_id, 2)
    told = premium.get(f"/annotate/uploads/{job_id}").json
    assert told["arrived"] == [{"number": 2, "size_bytes": 1000, "crc32": crc32(part_of(2))}]
    assert {name: told[name] for name in DECLARED} == DECLARED
    answer = ask(premium, f"/{job_id}/finish")
    assert (answer.status_code, answer.json["error"], answer.json["missing"]) == (409, "missing", [1])
    assert world.jobs.get(job_id).status is Status.UPLOADING


def test_plan_bounds_what_may_be_declared(world: World, ada: Any) -> None:
    answer = ask(ada, **DECLARED)
    assert answer.status_code == 413
    assert "your plan takes 150 KiB (153,600 bytes)" in answer.json["sentence"]
    world.plan(Plan.PREMIUM)
    assert ask(ada, **DECLARED | {"size_bytes": STORE_BYTES}).status_code == 201
    assert ask(ada, **DECLARED | {"size_bytes": STORE_BYTES + 1}).status_code == 413
    assert len(world.jobs.rows) == 1


def test_what_arrived_is_held_against_the_plan_once_more(world: World, premium: Any, job_id: str) -> None:
    for number in (1, 2):
        send(world, premium, job_id, number)
    world.plan(Plan.FREE)
    answer = ask(premium, f"/{job_id}/finish")
    assert (answer.status_code, answer.json["error"]) == (413, "size")
    assert world.store.uploads == {}
    assert world.jobs.get(job_id).status is Status.CANCELLED


@pytest.mark.parametrize("number", [0, 3, 10_001])
def test_part_that_the_file_does_not_have_is_not_signed(premium: Any, job_id: str, number: int) -> None:
    assert ask(premium, f"/{job_id}/parts", number=number, crc32="AAAAAA==").status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"name": "n" * 1025},
        {"size_bytes": 0},
        {"size_bytes": "9"},
        {"fingerprint": "<script>"},
        {"more": 1},
        {"size_bytes": 9.5},
    ],
)
def test_declaration_that_is_not_one_is_refused(
    world: World, premium: Any, change: dict[str, object]
) -> None:
    answer = ask(premium, **DECLARED | change)
    assert (answer.status_code, answer.json["error"]) == (400, "unreadable")
    assert world.jobs.rows == {}


def test_address_is_good_for_its_own_part_and_time(world: World, premium: Any, job_id: str) -> None:
    from gas_core.domain.errors import AccessRefusedError

    data = part_of(1)
    url = ask(premium, f"/{job_id}/parts", number=1, crc32=crc32(data)).json["url"]
    with pytest.raises(AccessRefusedError):
        world.store.put_part_for_test(url, data[:-1], crc32=crc32(data[:-1]))
    world.clock.advance(901)
    with pytest.raises(AccessRefusedError):
        world.store.put_part_for_test(url, data, crc32=crc32(data))


def test_upload_that_is_given_up_takes_nothing_more(world: World, premium: Any, job_id: str) -> None:
    send(world, premium, job_id, 1)
    assert ask(premium, f"/{job_id}/give-up").status_code == 200
    assert world.store.uploads == {}
    for path, fields in (("parts", {"number": 2, "crc32": "AAAAAA=="}), ("finish", {})):
        answer = ask(premium, f"/{job_id}/{path}", **fields)
        assert (answer.status_code, answer.json["error"]) == (409, "over")
    assert premium.get(f"/annotate/uploads/{job_id}").status_code == 409
    assert ask(premium, f"/{job_id}/give-up").status_code == 200


def test_submitted_job_is_not_given_up(world: World, premium: Any, job_id: str) -> None:
    for number in (1, 2):
        send(world, premium, job_id, number)
    ask(premium, f"/{job_id}/finish")
    assert ask(premium, f"/{job_id}/give-up").status_code == 200
    assert world.jobs.get(job_id).status is Status.PENDING


def test_uploads_of_others_do_not_exist(world: World, premium: Any, gregor: Any, job_id: str) -> None:
    before = world.jobs.get(job_id)
    for path, fields in (
        ("parts", {"number": 1, "crc32": "AAAAAA=="}),
        ("finish", {}),
        ("give-up", {}),
    ):
        assert ask(gregor, f"/{job_id}/{path}", **fields).status_code == 404
    assert gregor.get(f"/annotate/uploads/{job_id}").status_code == 404
    assert world.jobs.get(job_id) == before
    del premium


def test_form_of_a_job_takes_no_parts(world: World, premium: Any) -> None:
    premium.upload_form()
    (job_id,) = world.jobs.rows
    assert ask(premium, f"/{job_id}/parts", number=1, crc32="AAAAAA==").status_code == 409


def test_file_that_came_in_parts_keeps_its_name_when_it_is_run_again(
    world: World, premium: Any, job_id: str
) -> None:
    for number in (1, 2):
        send(world, premium, job_id, number)
    ask(premium, f"/{job_id}/finish")
    premium.post(f"/annotations/{job_id}/cancel")
    again = premium.post(f"/annotations/{job_id}/run-again").location.rpartition("/")[2]
    assert again != job_id
    assert world.jobs.get(again).input_file_name == DECLARED["name"]
    assert world.jobs.get(again).status is Status.PENDING


@pytest.mark.parametrize("name", ["sample.vcf", "sars-cov-2.vcf"])
def test_sample_on_the_submit_page_is_the_example(name: str) -> None:
    root = Path(__file__).parents[3]
    served = root / "services/web/src/gas_web/assets/examples" / name
    assert served.read_bytes() == (root / "examples" / name).read_bytes()
