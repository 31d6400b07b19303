"""Every route there is, by page and API, asked with a second factor that does not count: none of them acts."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from resecure.audit.models import Record
from resecure.identity.second_factors import SecondFactor
from resecure.identity.sessions import Session
from resecure.operations.give_second_factor import give_second_factor
from resecure.operations.set_organisation_policy import set_organisation_policy
from resecure.operations.shared.proving import Given
from resecure.policy.refusals import SecondFactorNeeded
from tests.attacks.stories import HERE, begun
from tests.conftest import PASSWORD, World

pytestmark = pytest.mark.django_db

# What needs no second factor again: to hesitate, to refuse, and to leave; and one's own profile.
FREE = {
    *("operation_refused", "identity_not_confirmed", "second_factor_wrong", "signed_out", "session_ended"),
    *("sessions_ended", "profile_changed", "sign_in_failed", "sign_in_stopped", "second_factor_renamed"),
    "contact_asked_for",  # and a new address or number of theirs, which counts for nothing before its code
}
# These must be among what a second factor opens; otherwise the walk did not reach the writes.
REACHED = {
    *("account_resecured", "identity_confirmed", "account_disabled", "account_deleted", "account_created"),
    *("role_granted", "account_marked_as_leaver", "application_registered", "recovery_codes_made", "audit_exported"),
}


def routes(resolver: Any, prefix: str = "") -> list[str]:
    found = []
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            found += routes(each, route)
        elif isinstance(each, URLPattern) and "^" not in route:
            found.append(route)
    return found


def path_of(route: str, person: Any) -> str:
    """The route with this person in its place, and anything in the others."""
    path = re.sub(r"<uuid:account(_id)?>", str(person.pk), route)
    path = re.sub(r"<uuid:\w+>", str(uuid4()), path)
    path = path.replace("<str:kind>", "machine")
    path = re.sub(r"<int:\w+>", "1", path)
    return "/" + re.sub(r"<(\w+:)?\w+>", "PRA", path)


def body(world: World, person: Any, by: Any) -> dict[str, Any]:
    """What is right for every form and call at once: each takes what it knows."""
    confirmation = world.confirmation(person, by=by)
    return {
        "method": "in_person",
        "reference": "call 4711",
        "because": "forgotten_secret",
        "confirmation": str(confirmation),
        "operation": "resecure",
        "key": str(uuid4()),
        "how": "generate",
        "require_change": "on",
        "seen_generation": person.generation,
        "organisation": "PRA",
        "role": "local_helpdesk",
        "given_name": "New",
        "family_name": "Person",
        "address": f"{uuid4().hex}@example.org",
        "kind": "machine",
        "name": f"Rota {uuid4().hex[:6]}",
        "organisations": "PRA",
        "said": "no",
    }


def asked(world: World, by: Any, spoil: Any) -> dict[str, set[str]]:
    """What each route put on record, asked in a session whose second factor was spoilt."""
    done: dict[str, set[str]] = {}
    for route in routes(get_resolver()):
        api = route.startswith("api/")
        # What only reads needs no second factor, but the export of the audit, which leaves the house.
        reads = ("get",) if "export" in route else ()
        for method in (*reads, *(("post", "patch", "put", "delete") if api else ("post",))):
            person = world.person()
            by.refresh_from_db()
            sent = body(world, person, by)
            token = world.session(by)
            spoil(by)
            if "applications" in route:
                sent["address"] = ""  # there it is that of the application
            last = Record.objects.order_by("-id").values_list("id", flat=True).first() or 0
            client = Client(raise_request_exception=False)
            path = path_of(route, person).replace("export/PRA/", "export/csv/")
            if api:
                given = {**sent, "require_change": True, "generate": True, "organisations": ["PRA"]}
                client.generic(
                    method.upper(),
                    path,
                    json.dumps(given).encode(),
                    content_type="application/json",
                    HTTP_AUTHORIZATION=f"Bearer {token}",
                )
            else:
                client.cookies[django_settings.SESSION_COOKIE] = token
                answer = client.get(path) if method == "get" else client.post(path, sent)
                if answer.streaming:
                    b"".join(answer)
            events = set(Record.objects.filter(id__gt=last, actor=by.pk).values_list("event", flat=True)) - FREE
            if events:
                done[f"{method} {route}"] = events
    return done


@pytest.fixture
def administrator(world: World, settings: Any) -> Any:
    settings.RESECURE = settings.RESECURE.model_copy(update={"second_factor_required": True})
    return world.administrator("global_administrator", organisation=world.region, factor=True)


def _latest(by: Any) -> Any:
    return Session.objects.filter(account=by).order_by("-started_at")[:1]


def _spoil(by: Any, **columns: Any) -> None:
    Session.objects.filter(pk__in=[each.pk for each in _latest(by)]).update(**columns)


def test_with_a_second_factor_the_walk_reaches_the_writes(world: World, administrator: Any) -> None:
    done = asked(world, administrator, lambda _by: None)
    assert set().union(*done.values()) >= REACHED
    assert len(done) >= 12


@pytest.mark.parametrize("wrong", ["stale", "missing", "foreign", "just removed"])
def test_without_one_that_counts_no_route_acts(world: World, administrator: Any, wrong: str) -> None:
    other = world.administrator(factor=True).second_factors.get().pk
    spare = world.app(administrator, name="spare")
    assert spare

    def spoil(by: Any) -> None:
        if wrong == "stale":
            _spoil(by, second_factor_at=timezone.now() - timedelta(minutes=10, seconds=1))
        elif wrong == "missing":
            _spoil(by, second_factor_at=None, second_factor=None, second_factor_kind="")
        elif wrong == "foreign":
            _spoil(by, second_factor=other)
        else:
            gone = SecondFactor.objects.filter(account=by).earliest("added_at")
            gone.delete()
            world.app(by, name="another")  # there is always one that they could give

    assert asked(world, administrator, spoil) == {}


def test_a_code_that_opened_the_sign_in_opens_no_step_up(world: World, administrator: Any) -> None:
    code = world.code(administrator)
    give_second_factor(begun(administrator, PASSWORD), Given(code=code), client=HERE)

    def replay(by: Any) -> None:
        _spoil(by, second_factor_at=None, second_factor=None, second_factor_kind="")

    token = world.session(administrator)
    replay(administrator)
    client = Client()
    for _again in range(3):
        answer = client.post(
            "/api/v1/me/step-up",
            json.dumps({"code": code}),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {token}",
        )
        assert answer.status_code == 422
    person = world.person()
    answer = client.post(
        f"/api/v1/accounts/{person.pk}/disable", content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {token}"
    )
    assert answer.status_code == 401
    assert answer.json()["code"] == "insufficient_user_authentication"
    assert 'error="insufficient_user_authentication"' in answer["WWW-Authenticate"]
    assert "max_age=600" in answer["WWW-Authenticate"]


def test_no_policy_is_set_on_a_factor_given_too_long_ago(world: World, administrator: Any) -> None:
    world.session(administrator)
    _spoil(administrator, second_factor_at=timezone.now() - timedelta(minutes=10, seconds=1))
    administrator.acting_session = _latest(administrator).get().pk
    with pytest.raises(SecondFactorNeeded):
        set_organisation_policy("PRA", settings={"caution_hours": 48}, by=administrator)
    assert not Record.objects.filter(event="organisation_policy_set").exists()
    _spoil(administrator, second_factor_at=timezone.now())
    set_organisation_policy("PRA", settings={"caution_hours": 48}, by=administrator)
    assert Record.objects.filter(event="organisation_policy_set").exists()
