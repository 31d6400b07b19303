"""What is stored, as a whole; and what must hold of it at every moment."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import F

from resecure.audit.models import Record
from resecure.audit.record import verify
from resecure.identity.accounts import MAY_SIGN_IN, Account
from resecure.identity.agreements import acceptance_of
from resecure.identity.resecurings import Resecuring
from resecure.identity.sessions import Session
from resecure.identity.sign_ins import SignIn
from resecure.propagation.models import ENDS_SESSIONS, Change, Delivery

# Each of these records stands for a mail in the outbox, and for a word to applications where sessions end.
ANNOUNCED = {
    "account_resecured": "resecured",
    "temporary_password_set": "password_reset",
    "account_created": "created",
    "account_locked": "locked",
    "account_unlocked": "unlocked",
    "account_disabled": "disabled",
    "account_enabled": "enabled",
    "account_marked_as_leaver": "leaver",
    "account_joined": "joined",
    "account_restored": "restored",
    "role_granted": "role_granted",
    "role_withdrawn": "role_withdrawn",
    "sessions_ended": "sessions_ended",
    "password_changed": "password_changed",
    "second_factor_added": "second_factor_added",
    "second_factor_removed": "second_factor_removed",
    "second_factor_reset": "second_factor_reset",
    "recovery_codes_made": "recovery_codes_made",
}
# What the clock does is one event; how it moved the account says what is told.
BY_THE_CLOCK = {"inactive": "inactive", "deleted": "deleted"}


def snapshot() -> dict[str, list[str]]:
    """Every row of every table, as text."""
    stored = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')  # noqa: S608 - our own table names
            stored[table] = [row[0] for row in cursor.fetchall()]
    return stored


def difference(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """The tables in which the two differ."""
    return sorted(table for table in before if before[table] != after[table])


def assert_whole() -> None:
    """The record is whole; records, resecurings and deliveries answer to each other; no credential is ahead."""
    assert verify()[1] == []
    recorded = {
        json.loads(each)["resecuring"]
        for each in Record.objects.filter(event="account_resecured").values_list("details", flat=True)
    }
    begun = {str(each) for each in Resecuring.objects.values_list("pk", flat=True)}
    told = {str(each) for each in Delivery.objects.filter(change="resecured").values_list("resecuring", flat=True)}
    assert recorded == begun == told
    events = Record.objects.filter(event__in=[*ANNOUNCED, "account_deleted", "account_status_advanced"])
    events = events.exclude(event="sessions_ended", actor=F("target"))  # one's own others: the account goes on
    records = Counter((_announced(*each), each[1]) for each in events.values_list("event", "target", "details"))
    due = {
        (*key, system): number
        for key, number in records.items()
        if key[0]
        for system in (["mail", "applications"] if Change(key[0]) in ENDS_SESSIONS else ["mail"])
    }
    every = [*ANNOUNCED.values(), *BY_THE_CLOCK.values()]
    announced = Delivery.objects.filter(change__in=every, system__in=["mail", "applications"])
    rows = Counter(announced.values_list("change", "account", "system"))
    assert due == rows, (due, rows)
    for account in Account.objects.filter(is_system=False):
        _assert_account_whole(account)


def _announced(event: str, _target: Any, details: str) -> str:
    """The change that this record stands beside in the outbox; nothing for one that nobody is told of."""
    if event == "account_deleted":
        return "deleted"
    if event == "password_changed" and "from" not in json.loads(details):  # a step: they hear when all are done
        return ""
    if event != "account_status_advanced":
        return ANNOUNCED[event]
    moved = json.loads(details)
    if moved["before"] == "deleting":  # told when it began
        return ""
    return BY_THE_CLOCK.get(moved["after"], "")


def _assert_account_whole(account: Account) -> None:
    for issued in (Session, SignIn):
        assert not issued.objects.filter(account=account, generation__gt=account.generation).exists()
    live = Session.objects.filter(account=account, generation=account.generation, ended_at__isnull=True)
    if live.exists():
        assert account.status in MAY_SIGN_IN
        assert not account.password_is_temporary
        assert account.has_password
        assert account.has_secret
        assert acceptance_of(account.pk) is not None
    unfinished = Resecuring.objects.filter(account=account, ended_at__isnull=True)
    assert unfinished.count() <= 1
    for each in unfinished:
        assert not live.exists(), "a session was opened before the person had finished"
        assert account.secret is None
        assert acceptance_of(account.pk) is None
        if account.generation == each.generation:
            assert account.password == ""


def quick_hashes(monkeypatch: Any) -> None:
    """Hashing that takes no time: these tests are about statements, not about hashes."""
    from resecure.identity import credentials, passwords
    from tests.conftest import PASSWORD

    def hashed(password: str) -> str:
        return f"quick${password[::-1]}"

    def matches(password: str, stored: str) -> bool:
        return stored == hashed(password) or (stored.startswith("argon2") and password == PASSWORD)

    monkeypatch.setattr(passwords, "hashed", hashed)
    monkeypatch.setattr(passwords, "matches", matches)
    monkeypatch.setattr(credentials, "matches", matches)
