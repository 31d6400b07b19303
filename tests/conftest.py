"""A small world for every test: a tree of organisations, and people in it whose passwords are known."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

PASSWORD = "correct horse battery staple"


@dataclass
class World:
    """Organisations ``region`` > ``practice`` and ``elsewhere``; people made on demand."""

    region: Any
    practice: Any
    elsewhere: Any
    aup: Any
    made: int = 0
    hashed: str = field(default="", repr=False)
    # Whether administrators have an authenticator app unless it is said otherwise.
    factors: bool = False

    def person(self, *, organisation: Any = None, **columns: Any) -> Any:
        """A person at work: Active, with PASSWORD, an accepted AUP, a checked profile and a secret."""
        from resecure.identity.accounts import Account, search_keys
        from resecure.identity.agreements import accept
        from resecure.identity.credentials import set_secret

        self.made += 1
        now = timezone.now()
        organisation = organisation or self.practice
        given = columns.pop("given_name", "Someone")
        family = columns.pop("family_name", f"Number{self.made}")
        address = columns.pop("address", f"someone.{self.made}@example.org")
        accepted = columns.pop("accepted", True)
        secret = columns.pop("secret", "marmaladesky")
        columns.setdefault("mobile", "07700900123")
        account = Account.objects.create(
            given_name=given,
            family_name=family,
            address=address,
            **search_keys(given_name=given, family_name=family, address=address),
            organisation=organisation,
            organisation_path=organisation.path,
            **{
                "status": "active",
                "status_since": now,
                "password": self.hashed,
                "password_set_at": now,
                "profile_checked_at": now,
                "created_at": now,
                "updated_at": now,
                "last_active_at": now,
                **columns,
            },
        )
        if accepted:
            accept(account, version=self.aup, now=now)
        if secret:
            set_secret(account, secret, now=now)
        return account

    def administrator(self, role: str = "local_administrator", *, organisation: Any = None, **more: Any) -> Any:
        """A person at work who holds a role. ``factor``: whether they have an authenticator app."""
        from resecure.identity.roles import RoleGrant

        organisation = organisation or self.practice
        reaches = more.pop("reaches_children", True)
        factor = more.pop("factor", self.factors)
        account = self.person(organisation=organisation, **more)
        RoleGrant.objects.create(
            account=account,
            role=role,
            organisation=organisation,
            reaches_children=reaches,
            granted_at=timezone.now(),
        )
        if factor:
            self.app(account)
        return account

    def app(self, account: Any, *, name: str = "phone") -> str:
        """An authenticator app of this account; returns its key. No code of it was used yet."""
        from resecure.identity import second_factors

        secret = second_factors.new_totp_secret()
        second_factors.add_totp(account, secret, name=name, step=None, now=timezone.now())
        return secret

    def code(self, account: Any, *, steps: int = 0) -> str:
        """What its app shows now, by another library than the service's; or so many half minutes later."""
        import pyotp

        from resecure.identity import second_factors, secret_store

        [app] = [each for each in second_factors.of(account.pk) if each.kind == "totp"]
        secret = secret_store.decrypted(
            bytes(app.secret or b""), app.secret_key_name, account=account.pk, purpose=second_factors.TOTP_SECRET
        )
        return str(pyotp.TOTP(secret).at(timezone.now() + timedelta(seconds=30 * steps)))

    def session(self, account: Any, *, proven: bool = True) -> str:
        """A session of this account; returns its token. Whoever has a second factor gave it just now."""
        from resecure.identity import second_factors, sessions

        held = second_factors.of(account.pk)
        now = timezone.now()
        proof = sessions.Proof(at=now, factor=held[0].pk, kind=held[0].kind) if held and proven else None
        opened = sessions.open_session(
            account,
            generation=account.generation,
            now=timezone.now(),
            lifetime=timedelta(hours=12),
            client_address="192.0.2.7",
            client_name="a browser",
            proof=proof,
        )
        assert opened is not None
        return opened[0]

    def passes(self, token: str) -> bool:
        """Whether a session token would be let in now."""
        from resecure.identity import sessions

        return sessions.check(token, now=timezone.now(), idle=timedelta(minutes=30)) is not None

    def confirmation(self, account: Any, *, by: Any, purpose: str = "resecure") -> Any:
        """A fresh confirmation, by the operation itself; returns its id."""
        from resecure.identity.confirmations import Method, Purpose
        from resecure.operations.confirm_identity import confirm_identity

        return confirm_identity(
            account.pk, by=by, method=Method.IN_PERSON, reference="call 4711", purpose=Purpose(purpose)
        ).pk

    def resecured(self, account: Any, *, by: Any) -> Any:
        """Resecure it, as an administrator would; returns the resecuring."""
        from resecure.identity.resecurings import Trigger
        from resecure.operations.resecure import resecure

        return resecure(
            account.pk,
            by=by,
            because=Trigger.FORGOTTEN_SECRET,
            confirmation=self.confirmation(account, by=by),
        )

    def records(self, event: str, account: Any) -> int:
        """How many records of this event there are on this account."""
        from resecure.audit.models import Record

        return Record.objects.filter(event=event, target=account.pk).count()


