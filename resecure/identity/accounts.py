"""Accounts: the row on whose generation everything that can act for a person depends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from resecure.database import statements
from resecure.identity.folding import fold
from resecure.identity.organisations import Organisation


class Status(models.TextChoices):
    """The status of an account; the words are those on the screen."""

    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")
    LEAVER = "leaver", _("Active (Leaver)")
    LOCKED = "locked", _("Locked")
    DISABLED = "disabled", _("Disabled")
    DELETED = "deleted", _("Deleted")
    DELETED_PERMANENT = "deleted_permanent", _("Deleted Permanent")
    PENDING = "pending", _("Pending")
    ENABLING = "enabling", _("Enabling")
    DISABLING = "disabling", _("Disabling")
    DELETING = "deleting", _("Deleting")
    RESTORING = "restoring", _("Restoring")
    MIGRATION_PENDING = "migration_pending", _("Migration Pending")


ACTIVE_BASED = frozenset({Status.ACTIVE, Status.LEAVER})
IN_PROGRESS = frozenset(
    {
        Status.PENDING,
        Status.ENABLING,
        Status.DISABLING,
        Status.DELETING,
        Status.RESTORING,
        Status.MIGRATION_PENDING,
    }
)
# Inactive is no punishment: signing in is what ends it.
MAY_SIGN_IN = ACTIVE_BASED | {Status.INACTIVE}
# Read by the raw statements of sessions, sign-ins and the gate.
SQL_MAY_SIGN_IN = "('active', 'leaver', 'inactive')"


@cache
def _locking() -> str:
    return (
        f"SELECT {statements.columns(Account, 'a')}, {statements.columns(Organisation, 'o')}"  # noqa: S608 - ours
        " FROM identity_account a JOIN identity_organisation o ON o.id = a.organisation_id"
        " WHERE a.id = %s FOR NO KEY UPDATE OF a"
    )


def locking(pk: UUID) -> tuple[str, list[UUID]]:
    """The statement that locks an account's row and reads it with its organisation, and its values."""
    return _locking(), [pk]


def account_of(row: Sequence[object]) -> Account:
    """The account, with its organisation, from a row of :func:`locking`."""
    cut = statements.width(Account)
    account = statements.built(Account, row[:cut])
    account.organisation = statements.built(Organisation, row[cut:])
    return account


class Accounts(models.QuerySet["Account"]):
    def locked(self, pk: UUID) -> Account:
        """The account with its row locked until the transaction ends; reads what is true now.

        NO KEY: a new session or record that refers to the account need not wait, a change must.
        Raises Account.DoesNotExist.
        """
        found = statements.rows(*locking(pk))
        if not found:
            raise Account.DoesNotExist
        return account_of(found[0])


