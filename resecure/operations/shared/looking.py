"""Looking at one account, for pages and API alike: who may see it, and what is on record when they may not."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from resecure.identity.accounts import Account
from resecure.operations.shared.frame import record_refusal
from resecure.policy.actions import Facts, insist_on_scope
from resecure.policy.refusals import NotFound
from resecure.policy.roles import Permission


def look_at(account: UUID, *, by: Account, asked: Permission = Permission.VIEW_ACCOUNT) -> Facts:
    """The account and all that a decision about it needs, for showing. Raises NotFound, on record, when it is
    unknown or out of scope; NotSignedIn when the session they came by is over.

    Unknown and out of scope take the same statements: the time must not tell the two apart.
    """
    now = timezone.now()
    found = Account.objects.select_related("organisation").filter(pk=account, is_system=False).first()
    facts = Facts.read(found or Account(pk=account), by=by, now=now)
    try:
        insist_on_scope(facts)
        if found is None:
            raise NotFound
    except NotFound as refusal:
        record_refusal(refusal, account=account, by=by, now=now, asked=asked.value)
        raise
    return facts
