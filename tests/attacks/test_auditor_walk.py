"""Auditors read all in scope and change nothing: every route there is, by every method, is tried as one.

The routes come from the URL resolver, so that a new one is walked from the day it is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from resecure.identity.accounts import Account, system_account
from resecure.identity.alerts import Alert
from resecure.identity.applications import Kind
from resecure.identity.roles import RoleGrant
from resecure.operations.authenticate import ask_for_letters
from resecure.operations.make_checkpoint import make_checkpoint
from resecure.operations.register_application import register_application
from resecure.operations.shared.application_frame import Registration
from resecure.policy.approving import ApprovalRequired
from resecure.propagation.models import Delivery, System
from tests.attacks.stories import letters_at
from tests.conftest import World
from tests.faults.snapshots import quick_hashes

METHODS = {True: ("GET", "POST", "PUT", "PATCH", "DELETE"), False: ("GET", "POST")}  # of the API, and of all else
# What signing in and reading themselves leave: the record of it, and how often.
# A challenge is what anybody gets who begins to sign in by a passkey; it opens nothing.
BY_READING = {"audit_record", "audit_chainhead", "identity_throttle", "identity_challenge"}
# Nobody outside the auditor's organisations may be seen: these words are theirs alone.
OUTSIDE = {"given_name": "Zebedee", "family_name": "Quillfeather", "job_title": "Lamplighter", "mobile": "07700900777"}


def routes(patterns: Any = None, before: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every route: its pattern from the root, and the names in it."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
            continue
        names = set(each.pattern.converters)
        if isinstance(each.pattern, RegexPattern):
            names = set(each.pattern.regex.groupindex)
        yield route, names


# A place for a value, as a path or as a pattern has it.
_PLACE = re.compile(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>")


def addresses(values: dict[str, str]) -> Iterator[str]:
    """A path for every route. A name that a new route brings must get its value here."""
    for route, names in dict(routes()).items():
        assert names <= set(values), f"{route} has {names - set(values)}: say in `_values` what stands there"
        path = _PLACE.sub(lambda found: values[found[1] or found[2]], route)
        path = f"/{path}no-such-thing" if path.endswith("^") else f"/{path}"
        path = path.replace("^", "").replace("$", "")
        get_resolver().resolve(path)  # it leads somewhere
        yield path


def _values(
    person: Any, *, resecuring: UUID, grant: int, session: UUID, application: UUID, approval: UUID, alert: UUID
) -> dict[str, str]:
    return {
        **dict.fromkeys(("approval", "approval_id"), str(approval)),
        **dict.fromkeys(("alert", "alert_id"), str(alert)),
        **dict.fromkeys(("account", "account_id"), str(person.pk)),
        **dict.fromkeys(("resecuring", "resecuring_id"), str(resecuring)),
        **dict.fromkeys(("application", "application_id"), str(application)),
        **dict.fromkeys(("delivery", "delivery_id"), str(_delivery_of(resecuring))),
        **dict.fromkeys(("session", "sid"), str(session)),
        "grant": str(grant),
        **dict.fromkeys(("factor", "factor_id"), str(uuid4())),
        "code": person.organisation.code,
        "purpose": "resecure",
        "kind": "web",
        "form": "json",
        "article": "resecure",
        "token": "not-a-token-of-anybody",
        "key": str(uuid4()),
    }


def _delivery_of(resecuring: UUID) -> UUID:
    """One that is still to be made, and could be closed."""
    return Delivery.objects.filter(resecuring=resecuring, system=System.MAIL)[0].pk


def _body(person: Any, *, question: Any, confirmation: UUID, here: str) -> dict[str, Any]:
    """What makes every form and every call whole: a role that may do it would do it by this."""
    letters = letters_at(question.positions)
    return {
        "method": "in_person",
        "reference": "call 4711",
        "document": "passport",
        "because": "forgotten_secret",
        "operation": "resecure",
        "purpose": "resecure",
        "confirmation": str(confirmation),
        "question": str(question.id),
        "letters": letters,
        **{f"letter{number}": letter for number, letter in enumerate(letters, start=1)},
        "said": "They would not say.",
        "generate": True,
        "how": "generate",
        "require_change": True,
        "generation": person.generation,
        "seen_generation": person.generation,
        "key": str(uuid4()),
        "organisation": here,
        "role": "local_helpdesk",
        "reaches_children": True,
        "name": "A new application",
        "kind": "web",
        "logout_address": "https://new.example.org/out",
        "redirect_addresses": ["https://new.example.org/back"],
        "given_name": "Some",
        "family_name": "Body",
        "version": "1",
        "secret": "thunderstorms",
        "password": "velvet otter marching nowhere",
        "old": "not what it is",
        "new": "velvet otter marching nowhere",
        "note": "seen",
        "reason": "it is so",
    }


def _sent(client: Client, method: str, path: str, body: dict[str, Any], *, token: str, cookie: str) -> Any:
    """Ask as this session: programs by the header, browsers by the cookie."""
    body = {**body, "address": "https://new.example.org/" if "application" in path else "new@example.org"}
    if path.startswith("/api/"):
        if path.endswith("temporary-password"):
            body.pop("password")
        headers = {"Authorization": f"Bearer {token}"}
        return client.generic(
            method,
            path,
            "" if method in {"GET", "HEAD"} else json.dumps(body),
            content_type="application/json",
            headers=headers,
        )
    client.cookies[cookie] = token
    if method == "POST":
        return client.post(path, {name: "on" if value is True else value for name, value in body.items()})
    return client.generic(method, path)


def _text(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode() + str(answer.headers)


def _walked(world: World, by: Any, settings: Any) -> tuple[set[str], set[str], list[tuple[str, str, int]]]:
    """Try all of it, on somebody in scope and on somebody outside: (tables that changed by more than reading, words
    of the outside that were shown, every answer)."""
    primary, elsewhere = world.administrator("primary_local_administrator"), world.elsewhere
    there = world.administrator("primary_local_administrator", organisation=elsewhere)
    rota = Registration(
        name="Rota",
        address="https://rota.example.org/",
        redirect_addresses=("https://rota.example.org/back",),
        logout_address="https://rota.example.org/out",
    )
    application = register_application(rota, kind=Kind.WEB, by=system_account())[0].pk
    make_checkpoint(by=system_account())
    changed: set[str] = set()
    shown: set[str] = set()
    answers: list[tuple[str, str, int]] = []
    for organisation, whose in ((world.practice, primary), (elsewhere, there)):
        columns = OUTSIDE if organisation is elsewhere else {}
        address = "zebedee.quillfeather@example.org" if columns else "near@example.org"
        person = world.person(organisation=organisation, address=address, **columns)
        resecured = world.person(organisation=organisation, **columns)
        helper = world.administrator("local_helpdesk", organisation=organisation, **columns)
        question = ask_for_letters(person.pk, by=whose)
        confirmation = world.confirmation(person, by=whose)
        world.session(person)
        with pytest.raises(ApprovalRequired) as required:
            world.resecured(helper, by=whose)
        resecuring = world.resecured(resecured, by=whose)
        values = _values(
            person,
            resecuring=resecuring.pk,
            approval=required.value.approval.pk,
            alert=Alert.objects.filter(account=resecured.pk)[0].pk,
            grant=RoleGrant.objects.get(account=helper).pk,
            session=uuid4(),
            application=application,
        )
        body = _body(person, question=question, confirmation=confirmation, here=organisation.code)
        before = _stored_of_others(by)
        for path in addresses(values):
            for method in METHODS[path.startswith("/api/")]:
                token = world.session(by)
                answer = _sent(Client(), method, path, body, token=token, cookie=settings.SESSION_COOKIE)
                answers.append((method, path, answer.status_code))
                text = _text(answer)
                shown |= {word for word in (*OUTSIDE.values(), "zebedee") if columns and word in text}
                after = _stored_of_others(by)
                changed |= {table for table, _row in before ^ after}
                before = after
    return changed - BY_READING, shown, answers


def _stored_of_others(by: Any) -> set[tuple[str, str]]:
    """Every row of every table but those about who walks: their own session and profile are theirs to change. What
    they did to somebody else is about that person. A change is seen as one row less and another more."""
    parts = []
    for model in apps.get_models():
        table, about = model._meta.db_table, "id" if model is Account else ""
        about = about or next((field.column for field in model._meta.fields if field.name == "account"), "")
        mine = f"t.{about}::text IS NOT DISTINCT FROM %(by)s" if about else "false"
        parts.append(f"SELECT '{table}', t::text FROM \"{table}\" t WHERE NOT ({mine})")  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), {"by": str(by.pk)})
        return set(cursor.fetchall())


def test_an_auditor_changes_nothing_by_any_route_and_sees_nobody_outside(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_hashes(monkeypatch)

    changed, shown, answers = _walked(world, world.administrator("auditor"), settings)

    assert changed == set()
    assert shown == set()
    assert [each for each in answers if each[2] >= 500] == []
    read = {path for method, path, status in answers if method == "GET" and status == 200}
    assert {"/audit/", "/api/v1/audit", "/audit/export/json/", "/api/v1/audit/checkpoint", "/user-management/"} <= read
    walked = {path for _method, path, _status in answers}
    assert len(walked) >= len(dict(routes())) > 100


def test_the_same_walk_by_an_administrator_changes_much(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent would do it: that the auditor changes nothing is not for want of a whole form."""
    quick_hashes(monkeypatch)

    changed, shown, _answers = _walked(world, world.administrator("primary_local_administrator"), settings)

    by_them = {"account", "authentication", "caution", "identityconfirmation", "resecuring", "rolegrant", "alert"}
    assert {f"identity_{each}" for each in by_them} | {"propagation_delivery"} <= changed
    assert shown == set()
