"""Too often is refused, with the time after which it is not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tests.unit.web.conftest import ADA, GREGOR, Visitor

from gas_web.limits import Limiter

if TYPE_CHECKING:
    from tests.unit.web.conftest import World


def test_bucket_is_emptied_at_once_and_filled_evenly() -> None:
    limiter = Limiter(3)
    assert [limiter.take("ada", now=100) for _ in range(4)] == [0, 0, 0, 20]
    assert limiter.take("gregor", now=100) == 0
    assert limiter.take("ada", now=119) == 1
    assert limiter.take("ada", now=120) == 0
    assert limiter.take("ada", now=121) == 19
    assert [limiter.take("ada", now=1000) for _ in range(4)] == [0, 0, 0, 20]


def test_clock_that_goes_back_gives_and_takes_nothing() -> None:
    limiter = Limiter(1)
    assert limiter.take("ada", now=100) == 0
    assert limiter.take("ada", now=50) == 60


def test_none_is_no_limit() -> None:
    limiter = Limiter(0)
    assert not any(limiter.take("ada", now=100) for _ in range(1000))


def test_memory_is_bounded() -> None:
    limiter = Limiter(1)
    for number in range(12_000):
        limiter.take(str(number), now=100)
    assert len(limiter._buckets) == 10_000


def test_of_many_threads_no_more_get_through_than_may() -> None:
    limiter, through = Limiter(50), []

    def ask() -> None:
        through.extend(1 for _ in range(20) if not limiter.take("ada", now=100))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(through) == 50


def test_submitting_too_often_is_refused_with_the_time_in_words(world: World, words: Any) -> None:
    app = world.app(submits_per_minute=2)
    ada, gregor = Visitor(world, app), Visitor(world, app)
    ada.sign_in(ADA)
    gregor.sign_in(GREGOR)
    assert [ada.get("/annotate").status_code for _ in range(3)] == [200, 200, 429]
    rows = len(world.jobs.rows)
    refused = ada.get("/annotate")
    assert refused.headers["Retry-After"] == "30"
    assert "Too many requests Nothing changed. Wait 30 s and try again." in words(refused)
    assert len(world.jobs.rows) == rows
    assert gregor.get("/annotate").status_code == 200
    assert ada.get("/annotations").status_code == 200
    world.clock.advance(30)
    assert ada.get("/annotate").status_code == 200


def test_exporting_too_often_is_refused(world: World, words: Any) -> None:
    ada = Visitor(world, world.app(exports_per_minute=1))
    ada.sign_in(ADA)
    job = world.job("COMPLETED")
    path = f"/annotations/{job.job_id}/results/export"
    assert [ada.get(path).status_code for _ in range(2)] == [200, 429]
    assert "Wait 1 min and try again" in words(ada.get(path))


def test_signing_in_is_counted_by_address(world: World) -> None:
    app = world.app(sign_ins_per_minute=2)
    client = app.test_client()

    def login(address: str) -> int:
        return client.get("/login", environ_base={"REMOTE_ADDR": address}).status_code

    assert [login("192.0.2.1") for _ in range(3)] == [302, 302, 429]
    assert login("192.0.2.2") == 302
