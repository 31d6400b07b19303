"""Join: a leaver's account moves to the organisation where the person works now."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.identity.organisations import by_code
from resecure.operations.shared.frame import acting, days_anew, insist, move_status
from resecure.operations.shared.telling import tell
from resecure.policy.actions import permissions_at
from resecure.policy.refusals import Invalid, InvalidOnRecord
from resecure.policy.roles import Permission
from resecure.policy.transitions import By
from resecure.propagation.models import Change


def join(account: UUID, *, organisation_code: str, by: Account) -> None:
    """Afterwards the account is Active in the organisation with this code. The administrator's role must
    reach both: where the person was, and where they go. Raises Refused, NotFound, Invalid."""
    with acting(Event.ACCOUNT_JOINED, account, by=by, permission=Permission.JOIN) as frame:
        insist(Permission.JOIN, frame)
        to = by_code(organisation_code)
        if to is None or Permission.JOIN not in permissions_at(to.path, frame.facts.actor_grants, by=by):
            raise InvalidOnRecord(
                {"organisation": [_("Enter the code of an organisation that you administer")]},
                code="organisation_out_of_reach",
            )
        if not to.is_open:
            raise Invalid({"organisation": [_("This organisation is closed; enter the code of an open one")]})
        frame.details.update(left=frame.account.organisation.code, joined=to.code)
        move_status(frame, By.JOIN, organisation=to, organisation_path=to.path, **days_anew(frame))
        tell(Change.JOINED, frame.account, at=frame.now)
