"""What the submit page's script asks while it sends a file in parts, in JSON. No part passes here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, request, url_for
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gas_core.domain.errors import PartsMissingError, UploadTooLargeError
from gas_web import uploads
from gas_web.container import container
from gas_web.handlers import UnknownBundleError, offered, own_job
from gas_web.limits import limited
from gas_web.session import sign_in_required, user
from gas_web.uploads import PartOutOfRangeError, Standing, UploadOverError
from gas_web.words import size_text

blueprint = Blueprint("uploads", __name__, url_prefix="/annotate/uploads")

_NAME_CHARACTERS = 1024
Answer = dict[str, Any] | tuple[dict[str, Any], int]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewUpload(_Asked):
    """A file as its sender declares it."""

    name: str = Field(max_length=_NAME_CHARACTERS)
    size_bytes: int = Field(gt=0)
    fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")
    edit: UUID | None = None
    """The job that failed and is tried again with this file."""


class Whole(_Asked):
    """All parts have arrived."""

    bundle: str | None = Field(None, max_length=_NAME_CHARACTERS)
    """The reference, by name; empty: the one that the file fits."""


class NextPart(_Asked):
    """The part whose turn it is."""

    number: int = Field(gt=0)
    crc32: str = Field(pattern=r"^[A-Za-z0-9+/]{6}==$")


@blueprint.post("")
@sign_in_required
@limited("submit")
def begin() -> Answer:
    asked = NewUpload.model_validate_json(request.get_data())
    here = container()
    old = own_job(str(asked.edit), user(), jobs=here.jobs) if asked.edit else None
    begun = uploads.begin(
        asked.name,
        asked.size_bytes,
        asked.fingerprint,
        user(),
        jobs=here.jobs,
        store=here.store,
        clock=here.clock,
        limits=here.limits,
        inputs_bucket=here.settings.inputs_bucket,
        of=old,
    )
    return _told(begun), 201


@blueprint.get("/<uuid:job_id>")
@sign_in_required
def standing(job_id: UUID) -> Answer:
    here = container()
    return _told(uploads.standing(str(job_id), user(), jobs=here.jobs, store=here.store))


@blueprint.post("/<uuid:job_id>/parts")
@sign_in_required
def sign_part(job_id: UUID) -> Answer:
    asked = NextPart.model_validate_json(request.get_data())
    here = container()
    url = uploads.address_of_part(
        str(job_id),
        asked.number,
        asked.crc32,
        user(),
        jobs=here.jobs,
        store=here.store,
        limits=here.limits,
    )
    return {"url": url}


@blueprint.post("/<uuid:job_id>/finish")
@sign_in_required
def finish(job_id: UUID) -> Answer:
    asked = Whole.model_validate_json(request.get_data() or b"{}")
    here = container()
    job = uploads.finish(
        str(job_id),
        user(),
        jobs=here.jobs,
        store=here.store,
        publisher=here.publisher,
        clock=here.clock,
        timings=here.timings,
        limits=here.limits,
        bundle=None if asked.bundle is None else offered(asked.bundle, here.bundles),
    )
    return {"location": url_for("jobs.show", job_id=job.job_id)}


@blueprint.post("/<uuid:job_id>/give-up")
@sign_in_required
def give_up(job_id: UUID) -> Answer:
    here = container()
    uploads.give_up(
        str(job_id), user(), jobs=here.jobs, store=here.store, clock=here.clock, timings=here.timings
    )
    return {}


@blueprint.errorhandler(ValidationError)
@blueprint.errorhandler(PartOutOfRangeError)
def unreadable(_error: Exception) -> Answer:
    return _refused("unreadable", "This request could not be read. Reload the page and try again."), 400


@blueprint.errorhandler(UnknownBundleError)
def unknown(error: UnknownBundleError) -> Answer:
    return _refused("bundle", f"{error} Reload the page, choose the file again and another reference."), 422


@blueprint.errorhandler(UploadOverError)
def over(_error: UploadOverError) -> Answer:
    return _refused("over", "This upload is over. Choose the file again to send it anew."), 409


@blueprint.errorhandler(PartsMissingError)
def missing(error: PartsMissingError) -> Answer:
    told = _refused("missing", "Some parts of the file have not arrived.")
    return told | {"missing": error.fields["numbers"]}, 409


@blueprint.errorhandler(UploadTooLargeError)
def too_large(error: UploadTooLargeError) -> Answer:
    size, limit = error.fields["size_bytes"], container().limits.max_bytes(user().plan)
    assert isinstance(size, int)  # noqa: S101 - who raises it says so; fields are objects to the checker
    sentence = f"The file is {size_text(size)}; your plan takes {size_text(limit)}. Split it, or upgrade."
    return _refused("size", sentence), 413


def _refused(code: str, sentence: str) -> dict[str, Any]:
    return {"error": code, "sentence": sentence}


def _told(upload: Standing) -> dict[str, Any]:
    return {
        "job_id": upload.job_id,
        "name": upload.upload.name,
        "size_bytes": upload.upload.size_bytes,
        "fingerprint": upload.upload.fingerprint,
        "part_bytes": upload.upload.part_bytes,
        "arrived": [
            {"number": part.number, "size_bytes": part.size_bytes, "crc32": part.crc32}
            for part in upload.arrived
        ],
    }
