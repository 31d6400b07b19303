"""Load the demonstration into an empty, migrated database."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from resecure.entrypoints.console.demonstration.organisations import (
    ALWAYS_TWO,
    SHOWN_PRACTICES,
    TOP,
    load_organisations,
)
from resecure.entrypoints.console.demonstration.people import IN_BETWEEN, STATUSES, Crowd
from resecure.identity import second_factors, secret_store
from resecure.identity.accounts import SYSTEM, Account, Status, system_account
from resecure.identity.agreements import AupAcceptance, AupVersion
from resecure.identity.applications import Kind
from resecure.identity.confirmations import Method
from resecure.identity.credentials import QUESTION, SECRET, SecurityQuestion, secret_key_of
from resecure.identity.organisations import Organisation
from resecure.identity.passwords import hashed
from resecure.identity.resecurings import Trigger
from resecure.identity.roles import RoleGrant, RoleName
from resecure.operations.confirm_identity import cannot_confirm_identity, confirm_identity
from resecure.operations.make_checkpoint import make_checkpoint
from resecure.operations.publish_aup import publish_aup
from resecure.operations.register_application import register_application
from resecure.operations.resecure import resecure
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.application_frame import Registration
from resecure.operations.shared.telling import told
from resecure.policy.approving import ApprovalRequired
from resecure.policy.generated_passwords import word_list
from resecure.propagation.models import Change, Delivery, State, System

AUP = "2026-1"
CROWD = 5_000
# Most of the crowd works in the two branches that are shown, the rest anywhere.
CONCENTRATED = ("QHM", "QWO")
SECRET_OF_ALL = "marmaladesky"
_LOCAL = (
    RoleName.PRIMARY_LOCAL_ADMINISTRATOR,
    RoleName.LOCAL_ADMINISTRATOR,
    RoleName.LOCAL_ADMINISTRATOR,
    RoleName.LOCAL_HELPDESK,
    RoleName.AUDITOR,
)
# One branch from the region down to its practices, and a second branch.
SHOWN = ("Y63", "QHM", "00L", "R0B", *SHOWN_PRACTICES)
_GLOBAL = (RoleName.GLOBAL_ADMINISTRATOR, RoleName.GLOBAL_HELPDESK, RoleName.AUDITOR)


@dataclass(kw_only=True)
class Listed:
    """A line of accounts.json: an account whose password is known."""

    address: str
    password: str = field(repr=False)
    role: str
    organisation: str
    status: str
    note: str
    # The key of an authenticator app, for whoever holds a role; `resecure demo-code ADDRESS` shows its code.
    totp: str = field(default="", repr=False)

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class _Loading:
    def __init__(self) -> None:
        self.now: datetime = timezone.now()
        self.crowd = Crowd(now=self.now)
        self.organisations: dict[str, Organisation] = {}
        self.accounts: list[Account] = []
        self.listed: list[tuple[Account, Listed]] = []
        self.grants: list[RoleGrant] = []
        self.questions: list[SecurityQuestion] = []

    def listed_person(
        self, code: str, *, status: Status = Status.ACTIVE, role: RoleName | None = None, note: str = "", days: int = 9
    ) -> Account:
        """Somebody with a password of their own, who holds this role in the organisation."""
        organisation = self.organisations[code]
        person = self.crowd.person(organisation, status=status, days=days)
        self.accounts.append(person)
        line = Listed(
            address=person.address,
            password=_password(),
            role=str(role.label) if role else "Person",
            organisation=code,
            status=status.value,
            note=note,
            totp=second_factors.new_totp_secret() if role else "",
        )
        self.listed.append((person, line))
        if role is not None:
            self.grants.append(
                RoleGrant(account=person, role=role, organisation=organisation, granted_at=self.now, granted_by=SYSTEM)
            )
        return person

    def holder_of(self, role: RoleName, code: str) -> Account:
        """Who holds this role in the organisation."""
        return next(each.account for each in self.grants if (each.organisation.code, each.role) == (code, role))

    def line_of(self, account: Account) -> Listed:
        return next(line for person, line in self.listed if person.pk == account.pk)


def load(*, crowd: int = CROWD) -> list[Listed]:
    """Afterwards the database holds the demonstration. Returns the accounts whose passwords are known."""
    loading = _Loading()
    with transaction.atomic():
        text = Path(__file__).with_name("aup.txt").read_text(encoding="utf-8")
        aup = publish_aup(version=AUP, text=text, by=system_account())
        loading.organisations = load_organisations()
        _administrators(loading)
        specials = _people_of_practices(loading)
        _crowd(loading, crowd)
        _store(loading, aup)
        _waiting_deliveries(loading)
    _half_way(loading, specials)
    make_checkpoint(by=system_account())
    return [line for _person, line in loading.listed if line.password]


# --- who there is


def _administrators(loading: _Loading) -> None:
    for role in _GLOBAL:
        loading.listed_person(TOP, role=role, note="reaches every organisation")
    for code in SHOWN:
        kind = loading.organisations[code].kind
        for role in _LOCAL:
            loading.listed_person(code, role=role, note=f"{kind}: {loading.organisations[code].name}")


def _people_of_practices(loading: _Loading) -> dict[str, Account]:
    """Persons whom the practices' administrators can resecure, and in the first practice one of each case."""
    for code in (*SHOWN_PRACTICES, "R0B"):
        always = "can be resecured" if code != ALWAYS_TWO else "can be resecured, always with a second person"
        manager = loading.holder_of(RoleName.PRIMARY_LOCAL_ADMINISTRATOR, code)
        manager.mobile = manager.mobile or "07700900199"
        for _ in range(4):
            loading.listed_person(code, note=always).manager = manager
    first = SHOWN_PRACTICES[0]
    for status, note in {
        Status.LEAVER: "leaves the organisation; can still be resecured",
        Status.INACTIVE: "signing in makes the account Active",
        Status.LOCKED: "cannot sign in until somebody unlocks the account or resets its password",
        Status.DISABLED: "cannot sign in until somebody enables the account",
        Status.DELETED: "can be restored",
    }.items():
        loading.listed_person(first, status=status, note=note, days=2)
    asks = loading.listed_person(first, note="has three legacy security questions and no account secret")
    asks.has_security_questions = True
    return {
        "caution": loading.listed_person(first, note="a caller for this account could not be confirmed"),
        "awaits": loading.listed_person(first, note="resecured; no temporary password is set yet"),
        "told": loading.listed_person(first, note="resecured; this temporary password opens the steps, once"),
        "told elsewhere": loading.listed_person(
            "B86004", note="resecured; this temporary password opens the steps, once"
        ),
    }


