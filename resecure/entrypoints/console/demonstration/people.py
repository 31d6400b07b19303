"""The invented people of the demonstration: a crowd that is the same each time, as rows not yet stored."""

from __future__ import annotations

import random  # noqa: TID251 - the same people each time; nothing secret
import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from faker import Faker

from resecure.identity.accounts import Account, Status, search_keys
from resecure.identity.folding import fold
from resecure.identity.organisations import Organisation

SEED = 1948
DOMAIN = "demo.example.org"
JOBS = (
    *("General practitioner", "Practice nurse", "Receptionist", "Practice manager", "Pharmacist", "Physiotherapist"),
    *("Health visitor", "Midwife", "Paramedic", "Porter", "Medical secretary", "Radiographer", "Data analyst"),
)
# Names that break careless software, among those that Faker knows.
GIVEN = ("Siân", "Llŷr", "Gwenllïan", "Rhŷs", "Zoë", "Anaïs", "Chloë-Mai", "Mary Ann", "Seán", "Þóra", "Jo")
FAMILY = (
    *("O'Brien", "D’Souza", "Llwyd-Pŵgh", "Ó Súilleabháin", "Núñez", "Sørensen", "van der Berg", "Ng"),
    *("Featherstonehaugh-Cholmondeley-Wriothesley", "McAllister", "Thŵaites", "St John-Smythe"),
)
# Of a thousand people, and how many days ago they came to this status, at least and at most: far enough from
# the day on which the clock moves them that a demonstration stays as it is for days.
STATUSES: dict[Status, tuple[int, int, int]] = {
    Status.ACTIVE: (870, 40, 900),
    Status.INACTIVE: (45, 1, 20),
    Status.LEAVER: (15, 1, 20),
    Status.LOCKED: (12, 0, 3),
    Status.DISABLED: (25, 5, 400),
    Status.DELETED: (12, 1, 20),
    Status.DELETED_PERMANENT: (8, 40, 300),
    Status.PENDING: (7, 1, 15),
}
IN_BETWEEN = (Status.ENABLING, Status.DISABLING, Status.DELETING, Status.RESTORING, Status.MIGRATION_PENDING)


class Crowd:
    """Invents people one after the other; no two have the same address."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.chance = random.Random(SEED)  # noqa: S311
        self.fake = Faker("en_GB")
        self.fake.seed_instance(SEED)
        self.addresses: set[str] = set()

    def person(self, organisation: Organisation, *, status: Status = Status.ACTIVE, days: int = 60) -> Account:
        """Somebody of this organisation who came to this status so many days ago; nothing opens it yet."""
        given, family = self._name()
        since = self.now - timedelta(days=days, minutes=self.chance.randint(1, 1300))
        active_at = self.now - timedelta(days=self.chance.randint(0, 18), minutes=self.chance.randint(5, 1300))
        address = self._address(given, family)
        works = status in {Status.ACTIVE, Status.LEAVER, Status.LOCKED}
        created = since - timedelta(days=0 if status is Status.PENDING else 60)
        return Account(
            id=uuid.UUID(int=self.chance.getrandbits(128), version=4),
            address=address,
            given_name=given,
            family_name=family,
            **search_keys(given_name=given, family_name=family, address=address),
            job_title=self.chance.choice(JOBS),
            mobile=f"07700900{self.chance.randint(0, 999):03}" if self.chance.random() < 0.7 else "",
            organisation=organisation,
            organisation_path=organisation.path,
            status=status,
            status_since=since,
            profile_checked_at=None if status is Status.PENDING else since,
            last_sign_in_at=active_at if works else None,
            last_active_at=active_at if works else None if status is Status.PENDING else since,
            finish_by=self.now + timedelta(days=15) if status is Status.PENDING else None,
            created_at=created,
            updated_at=since,
        )

    def people(self, organisations: Sequence[Organisation], *, count: int) -> Iterator[Account]:
        """Many people of these organisations, most of them at work, each status among them."""
        weights = [900 / (1 + number % 23) if o.kind == "trust" else 30 for number, o in enumerate(organisations)]
        statuses = self.chance.choices(list(STATUSES), [each[0] for each in STATUSES.values()], k=count)
        places = self.chance.choices(organisations, weights, k=count)
        for status, place in zip(statuses, places, strict=True):
            _share, least, most = STATUSES[status]
            yield self.person(place, status=status, days=self.chance.randint(least, most))

    def _name(self) -> tuple[str, str]:
        given = self.chance.choice(GIVEN) if self.chance.random() < 0.06 else self.fake.first_name()
        family = self.chance.choice(FAMILY) if self.chance.random() < 0.06 else self.fake.last_name()
        if self.chance.random() < 0.03:
            family = f"{family}-{self.fake.last_name()}"
        return given, family

    def _address(self, given: str, family: str) -> str:
        local = re.sub(r"[^a-z.-]", "", f"{fold(given)}.{fold(family)}".replace(" ", ""))[:60]
        address, number = f"{local}@{DOMAIN}", 1
        while address in self.addresses:
            number += 1
            address = f"{local}{number}@{DOMAIN}"
        self.addresses.add(address)
        return address
