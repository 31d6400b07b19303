"""Taking an account back: the effects of a resecure, in one statement under the account's row lock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from resecure.database import statements
from resecure.identity.accounts import Account
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.credentials import FORGOTTEN
from resecure.identity.resecurings import Resecuring

# One statement because each trip to the server lengthens the time for which the row is locked, and the
# person's own clients wait for it. The parts cannot be torn apart: the server does all of them or none.
_TAKE_BACK = """
WITH used AS (                -- (2) the evidence is used up, once only
  UPDATE identity_identityconfirmation SET used_at = %(now)s WHERE id = %(evidence)s AND used_at IS NULL
), kept AS (                  -- (3) the old password stays known, so that it cannot come back as the new one
  INSERT INTO identity_passwordhistory (account_id, password, temporary, retired_at)
  SELECT id, password, password_is_temporary, %(now)s FROM identity_account WHERE id = %(account)s AND password <> ''
), questions AS (             --     what they knew: legacy questions,
  DELETE FROM identity_securityquestion WHERE account_id = %(account)s
), withdrawn AS (             -- (4) what they agreed to
  UPDATE identity_aupacceptance
  SET withdrawn_at = %(now)s, withdrawn_by = %(by)s, withdrawn_because = 'resecured'
  WHERE account_id = %(account)s AND withdrawn_at IS NULL
), passkeys AS (              --     and, where the policy has it so, what they hold:
  DELETE FROM identity_secondfactor WHERE account_id = %(account)s AND %(factors)s::int IS NOT NULL
), codes AS (
  DELETE FROM identity_recoverycode WHERE account_id = %(account)s AND %(factors)s::int IS NOT NULL
), taken AS (                 --     password and secret; (5) and the generation: all that was open is over
  UPDATE identity_account SET password = '', password_is_temporary = false, temporary_password_expires_at = NULL,
    temporary_password_used_at = NULL, temporary_password_key = '', secret = NULL, secret_key_name = '',
    secret_set_at = NULL, has_security_questions = false, profile_checked_at = NULL,
    generation = generation + 1, finish_by = %(finish_by)s, updated_at = %(now)s, updated_by = %(by)s
  WHERE id = %(account)s
)                             -- (6) how far it has got, for the pages
INSERT INTO identity_resecuring (id, account_id, by, because, confirmation, method, reference, idempotency_key,
  generation, begun_at, finish_by, second_factors_removed, outcome, organisation_path, approval, approved_by)
VALUES (%(id)s, %(account)s, %(by)s, %(because)s, %(evidence)s, %(method)s, %(reference)s, %(key)s,
  %(generation)s, %(now)s, %(finish_by)s, %(factors)s, '', %(path)s, %(approval)s, %(approved_by)s)
"""


def take_back(
    account: Account,
    *,
    by: UUID,
    because: str,
    evidence: IdentityConfirmation,
    idempotency_key: str | None,
    now: datetime,
    finish_by: datetime,
    factors: int | None = None,
    approval: UUID | None = None,
    approved_by: UUID | None = None,
) -> Resecuring:
    """Afterwards no password, secret, question, acceptance, session, sign-in or confirmation of before counts.

    ``factors``: how many second factors it has, for none of them to count either; None leaves them alone.
    However many sessions there are, one number of one row changes. The caller holds the account's row lock.
    """
    made = Resecuring(
        id=uuid4(),
        account_id=account.pk,
        by=by,
        because=because,
        confirmation=evidence.pk,
        method=evidence.method,
        reference=evidence.reference,
        idempotency_key=idempotency_key,
        generation=account.generation + 1,
        begun_at=now,
        finish_by=finish_by,
        second_factors_removed=factors,
        organisation_path=account.organisation_path,
        approval=approval,
        approved_by=approved_by,
    )
    statements.run(
        _TAKE_BACK,
        {
            "id": made.pk,
            "account": account.pk,
            "by": by,
            "because": because,
            "evidence": evidence.pk,
            "method": evidence.method,
            "reference": evidence.reference,
            "key": idempotency_key,
            "generation": made.generation,
            "now": now,
            "finish_by": finish_by,
            "factors": factors,
            "path": account.organisation_path,
            "approval": approval,
            "approved_by": approved_by,
        },
    )
    for name, value in {**FORGOTTEN, "finish_by": finish_by, "updated_at": now, "updated_by": by}.items():
        setattr(account, name, value)
    account.generation += 1
    return made