def _crowd(loading: _Loading, count: int) -> None:
    every = [each for each in loading.organisations.values() if each.is_open and each.code != TOP]
    near = [each for each in every if any(f".{code}." in each.path for code in CONCENTRATED)]
    loading.accounts += loading.crowd.people(near, count=count * 4 // 5)
    loading.accounts += loading.crowd.people(every, count=count // 5)
    first = loading.organisations[SHOWN_PRACTICES[0]]
    for status in (*STATUSES, *IN_BETWEEN):  # each status is to be seen in the first practice
        person = loading.crowd.person(first, status=status, days=0 if status in IN_BETWEEN else 3)
        if status is Status.DELETED_PERMANENT:
            person.status_since = person.updated_at = loading.now - timedelta(days=90)
        loading.accounts.append(person)


# --- storing


def _store(loading: _Loading, aup: AupVersion) -> None:
    lines = [line.password for _person, line in loading.listed]
    with ThreadPoolExecutor() as threads:
        hashes = list(threads.map(hashed, lines))
    known = {person.pk: hash_ for (person, _line), hash_ in zip(loading.listed, hashes, strict=True)}
    nobodys = hashed(secrets.token_urlsafe(40))  # opens the crowd's accounts, if anybody knew it
    for number, person in enumerate(loading.accounts):
        if person.status in {Status.PENDING, Status.DELETED_PERMANENT}:
            continue
        person.password, person.password_set_at = known.get(person.pk, nobodys), person.created_at
        if person.has_security_questions or (person.pk not in known and not number % 50):
            _give_questions(loading, person)
        else:
            _give_secret(person)
    Account.objects.bulk_create(loading.accounts, batch_size=1000)
    RoleGrant.objects.bulk_create(loading.grants)
    for person, line in loading.listed:
        if line.totp:
            second_factors.add_totp(person, line.totp, name="Authenticator app", step=None, now=person.created_at)
    SecurityQuestion.objects.bulk_create(loading.questions, batch_size=1000)
    accepted = [each for each in loading.accounts if each.password and each.status != Status.DELETED]
    AupAcceptance.objects.bulk_create(
        [AupAcceptance(account=each, version=aup, accepted_at=each.status_since) for each in accepted], batch_size=2000
    )


def _give_secret(person: Account) -> None:
    person.secret, person.secret_key_name = secret_store.encrypted(
        secret_key_of(SECRET_OF_ALL), account=person.pk, purpose=SECRET
    )
    person.secret_set_at = person.status_since


def _give_questions(loading: _Loading, person: Account) -> None:
    person.has_security_questions = True
    asked = {
        "The name of your first pet": "biscuit",
        "The town you were born in": "keswick",
        "Your first school": "hill",
    }
    for position, (question, answer) in enumerate(asked.items(), start=1):
        sealed, key = secret_store.encrypted(secret_key_of(answer), account=person.pk, purpose=QUESTION)
        loading.questions.append(
            SecurityQuestion(account=person, position=position, question=question, answer=sealed, key_name=key)
        )


def _waiting_deliveries(loading: _Loading) -> None:
    """Accounts between two statuses wait for a system that does not answer; without that they would settle."""
    between = [each for each in loading.accounts if each.status in IN_BETWEEN]
    changes = {
        Status.ENABLING: Change.ENABLED,
        Status.DISABLING: Change.DISABLED,
        Status.DELETING: Change.DELETED,
        Status.RESTORING: Change.RESTORED,
        Status.MIGRATION_PENDING: Change.CREATED,
    }
    waiting = [_waiting(each, changes[Status(each.status)], now=loading.now) for each in between]
    listed = {person.pk for person, _line in loading.listed}
    active = next(each for each in loading.accounts if each.status == Status.ACTIVE and each.pk not in listed)
    Delivery.objects.bulk_create([*waiting, _waiting(active, Change.UNLOCKED, now=loading.now)])


def _waiting(account: Account, change: Change, *, now: datetime) -> Delivery:
    return Delivery(
        system=System.MAIL,
        change=change,
        account=account.pk,
        payload=told(account),
        attempts=4,
        order=0,
        requested_at=now - timedelta(hours=1),
        next_attempt_at=now + timedelta(days=2),
        failed_because="the mail server did not answer in time",
    )


# --- resecured, and not back yet: by the operations themselves, so that the record tells the story


def _half_way(loading: _Loading, specials: dict[str, Account]) -> None:
    _asked_for(loading)
    cannot_confirm_identity(
        specials["caution"].pk,
        by=_administrator_of(loading, specials["caution"].organisation.code),
        said="Did not know the line manager, and was in a great hurry.",
    )
    for case, account in specials.items():
        if case == "caution":
            continue
        by = _administrator_of(loading, account.organisation.code)
        evidence = confirm_identity(account.pk, by=by, method=Method.IN_PERSON, reference="at the desk, staff card")
        made = resecure(account.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=evidence.pk)
        if case == "awaits":
            _gone(account, resecuring=made.pk, now=loading.now).save(force_insert=True)
        line = loading.line_of(account)
        if case == "awaits":
            line.password = ""
        else:
            line.password = set_temporary_password(account.pk, by=by).password or ""


def _gone(account: Account, *, resecuring: UUID, now: datetime) -> Delivery:
    """An application that is there no more: somebody may close it, with a reason."""
    return Delivery(
        system=System.APPLICATION,
        target=str(uuid4()),
        change=Change.RESECURED,
        account=account.pk,
        resecuring=resecuring,
        payload={"name": "Rota of before (switched off)"},
        state=State.FAILED,
        attempts=200,
        order=0,
        requested_at=now,
        next_attempt_at=now,
        failed_because="the name of the application is not known",
    )


def _asked_for(loading: _Loading) -> None:
    """A resecure of an administrator, which waits for a second person for as long as approvals wait."""
    code = SHOWN_PRACTICES[0]
    by = _administrator_of(loading, code, RoleName.PRIMARY_LOCAL_ADMINISTRATOR)
    about = _administrator_of(loading, code, RoleName.LOCAL_HELPDESK)
    evidence = confirm_identity(about.pk, by=by, method=Method.IN_PERSON, reference="at the desk, staff card")
    with suppress(ApprovalRequired):
        resecure(about.pk, by=by, because=Trigger.FAILED_AUTHENTICATION, confirmation=evidence.pk)


def _administrator_of(loading: _Loading, code: str, role: RoleName = RoleName.LOCAL_ADMINISTRATOR) -> Account:
    return Account.objects.get(pk=loading.holder_of(role, code).pk)


def _password() -> str:
    """Random words: known to the file of accounts alone, and different each time."""
    while len(made := " ".join(secrets.choice(word_list()) for _ in range(3))) < 16:
        pass
    return made


def register_rota(address: str) -> tuple[str, str]:
    """Afterwards everybody may sign in to Rota. Returns its client id, and its secret."""
    typed = Registration(
        name="Rota",
        address=address,
        redirect_addresses=[f"{address}/callback"],
        logout_address=f"{address}/logged-out",
        organisations=[Organisation.objects.get(parent=None, code=TOP).code],
    )
    application, secret = register_application(typed, kind=Kind.WEB, by=system_account())
    return str(application.pk), secret
