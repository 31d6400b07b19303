"""Many invented people in the real organisations, by COPY: 2,000,000 in two or three minutes.

python -m bench.load 2000000    into the database of the settings, which must be migrated and empty
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from resecure.identity.folding import fold

SEED = 1948
STATUSES = {
    "active": 880,
    "inactive": 55,
    "locked": 8,
    "disabled": 22,
    "deleted": 14,
    "deleted_permanent": 8,
    "leaver": 7,
    "pending": 4,
    "enabling": 1,
    "disabling": 1,
}
WELSH_GIVEN = ["Siân", "Llŷr", "Gwenllïan", "Rhŷs", "Ffïon", "Tomos", "Angharad", "Ieuan", "Cêt", "Mâir"]
OTHER_FAMILY = ["O'Brien", "O’Connor", "Núñez", "Müller", "Ó Súilleabháin", "Llwyd-Pŵgh", "D'Souza", "Sørensen"]
COLUMNS = [
    "id",
    "address",
    "given_name",
    "family_name",
    "given_key",
    "family_key",
    "search_key",
    "job_title",
    "mobile",
    "language",
    "organisation_id",
    "organisation_path",
    "is_system",
    "status",
    "status_since",
    "generation",
    "password",
    "password_is_temporary",
    "password_set_at",
    "temporary_password_key",
    "secret_key_name",
    "has_security_questions",
    "wrong_passwords",
    "last_active_at",
    "created_at",
    "updated_at",
]
JOBS = ["Nurse", "Doctor", "Receptionist", "Practice manager", "Pharmacist", "Porter", "Physiotherapist", ""]
# Of the shape of a hash, so that rows are as wide as real ones. It is the hash of nothing.
HASH = "argon2$argon2id$v=19$m=47104,t=1,p=1$" + "x" * 22 + "$" + "y" * 43


def names() -> tuple[list[str], list[float], list[str], list[float]]:
    """(given names, weights, family names, weights): Faker's, with accents, apostrophes, hyphens and Welsh."""
    from faker.providers.person.en_GB import Provider

    given = {**dict.fromkeys(WELSH_GIVEN, 0.0015), **_weighted(Provider.first_names)}
    family = {**_weighted(Provider.last_names), **dict.fromkeys(OTHER_FAMILY, 0.001)}
    # A national register holds far more family names than the list: the rare ones are made of its parts.
    chance = random.Random(SEED)
    common = list(family)
    ends = ["by", "ton", "worth", "field", "ham", "wick", "ley", "stone", "thorpe", "combe"]
    for _ in range(20_000):
        start = chance.choice(common).split("'")[-1]
        family.setdefault(start[: chance.randint(3, 6)].rstrip("- ") + chance.choice(ends), 0.00001)
    return list(given), list(given.values()), list(family), list(family.values())


def _weighted(names: Any) -> dict[str, float]:
    return (
        {name: float(weight) for name, weight in names.items()}
        if isinstance(names, dict)
        else dict.fromkeys(names, 0.001)
    )


def organisations(connection: Any, csv_file: Any) -> list[tuple[int, str, int]]:
    """Make the tree and return (id, path, weight); the weight says how many people work there."""
    rows = list(csv.DictReader(csv_file))
    paths: dict[str, str] = {"": "ALL."}
    left = rows
    while left:  # parents before children, whatever the order of the file
        ready = [row for row in left if row["parent_code"] in paths]
        assert ready, "a parent is missing"
        for row in ready:
            paths[row["code"]] = f"{paths[row['parent_code']]}{row['code']}."
        left = [row for row in left if row["code"] not in paths]
    every = [
        ("ALL", "Everything", "top", "", "ALL."),
        *((r["code"], r["name"], r["kind"], r["parent_code"], paths[r["code"]]) for r in rows),
    ]
    with connection.cursor().copy(
        "COPY identity_organisation (code, name, name_key, kind, path, postcode, desk_phone, desk_hours,"
        " desk_note, policy) FROM STDIN"
    ) as copy:
        for code, name, kind, _parent, path in every:
            copy.write_row((code, name, fold(name), kind, path, "", "", "", "", "{}"))
    connection.execute(
        "UPDATE identity_organisation c SET parent_id = p.id FROM identity_organisation p"
        " WHERE p.path = regexp_replace(c.path, '[^.]+[.]$', '') AND c.path <> p.path"
    )
    weights = {"practice": 6, "trust": 900}
    found = connection.execute(
        "SELECT id, path, kind FROM identity_organisation WHERE code <> 'RESECURE' ORDER BY path"
    )
    return [(pk, path, weights.get(kind, 40)) for pk, path, kind in found]


