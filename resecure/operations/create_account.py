"""Create an account: it waits for its first temporary password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity.accounts import Account, Status, search_keys
from resecure.identity.organisations import Organisation, by_code
from resecure.identity.roles import held_by
from resecure.operations.shared.frame import RECORDED, insist_proven, insist_still_acting, record_refusal
from resecure.operations.shared.telling import tell
from resecure.operations.shared.typed import mail_address, mobile_number, name_part
from resecure.policy.actions import permissions_at
from resecure.policy.refusals import Invalid, InvalidOnRecord, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.propagation.models import Change


def create_account(
    *,
    by: Account,
    organisation_code: str,
    address: str,
    given_name: str,
    family_name: str,
    job_title: str = "",
    mobile: str = "",
) -> Account:
    """Afterwards the account is Pending; ``set_temporary_password`` completes it, and its first sign-in has
    every step. It is deleted if the person has not finished within 30 days. Raises Refused, Invalid,
    NotSignedIn."""
    now = timezone.now()
    values = _checked(
        address=address, given_name=given_name, family_name=family_name, job_title=job_title, mobile=mobile
    )
    try:
        with transaction.atomic():
            insist_still_acting(by)
            insist_proven(by)
            organisation = _organisation(organisation_code, by=by)
            made = Account(
                **values,
                **search_keys(
                    given_name=values["given_name"],
                    family_name=values["family_name"],
                    address=values["address"],
                ),
                organisation=organisation,
                organisation_path=organisation.path,
                status=Status.PENDING,
                status_since=now,
                created_at=now,
                created_by=by.pk,
                updated_at=now,
                updated_by=by.pk,
                finish_by=now + timedelta(days=settings.RESECURE.finish_within_days),
            )
            try:
                with transaction.atomic():
                    made.save(force_insert=True)
            except IntegrityError:
                raise InvalidOnRecord(
                    {"address": [_("This address belongs to another account; enter a different one")]},
                    code="address_taken",
                ) from None
            tell(Change.CREATED, made, at=now)
            record.append(
                Event.ACCOUNT_CREATED,
                actor=by.pk,
                target=made.pk,
                organisation_path=organisation.path,
                at=now,
                details={"organisation": organisation.code},
            )
    except RECORDED as refusal:
        record_refusal(refusal, account=None, by=by, now=now, asked=Permission.CREATE_ACCOUNT.value)
        raise
    return made


def _organisation(code: str, *, by: Account) -> Organisation:
    grants = held_by(by.pk)[by.pk]
    if not by.is_system and not any(
        Permission.CREATE_ACCOUNT in permissions_at(g.organisation.path, grants, by=by) for g in grants
    ):
        raise Refused(
            Refusal(
                "role_does_not_allow",
                _("Your role does not allow this."),
                _("Ask a Local Administrator of the organisation."),
            )
        )
    found = by_code(code)
    if found is None or Permission.CREATE_ACCOUNT not in permissions_at(found.path, grants, by=by):
        raise InvalidOnRecord(
            {"organisation": [_("Enter the code of an organisation that you administer")]},
            code="organisation_out_of_reach",
        )
    if not found.is_open:
        raise Invalid({"organisation": [_("This organisation is closed; enter the code of an open one")]})
    return found


def _checked(*, address: str, given_name: str, family_name: str, job_title: str, mobile: str) -> dict[str, str]:
    """All fields as they will be stored, or Invalid with the errors of all of them at once."""
    values: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    checks: dict[str, Callable[[], str]] = {
        "address": lambda: mail_address(address),
        "given_name": lambda: name_part("given_name", given_name, most=100),
        "family_name": lambda: name_part("family_name", family_name, most=100),
        "job_title": lambda: name_part("job_title", job_title, most=120, required=False),
        "mobile": lambda: mobile_number(mobile),
    }
    for field, check in checks.items():
        try:
            values[field] = check()
        except Invalid as wrong:
            errors.update(wrong.errors)
    if errors:
        raise Invalid(errors)
    return values
