"""Check the profile: the third step, and the same form later in the portal."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import pending_contacts
from resecure.identity.accounts import Account, search_keys, touch
from resecure.identity.contacts import Kind, keep_former
from resecure.operations.shared.asking_contact import ask_for, on_record
from resecure.operations.shared.finishing import finish_if_nothing_is_owed
from resecure.operations.shared.frame import locked_own
from resecure.operations.shared.progress import Progress
from resecure.operations.shared.step_frame import note, taking
from resecure.operations.shared.telling import tell
from resecure.operations.shared.typed import language as typed_language
from resecure.operations.shared.typed import mobile_number, name_part
from resecure.operations.shared.watching import watch_contact_change
from resecure.policy.next_sign_in import Step
from resecure.policy.refusals import Invalid
from resecure.propagation.models import Change


def check_profile(
    handle: str,
    *,
    given_name: str,
    family_name: str,
    mobile: str = "",
    job_title: str = "",
    language: str | None = None,
) -> Progress:
    """Afterwards the profile is as typed and counts as checked; another mobile number waits for its code, and keeps
    nobody from going on. Without ``language`` that stays. Raises Invalid, Refused, NotSignedIn."""
    names = {"given_name": given_name, "family_name": family_name}
    values = _checked(**names, mobile=mobile, job_title=job_title, language=language)
    with taking(Step.PROFILE, Event.PROFILE_CHECKED, handle) as frame:
        frame.details.update(changed=_changed(frame.account, values))
        _write(frame.account, values, now=frame.now, profile_checked_at=frame.now)
        note(frame.sign_in, profile_at=frame.now)
        return finish_if_nothing_is_owed(frame, handle)


def change_profile(
    *,
    by: Account,
    given_name: str,
    family_name: str,
    mobile: str = "",
    job_title: str = "",
    language: str | None = None,
) -> None:
    """Afterwards the person's own profile is as typed; another mobile number waits for its code. Raises Invalid,
    NotSignedIn."""
    names = {"given_name": given_name, "family_name": family_name}
    values = _checked(**names, mobile=mobile, job_title=job_title, language=language)
    now = timezone.now()
    with transaction.atomic():
        locked = locked_own(by)
        changed = _changed(locked, values)
        _write(locked, values, now=now)
        record.append(
            Event.PROFILE_CHANGED,
            actor=by.pk,
            target=by.pk,
            organisation_path=locked.organisation_path,
            at=now,
            details={"changed": changed},
        )


def _changed(account: Account, values: dict[str, str]) -> list[str]:
    """Which fields change. Their names only: the record is no second directory. A number that waits for its code
    has a record of its own."""
    return sorted(
        name for name, value in values.items() if getattr(account, name) != value and not (name == "mobile" and value)
    )


def _write(account: Account, values: dict[str, str], *, now: datetime, **more: object) -> None:
    number = values["mobile"]
    if number and number != account.mobile:
        ask_for(account, Kind.MOBILE, number, now=now)
        values = {**values, "mobile": account.mobile}
    elif pending_contacts.forget(account.pk, Kind.MOBILE, now=now):
        on_record(Event.CONTACT_WITHDRAWN, account, Kind.MOBILE, now=now)
    keys = search_keys(given_name=values["given_name"], family_name=values["family_name"], address=account.address)
    if values["mobile"] != account.mobile:  # removed
        watch_contact_change(account, now=now)
        more["mobile_changed_at"] = now
        # The old number hears of everything for a week: a thief who changes it must not so silence its owner.
        keep_former(account.pk, Kind.MOBILE, account.mobile, now=now)
    touch(account, by=account.pk, now=now, **values, **keys, **more)
    if "mobile_changed_at" in more:
        tell(Change.MOBILE_CHANGED, account, at=now)


def _checked(**typed: str | None) -> dict[str, str]:
    values: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for field, text in typed.items():
        if text is None:
            continue
        try:
            if field == "mobile":
                values[field] = mobile_number(text)
            elif field == "language":
                values[field] = typed_language(text)
            else:
                needed = field != "job_title"
                values[field] = name_part(field, text, most=100 if needed else 120, required=needed)
        except Invalid as wrong:
            errors.update(wrong.errors)
    if errors:
        raise Invalid(errors)
    return values
