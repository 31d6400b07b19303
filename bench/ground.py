"""The ground benchmarks stand on: an embedded PostgreSQL of their own, migrated, with people in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from resecure.identity.accounts import Account
    from resecure.identity.organisations import Organisation

PASSWORD = "correct horse battery staple"


@contextmanager
def ground(*, durable: bool = True) -> Iterator[Path]:
    """A server in a folder of its own, with Django set up on it. Everything is gone afterwards."""
    from bench import left_behind
    from resecure.config.embedded_postgres import ensure_running

    folder = left_behind.folder()
    state = folder / "state"
    os.environ.update(
        RESECURE_STATE_DIRECTORY=str(state),
        RESECURE_DATABASE_URL=ensure_running(state, durable=durable),
        RESECURE_LOG_LEVEL="error",
        RESECURE_SECOND_FACTOR_REQUIRED="false",  # what is measured is the work behind it; bench passkey measures it
        DJANGO_SETTINGS_MODULE="resecure.config.settings",
    )
    try:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield folder
    finally:
        from django.db import connections

        connections.close_all()
        left_behind.remove(folder)


def organisation() -> Organisation:
    """One organisation with a published policy."""
    from django.utils import timezone

    from resecure.identity.agreements import AupVersion
    from resecure.identity.organisations import Organisation, add
    from resecure.policy.watching_settings import APPROVE_ACCOUNT, APPROVE_ADMINISTRATOR, APPROVE_ORGANISATION, NEVER

    AupVersion.objects.get_or_create(version="1", defaults={"text": "Be careful.", "published_at": timezone.now()})
    # One administrator resecures hundreds within the hour here; with a second person each would be two benchmarks.
    often = dict.fromkeys((each.key for each in (APPROVE_ADMINISTRATOR, APPROVE_ACCOUNT, APPROVE_ORGANISATION)), NEVER)
    return Organisation.objects.filter(code="BENCH").first() or add(code="BENCH", name="Bench Trust", policy=often)


def elsewhere() -> Organisation:
    """Another organisation, where no administrator of the first sees anybody."""
    from resecure.identity.organisations import Organisation, add

    return Organisation.objects.filter(code="ELSEWHERE").first() or add(code="ELSEWHERE", name="Another Trust")


def people(count: int, *, hashed: str, place: Organisation | None = None) -> list[Account]:
    """Accounts at work: password, accepted policy, checked profile, secret."""
    from django.utils import timezone

    from resecure.identity.accounts import Account, search_keys
    from resecure.identity.agreements import AupAcceptance, current_aup

    place, now, made = place or organisation(), timezone.now(), []
    for _number in range(count):
        address = f"{uuid4().hex}@example.org"
        made.append(
            Account(
                address=address,
                given_name="Some",
                family_name="One",
                **search_keys(given_name="Some", family_name="One", address=address),
                organisation=place,
                organisation_path=place.path,
                status="active",
                status_since=now,
                password=hashed,
                password_set_at=now,
                secret=b"x" * 40,
                secret_key_name="bench",
                secret_set_at=now,
                profile_checked_at=now,
                created_at=now,
                updated_at=now,
                last_active_at=now,
            )
        )
    Account.objects.bulk_create(made, batch_size=1000)
    aup = current_aup()
    AupAcceptance.objects.bulk_create(
        [AupAcceptance(account=each, version=aup, accepted_at=now) for each in made], batch_size=1000
    )
    return made


def administrator(*, hashed: str) -> Account:
    """A Local Administrator of the organisation."""
    from django.utils import timezone

    from resecure.identity.roles import RoleGrant

    [made] = people(1, hashed=hashed)
    RoleGrant.objects.create(
        account=made, role="local_administrator", organisation=organisation(), granted_at=timezone.now()
    )
    return made


def confirmations(accounts: list[Account], *, by: Account) -> list[UUID]:
    """A fresh confirmation for each account."""
    from datetime import timedelta

    from django.utils import timezone

    from resecure.identity.confirmations import IdentityConfirmation

    now = timezone.now()
    made = [
        IdentityConfirmation(
            account=each,
            by=by.pk,
            method="in_person",
            reference="bench",
            generation=each.generation,
            created_at=now,
            expires_at=now + timedelta(minutes=30),
        )
        for each in accounts
    ]
    IdentityConfirmation.objects.bulk_create(made, batch_size=1000)
    return [each.pk for each in made]


def sessions(accounts: list[Account]) -> list[str]:
    """An open session for each account: what its holder shows. Inserted, as signing in would take an hour."""
    from datetime import timedelta

    from django.utils import timezone

    from resecure.identity import tokens
    from resecure.identity.sessions import Session

    now = timezone.now()
    values = [tokens.new(tokens.SESSION) for _each in accounts]
    Session.objects.bulk_create(
        [
            Session(
                token=digest,
                account=each,
                generation=each.generation,
                started_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=12),
            )
            for each, (_value, digest) in zip(accounts, values, strict=True)
        ],
        batch_size=1000,
    )
    return [value for value, _digest in values]
