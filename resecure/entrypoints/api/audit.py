"""The audit: records within one's scope, a page at a time, or all that fit as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema

from resecure.audit.models import Checkpoint
from resecure.audit.reading import TooMuch
from resecure.entrypoints import exports
from resecure.entrypoints.api.access import me_of
from resecure.entrypoints.api.schemas import Text, answers
from resecure.operations.view_audit import Filters, export_audit, latest_checkpoint, view_audit
from resecure.policy.refusals import Refusal, Refused

router = Router(tags=["audit"])


class AuditFilters(Schema):
    """``actor``, ``target``: an id or an email address. ``organisation``: a code; those below belong to it. From
    ``since`` on, and before ``until``."""

    actor: Text = ""
    target: Text = ""
    organisation: Text = ""
    event: Text = ""
    since: datetime | None = None
    until: datetime | None = None

    def asked(self) -> Filters:
        """The same, for the operation. A time without a zone is one of UTC."""
        given = self.dict()
        for name in ("since", "until"):
            if given[name] is not None and given[name].tzinfo is None:
                given[name] = given[name].replace(tzinfo=timezone.get_default_timezone())
        return Filters(**given)


class RecordOut(Schema):
    """One record. A name is null where one may not see the person; ``details`` are as they are stored."""

    at: datetime
    event: str
    sentence: str
    more: str
    actor: UUID | None
    actor_name: str | None
    target: UUID | None
    target_name: str | None
    organisation_path: str
    details: dict[str, Any]
    chain: int
    position: int
    hash: str


class RecordPage(Schema):
    """A page of records, newest first, and the cursor of the next."""

    items: list[RecordOut]
    next: str | None


@router.get("/audit", response=answers({200: RecordPage}, 401, 409, 422))
def audit(request: HttpRequest, filters: Query[AuditFilters], cursor: Text = "") -> dict[str, Any]:
    """Records within one's scope, newest first; ``next`` is the next cursor. Naming a person is on record."""
    try:
        found = view_audit(filters.asked(), by=me_of(request), cursor=cursor)
    except TooMuch:
        raise Refused(
            Refusal(
                "too_much", _("This takes too long to find."), _("Name a person or an organisation, or a shorter time.")
            )
        ) from None
    return {"items": [exports.shown(row, found) for row in found.records], "next": found.next or None}


class CheckpointOut(Schema):
    """``note``: the signed text, to be kept as it is, byte for byte, where the operators cannot write."""

    made_at: datetime
    records: int
    note: str


@router.get("/audit/checkpoint", response=answers({200: CheckpointOut}, 401, 409))
def checkpoint(request: HttpRequest) -> Checkpoint:
    """The last signed checkpoint that the operators made; 409 ``no_checkpoint`` where they made none yet."""
    latest = latest_checkpoint(by=me_of(request))
    if latest is None:
        raise Refused(
            Refusal(
                "no_checkpoint",
                _("No checkpoint has been made yet."),
                _("Ask those who run the service to make one, at regular times."),
            )
        )
    return latest


@router.get("/audit/export", response=answers({200: None}, 401, 409, 422))
def export(
    request: HttpRequest,
    filters: Query[AuditFilters],
    format: Literal["csv", "json"] = "json",  # noqa: A002 - its name in the address
) -> HttpResponse | StreamingHttpResponse:
    """Every record that fits, as a file. On record before it begins. An answer that ends early was cut off."""
    batches = export_audit(filters.asked(), by=me_of(request), form=format)
    response = StreamingHttpResponse(exports.streamed(batches, form=format), content_type=exports.TYPES[format])
    response.headers["Cache-Control"] = "no-store"
    return response
