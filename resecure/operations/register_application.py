"""Register an application, change what is registered, renew its secret, and remove it."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import application_sessions, applications
from resecure.identity.accounts import Account
from resecure.identity.applications import WITH_SECRET, Application, Kind
from resecure.operations.shared.application_ends import tell_one
from resecure.operations.shared.application_frame import ApplicationFrame, Registration, checked, managing
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.propagation.models import Change


def register_application(typed: Registration, *, kind: Kind, by: Account) -> tuple[Application, str]:
    """Afterwards people of the organisations named may sign in to it; nobody, while none is named.

    Returns it, and its secret where its kind has one: shown once, stored as a digest. Raises Refused, Invalid.
    """
    with managing(Event.APPLICATION_REGISTERED, by=by) as frame:
        columns, organisations = checked(typed, kind)
        made = Application(kind=kind, registered_at=frame.now, registered_by=by.pk, changed_at=frame.now, **columns)
        _save(made)
        applications.give_access(made, organisations)
        secret = applications.make_secret(made, by=by.pk, now=frame.now) if kind in WITH_SECRET else ""
        frame.application = made
        _say(frame, typed, kind=kind.value)
    return made, secret


def change_application(application: UUID, typed: Registration, *, by: Account) -> Application:
    """Afterwards it is registered as typed; its kind and its secrets stay.

    Who is signed in to it stays so, but for people whose organisation may not use it any more: their next refresh
    or sign-in there is refused, and the gate's next answer. Raises Refused, NotFound, Invalid.
    """
    with managing(Event.APPLICATION_CHANGED, by=by, application=application) as frame:
        found = frame.application
        assert found is not None
        columns, organisations = checked(typed, Kind(found.kind))
        for name, value in columns.items():
            setattr(found, name, value)
        found.changed_at = frame.now
        _save(found, update_fields=[*columns, "changed_at"])
        applications.give_access(found, organisations)
        _say(frame, typed)
    return found


def remove_application(application: UUID, *, by: Account) -> None:
    """Afterwards nobody can sign in to it, nothing that was issued to it counts, and it was told to end each session.

    Raises Refused, NotFound.
    """
    with managing(Event.APPLICATION_REMOVED, by=by, application=application) as frame:
        found = frame.application
        assert found is not None
        found.removed_at = frame.now
        found.save(update_fields=["removed_at"])
        for account, over in application_sessions.end_all_of(found.pk, now=frame.now):
            tell_one([over], change=Change.SESSION_ENDED, account=account, now=frame.now)


def make_application_secret(application: UUID, *, by: Account) -> str:
    """Afterwards the value returned, and the youngest of before, are its secrets; older ones are over.

    Two live side by side so that an application with many nodes can change over. Shown once. Raises Refused, NotFound.
    """
    with managing(Event.APPLICATION_SECRET_MADE, by=by, application=application) as frame:
        assert frame.application is not None
        if frame.application.kind not in WITH_SECRET:
            raise Refused(Refusal("kind_has_no_secret", _("An application of this kind has no secret.")))
        return applications.make_secret(frame.application, by=by.pk, now=frame.now)


def end_older_application_secrets(application: UUID, *, by: Account) -> int:
    """Afterwards only its youngest secret counts. Returns how many ended. Raises Refused, NotFound."""
    with managing(Event.APPLICATION_SECRETS_ENDED, by=by, application=application) as frame:
        assert frame.application is not None
        ended = applications.end_older_secrets(frame.application, now=frame.now)
        frame.details.update(ended=ended)
    return ended


def _save(application: Application, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            application.save(update_fields=update_fields)
    except IntegrityError:
        raise Invalid({"name": [_("Another application has this name")]}) from None


def _say(frame: ApplicationFrame, typed: Registration, **more: str) -> None:
    """What the record keeps: addresses are where people are sent, so who changed them must be found later."""
    assert frame.application is not None
    frame.details.update(
        more,
        redirect_addresses=frame.application.redirect_addresses,
        logout_address=frame.application.logout_address,
        question_address=frame.application.question_address,
        organisations=[each.strip().upper() for each in typed.organisations],
    )