@contextmanager
def newer_key(name: str = "newer", *, keep: bool = True) -> Iterator[None]:
    """Within, a new encryption key is the current one; the old ones stay behind it, unless not kept."""
    from django.conf import settings
    from django.test import override_settings
    from pydantic import SecretStr

    old = settings.RESECURE.encryption_keys.get_secret_value() if keep else ""
    made = f"{name}:{b64encode(os.urandom(32)).decode()}"
    keys = SecretStr(f"{made},{old}")
    with override_settings(RESECURE=settings.RESECURE.model_copy(update={"encryption_keys": keys})):
        yield


@pytest.fixture(scope="session")
def hashed_password() -> str:
    """PASSWORD, hashed once: the hash is slow on purpose."""
    from resecure.identity.passwords import hashed

    return hashed(PASSWORD)


def make_world(hashed_password: str) -> World:
    """The world, in the database that is open now."""
    from resecure.identity.agreements import AupVersion
    from resecure.identity.organisations import add

    # Tests do within a second what people do within a month: those of the second thresholds set their own.
    often = dict.fromkeys(
        ["approve_administrator_per_hour", "approve_account_per_month", "approve_organisation_per_hour"], 100_000
    )
    region = add(code="REG", name="North Region", kind="region", policy=often)
    practice = add(code="PRA", name="Hill Practice", kind="practice", parent=region, desk_phone="01632 960001")
    elsewhere = add(code="ELS", name="Sea Practice", kind="practice", policy=often)
    aup = AupVersion.objects.create(version="1", text="Be careful.", published_at=timezone.now())
    return World(region=region, practice=practice, elsewhere=elsewhere, aup=aup, hashed=hashed_password)


@pytest.fixture
def world(db: None, hashed_password: str) -> World:
    """For tests inside one transaction."""
    return make_world(hashed_password)


_EMPTY = """
ALTER TABLE audit_record DISABLE TRIGGER USER;
TRUNCATE {tables};
ALTER TABLE audit_record ENABLE TRIGGER USER;
UPDATE audit_chainhead SET position = 0, hash = sha256('resecure audit'::bytea);
DELETE FROM identity_account WHERE NOT is_system;
DELETE FROM identity_organisation WHERE code <> 'RESECURE';
"""
# What the migrations put there stays; of it, only rows of tests go.
_KEPT = {"identity_account", "identity_organisation", "audit_chainhead"}


def empty_tables() -> None:
    """Afterwards the database holds what the migrations put there. Django's flush cannot do it: the audit
    refuses to be emptied, and the service's own account must stay."""
    from django.apps import apps
    from django.db import connection, transaction

    tables = {model._meta.db_table for model in apps.get_models()} - _KEPT
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EMPTY.format(tables=", ".join(sorted(tables))))


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's: commits are real, and tables are emptied afterwards."""
    from django.db import connections

    with django_db_blocker.unblock():
        try:
            yield
        finally:
            empty_tables()
            connections.close_all()


@pytest.fixture
def committed_world(transactional_db: None, hashed_password: str) -> World:
    """For tests whose threads or processes must see each other's commits. Tables are emptied afterwards."""
    return make_world(hashed_password)


@pytest.fixture(autouse=True)
def _short_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers on schedule wait a moment here, and half a second in servers that are started as processes."""
    monkeypatch.setattr("resecure.operations.shared.on_schedule.SLOT", 0.001)


os.environ.setdefault("RESECURE_LOG_LEVEL", "error")
# Only the tests that are about second factors ask administrators for one, and say so.
os.environ.setdefault("RESECURE_SECOND_FACTOR_REQUIRED", "false")
