"""The contract, line by line, as the outside relies on it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from resecure.identity.accounts import Account
from resecure.identity.agreements import AupVersion, acceptance_of
from resecure.identity.resecurings import unfinished
from tests.api.conftest import Program, a_problem, program_of, stranger
from tests.attacks.stories import contact_code
from tests.conftest import PASSWORD, World


def test_a_right_password_with_nothing_owed_opens_a_session(world: World) -> None:
    person = world.person()

    answer = stranger().post("/sign-in", {"address": person.address.upper(), "password": PASSWORD})

    assert answer.status_code == 200
    assert world.passes(answer.json()["session"])


def test_every_failed_sign_in_has_the_same_answer(world: World) -> None:
    disabled, person = world.person(status="disabled"), world.person()
    answers = [
        stranger().post("/sign-in", {"address": address, "password": password})
        for address, password in [
            (person.address, "not the password at all"),
            ("nobody@example.org", PASSWORD),
            (disabled.address, PASSWORD),
        ]
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert all("Bearer" in answer["WWW-Authenticate"] for answer in answers)


def test_too_many_failed_sign_ins_are_answered_with_when_to_try_again(world: World, settings: object) -> None:
    answer = None
    for _try in range(25):
        answer = stranger().post("/sign-in", {"address": "nobody@example.org", "password": "wrong"})
        if answer.status_code == 429:
            break

    assert answer is not None
    a_problem(answer, status=429, code="throttled")
    assert int(answer["Retry-After"]) > 0


def test_the_whole_article_by_api_from_confirmation_to_the_last_step(world: World) -> None:
    person, by, other = world.person(), world.administrator(), world.person()
    old, theirs = world.session(person), world.session(other)
    admin = program_of(world, by)

    confirmation = admin.post(f"/accounts/{person.pk}/confirmations", {"method": "in_person", "reference": "call 4711"})
    assert confirmation.status_code == 201
    assert set(confirmation.json()) == {"id", "operation", "expires_at"}
    body = {"because": "forgotten_secret", "confirmation": confirmation.json()["id"]}
    begun = admin.post(f"/accounts/{person.pk}/resecure", body, key="k-1")
    assert begun.status_code == 200
    a_problem(Program(f"Bearer {old}").get("/me"), status=401)
    assert Program(f"Bearer {theirs}").get("/me").status_code == 200

    waiting = admin.get("/awaiting-temporary-password").json()["items"]
    assert [each["id"] for each in waiting] == [str(person.pk)]
    temporary = admin.post(f"/accounts/{person.pk}/temporary-password", {"generate": True, "require_change": True})
    assert temporary.status_code == 200, temporary.content
    assert temporary.json()["expires_at"]
    assert temporary["Cache-Control"] == "no-store"

    first = stranger().post("/sign-in", {"address": person.address, "password": temporary.json()["password"]})
    assert first.status_code == 202
    assert first.json()["owed"] == ["new_password", "aup", "profile", "account_secret"]
    step = Program(f"SignIn {first.json()['sign_in']}")
    assert step.post("/sign-in/new-password", {"password": "a quiet lantern over seven hills"}).status_code == 202
    aup = stranger().get("/aup").json()
    assert step.post("/sign-in/aup", {"version": aup["version"]}).json()["owed"] == ["profile", "account_secret"]
    profile = {"given_name": "Ann", "family_name": "Other", "mobile": "", "job_title": "Nurse"}
    assert step.post("/sign-in/profile", profile).status_code == 202
    assert acceptance_of(person.pk) is None
    done = step.post("/sign-in/account-secret", {"secret": "thunderstorms"})
    assert done.status_code == 200

    assert program_for(done).get("/me").json()["job_title"] == "Nurse"
    assert acceptance_of(person.pk) is not None
    assert unfinished(person.pk) is None


def program_for(answer: object) -> Program:
    return Program(f"Bearer {answer.json()['session']}")  # type: ignore[attr-defined]


def test_a_resecuring_shows_four_effects_and_each_system_with_its_state(world: World) -> None:
    person, by = world.person(), world.administrator()
    made = world.resecured(person, by=by)

    shown = program_of(world, by).get(f"/resecurings/{made.pk}").json()

    assert set(shown["effects"]) == {
        "password_reset",
        "aup_status_reset",
        "account_secret_reset",
        "all_sessions_revoked",
        "second_factor_reset",
    }
    assert shown["effects"].pop("second_factor_reset") is None  # not without the policy
    assert all(effect["at"] for effect in shown["effects"].values())
    assert shown["systems"]
    assert all(system["state"] == "requested" and system["requested_at"] for system in shown["systems"])
    assert shown["complete"] is False


def test_an_account_shows_each_action_with_every_reason(world: World) -> None:
    person, by = world.person(accepted=False, status="inactive"), world.administrator()

    shown = program_of(world, by).get(f"/accounts/{person.pk}").json()

    assert shown["actions"]["resecure"]["allowed"] is False
    assert {reason["code"] for reason in shown["actions"]["resecure"]["reasons"]} == {
        "not_active",
        "aup_not_accepted",
    }
    assert all(reason["text"] for reason in shown["actions"]["resecure"]["reasons"])
    assert shown["actions"]["disable"] == {"allowed": True, "reasons": []}
    assert shown["aup"]["state"] == "not_accepted"
    assert shown["account_secret_set"] is True


def test_a_refused_resecure_gives_every_reason_and_changes_nothing(world: World) -> None:
    person, by = world.person(accepted=False, status="inactive"), world.administrator()

    answer = program_of(world, by).post(f"/accounts/{person.pk}/resecure", {"because": "forgotten_secret"})

    reasons = {reason["code"] for reason in a_problem(answer, status=409)["reasons"]}
    assert reasons == {"not_active", "aup_not_accepted", "confirmation_required"}
    assert Account.objects.get(pk=person.pk).generation == person.generation
    assert world.records("operation_refused", person) == 1


def test_search_stays_within_scope(world: World) -> None:
    by = world.administrator()
    inside = world.person(family_name="Zebedee")
    world.person(family_name="Zebedee", organisation=world.elsewhere)

    found = program_of(world, by).get("/accounts", search="zebedee").json()

    assert [each["id"] for each in found["items"]] == [str(inside.pk)]
    assert found["next"] is None
    assert set(found["items"][0]) == {"id", "name", "address", "job_title", "status", "organisation"}
    elsewhere = program_of(world, by).get("/accounts", organisation="ELS").json()
    assert elsewhere["items"] == []


def test_search_is_for_administrators(world: World) -> None:
    a_problem(program_of(world, world.person()).get("/accounts"), status=403, code="no_administrator_role")


def test_an_account_is_created_and_completed_by_a_first_password(world: World) -> None:
    admin = program_of(world, world.administrator())
    body = {"organisation": "PRA", "address": "new.person@example.org", "given_name": "New", "family_name": "Person"}

    made = admin.post("/accounts", body)

    assert made.status_code == 201
    assert made.json()["status"] == "pending"
    assert made.json()["awaiting_temporary_password"] is True
    again = admin.post("/accounts", body)
    assert "address" in a_problem(again, status=422)["errors"]
    typed = {"password": "nine brown kettles by the window"}
    assert admin.post(f"/accounts/{made.json()['id']}/temporary-password", typed).status_code == 200


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("disable", "active", "disabled"),
        ("enable", "disabled", "active"),
        ("delete", "active", "deleted"),
        ("restore", "deleted", "active"),
        ("mark-as-leaver", "active", "leaver"),
        ("end-all-sessions", "active", "active"),
    ],
)
def test_each_plain_operation_leaves_its_status_and_ends_what_was_open(
    world: World, verb: str, before: str, after: str
) -> None:
    person, by = world.person(status=before), world.administrator()

    answer = program_of(world, by).post(f"/accounts/{person.pk}/{verb}")

    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == after
    assert Account.objects.get(pk=person.pk).generation == answer.json()["generation"] == person.generation + 1


def test_unlock_needs_a_confirmation_made_for_it(world: World) -> None:
    person, by = world.person(status="locked"), world.administrator()
    admin = program_of(world, by)

    a_problem(admin.post(f"/accounts/{person.pk}/unlock", {}), status=409, code="confirmation_required")
    confirmation = admin.post(
        f"/accounts/{person.pk}/confirmations",
        {"method": "call_back", "reference": "4712", "operation": "unlock"},
    ).json()["id"]
    answer = admin.post(f"/accounts/{person.pk}/unlock", {"confirmation": confirmation})

    assert answer.json()["status"] == "active"


def test_a_leaver_joins_another_organisation_that_the_administrator_reaches(world: World) -> None:
    person, by = world.person(status="leaver"), world.administrator(organisation=world.region)

    a_problem(program_of(world, by).post(f"/accounts/{person.pk}/join", {"organisation": "ELS"}), status=422)
    answer = program_of(world, by).post(f"/accounts/{person.pk}/join", {"organisation": "REG"})

    assert answer.json()["status"] == "active"
    assert Account.objects.get(pk=person.pk).organisation_id == world.region.pk


def test_not_being_sure_is_written_down_and_changes_nothing(world: World) -> None:
    person, by = world.person(), world.administrator()

    answer = program_of(world, by).post(f"/accounts/{person.pk}/cannot-confirm", {"said": "knew no number"})

    assert answer.status_code == 204
    assert world.records("identity_not_confirmed", person) == 1
    assert Account.objects.get(pk=person.pk).generation == person.generation


def test_a_role_is_granted_shown_and_withdrawn(world: World) -> None:
    person = world.person()
    admin = program_of(world, world.administrator("global_administrator", organisation=world.region))
    body = {"role": "local_helpdesk", "organisation": "PRA", "reaches_children": False}

    granted = admin.post(f"/accounts/{person.pk}/roles", body)

    assert granted.status_code == 201
    assert admin.get(f"/accounts/{person.pk}").json()["roles"] == [granted.json()]
    assert admin.delete(f"/accounts/{person.pk}/roles/{granted.json()['id']}").status_code == 204
    assert admin.get(f"/accounts/{person.pk}").json()["roles"] == []


def test_a_person_sees_changes_and_ends_their_own_things(world: World) -> None:
    person = world.person()
    mine, another = program_of(world, person), program_of(world, person)

    assert mine.patch("/me", {"job_title": "Porter"}).json()["job_title"] == "Porter"
    listed = mine.get("/me/sessions").json()["items"]
    assert sorted(each["current"] for each in listed) == [False, True]
    theirs = next(each["id"] for each in listed if not each["current"])
    assert mine.delete(f"/me/sessions/{theirs}").status_code == 204
    a_problem(another.get("/me"), status=401, code="not_signed_in")
    assert mine.post("/sign-out").status_code == 204
    a_problem(mine.get("/me"), status=401, code="not_signed_in")


def test_a_new_address_or_number_of_ones_own_counts_once_its_code_came_back(world: World) -> None:
    person = world.person()
    mine = program_of(world, person)

    assert mine.patch("/me", {"mobile": "07700 900555"}).json()["mobile_not_confirmed"] == "07700900555"
    assert mine.patch("/me", {"job_title": "Porter"}).json()["mobile_not_confirmed"] == "07700900555"
    a_problem(mine.post("/me/contacts/mobile/confirm", {"code": "none"}), status=409, code="code_not_valid")
    assert mine.post("/me/contacts/mobile/confirm", {"code": contact_code(person)}).json()["mobile"] == "07700900555"
    a_problem(mine.post("/me/contacts/mobile/confirm", {"code": "none"}), status=404, code="not_found")
    asked = mine.post("/me/address", {"address": "new@example.org"})
    assert (asked.status_code, asked.json()["address_not_confirmed"]) == (202, "new@example.org")
    assert mine.post("/me/contacts/address/code").status_code == 204
    assert mine.delete("/me/contacts/address").status_code == 204
    assert mine.get("/me").json()["address_not_confirmed"] is None
    a_problem(mine.post("/me/contacts/address/code"), status=404, code="not_found")


def test_a_changed_password_ends_the_old_session_and_opens_a_new_one(world: World) -> None:
    person = world.person()
    mine = program_of(world, person)

    wrong = mine.post("/me/password", {"old": "not it", "new": "a quiet lantern over seven hills"})
    assert "old" in a_problem(wrong, status=422)["errors"]
    answer = mine.post("/me/password", {"old": PASSWORD, "new": "a quiet lantern over seven hills"})

    assert answer.status_code == 200
    a_problem(mine.get("/me"), status=401)
    assert program_for(answer).get("/me").status_code == 200


def test_the_policy_that_was_shown_is_the_one_agreed_to(world: World) -> None:
    person = world.person(accepted=False)
    first = stranger().post("/sign-in", {"address": person.address, "password": PASSWORD}).json()
    AupVersion.objects.create(version="2", text="Be more careful.", published_at=timezone.now())

    answer = Program(f"SignIn {first['sign_in']}").post("/sign-in/aup", {"version": "1"})

    a_problem(answer, status=409, code="aup_changed")
    assert acceptance_of(person.pk) is None


@pytest.mark.parametrize("name", ["disable", "delete", "mark-as-leaver"])
def test_one_of_the_last_administrators_goes_only_when_the_body_says_so(world: World, name: str) -> None:
    person = world.administrator()
    admin = program_of(world, world.administrator("primary_local_administrator"))
    path = f"/accounts/{person.pk}/{name}"

    for body in (None, {}, {"though_it_is_the_last": False}):
        problem = a_problem(admin.post(path, body), status=409, code="among_the_last")
        assert problem["reasons"][0]["text"].startswith("Hill Practice would be left with too few administrators")
    a_problem(admin.post(path, {"though_it_is_the_last": "yes"}), status=422, code="invalid")
    assert Account.objects.get(pk=person.pk).status == "active"

    done = admin.post(path, {"though_it_is_the_last": True})

    assert done.status_code == 200
    assert done.json()["status"] == Account.objects.get(pk=person.pk).status != "active"
