"""Whether a confirmation is good for what it is shown for. The write asks this, not the page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from resecure.identity.confirmations import IdentityConfirmation, Purpose
from resecure.policy.actions import Facts
from resecure.policy.refusals import Refusal

# Stands where there is no confirmation, so that what follows a refusal need not ask whether there is one.
_NONE = IdentityConfirmation()


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
    return facts.evidence, []
