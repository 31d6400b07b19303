"""The audit for people: sentences, search, scope, histories, files."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from resecure.audit.events import Event
from resecure.audit.models import Record
from resecure.audit.reading import Question, statement_of
from resecure.audit.record import append
from resecure.entrypoints.exports import safe
from resecure.entrypoints.record_words import REASONS, more, sentence
from resecure.operations.disable import disable
from resecure.operations.view_audit import Filters, export_audit, view_audit
from resecure.policy.refusals import Invalid, NotFound, Refused
from tests.conftest import World

pytestmark = pytest.mark.database


def browser(world: World, account: Any) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE] = world.session(account)
    return client


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def happened(world: World, **more: Any) -> tuple[Any, Any]:
    """An administrator disabled a person."""
    by, person = world.administrator(given_name="Ada"), world.person(given_name="Bob", **more)
    disable(person.pk, by=by)
    return by, person


def test_an_auditor_reads_who_did_what_to_whom(world: World) -> None:
    by, person = happened(world)
    page = text_of(browser(world, world.administrator("auditor")).get("/audit/"))
    assert f"{by.name} disabled {person.name}" in page
    assert "was Active; is now Disabl" in page
    assert 'href="/audit/"' in page


@pytest.mark.parametrize("role", ["local_administrator", "local_helpdesk", "global_helpdesk"])
def test_without_a_role_that_reads_the_audit_there_is_none(world: World, role: str) -> None:
    someone = world.administrator(role)
    client = browser(world, someone)
    assert client.get("/audit/").status_code == 403
    assert 'href="/audit/"' not in text_of(client.get("/user-management/"))
    with pytest.raises(Refused):
        view_audit(Filters(), by=someone)


def test_records_and_names_of_other_organisations_are_not_shown(world: World) -> None:
    by, person = happened(world)
    reader = world.administrator("auditor", organisation=world.elsewhere)
    client = browser(world, reader)
    assert "No record found" in text_of(client.get("/audit/"))
    for view in ("accounts", "administrators"):
        for account in (by.pk, person.pk, uuid4()):
            assert client.get(f"/audit/{view}/{account}/").status_code == 404
    for typed in (person.address, "nobody@example.org"):
        with pytest.raises(Invalid):
            view_audit(Filters(target=typed), by=reader)
    for code in ("PRA", "NOSUCH"):
        with pytest.raises(Invalid):
            view_audit(Filters(organisation=code), by=reader)


def test_after_a_move_each_organisation_reads_its_own_part_and_no_name_leaks(world: World) -> None:
    by, person = happened(world)
    type(person).objects.filter(pk=person.pk).update(
        organisation=world.elsewhere, organisation_path=world.elsewhere.path
    )
    append(Event.SIGNED_OUT, actor=person.pk, target=person.pk, organisation_path="ELS.", at=timezone.now())
    old = view_audit(Filters(), by=world.administrator("auditor"))
    assert [each.event for each in old.records] == ["account_disabled"]
    assert sentence(old.records[0], names=old.names) == f"{by.name} disabled somebody outside your organisations"
    new = view_audit(Filters(target=str(person.pk)), by=world.administrator("auditor", organisation=world.elsewhere))
    assert [each.event for each in new.records] == ["signed_out"]


def test_what_concerns_no_organisation_is_for_the_service(world: World) -> None:
    append(Event.SIGNING_KEY_ROTATED, actor=None, target=None, at=timezone.now())
    assert view_audit(Filters(), by=world.administrator("auditor", organisation=world.region)).records == []
    by = world.administrator("global_administrator", organisation=world.region)
    assert [each.event for each in view_audit(Filters(), by=by).records] == ["signing_key_rotated"]


def test_every_filter_narrows_and_pages_follow_without_gap(world: World) -> None:
    by, person = happened(world)
    for _ in range(7):
        append(Event.SIGNED_OUT, actor=person.pk, target=person.pk, organisation_path="REG.PRA.", at=timezone.now())
    reader = world.administrator("auditor", organisation=world.region)
    now = timezone.now()
    assert len(view_audit(Filters(actor=by.address), by=reader).records) == 1
    assert len(view_audit(Filters(target=str(person.pk), event="signed_out"), by=reader).records) == 7
    assert len(view_audit(Filters(organisation="pra", event="account_disabled"), by=reader).records) == 1
    assert view_audit(Filters(since=now, event="signed_out"), by=reader).records == []
    assert len(view_audit(Filters(until=now, event="signed_out"), by=reader).records) == 7
    seen, cursor = [], ""
    while True:
        page = view_audit(Filters(event="signed_out"), by=reader, cursor=cursor, limit=3)
        seen += [each.pk for each in page.records]
        cursor = page.next
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


def test_reading_about_a_person_is_on_record_once_an_hour(world: World) -> None:
    _by, person = happened(world)
    reader = world.administrator("auditor")
    for _ in range(3):
        view_audit(Filters(target=person.address), by=reader)
    view_audit(Filters(), by=reader)
    assert Record.objects.filter(event="audit_read", actor=reader.pk, target=person.pk).count() == 1


@pytest.mark.parametrize("cursor", ["x", "////", "MQ", "a" * 5000, "é"])
def test_a_cursor_that_is_none_of_ours_is_invalid(world: World, cursor: str) -> None:
    reader = world.administrator("auditor")
    with pytest.raises(Invalid):
        view_audit(Filters(), by=reader, cursor=cursor)
    assert browser(world, reader).get("/audit/", {"cursor": cursor}).status_code == 422


def test_an_export_is_on_record_and_no_spreadsheet_computes_it(world: World) -> None:
    name = "=cmd|' /C calc'!A0"
    _by, person = happened(world, family_name=name)
    reader = world.administrator("auditor")
    client = browser(world, reader)
    answer = client.get("/audit/export/csv/")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["event"] for row in rows if row["target"] == str(person.pk)] == ["account_disabled"]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    whole = json.loads(b"".join(client.get("/audit/export/json/").streaming_content))
    assert any(each["target_name"] == f"Bob {name}" for each in whole["records"])
    assert [each.actor for each in Record.objects.filter(event="audit_exported")] == [reader.pk, reader.pk]


@pytest.mark.parametrize("start", list("=+-@'\t\r\n\uff1d\uff0b\uff0d\uff20"))
def test_a_cell_that_begins_like_a_formula_is_text_and_can_be_given_back(start: str) -> None:
    assert safe(f"{start}1") == f"'{start}1"
    assert safe(f" {start}1")[1:] == f" {start}1"
    assert safe("plain") == "plain"


def test_an_export_ends_when_the_role_does(world: World) -> None:
    _by, _person = happened(world)
    reader = world.administrator("auditor")
    batches = export_audit(Filters(), by=reader, form="csv")
    reader.grants.update(withdrawn_at=timezone.now())
    with pytest.raises(Refused):
        next(batches)


def test_every_event_reads_as_a_sentence_and_a_name_with_braces_is_a_name() -> None:
    actor, target = UUID(int=1), UUID(int=2)
    names = {actor: "{target} {actor} {0}", target: "%(value)s {what}"}
    for event in [*Event, "of_a_later_version"]:
        record = Record(event=str(event), actor=actor, target=target, details='{"unknown": {"deep": [1]}}')
        said = sentence(record, names=names)
        assert said
        assert said.replace(names[actor], "").replace(names[target], "").count("{") == 0
        assert more(record) == ""


def test_a_refusal_says_what_was_asked_and_why_not() -> None:
    details = json.dumps({"operation": "resecure", "reasons": ["own_account", "of_a_later_version"]})
    record = Record(event="operation_refused", actor=UUID(int=1), target=UUID(int=2), details=details)
    said = sentence(record, names={UUID(int=1): "Ada"})
    assert said == "Ada asked for “Resecure Account” for somebody outside your organisations and was refused"
    assert more(record) == "because it was their own account, of a later version"


def test_every_reason_in_the_code_has_its_words() -> None:
    import re
    from pathlib import Path

    text = "".join(
        path.read_text()
        for path in Path("resecure").rglob("*.py")
        if path.parts[1] in {"operations", "policy", "identity"}
    )
    codes = set(re.findall(r'Refusal\(\s*"([a-z_]+)"', text))
    assert len(codes) > 20
    assert {code for code in REASONS if code not in text} == set()


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"target": UUID(int=3)}, "audit_of_target"),
        ({"actor": UUID(int=3)}, "audit_of_actor"),
        ({"places": ["ALL.Y1.Q1."]}, "audit_of_organisation"),
        ({"event": "account_resecured"}, "audit_of_event"),
        ({}, "audit_by_time"),
    ],
)
def test_each_question_walks_its_index(db: None, asked: dict[str, Any], index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO audit_record (chain, position, at, event, actor, target, organisation_path, details, hash)"
            " SELECT n %% 64, n, now() + n * interval '1 s',"
            " CASE WHEN n %% 500 = 0 THEN 'account_resecured' ELSE 'signed_out' END,"
            " lpad(to_hex(n %% 300), 32, '0')::uuid, lpad(to_hex(n %% 300), 32, '0')::uuid,"
            " 'ALL.Y' || n %% 7 || '.Q' || n %% 300 || '.', '{}', ''::bytea FROM generate_series(1, 20000) n", []
        )  # fmt: skip
        cursor.execute("ALTER TABLE audit_record ENABLE TRIGGER USER")
        cursor.execute("ANALYZE audit_record")
        question = Question(ranges=[("ALL.", "ALL.~")], **asked)
        statement, values = statement_of(question, after=(timezone.now() + timedelta(days=30), 2**62), limit=51)
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert index in plan
    assert "Seq Scan" not in plan


def test_an_unknown_file_is_not_found(world: World) -> None:
    assert browser(world, world.administrator("auditor")).get("/audit/export/xml/").status_code == 404
    assert NotFound.code == "not_found"
