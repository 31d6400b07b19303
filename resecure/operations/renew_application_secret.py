"""Make a new secret for an application, and end its older ones."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import applications
from resecure.identity.accounts import Account
from resecure.identity.applications import WITH_SECRET
from resecure.operations.shared.application_frame import managing
from resecure.policy.refusals import Refusal, Refused


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