def load(connection: Any, count: int, *, csv_file: Any) -> None:
    """Afterwards the (empty, migrated) database holds this many accounts, its indexes are built and it is vacuumed."""
    places = organisations(connection, csv_file)
    connection.commit()
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'identity_account' AND indexname NOT IN"
        " (SELECT conname FROM pg_constraint) AND indexname NOT LIKE '%_like'"
    ).fetchall()
    for name, _definition in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    checks = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'identity_account'::regclass AND contype = 'f'"
    ).fetchall()
    for name, _definition in checks:
        connection.execute(f'ALTER TABLE identity_account DROP CONSTRAINT "{name}"')
    with connection.cursor().copy(f"COPY identity_account ({', '.join(COLUMNS)}) FROM STDIN") as copy:
        for row in people(count, places):
            copy.write_row(row)
    connection.execute("SET LOCAL maintenance_work_mem = '1GB'")
    for _name, definition in indexes:
        connection.execute(definition)
    for name, definition in checks:
        connection.execute(f'ALTER TABLE identity_account ADD CONSTRAINT "{name}" {definition}')
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE) identity_account")
    connection.execute("VACUUM (ANALYZE) identity_organisation")
    connection.autocommit = False


def people(count: int, places: list[tuple[int, str, int]]) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of COLUMNS. Organisations differ in size, a few are very large."""
    chance = random.Random(SEED)
    given, given_weights, family, family_weights = names()
    folded = {name: fold(name) for name in [*given, *family]}
    weights = [weight * chance.paretovariate(1.5) for _pk, _path, weight in places]
    now = datetime(2026, 11, 1, tzinfo=UTC)
    since = [now - timedelta(days=day, minutes=day * 7) for day in range(700)]
    statuses, status_weights = list(STATUSES), list(STATUSES.values())
    done = 0
    while done < count:
        batch = min(20_000, count - done)
        for g, f, (organisation, path, _), status in zip(
            chance.choices(given, given_weights, k=batch),
            chance.choices(family, family_weights, k=batch),
            chance.choices(places, weights, k=batch),
            chance.choices(statuses, status_weights, k=batch),
            strict=True,
        ):
            done += 1
            given_key, family_key = folded[g], folded[f]
            if not done % 40:  # two family names
                f = f"{f}-{family[done % 400]}"
                family_key = fold(f)
            local = f"{given_key}.{family_key}".replace(" ", "").replace("'", "") + str(done)
            when = since[done % 700]
            yield (
                UUID(int=chance.getrandbits(128), version=4), f"{local}@example.org", g, f, given_key, family_key,
                f"{given_key} {family_key} {local}", JOBS[done % 8], "", "en-gb", organisation, path, False, status,
                when, 1, HASH, False, when, "", "", False, 0, when, when, when,
            )  # fmt: skip


def main() -> None:
    import psycopg
    from django.conf import settings

    given = settings.DATABASES["default"]
    with (
        psycopg.connect(
            dbname=given["NAME"], user=given["USER"], password=given["PASSWORD"], host=given["HOST"], port=given["PORT"]
        ) as connection,
        (settings.HERE / "entrypoints/console/demonstration/organisations.csv").open() as file,
    ):
        load(connection, int(sys.argv[1]), csv_file=file)


if __name__ == "__main__":
    main()
