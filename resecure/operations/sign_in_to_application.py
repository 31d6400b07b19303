"""Sign in to an application: who is signed in here goes on to one (OpenID Connect Core 1.0, 3.1)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import application_sessions, application_tokens, applications
from resecure.identity.accounts import Account
from resecure.identity.application_tokens import TokenKind
from resecure.identity.applications import Application
from resecure.operations.shared.frame import RECORDED, locked_own, record_refusal
from resecure.policy.refusals import NotSignedIn, Refusal, Refused


def sign_in_to_application(
    application: Application,
    *,
    by: Account,
    kind: TokenKind = TokenKind.CODE,
    scope: str = "",
    grant: dict[str, object] | None = None,
) -> str:
    """Afterwards the person's session has an application session there, and what is returned, once only, within a
    minute and by this application alone, is exchanged for what it may hold.

    The account's row is locked and the session asked again: a code issued beside a resecure is of the generation
    before it, and dead. Raises Refused where the person's organisation may not use it, NotSignedIn.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            account = locked_own(by)
            session = _session_of(by)
            if not applications.may_use(application, account):
                raise Refused(_not_for_you(application))
            opened, made = application_sessions.opened(account, session=session, application=application, now=now)
            if made:
                record.append(
                    Event.APPLICATION_SIGNED_IN,
                    actor=account.pk,
                    target=account.pk,
                    organisation_path=account.organisation_path,
                    at=now,
                    details={"application": str(application.pk), "name": application.name, "sid": str(opened.pk)},
                )
            return application_tokens.issue(
                kind,
                application=application.pk,
                sid=opened.pk,
                generation=account.generation,
                scope=scope,
                grant=grant,
                now=now,
                lifetime=timedelta(seconds=settings.RESECURE.code_seconds),
            )
    except RECORDED as refusal:
        record_refusal(refusal, account=by.pk, by=by, now=now, asked="sign_in_to_application")
        raise


def _session_of(by: Account) -> UUID:
    if by.acting_session is None:
        raise NotSignedIn
    return by.acting_session


def _not_for_you(application: Application) -> Refusal:
    return Refusal(
        "application_not_for_organisation",
        _("Your organisation does not use %(name)s.") % {"name": application.name},
        _("If you need it, ask your Local Administrator."),
    )