class Account(models.Model):
    """A person's account (or the service's own, which does what no person asked for).

    ``generation`` only ever grows (a trigger refuses otherwise). Whatever can act for the person carries
    the generation it was issued under and is valid only while the two are equal.
    """

    # Of somebody who acts: the session they came by. In memory only, and None for the service's own account.
    acting_session: UUID | None = None

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    address = models.CharField(max_length=254, unique=True)
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    given_key = models.CharField(max_length=120, db_collation="C")
    family_key = models.CharField(max_length=120, db_collation="C")
    search_key = models.CharField(max_length=520, db_collation="C")
    job_title = models.CharField(max_length=120, default="", blank=True)
    mobile = models.CharField(max_length=30, default="", blank=True)
    # When the number on record was last changed; None: never since the account was made. A new one proves nothing yet.
    mobile_changed_at = models.DateTimeField(null=True)
    # When a second factor was last added, removed or reset; None: never.
    second_factor_changed_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=5, default="en-gb")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, db_index=False)
    organisation_path = models.CharField(max_length=200, db_collation="C")
    manager = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, db_index=False)
    is_system = models.BooleanField(default=False)

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    status_since = models.DateTimeField()
    # What a lock interrupted: the account goes back there, and the clock of there goes on. Null when not Locked.
    status_before_lock = models.CharField(max_length=20, null=True)
    status_before_lock_since = models.DateTimeField(null=True)
    generation = models.BigIntegerField(default=1)

    password = models.CharField(max_length=200, default="", blank=True)
    password_is_temporary = models.BooleanField(default=False)
    # Shorter than a password alone may be: good only while there is a second factor.
    password_is_short = models.BooleanField(default=False, db_default=False)
    password_set_at = models.DateTimeField(null=True)
    temporary_password_expires_at = models.DateTimeField(null=True)
    temporary_password_used_at = models.DateTimeField(null=True)
    temporary_password_key = models.CharField(max_length=100, default="", blank=True)
    secret = models.BinaryField(null=True)
    secret_key_name = models.CharField(max_length=40, default="", blank=True)
    secret_set_at = models.DateTimeField(null=True)
    has_security_questions = models.BooleanField(default=False)
    profile_checked_at = models.DateTimeField(null=True)
    finish_by = models.DateTimeField(null=True)
    stuck_reported_at = models.DateTimeField(null=True)

    wrong_passwords = models.IntegerField(default=0)
    wrong_passwords_since = models.DateTimeField(null=True)
    last_sign_in_at = models.DateTimeField(null=True)
    last_active_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.UUIDField(null=True)
    updated_at = models.DateTimeField()
    updated_by = models.UUIDField(null=True)

    objects = Accounts.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="account_status_known", condition=models.Q(status__in=Status.values)),
            models.CheckConstraint(
                name="account_temporary_password_expires",
                condition=models.Q(password_is_temporary=False) | models.Q(temporary_password_expires_at__isnull=False),
            ),
            models.CheckConstraint(
                name="account_secret_names_its_key",
                condition=models.Q(secret__isnull=True) | ~models.Q(secret_key_name=""),
            ),
            models.CheckConstraint(name="account_address_is_folded", condition=models.Q(address=Lower("address"))),
            models.CheckConstraint(
                name="account_status_before_lock_is_whole",
                condition=models.Q(status_before_lock__isnull=True, status_before_lock_since__isnull=True)
                | models.Q(
                    status_before_lock__in=[Status.ACTIVE, Status.INACTIVE, Status.LEAVER],
                    status_before_lock__isnull=False,
                    status_before_lock_since__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def interrupted(self) -> str | None:
        """The status that a lock interrupted; None when not Locked, or locked before this was written down."""
        return self.status_before_lock if self.status == Status.LOCKED else None

    @property
    def has_secret(self) -> bool:
        return self.secret is not None

    @property
    def has_password(self) -> bool:
        return bool(self.password)


class Credential(NamedTuple):
    """What a password is verified against, as it was at one moment, without a lock."""

    pk: UUID
    generation: int
    password: str
    status: str


def credential_at(address: str) -> Credential | None:
    """The credential of the account at this folded address; the service's own account has none."""
    found = statements.rows(
        "SELECT id, generation, password, status FROM identity_account WHERE address = %s AND NOT is_system",
        [address],
    )
    return Credential(*found[0]) if found else None


_SIGNED_IN = """
UPDATE identity_account SET last_active_at = %(now)s, wrong_passwords = 0, wrong_passwords_since = NULL,
  temporary_password_used_at = CASE WHEN password_is_temporary THEN %(now)s ELSE temporary_password_used_at END
WHERE id = %(account)s
"""
_SIGNED_IN_WHOLLY = """
UPDATE identity_account SET last_active_at = %(now)s, wrong_passwords = 0, wrong_passwords_since = NULL,
  last_sign_in_at = %(now)s, status = %(status)s::text,
  status_since = CASE WHEN status = %(status)s::text THEN status_since ELSE %(now)s END
WHERE id = %(account)s
"""


def note_right_password(account: Account, *, now: datetime) -> None:
    """The right password was given: a temporary one is spent by it. The caller holds the row lock."""
    statements.run(_SIGNED_IN, {"now": now, "account": account.pk})


def note_sign_in(account: Account, *, status: str, now: datetime) -> None:
    """A session opens: the account is in this status from now on. The caller holds the row lock."""
    statements.run(_SIGNED_IN_WHOLLY, {"now": now, "status": status, "account": account.pk})


def address_key(address: str) -> str:
    """An address as it is stored and looked up: trimmed and in lower case. What cannot be stored at all
    (NUL, halves of characters) becomes an address that nobody has."""
    return address.replace("\x00", "\ufffd").encode("utf-8", "replace").decode().strip().lower()


def search_keys(*, given_name: str, family_name: str, address: str) -> dict[str, str]:
    """The folded columns that search reads. The part behind the @ is shared by all, so it is left out."""
    given, family = fold(given_name), fold(family_name)
    local_part = fold(address.partition("@")[0])
    return {
        "given_key": given[:120],
        "family_key": family[:120],
        "search_key": f"{given} {family} {local_part}",
    }


def touch(account: Account, *, by: UUID, now: datetime, **values: object) -> None:
    """Write these columns, and who changed the account last, and nothing else of a maybe stale object."""
    for name, value in values.items():
        setattr(account, name, value)
    account.updated_at, account.updated_by = now, by
    account.save(update_fields=[*values, "updated_at", "updated_by"])


SYSTEM = UUID("00000000-0000-4000-8000-000000000001")


def system_account() -> Account:
    """The service's own account, by which scheduled operations and the operator's console act."""
    return Account.objects.get(pk=SYSTEM)
