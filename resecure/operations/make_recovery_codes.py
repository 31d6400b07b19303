"""Make recovery codes: ten new ones, in place of those of before."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import second_factors
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import RECORDED, insist_proven_or_new, locked_own, record_refusal
from resecure.operations.shared.telling import tell
from resecure.policy.refusals import Refusal, Refused
from resecure.propagation.models import Change


def make_recovery_codes(*, by: Account) -> list[str]:
    """Afterwards these count, each once, and those of before do not. Shown once, stored as digests.

    Only beside a second factor, given lately. Raises SecondFactorNeeded, Refused, NotSignedIn.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            account = locked_own(by)
            insist_proven_or_new(by)
            if not second_factors.has_one(by.pk):
                raise Refused(
                    Refusal(
                        "no_second_factor",
                        _("Recovery codes stand in for a second factor, and you have none."),
                        _("Add a passkey or an authenticator app first."),
                    )
                )
            codes = second_factors.make_recovery_codes(by.pk, now=now)
            tell(Change.RECOVERY_CODES_MADE, account, at=now)
            record.append(
                Event.RECOVERY_CODES_MADE,
                actor=by.pk,
                target=by.pk,
                organisation_path=account.organisation_path,
                at=now,
                details={},
            )
    except RECORDED as refusal:
        record_refusal(refusal, account=by.pk, by=by, now=now, asked="make_recovery_codes")
        raise
    return codes
