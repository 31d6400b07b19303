"""What must not work, by API: the write without the page, other people's things, bad bodies."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from resecure.identity import roles
from resecure.identity.accounts import Account
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.resecurings import Resecuring
from tests.api.conftest import Program, a_problem, program_of, stranger
from tests.conftest import PASSWORD, World


def resecure_body(confirmation: Any) -> dict[str, str]:
    return {"because": "forgotten_secret", "confirmation": str(confirmation)}


def test_a_retried_resecure_gives_the_first_answer_and_happens_once(world: World) -> None:
    person, by = world.person(), world.administrator()
    admin, body = program_of(world, by), resecure_body(world.confirmation(person, by=by))

    answers = [admin.post(f"/accounts/{person.pk}/resecure", body, key="the same") for _time in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.content for answer in answers}) == 1
    assert Resecuring.objects.filter(account=person).count() == 1
    assert world.records("account_resecured", person) == 1


def test_the_same_key_with_another_body_or_account_is_refused(world: World) -> None:
    person, other, by = world.person(), world.person(), world.administrator()
    admin, body = program_of(world, by), resecure_body(world.confirmation(person, by=by))
    admin.post(f"/accounts/{person.pk}/resecure", body, key="the same")

    changed = admin.post(f"/accounts/{person.pk}/resecure", {**body, "because": "forgotten_answers"}, key="the same")
    moved = admin.post(
        f"/accounts/{other.pk}/resecure", resecure_body(world.confirmation(other, by=by)), key="the same"
    )

    a_problem(changed, status=409, code="idempotency_key_reused")
    a_problem(moved, status=409, code="idempotency_key_reused")
    assert Resecuring.objects.count() == 1


def test_a_retried_temporary_password_is_set_once_and_shown_once(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    admin = program_of(world, by)

    first = admin.post(f"/accounts/{person.pk}/temporary-password", {"generate": True}, key="once").json()
    again = admin.post(f"/accounts/{person.pk}/temporary-password", {"generate": True}, key="once").json()

    assert first["password"]
    assert again == {**first, "password": None}
    assert world.records("temporary_password_set", person) == 1


def test_a_temporary_password_is_generated_or_typed_and_never_both(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    path = f"/accounts/{person.pk}/temporary-password"
    admin = program_of(world, by)

    for body in ({}, {"generate": True, "password": "nine brown kettles by the window"}, {"generate": False}):
        a_problem(admin.post(path, body), status=422)
    assert not Account.objects.get(pk=person.pk).has_password


# --- attack 10: with the temporary password only


def test_a_sign_in_under_way_opens_no_route_but_its_own_step(world: World) -> None:
    person = world.person(accepted=False, secret="")
    first = stranger().post("/sign-in", {"address": person.address, "password": PASSWORD}).json()
    handle = first["sign_in"]

    for scheme in ("Bearer", "SignIn", "Basic"):
        a_problem(Program(f"{scheme} {handle}").get("/me"), status=401)
    step = Program(f"SignIn {handle}")
    a_problem(step.post("/sign-in/account-secret", {"secret": "thunderstorms"}), status=409, code="not_this_step")
    a_problem(step.post("/sign-in/new-password", {"password": "x" * 20}), status=409, code="not_this_step")
    assert step.post("/sign-in/aup", {"version": "1"}).status_code == 202
    a_problem(step.post("/sign-in/aup", {"version": "1"}), status=409, code="not_this_step")
    session = world.session(world.person())
    a_problem(Program(f"SignIn {session}").post("/sign-in/account-secret", {"secret": "thunderstorms"}), status=401)


def test_a_temporary_password_works_once(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    body = {"generate": True}
    password = program_of(world, by).post(f"/accounts/{person.pk}/temporary-password", body).json()["password"]

    first = stranger().post("/sign-in", {"address": person.address, "password": password})
    again = stranger().post("/sign-in", {"address": person.address, "password": password})

    assert first.status_code == 202
    a_problem(again, status=401)
    keep = Program(f"SignIn {first.json()['sign_in']}").post("/sign-in/new-password", {"password": password})
    a_problem(keep, status=422)


# --- attacks 14 to 16: who may


def test_what_one_may_not_see_answers_as_what_does_not_exist(world: World) -> None:
    outside, by = world.person(organisation=world.elsewhere), world.administrator()
    theirs = world.resecured(
        world.person(organisation=world.elsewhere), by=world.administrator(organisation=world.elsewhere)
    )
    admin = program_of(world, by)
    bodies = {
        "confirmations": {"method": "in_person", "reference": "1"},
        "resecure": {"because": "forgotten_secret"},
        "temporary-password": {"generate": True},
        "unlock": {},
        "join": {"organisation": "PRA"},
        "cannot-confirm": {"said": ""},
        "roles": {"role": "auditor", "organisation": "PRA"},
        **dict.fromkeys(["disable", "enable", "delete", "restore", "mark-as-leaver", "end-all-sessions"]),
    }

    contents = {admin.get(f"/accounts/{each}").content for each in (outside.pk, uuid4(), "not-an-id")}
    contents |= {admin.get(f"/resecurings/{each}").content for each in (theirs.pk, uuid4())}
    for verb, body in bodies.items():
        for each in (outside.pk, uuid4()):
            answer = admin.post(f"/accounts/{each}/{verb}", body)
            a_problem(answer, status=404, code="not_found")
            contents.add(answer.content)

    assert len(contents) == 1
    assert Account.objects.get(pk=outside.pk).generation == outside.generation


def test_nobody_acts_on_themselves_or_on_an_equal_whatever_they_send(world: World) -> None:
    by, equal = world.administrator(), world.administrator()
    admin = program_of(world, by)

    for account, code in ((by, "own_account"), (equal, "equal_or_higher_standing")):
        for verb, body in (
            ("confirmations", {"method": "in_person", "reference": "1"}),
            ("resecure", {"because": "forgotten_secret"}),
            ("temporary-password", {"generate": True}),
            ("disable", None),
            ("end-all-sessions", None),
        ):
            answer = admin.post(f"/accounts/{account.pk}/{verb}", body)
            assert code in {reason["code"] for reason in a_problem(answer, status=409)["reasons"]}
    assert Account.objects.get(pk=equal.pk).generation == equal.generation


def test_a_role_lost_a_moment_ago_counts_no_longer(world: World) -> None:
    person, by = world.person(), world.administrator()
    admin, confirmation = program_of(world, by), world.confirmation(person, by=by)
    assert admin.get(f"/accounts/{person.pk}").status_code == 200
    roles.withdraw(roles.held_by(by.pk)[by.pk], by=by.pk, now=timezone.now())

    answer = admin.post(f"/accounts/{person.pk}/resecure", resecure_body(confirmation))

    a_problem(answer, status=404, code="not_found")
    assert world.records("operation_refused", person) == 1


def test_a_confirmation_is_good_once_in_time_for_its_maker_account_and_operation(world: World) -> None:
    by, colleague = world.administrator(), world.administrator()
    person, other = world.person(), world.person()
    admin = program_of(world, by)
    late = world.confirmation(person, by=by)
    IdentityConfirmation.objects.filter(pk=late).update(expires_at=timezone.now() - timedelta(seconds=1))
    used = world.confirmation(other, by=by)
    assert admin.post(f"/accounts/{other.pk}/resecure", resecure_body(used)).status_code == 200
    bad = [
        late,
        used,
        world.confirmation(person, by=colleague),
        world.confirmation(person, by=by, purpose="unlock"),
        world.confirmation(world.person(), by=by),
        uuid4(),
    ]

    answers = [admin.post(f"/accounts/{person.pk}/resecure", resecure_body(each)) for each in bad]

    for answer in answers:
        a_problem(answer, status=409, code="confirmation_not_valid")
    assert len({answer.content for answer in answers}) == 1


# --- cookies and CSRF


def test_the_cookie_reads_but_writes_only_with_the_csrf_token(world: World, settings: Any) -> None:
    person = world.person()
    browser = Client(enforce_csrf_checks=True)
    browser.cookies[settings.SESSION_COOKIE] = world.session(person)

    assert browser.get("/api/v1/me").status_code == 200
    a_problem(browser.post("/api/v1/sign-out"), status=403, code="csrf")
    forged = browser.patch("/api/v1/me", json.dumps({"job_title": "x"}), content_type="application/json")
    a_problem(forged, status=403, code="csrf")
    token = "a" * 32
    browser.cookies[settings.CSRF_COOKIE_NAME] = token
    assert browser.post("/api/v1/sign-out", HTTP_X_CSRFTOKEN=token).status_code == 204
    a_problem(browser.get("/api/v1/me"), status=401)


def test_a_wrong_authorization_is_not_rescued_by_a_cookie(world: World, settings: Any) -> None:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = world.session(world.person())

    a_problem(browser.get("/api/v1/me", HTTP_AUTHORIZATION="Bearer rss_nothing"), status=401)


# --- attack 21 and bodies that are none

ODD = [
    "\x00",
    "\ud800",
    "\u202eevil",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "x" * 10_000,
    "",
    " ",
    "\U0010ffff",
    7,
    None,
    True,
    [],
    {},
    ["\ud800"],
    {"\x00": "\ud800"},
    1e308,
    2**70,
]


@pytest.mark.parametrize("odd", ODD, ids=[ascii(each)[:20] for each in ODD])
def test_no_text_number_or_shape_in_a_body_is_ever_a_fault(world: World, odd: Any) -> None:
    person, by = world.person(), world.administrator()
    admin, step = program_of(world, by), stranger()
    account = f"/accounts/{person.pk}"
    tries = [
        step.post("/sign-in", {"address": odd, "password": "x"}),
        step.post("/sign-in", {"address": "nobody@example.org", "password": odd}),
        admin.post("/accounts", dict.fromkeys(["organisation", "address", "given_name", "family_name"], odd)),
        admin.post(f"{account}/confirmations", {"method": odd, "reference": odd}),
        admin.post(f"{account}/confirmations", {"method": "in_person", "reference": odd}),
        admin.post(f"{account}/resecure", {"because": odd, "confirmation": odd}),
        admin.post(f"{account}/temporary-password", {"password": odd}),
        admin.post(f"{account}/temporary-password", {"generate": True, "generation": odd, "reason": odd}),
        admin.post(f"{account}/join", {"organisation": odd}),
        admin.post(f"{account}/cannot-confirm", {"said": odd}),
        admin.post(f"{account}/roles", {"role": "auditor", "organisation": odd}),
        admin.patch("/me", {"given_name": odd, "mobile": odd}),
        admin.post("/me/password", {"old": odd, "new": odd}),
        admin.post(f"{account}/unlock", odd),
    ]
    if isinstance(odd, str) and "\ud800" not in odd:
        tries += [
            admin.get("/accounts", search=odd, organisation=odd, cursor=odd),
            admin.get("/accounts", status=odd),
        ]

    for answer in tries:
        assert answer.status_code < 500, answer.content
        if answer.status_code >= 400:
            a_problem(answer, status=answer.status_code)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"9" * 5_000, "application/json", 400),
        (b'"text"', "application/json", 422),
        (b"null", "application/json", 422),
        (b"", "application/json", 422),
        (b"address=a&password=b", "application/x-www-form-urlencoded", 415),
        (b'{"address": "a", "password": "b"}', "text/plain", 415),
        (b" " * 300_000, "application/json", 413),
    ],
)
def test_a_body_that_is_no_json_object_is_refused_clearly(world: World, content: bytes, kind: str, status: int) -> None:
    answer = Client(raise_request_exception=False).generic("POST", "/api/v1/sign-in", content, content_type=kind)

    a_problem(answer, status=status)


def test_an_error_repeats_nothing_of_what_was_sent(world: World) -> None:
    answer = stranger().post("/sign-in", {"address": 7, "password": ["hunter2-hunter2"]})

    assert b"hunter2" not in answer.content


def test_odd_headers_are_no_fault(world: World) -> None:
    person = world.person()
    body = json.dumps({"address": person.address, "password": PASSWORD})
    headers = {"HTTP_USER_AGENT": "a\x00b\u202e" + "x" * 5000, "HTTP_X_FORWARDED_FOR": "nonsense, \x00"}

    answer = Client().post("/api/v1/sign-in", body, content_type="application/json", **headers)

    assert answer.status_code == 200
    for value in ("Bearer", "Bearer ", "Bearer \xff\x00", "SignIn rsi_\x00", "x" * 9000):
        a_problem(Program(value).get("/me"), status=401)


def test_unknown_paths_and_methods_are_problems_too(world: World) -> None:
    a_problem(stranger().get("/nothing/here"), status=404, code="not_found")
    answer = stranger().get("/sign-in")
    a_problem(answer, status=405, code="method_not_allowed")
    assert answer["Allow"] == "DELETE, POST"


def test_a_lost_database_is_said_and_not_guessed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = program_of(world, world.person())

    def lost(*_args: Any, **_more: Any) -> None:
        raise OperationalError("the connection to 192.0.2.99 was lost")

    monkeypatch.setattr("resecure.identity.sessions.check", lost)

    answer = mine.get("/me")

    a_problem(answer, status=503, code="unavailable")
    assert answer["Retry-After"]
    assert b"192.0.2.99" not in answer.content
