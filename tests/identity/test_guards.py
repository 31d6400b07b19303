"""What the database refuses, whoever asks. Each constraint and trigger has a line that tries to break it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from resecure.identity import cautions
from resecure.identity.accounts import Account
from resecure.identity.agreements import accept
from resecure.identity.alerts import AlertKind, raise_alert
from resecure.identity.approvals import Approval
from resecure.identity.authentications import Authentication, note_heard
from resecure.identity.organisations import Organisation
from tests.conftest import World
from tests.faults.operations import signed_in_to_one

pytestmark = pytest.mark.database

ACCOUNT = "UPDATE identity_account SET {} WHERE NOT is_system"
COPY = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT 1"
APPROVAL = (
    "INSERT INTO identity_approval (id, account_id, organisation_path, operation, arguments, needs, confirmation,"
    " method, reference, asker, asker_generation, generation, asked_at, ends_at, reason, idempotency_key, state)"
    " SELECT gen_random_uuid(), account_id, organisation_path, operation, arguments, needs, {0}, method, reference,"
    " asker, 1, 1, now(), now(), '', {1}, {2} FROM identity_approval"
)
BREAKS = {
    "account_status_known": ACCOUNT.format("status = 'asleep'"),
    "account_temporary_password_expires": ACCOUNT.format(
        "password_is_temporary = true, temporary_password_expires_at = NULL"
    ),
    "account_secret_names_its_key": ACCOUNT.format("secret = 'x', secret_key_name = ''"),
    "account_address_is_folded": ACCOUNT.format("address = 'Someone@Example.org'"),
    "account_status_before_lock_is_whole": ACCOUNT.format("status_before_lock = 'leaver'"),
    "confirmation_has_a_reference": "UPDATE identity_identityconfirmation SET reference = ''",
    "confirmation_method_known": "UPDATE identity_identityconfirmation SET method = 'a hunch'",
    "aup_accepted_once": "INSERT INTO identity_aupacceptance (account_id, version_id, accepted_at, withdrawn_because)"
    " SELECT account_id, version_id, now(), '' FROM identity_aupacceptance WHERE withdrawn_at IS NULL LIMIT 1",
    "resecured_once_at_a_time": "INSERT INTO identity_resecuring (id, account_id, by, because, confirmation, method,"
    " reference, generation, begun_at, finish_by, outcome) SELECT gen_random_uuid(), account_id, by, because,"
    " confirmation, method, reference, generation, begun_at, finish_by, '' FROM identity_resecuring",
    "resecuring_asked_once": "INSERT INTO identity_resecuring (id, account_id, by, because, confirmation, method,"
    " reference, generation, begun_at, finish_by, outcome, ended_at, idempotency_key) SELECT gen_random_uuid(),"
    " account_id, by, because, confirmation, method, reference, generation, begun_at, finish_by, '', now(),"
    " idempotency_key FROM identity_resecuring",
    "resecuring_because_known": "UPDATE identity_resecuring SET because = 'boredom'",
    "role_held_once": "INSERT INTO identity_rolegrant (account_id, role, organisation_id, reaches_children, granted_at)"
    " SELECT account_id, role, organisation_id, true, now() FROM identity_rolegrant",
    "role_known": "UPDATE identity_rolegrant SET role = 'king'",
    "three_questions": "INSERT INTO identity_securityquestion (account_id, position, question, answer, key_name)"
    " SELECT account_id, position, 'again?', '', '' FROM identity_securityquestion",
    "question_one_to_three": "UPDATE identity_securityquestion SET position = 4",
    "authentication_failures_count_up": "UPDATE identity_authentication SET failures = -1",
    "heard_once": 'INSERT INTO identity_heardposition (account_id, administrator, "of", position, heard_at)'
    ' SELECT account_id, administrator, "of", position, now() FROM identity_heardposition',
    "alert_acknowledged_by_somebody": "UPDATE identity_alert SET acknowledged_at = now()",
    "pending_contact_once": "INSERT INTO identity_pendingcontact (id, account_id, kind, value, generation, asked_at)"
    " SELECT gen_random_uuid(), account_id, kind, value, generation, now() FROM identity_pendingcontact",
    "second_factor_is_whole": "UPDATE identity_secondfactor SET secret = NULL",
    "caution_ends_later": "UPDATE identity_caution SET until = at",
    "approval_state_known": "UPDATE identity_approval SET state = 'perhaps'",
    "approval_by_a_second_person": "UPDATE identity_approval SET state = 'executed', decided_by = asker",
    "approval_open_once": APPROVAL.format("gen_random_uuid()", "NULL", "'waiting'"),
    "approval_by_one_confirmation": APPROVAL.format("confirmation", "NULL", "'declined'"),
    "approval_asked_once": APPROVAL.format("gen_random_uuid()", "idempotency_key", "'declined'"),
    "application_kind_known": "UPDATE identity_application SET kind = 'spaceship'",
    "application_name_once": "INSERT INTO identity_application (id, name, kind, address, redirect_addresses,"
    " after_sign_out_addresses, logout_address, question_address, asks_each_time, registered_at, registered_by,"
    " changed_at) SELECT gen_random_uuid(), upper(name), kind, address, redirect_addresses, after_sign_out_addresses,"
    " logout_address, question_address, asks_each_time, now(), registered_by, now() FROM identity_application",
    "access_given_once": "INSERT INTO identity_applicationaccess (application_id, organisation_id)"
    " SELECT application_id, organisation_id FROM identity_applicationaccess",
    "application_session_once": "INSERT INTO identity_applicationsession (id, session_id, application_id, account_id,"
    " generation, started_at) SELECT gen_random_uuid(), session_id, application_id, account_id, generation, now()"
    " FROM identity_applicationsession",
    "application_token_kind_known": "UPDATE identity_applicationtoken SET kind = 'golden'",
    "application_token_bound": "UPDATE identity_applicationtoken SET generation = NULL",
    "audit_one_place_in_the_chain": "INSERT INTO audit_record (chain, position, at, event, organisation_path, details,"
    " hash) SELECT chain, position, at, event, '', '{}', hash FROM audit_record LIMIT 1",
}


@pytest.fixture
def full(world: World) -> World:
    """A row in every table that has a constraint."""
    from resecure.identity import pending_contacts
    from resecure.identity.contacts import Kind as ContactKind
    from resecure.identity.credentials import SecurityQuestion
    from resecure.identity.resecurings import Trigger
    from resecure.operations.resecure import resecure

    person, by = world.person(), world.administrator()
    resecure(
        person.pk,
        by=by,
        because=Trigger.FORGOTTEN_SECRET,
        confirmation=world.confirmation(person, by=by),
        idempotency_key="k",
    )
    signed_in_to_one(world)
    world.app(person)
    cautions.mark(person.pk, by=person.pk, at=timezone.now(), until=timezone.now() + timedelta(hours=1))
    Approval.objects.create(
        account=person,
        organisation_path="REG.PRA.",
        operation="resecure",
        confirmation=uuid4(),
        method="in_person",
        reference="r",
        asker=by.pk,
        asker_generation=1,
        generation=1,
        idempotency_key="k",
        asked_at=timezone.now(),
        ends_at=timezone.now(),
    )
    raise_alert(
        AlertKind.NOT_CONFIRMED, account=person.pk, actor=by.pk, organisation_path="REG.PRA.", at=timezone.now()
    )
    Authentication.objects.create(account=by)
    note_heard(by, positions=[1], of=0, by=by.pk, now=timezone.now())
    pending_contacts.put(by, ContactKind.MOBILE, "07700900555", now=timezone.now())
    SecurityQuestion.objects.create(account=by, position=1, question="?", answer=b"x", key_name="k")
    return world


def declared() -> set[str]:
    return {each.name for model in apps.get_models() for each in model._meta.constraints}


def test_every_declared_constraint_has_a_line_that_tries_to_break_it() -> None:
    assert set(BREAKS) == declared()


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_the_database_refuses_what_the_constraint_forbids(full: World, name: str) -> None:
    assert full.made == 3
    with connection.cursor() as cursor:
        if name == "audit_one_place_in_the_chain":  # the seal gives every record its own place: take it off
            cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER audit_seal")
    with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BREAKS[name])


def test_the_generation_of_an_account_never_falls(world: World) -> None:
    person = world.person(generation=7)

    with pytest.raises(IntegrityError, match="never falls"), transaction.atomic():
        Account.objects.filter(pk=person.pk).update(generation=6)
    Account.objects.filter(pk=person.pk).update(generation=7)
    Account.objects.filter(pk=person.pk).update(generation=8)


def test_an_account_cannot_stand_at_another_place_than_its_organisation(world: World) -> None:
    person = world.person()

    with pytest.raises(IntegrityError, match="account_at_its_organisations_path"), transaction.atomic():
        Account.objects.filter(pk=person.pk).update(organisation_path=world.elsewhere.path)


def test_accounts_follow_their_organisation_when_it_moves_in_the_tree(world: World) -> None:
    person = world.person()

    Organisation.objects.filter(pk=world.practice.pk).update(path="ELS.PRA.", parent=world.elsewhere)

    assert Account.objects.get(pk=person.pk).organisation_path == "ELS.PRA."


@pytest.mark.parametrize("column", ["token", "address", "code", "version", "handle"])
def test_what_is_looked_up_by_value_is_there_once(world: World, column: str) -> None:
    person = world.person(accepted=True)
    world.session(person)
    made: dict[str, Any] = {
        "token": lambda: _copy("identity_session", "token"),
        "address": lambda: world.person(address=person.address),
        "code": lambda: _copy("identity_organisation", "code"),
        "version": lambda: _copy("identity_aupversion", "version"),
        "handle": lambda: (_sign_in(world), _copy("identity_signin", "handle")),
    }

    with pytest.raises(DatabaseError, match=r"(?i)unique|duplicate"), transaction.atomic():
        made[column]()


def _sign_in(world: World) -> None:
    from resecure.identity.sign_ins import begin

    begin(world.person(), now=timezone.now(), lifetime=timedelta(hours=1), client_address=None, client_name="")


def _copy(table: str, column: str) -> None:
    """A second row that differs in everything else that must be unique."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        )
        names = [row[0] for row in cursor.fetchall() if row[0] != "id"]
        values = ["'elsewhere.'" if name == "path" else f'"{name}"' for name in names]
        key = ("id, ", "gen_random_uuid(), ") if table in {"identity_session", "identity_signin"} else ("", "")
        columns = ", ".join(f'"{name}"' for name in names)
        assert column in names
        cursor.execute(
            f"INSERT INTO {table} ({key[0]}{columns})"  # noqa: S608 - names of our tables
            f" SELECT {key[1]}{', '.join(values)} FROM {table} LIMIT 1"
        )


def test_a_second_acceptance_replaces_the_first_and_keeps_it_on_file(world: World) -> None:
    person = world.person()

    accept(person, version=world.aup, now=timezone.now())

    assert person.acceptances.count() == 2
    assert person.acceptances.get(withdrawn_at__isnull=False).withdrawn_because == "replaced"
