"""Submitting what was uploaded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gas_core.domain.errors import JobNotFoundError, StoreUnavailableError, UploadMissingError
from gas_core.domain.job import Due, Job, ObjectRef, PartsUpload
from gas_core.domain.lifecycle import Timings
from gas_core.domain.states import Status
from gas_core.ports import Publisher
from gas_core.submit import BUNDLE_LABEL, submit_job
from gas_core.testing import FakeClock, FakeJobs, FakePublisher, FakeQueue, FakeStore, Fault, Faults, Moment
from gas_core.testing.store import INPUTS_BUCKET

JOB_ID = "0f5ae3a2-6f6e-4d49-8a3f-3f8a5f5d7c11"
TIMINGS = Timings()


class Rig:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.jobs = FakeJobs()
        self.store = FakeStore(self.clock)
        self.queue = FakeQueue(self.clock)
        self.publisher: Publisher = FakePublisher(
            job_requests=self.queue, job_notifications=FakeQueue(self.clock)
        )
        self.ref = ObjectRef(INPUTS_BUCKET, f"u/{JOB_ID}/input")
        self.jobs.add(
            Job(
                job_id=JOB_ID,
                user_id="u",
                user_email="ada@lab.example",
                s3_inputs_bucket=self.ref.bucket,
                s3_key_input_file=self.ref.key,
                created_time=1,
                due={Due.UPLOAD.value: self.clock.now() + 900},
            )
        )

    def submit(self, job_id: str = JOB_ID) -> Job:
        return submit_job(
            job_id,
            jobs=self.jobs,
            store=self.store,
            publisher=self.publisher,
            clock=self.clock,
            timings=TIMINGS,
        )


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_job_is_bound_to_the_version_that_stands_there(rig: Rig) -> None:
    version = rig.store.put_for_test(rig.ref, b"first", name="My data.vcf")
    job = rig.submit()
    rig.store.put_for_test(rig.ref, b"second", name="other.vcf")
    assert job.status is Status.PENDING
    assert job.input_version_id == version
    assert (job.input_file_name, job.input_bytes) == ("My data.vcf", 5)
    with rig.store.open(rig.jobs.get(JOB_ID).input) as stream:
        assert stream.read() == b"first"


def sent_with_choice(rig: Rig, bundle: str) -> None:
    """A file that came by the form, with a reference chosen beside it."""
    form = rig.store.presign_upload(
        rig.ref,
        max_bytes=9,
        expires_seconds=9,
        redirect_url="",
        now=rig.clock.now(),
        labels={BUNDLE_LABEL: bundle},
    )
    rig.store.upload_for_test(form, b"x", file_name="a.vcf")


def test_reference_that_was_chosen_beside_the_file_is_the_jobs(rig: Rig) -> None:
    sent_with_choice(rig, "SARS-CoV-2")
    assert rig.submit().bundle == "SARS-CoV-2"


@pytest.mark.parametrize("chosen", ["", "rCRS"])
def test_choice_of_a_file_that_is_run_again_is_the_rows(rig: Rig, chosen: str) -> None:
    sent_with_choice(rig, "SARS-CoV-2")  # the copy has what the first form said
    row = rig.jobs.get(JOB_ID)
    rig.jobs.commit(row, replace(row, bundle=chosen, upload=PartsUpload(name="a.vcf")))
    assert rig.submit().bundle == chosen


def test_name_from_the_form_is_cleaned(rig: Rig) -> None:
    rig.store.put_for_test(rig.ref, b"x", name="C:\\secret folder\\a.vcf")
    assert rig.submit().input_file_name == "a.vcf"


def test_submitting_again_changes_and_announces_nothing(rig: Rig) -> None:
    rig.store.put_for_test(rig.ref, b"x", name="a.vcf")
    first = rig.submit()
    rig.clock.advance(5)
    assert rig.submit() == first
    assert len(rig.queue.messages) == 1


def test_file_that_has_not_arrived_is_told(rig: Rig) -> None:
    with pytest.raises(UploadMissingError):
        rig.submit()
    assert rig.jobs.get(JOB_ID).status is Status.UPLOADING


def test_unknown_job_is_told(rig: Rig) -> None:
    with pytest.raises(JobNotFoundError):
        rig.submit("00000000-6f6e-4d49-8a3f-3f8a5f5d7c11")


def test_job_is_submitted_even_if_the_topic_does_not_answer(rig: Rig) -> None:
    rig.store.put_for_test(rig.ref, b"x", name="a.vcf")
    rig.publisher = Faults(Fault(0, Moment.BEFORE, StoreUnavailableError())).wrap(rig.publisher, "publisher")
    job = rig.submit()
    assert job.status is Status.PENDING
    assert job.due == {Due.ANNOUNCE: rig.clock.now() + TIMINGS.announce_grace_seconds}
