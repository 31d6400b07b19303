"""Temporary passwords by API: the same request twice, another one under its key, and what the policy forbids."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from resecure.config.variables import EncryptionKey
from resecure.entrypoints.api.actions import _stored as stored_key
from resecure.identity.accounts import Account
from resecure.operations.shared.asked_before import Asked
from tests.api.conftest import a_problem, program_of
from tests.conftest import World

TYPED = "nine brown kettles by the window"


@pytest.mark.parametrize(
    "changed",
    [
        {"password": "ten brown kettles by the window"},
        {"password": None, "generate": True},
        {"reason": "another reason"},
        {"generation": 7},
        {"confirmation": str(uuid4())},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_same_key_with_another_temporary_password_is_refused(world: World, changed: dict[str, Any]) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    path, admin, body = f"/accounts/{person.pk}/temporary-password", program_of(world, by), {"password": TYPED}
    assert admin.post(path, body, key="once").status_code == 200
    before = Account.objects.values().get(pk=person.pk)

    again = {name: value for name, value in {**body, **changed}.items() if value is not None}
    a_problem(admin.post(path, again, key="once"), status=409, code="idempotency_key_reused")

    assert Account.objects.values().get(pk=person.pk) == before
    assert admin.post(path, body, key="once").json()["password"] is None, "the first request is still known"
    assert world.records("temporary_password_set", person) == 1


def test_what_is_kept_of_a_request_tells_nothing_about_the_password(world: World, settings: Any) -> None:
    """Without the service's key nobody who has the database can check a guess against it."""
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    program_of(world, by).post(f"/accounts/{person.pk}/temporary-password", {"password": TYPED}, key="once")
    kept = Account.objects.get(pk=person.pk).temporary_password_key
    asked = Asked.of(
        person.pk,
        by=by,
        idempotency_key=stored_key("once"),
        typed=TYPED,
        require_change=True,
        because="",
        seen_generation=None,
    )

    assert asked is not None
    assert asked.says_what_was_kept(kept)
    assert TYPED not in kept
    others = EncryptionKey(name="another", key=b"\x01" * 32)
    keys = [*settings.RESECURE.keys]
    settings.RESECURE = SimpleNamespace(keys=[others])
    assert not asked.says_what_was_kept(kept)
    settings.RESECURE = SimpleNamespace(keys=[others, *keys])
    assert asked.says_what_was_kept(kept), "a key that was rotated in is no reason to forget"


def test_a_password_that_may_be_kept_is_refused_by_the_policy_and_where_it_allows_it_needs_a_reason(
    world: World, settings: Any
) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    path, body = f"/accounts/{person.pk}/temporary-password", {"generate": True, "require_change": False}
    admin = program_of(world, by)

    a_problem(admin.post(path, {**body, "reason": "a ward computer"}), status=409, code="change_must_be_required")
    settings.RESECURE = settings.RESECURE.model_copy(update={"require_password_change_always": False})
    a_problem(admin.post(path, body), status=409, code="reason_missing")
    assert not Account.objects.get(pk=person.pk).has_password
    assert admin.post(path, {**body, "reason": "a ward computer"}).json()["require_change"] is False
