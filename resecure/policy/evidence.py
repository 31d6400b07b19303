"""Which operation needs a confirmation, and whether one is good for what it is shown for. The write asks this."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from resecure.identity.confirmations import IdentityConfirmation, Method, Purpose, lives_until, used_lately
from resecure.identity.resecurings import Trigger
from resecure.policy.actions import Facts
from resecure.policy.confirmation_methods import reasons_against
from resecure.policy.refusals import Refusal

# Stands where there is no confirmation, so that what follows a refusal need not ask whether there is one.
_NONE = IdentityConfirmation()


def reset_needs_evidence(facts: Facts) -> bool:
    """Whether setting a temporary password now needs a confirmation of its own.

    Not while nothing opens the account: a new one has nobody to confuse, and a resecure has its evidence on
    record, so that whoever is in scope can finish it. Once a temporary password was set, whoever asks for
    another one calls again, and a second call may be somebody else's. So the evidence of the resecure counts on
    only for the administrator who has it, and for no longer than a confirmation counts at all.
    """
    resecuring = facts.resecuring
    if facts.awaits_temporary_password or (resecuring and resecuring.temporary_password_set_at is None):
        return False
    if resecuring is None or resecuring.by != facts.by.pk:
        return True
    until = lives_until(resecuring.confirmation)
    return until is None or facts.now >= until


def contradiction(because: str, method: str) -> list[Refusal]:
    """Why this method cannot have identified somebody who is resecured for this reason; an empty list if it can."""
    if (because, method) != (Trigger.FORGOTTEN_SECRET, Method.ACCOUNT_SECRET):
        return []
    return [
        Refusal(
            "proved_by_what_was_forgotten",
            _("They cannot have proved who they are by the account secret that they forgot."),
            _("Confirm who they are in another way, or choose another reason."),
        )
    ]


def reasons_of_evidence(purpose: Purpose, facts: Facts) -> tuple[IdentityConfirmation, list[Refusal]]:
    """The confirmation that was named, and an empty list; or why it does not count.

    Used, late, of another account, another administrator or another operation: one answer, as each would
    tell a fraudster which part was right.
    """
    if facts.evidence is None and not facts.evidence_named:
        return _NONE, [
            Refusal(
                "confirmation_required",
                _("Nobody has said how the person was identified."),
                _("Record how you confirmed who they are. If you cannot, do not go on."),
            )
        ]
    if facts.evidence is None or not facts.evidence.is_good_for(purpose, facts.account, by=facts.by.pk, now=facts.now):
        return _NONE, [
            Refusal(
                "confirmation_not_valid",
                _("The confirmation is used up, too old, or not for this."),
                _("Confirm again who the person is."),
            )
        ]
    # What the method rests on may have changed since: a number, the policy, a role of the person.
    return facts.evidence, reasons_against(Method(facts.evidence.method), facts)


# The two halves of an account's lock: whoever opens one for a caller leaves the other to somebody else for a day.
_PASSWORD = (Purpose.RESECURE, Purpose.RESET_PASSWORD)
_FACTOR = (Purpose.RESET_SECOND_FACTOR,)
APART = timedelta(hours=24)


def reasons_of_two_keys(purpose: Purpose, facts: Facts) -> list[Refusal]:
    """Why the same administrator may not open the other half of the lock too, a moment after the first."""
    other = _FACTOR if purpose in _PASSWORD else _PASSWORD
    if facts.by.is_system or not used_lately(facts.account.pk, other, by=facts.by.pk, since=facts.now - APART):
        return []
    return [
        Refusal(
            "password_and_second_factor",
            _("Within a day you have reset the password or the second factor of this person already."),
            _("Ask another administrator to confirm who the person is, and to do this."),
        )
    ]
