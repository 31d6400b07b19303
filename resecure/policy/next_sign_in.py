"""What is still owed before a sign-in becomes a session. Derived from what is missing; there is no flag."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings

from resecure.identity.accounts import Account
from resecure.identity.agreements import AupVersion, current_and_accepted
from resecure.identity.second_factors import has_one_and_a_role
from resecure.identity.sign_ins import SignIn
from resecure.policy.authentication import secret_is_worn
from resecure.policy.refusals import PolicyNotPublished


class Step(StrEnum):
    """The steps after the password, in the order in which they are taken."""

    SECOND_FACTOR = "second_factor"
    NEW_PASSWORD = "new_password"
    ADD_SECOND_FACTOR = "add_second_factor"
    AUP = "aup"
    PROFILE = "profile"
    ACCOUNT_SECRET = "account_secret"


def still_owed(account: Account, sign_in: SignIn | None = None) -> list[Step]:
    """The steps this account must still take, in order; for a sign-in, less what it has just done.

    What a sign-in has agreed to counts only while that version is still the current one. Raises
    PolicyNotPublished before there is any: nobody can agree to nothing, and an agreement is owed.
    """
    owed: list[Step] = []
    factor, administers = has_one_and_a_role(account.pk)
    if factor and (sign_in is None or sign_in.second_factor_at is None):
        # Before a temporary password is replaced: whoever overheard it gets no further.
        owed.append(Step.SECOND_FACTOR)
    if account.password_is_temporary or (account.password_is_short and not factor):
        owed.append(Step.NEW_PASSWORD)
    if administers and not factor and settings.RESECURE.second_factor_required:
        owed.append(Step.ADD_SECOND_FACTOR)
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
