"""What a person knows: the password and its history, the account secret and its history, legacy questions."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, models
from django.db.models import F

from resecure.database import statements
from resecure.identity import secret_store
from resecure.identity.accounts import Account
from resecure.identity.passwords import matches

SECRET = "account secret"
OLD_SECRET = "old account secret"
QUESTION = "security question"


class PasswordHistory(models.Model):
    """A password the account had before, as its hash. Temporary ones are counted apart: a few resets must
    not push the person's own old passwords out of the history."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    password = models.CharField(max_length=200)
    temporary = models.BooleanField()
    retired_at = models.DateTimeField()


class SecretHistory(models.Model):
    """A secret the account had before, as a keyed digest."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    digest = models.BinaryField()
    key_name = models.CharField(max_length=40)
    set_at = models.DateTimeField()


class SecurityQuestion(models.Model):
    """A legacy question of an imported account. Never newly created by anybody; a secret replaces it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    position = models.SmallIntegerField()
    question = models.CharField(max_length=200)
    answer = models.BinaryField()
    key_name = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "position"], name="three_questions"),
            models.CheckConstraint(name="question_one_to_three", condition=models.Q(position__gte=1, position__lte=3)),
        ]


# --- the password. Each of these raises the generation: who knew the old one holds nothing any more.


def set_temporary_password(account: Account, *, password: str, now: datetime, by: UUID, **columns: object) -> None:
    """``password`` is a hash. Afterwards it opens one sign-in, once, until ``temporary_password_expires_at``,
    which is among ``columns``: what else changes on the row at this moment."""
    _replace_password(account, now=now, by=by, password=password, password_is_temporary=True, **columns)


def set_password(account: Account, *, password: str, now: datetime, by: UUID, **columns: object) -> None:
    """``password`` is a hash. Afterwards it is the long-term password."""
    # The key of the request stays: repeated late, it must not reset what the person has chosen since.
    columns = {"temporary_password_expires_at": None, **columns}
    _replace_password(account, now=now, by=by, password=password, password_is_temporary=False, **columns)


def _replace_password(account: Account, *, now: datetime, by: UUID, **columns: object) -> None:
    remember_password(account, now=now)
    changes = {
        "password_is_short": False,
        **columns,
        "password_set_at": now,
        "temporary_password_used_at": None,
        "wrong_passwords": 0,
        "wrong_passwords_since": None,
        "updated_at": now,
        "updated_by": by,
    }
    Account.objects.filter(pk=account.pk).update(generation=F("generation") + 1, **changes)
    for name, value in changes.items():
        setattr(account, name, value)
    account.generation += 1


def remember_password(account: Account, *, now: datetime) -> None:
    """Keep the hash of a long-term password, so that it is not chosen again. Temporary ones too:
    a temporary password must never become the long-term one."""
    if account.password:
        statements.run(
            "INSERT INTO identity_passwordhistory (account_id, password, temporary, retired_at)"
            " VALUES (%s, %s, %s, %s)",
            [account.pk, account.password, account.password_is_temporary, now],
        )


def is_a_recent_choice(account: Account, password: str, *, last: int) -> bool:
    """Whether it is one of the person's own: the present password, or one of the ``last`` before."""
    before = PasswordHistory.objects.filter(account=account, temporary=False).order_by("-retired_at", "-id")
    present = "" if account.password_is_temporary else account.password
    return any(matches(password, each) for each in [present, *(row.password for row in before[:last])] if each)


def is_a_recent_password(account: Account, password: str, *, last: int) -> bool:
    """Whether it is the present password, a temporary one just used, or one of the ``last`` before,
    or of as many temporary ones."""
    before = PasswordHistory.objects.filter(account=account).order_by("-retired_at", "-id")
    stored = [row.password for temporary in (False, True) for row in before.filter(temporary=temporary)[:last]]
    return any(matches(password, each) for each in [account.password, *stored] if each)


# What nobody knows any more after a resecure, as the columns then stand.
FORGOTTEN: dict[str, object] = {
    "password": "",
    "password_is_temporary": False,
    "temporary_password_expires_at": None,
    "temporary_password_used_at": None,
    "temporary_password_key": "",
    "secret": None,
    "secret_key_name": "",
    "secret_set_at": None,
    "has_security_questions": False,
    "profile_checked_at": None,
}

# --- the account secret


def secret_key_of(text: str) -> str:
    """A secret as it is stored and compared: case does not matter, nor does space around it."""
    return text.strip().casefold()


def set_secret(account: Account, secret: str, *, now: datetime) -> None:
    """Afterwards this secret, and nothing older, identifies the person. Legacy questions are gone."""
    sealed, key_name = secret_store.encrypted(secret_key_of(secret), account=account.pk, purpose=SECRET)
    digest, digest_key = secret_store.keyed_digest(secret_key_of(secret), account=account.pk, purpose=OLD_SECRET)
    SecretHistory.objects.create(account=account, digest=digest, key_name=digest_key, set_at=now)
    account.secret, account.secret_key_name, account.secret_set_at = sealed, key_name, now
    account.save(update_fields=["secret", "secret_key_name", "secret_set_at"])
    if account.has_security_questions:
        forget_security_questions(account)


def forget_security_questions(account: Account) -> None:
    """Afterwards no legacy question identifies the person."""
    SecurityQuestion.objects.filter(account=account).delete()
    account.has_security_questions = False
    account.save(update_fields=["has_security_questions"])


def is_a_recent_secret(account: Account, secret: str, *, last: int) -> bool:
    """Whether it is one of the last secrets of this account, told by keyed digests."""
    found = False
    for each in SecretHistory.objects.filter(account=account).order_by("-set_at", "-id")[:last]:
        if secret_store.known_key(each.key_name):
            digest, _name = secret_store.keyed_digest(
                secret_key_of(secret), account=account.pk, purpose=OLD_SECRET, key_name=each.key_name
            )
            found |= hmac.compare_digest(digest, bytes(each.digest))
    return found


_WRONG_PASSWORD = """
UPDATE identity_account SET
  wrong_passwords = CASE WHEN wrong_passwords_since >= %(start)s THEN wrong_passwords + 1 ELSE 1 END,
  wrong_passwords_since = CASE WHEN wrong_passwords_since >= %(start)s THEN wrong_passwords_since ELSE %(now)s END
WHERE id = %(account)s RETURNING wrong_passwords
"""


def wrong_password(account: UUID, *, now: datetime, window: timedelta) -> int:
    """Count one more wrong password, in a window that begins with the first. Returns how many it has now; 0
    if there is no such account. One statement, whatever the answer."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG_PASSWORD, {"account": account, "now": now, "start": now - window})
        row = cursor.fetchone()
    return row[0] if row else 0
