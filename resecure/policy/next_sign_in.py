"""What is still owed before a sign-in becomes a session. Derived from what is missing; there is no flag."""

from __future__ import annotations

from enum import StrEnum

from resecure.identity.accounts import Account
from resecure.identity.agreements import AupVersion, current_and_accepted
from resecure.identity.sign_ins import SignIn
from resecure.policy.authentication import secret_is_worn
from resecure.policy.refusals import PolicyNotPublished


class Step(StrEnum):
    """The steps after the password, in the order in which they are taken."""

    NEW_PASSWORD = "new_password"
    AUP = "aup"
    PROFILE = "profile"
    ACCOUNT_SECRET = "account_secret"


def still_owed(account: Account, sign_in: SignIn | None = None) -> list[Step]:
    """The steps this account must still take, in order; for a sign-in, less what it has just done.

    What a sign-in has agreed to counts only while that version is still the current one. Raises
    PolicyNotPublished before there is any: nobody can agree to nothing, and an agreement is owed.
    """
    owed: list[Step] = []
    if account.password_is_temporary:
        owed.append(Step.NEW_PASSWORD)
    try:
        current, accepted = current_and_accepted(account.pk)
    except AupVersion.DoesNotExist:
        raise PolicyNotPublished from None
    agreed = sign_in.aup_agreed_id if sign_in else None
    if current not in {accepted, agreed}:
        owed.append(Step.AUP)
    if account.profile_checked_at is None:
        owed.append(Step.PROFILE)
    if not account.has_secret or secret_is_worn(account):
        # Legacy questions identified the person before; a secret replaces them at the next sign-in. A secret of which
        # administrators have heard too much is replaced then, too: what is heard dies with the secret.
        owed.append(Step.ACCOUNT_SECRET)
    return owed
