"""View the audit: find records within one's scope, read about a person, export what was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.audit.models import Checkpoint, Record
from resecure.audit.reading import FEW_PLACES, Question, cursor_of, find, place_of
from resecure.identity import throttles
from resecure.identity.accounts import Account, address_key
from resecure.identity.organisations import Organisation, by_code
from resecure.identity.roles import held_by
from resecure.identity.search_parts import path_ranges
from resecure.operations.shared.frame import insist_proven, insist_still_acting, record_refusal
from resecure.policy.actions import audit_scope, is_visible, visible_scope
from resecure.policy.refusals import Invalid, Refusal, Refused, SecondFactorNeeded
from resecure.policy.roles import Permission

BATCH = 500
NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What is asked for, as typed. ``actor`` and ``target``: an id, or the address of somebody whom one may see."""

    actor: str = ""
    target: str = ""
    organisation: str = ""
    event: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(kw_only=True)
class Found:
    """A page of records, newest first; ``names`` of those whom the reader may see, and of nobody else."""

    records: list[Record]
    names: dict[UUID, str] = field(default_factory=dict)
    next: str = ""


def view_audit(filters: Filters, *, by: Account, cursor: str = "", limit: int = 50) -> Found:
    """The records within one's scope that fit. Reading about one person is itself on record, once an hour for each
    reader and person. Raises Refused without a role that reads the audit, Invalid for what cannot be asked,
    NotSignedIn."""
    insist_still_acting(by)
    asked, scope = _asked(filters, by=by)
    try:
        after = place_of(cursor)
    except ValueError:
        raise Invalid({"cursor": [_("Take the cursor from the page before, as it is")]}) from None
    with transaction.atomic():  # what was read, and that it was read
        found = find(asked, after=after, limit=limit + 1)
        for person in dict.fromkeys((asked.actor, asked.target)):
            if person is not None and person != by.pk:
                _note(Event.AUDIT_READ, person, by=by)
    page = found[:limit]
    return Found(
        records=page,
        names=names_within(scope, [each for row in page for each in (row.actor, row.target)]),
        next=cursor_of(page[-1]) if len(found) > limit else "",
    )


def export_audit(filters: Filters, *, by: Account, form: str) -> Iterator[Found]:
    """All the records within one's scope that fit, a batch at a time, whatever their number. On record before the
    first of them is given. Ends with NotSignedIn as soon as what one came by is over, so that a cut-off export is
    seen to be one. Raises Refused, Invalid like :func:`view_audit`, and SecondFactorNeeded before the first."""
    asked, _scope = _asked(filters, by=by)
    given = {name: value for name, value in asdict(filters).items() if value}
    given = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in given.items()}
    given |= {name: str(value) for name in ("actor", "target") if (value := getattr(asked, name)) is not None}
    try:
        with transaction.atomic():
            insist_still_acting(by)
            insist_proven(by)
            record.append(
                Event.AUDIT_EXPORTED,
                actor=by.pk,
                target=asked.target,
                organisation_path=by.organisation_path,
                at=timezone.now(),
                details={"format": form, "filters": given},
            )
    except SecondFactorNeeded as refusal:
        record_refusal(refusal, account=None, by=by, now=timezone.now(), asked=Permission.VIEW_AUDIT.value)
        raise
    return _batches(filters, by=by)


def latest_checkpoint(*, by: Account) -> Checkpoint | None:
    """The last checkpoint that the console made; None if it made none yet. It says how many records there are and where
    the chains ended, and nothing about people. Raises Refused without a role that reads the audit, NotSignedIn."""
    insist_still_acting(by)
    _insist_on_reading(audit_scope(held_by(by.pk)[by.pk]), by=by)
    return Checkpoint.objects.order_by("-made_at", "-id").first()


def _batches(filters: Filters, *, by: Account) -> Iterator[Found]:
    after = None
    while True:
        insist_still_acting(by)
        asked, scope = _asked(filters, by=by)  # once more: a role may have ended meanwhile
        rows = find(asked, after=after, limit=BATCH)
        names = names_within(scope, [each for row in rows for each in (row.actor, row.target)])
        yield Found(records=rows, names=names)
        if len(rows) < BATCH:
            return
        after = rows[-1].at, rows[-1].pk


