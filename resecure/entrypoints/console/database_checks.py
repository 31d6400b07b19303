"""What `resecure doctor` asks the database."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.utils import timezone

from resecure.config.environment import Problem
from resecure.entrypoints.console.migrate import missing_migrations
from resecure.identity import key_rotation, secret_store
from resecure.identity.agreements import AupVersion

OLDEST = 15
# Without these, work that was acknowledged is gone after a power cut: a resecure that never was.
MUST_BE_ON = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "local", "remote_write", "remote_apply"},
}
WARN_SKEW, WRONG_SKEW = 1.0, 10.0  # seconds


def problems_of_database() -> list[Problem]:
    """All of them, in the order in which to put them right. Raises OperationalError when it cannot be reached."""
    found = [*_version(), *_durability(), *_clock()]
    if missing := missing_migrations():
        text = f"The database lacks {len(missing)} migrations, first {missing[0]}. Run: resecure migrate"
        return [*found, Problem(code="migrations_missing", text=text)]
    checks: tuple[Callable[[], list[Problem]], ...] = (_keys, _aup)
    return [*found, *(problem for check in checks for problem in check())]


def _ask(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def _version() -> list[Problem]:
    major = int(str(_ask("SHOW server_version_num"))) // 10000
    if major >= OLDEST:
        return []
    return [Problem(code="database_too_old", text=f"PostgreSQL {major} is too old: {OLDEST} or newer is needed.")]


def _durability() -> list[Problem]:
    found = {name: str(_ask(f"SHOW {name}")) for name in MUST_BE_ON}
    return [
        Problem(
            code=f"{name}_off",
            text=f"{name} is {value} in the database: a power cut undoes resecures that were reported as done. "
            f"Set {name} = on.",
        )
        for name, value in found.items()
        if value not in MUST_BE_ON[name]
    ]


def _clock() -> list[Problem]:
    before = timezone.now()
    there = _ask("SELECT clock_timestamp()")
    after = timezone.now()
    middle = before + (after - before) / 2
    skew = abs((there - middle).total_seconds())  # type: ignore[operator]
    if skew < WARN_SKEW:
        return []
    return [
        Problem(
            code="clock_skew",
            text=f"The clocks of this machine and of the database are {skew:.0f} seconds apart: what expires "
            "does so too early or too late. Keep both in time, by NTP.",
            weight="error" if skew >= WRONG_SKEW else "warning",
        )
    ]


def _keys() -> list[Problem]:
    """Sealed rows that no key of the list opens, or that still need an older one. Digests are none of it: under a
    key that is gone they forget earlier secrets, which is what retiring a key means."""
    current = settings.RESECURE.keys[0].name
    found = []
    for name, number in sorted(key_rotation.stored().sealed.items()):
        if not secret_store.known_key(name):
            found.append(
                Problem(
                    code="encryption_key_gone",
                    text=f"Account secrets are stored under the key {name} ({number} rows), which "
                    "RESECURE_ENCRYPTION_KEYS does not hold: nobody can read them. Add it again, behind the current "
                    "one, and run: resecure rotate-encryption-key. If it is lost, their people need a resecure.",
                )
            )
        elif name != current:
            found.append(
                Problem(
                    code="encryption_key_old",
                    text=f"{number} rows are still sealed under the key {name}, which is not the current one: keep it "
                    "until this has run: resecure rotate-encryption-key",
                    weight="warning",
                )
            )
    return found


def _aup() -> list[Problem]:
    if AupVersion.objects.exists():
        return []
    text = "No acceptable use policy is published, so nobody can sign in. Run: resecure aup publish FILE --version 1"
    return [Problem(code="aup_missing", text=text)]
