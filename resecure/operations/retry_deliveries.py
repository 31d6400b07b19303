"""Retry deliveries: ask for what still has to reach connected systems after a resecure to be sent again now."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.identity.resecurings import Resecuring
from resecure.operations.shared.frame import acting
from resecure.policy.actions import permissions_over
from resecure.policy.refusals import NotFound, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.propagation import outbox


def retry_deliveries(resecuring: UUID, *, by: Account) -> int:
    """Afterwards every delivery of this resecuring that waits or has failed is due now.

    Returns how many those were. What was acknowledged is not sent twice. Raises Refused, NotFound.
    """
    found = Resecuring.objects.filter(pk=resecuring).first()
    asked = Permission.RESET_PASSWORD
    # For an unknown one an account is looked for all the same: neither time nor record tells it from one out of scope.
    account = found.account_id if found else resecuring
    with acting(Event.DELIVERY_RETRIED, account, by=by, permission=asked) as frame:
        if found is None:
            raise NotFound
        # Only the role counts: sending again what was announced before changes nothing about the account.
        if asked not in permissions_over(frame.facts):
            raise Refused(
                Refusal(
                    "role_does_not_allow",
                    _("Your role does not allow this."),
                    _("Ask a Local Administrator of the organisation."),
                )
            )
        open_ones = [each.delivery for each in outbox.progress(resecuring=resecuring) if each.is_open]
        retried = outbox.retry(open_ones, now=frame.now)
        frame.details.update(resecuring=str(resecuring), deliveries=retried)
    return retried
