"""Close a delivery: a connected system can never be told, and somebody says so, with a reason."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.identity.resecurings import Resecuring
from resecure.operations.shared.frame import acting
from resecure.operations.shared.typed import one_line
from resecure.policy.actions import reasons_of_standing
from resecure.policy.refusals import Invalid, NotFound, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.propagation import outbox

LONGEST = 300


def close_delivery(delivery: UUID, *, resecuring: UUID, because: str, by: Account) -> None:
    """Afterwards nothing is sent for this delivery any more, and the resecuring no longer waits for it. It was neither
    told nor confirmed, and never shows as such: who closed it, when and why stands in its place, so that the
    resecuring is closed and not complete. It cannot be opened again.

    Raises Refused (on record), NotFound where the resecuring has no such delivery, Invalid without a reason.
    """
    found = Resecuring.objects.filter(pk=resecuring).first()
    # As in retry_deliveries: neither time nor record tells an unknown one from one out of scope.
    account = found.account_id if found else resecuring
    with acting(Event.DELIVERY_CLOSED, account, by=by, permission=Permission.RESECURE) as frame:
        each = outbox.of_resecuring(delivery, resecuring=resecuring) if found else None
        if each is None:
            raise NotFound
        # Whoever may take the account back may say that it is enough: to close hides no sessions, but it ends the
        # waiting for an answer that would have told of them.
        reasons = reasons_of_standing(Permission.RESECURE, frame.facts)
        if not each.may_be_closed:
            reasons.append(
                Refusal(
                    "nothing_to_close",
                    _("There is nothing to close: it was answered or closed meanwhile."),
                    _("Look at how far it is."),
                )
            )
        if reasons:
            raise Refused(*reasons)
        reason = one_line(because)[:LONGEST]
        if not reason:
            raise Invalid({"because": [_("Say why it can never be told")]})
        outbox.close(delivery, by=by.pk, because=reason, now=frame.now)
        frame.details.update(
            resecuring=str(resecuring), system=each.system.value, application=each.name, closed_because=reason
        )