def names_within(scope: list[tuple[str, bool]], ids: list[UUID | None]) -> dict[UUID, str]:
    """The names of those of these people who are within the scope now. Of everybody else, nothing."""
    wanted = {each for each in ids if each is not None}
    rows = Account.objects.filter(pk__in=wanted, is_system=False)
    columns = rows.values_list("pk", "given_name", "family_name", "organisation_path")
    return {pk: f"{given} {family}".strip() for pk, given, family, path in columns if is_visible(path, scope)}


def _asked(filters: Filters, *, by: Account) -> tuple[Question, list[tuple[str, bool]]]:
    grants = held_by(by.pk)[by.pk]
    scope, names_scope = audit_scope(grants), visible_scope(grants)
    _insist_on_reading(scope, by=by)
    errors: dict[str, list[str]] = {}
    people: dict[str, UUID | None] = {}
    for name in ("actor", "target"):
        people[name] = _person(getattr(filters, name), scope=names_scope)
        if getattr(filters, name).strip() and people[name] is None:
            errors[name] = [_("Enter the email address of somebody whom you may see, or an id")]
    within = _organisation(filters.organisation, scope=scope)
    if within is None:
        errors["organisation"] = [_("Enter the code of an organisation whose records you may see")]
    if filters.event and filters.event not in set(Event):
        errors["event"] = [_("There is no such event")]
    if filters.since and filters.until and filters.since >= filters.until:
        errors["until"] = [_("Enter a later time than the one it begins with")]
    if errors:
        raise Invalid(errors)
    ranges = path_ranges(scope, within=within or "")
    return Question(
        ranges=ranges,
        places=_places(ranges),
        actor=people["actor"],
        target=people["target"],
        event=filters.event,
        since=filters.since,
        until=filters.until,
    ), names_scope


def _insist_on_reading(scope: list[tuple[str, bool]], *, by: Account) -> None:
    if not scope:
        refusal = Refused(
            Refusal(
                "role_does_not_allow",
                _("Your role does not allow this."),
                _("Ask an Auditor or a Primary Local Administrator of the organisation."),
            )
        )
        record_refusal(refusal, account=None, by=by, now=timezone.now(), asked=Permission.VIEW_AUDIT.value)
        raise refusal


def _person(typed: str, *, scope: list[tuple[str, bool]]) -> UUID | None:
    """Whom was meant. An address of somebody out of scope is that of nobody; an id only finds records in scope."""
    try:
        return UUID(typed.strip())
    except ValueError:
        pass
    row = Account.objects.filter(address=address_key(typed), is_system=False).values_list("pk", "organisation_path")
    found = row.first()
    return found[0] if found and is_visible(found[1], scope) else None


def _organisation(typed: str, *, scope: list[tuple[str, bool]]) -> str | None:
    """The path of the organisation; empty for all; None when it is unknown or no record of it may be seen."""
    if not typed.strip():
        return ""
    at = by_code(typed)
    reached = at is not None and (is_visible(at.path, scope) or any(path.startswith(at.path) for path, _b in scope))
    return at.path if at is not None and reached else None


def _places(ranges: list[tuple[str, str]]) -> list[str] | None:
    """Every place within the ranges, if they are few."""
    places: list[str] = []
    for low, high in ranges:
        inside = Organisation.objects.filter(path__gte=low, path__lt=high).values_list("path", flat=True)
        places += inside[: FEW_PLACES + 1 - len(places)]
        if low == "":
            places.append("")
        if len(places) > FEW_PLACES:
            return None
    return places


def _note(event: Event, person: UUID, *, by: Account) -> None:
    now = timezone.now()
    place = Account.objects.filter(pk=person).values_list("organisation_path", flat=True).first()
    scope = audit_scope(held_by(by.pk)[by.pk])
    seen = place is not None and is_visible(place, scope)
    with transaction.atomic():
        if throttles.leaves_room(
            throttles.key_of("audit read", str(by.pk), str(person)), most=1, now=now, window=NOTED_EVERY
        ):
            record.append(
                event,
                actor=by.pk,
                target=person,
                organisation_path=place if seen and place is not None else by.organisation_path,
                at=now,
            )
