"""A connected system that can never be told is closed, with a reason, and never shows as told."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from resecure.audit.models import Record
from resecure.entrypoints.console import main as console
from resecure.entrypoints.record_words import sentence
from resecure.identity.accounts import SYSTEM, system_account
from resecure.identity.resecurings import Outcome, end
from resecure.operations.close_delivery import close_delivery
from resecure.operations.retry_deliveries import retry_deliveries
from resecure.policy.refusals import Invalid, NotFound, Refused
from resecure.propagation import outbox, telling
from resecure.propagation.models import Change, Delivery, System
from resecure.propagation.telling import Answer, Listener
from tests.conftest import World
from tests.web.sign_in.browser import shown

WHY = "Switched off for good\non 3 March"


def gone(world: World, *, by: Any, person: Any = None) -> tuple[Any, Delivery]:
    """A resecuring of somebody who is back at work, all told but one application that is never there."""
    person = person or world.person()
    made, now = world.resecured(person, by=by), timezone.now()
    listener = Listener(
        application=uuid4(),
        name="Old Rota",
        sid=uuid4(),
        logout_address="https://old.example.org/out",
        question_address="https://old.example.org/ask",
        asks_each_time=False,
    )
    told = {"change": Change.RESECURED, "account": person.pk, "requested_at": now, "now": now}
    telling.write([listener], resecuring=made.pk, **told)  # type: ignore[arg-type]
    for each in Delivery.objects.filter(account=person.pk).exclude(system=System.APPLICATION):
        outbox.acknowledge(each, now=now)
    end(person.pk, outcome=Outcome.FINISHED, now=now)
    return made, Delivery.objects.get(resecuring=made.pk, system=System.APPLICATION)


def browser_of(world: World, account: Any) -> Client:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = world.session(account)
    return browser


def reasons(call: Any) -> set[str]:
    with pytest.raises(Refused) as refused:
        call()
    return {each.code for each in refused.value.reasons}


@pytest.mark.parametrize("fails", [False, True])
def test_a_closed_delivery_is_not_told_not_confirmed_and_not_waited_for(world: World, fails: bool) -> None:
    by = world.administrator(given_name="Ada", family_name="Minister")
    made, delivery = gone(world, by=by)
    if fails:
        outbox.fail(delivery, because="it does not exist")
    here = reverse("user_management:resecuring", args=[made.pk])
    browser = browser_of(world, by)
    assert "Not complete." in shown(browser.get(here))

    close_delivery(delivery.pk, resecuring=made.pk, because=WHY, by=by)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.closed_by) == ("closed", by.pk)
    assert delivery.told_at is delivery.acknowledged_at is delivery.confirmed_at is None
    assert delivery.payload == {"name": "Old Rota", "asks": True}
    words = shown(browser.get(here))
    assert "Closed, not complete." in words
    assert "closed by Ada Minister on" in words
    assert "Switched off for good on 3 March" in words
    assert "1 of 1 was closed without an answer." in words
    for false in ("Complete. The", "Not complete.", "have answered", "has answered", "Close without an answer"):
        assert false not in words
    assert "data-done" in browser.get(here).content.decode()


def test_it_is_on_record_with_its_reason_in_a_sentence(world: World) -> None:
    by = world.administrator()
    made, delivery = gone(world, by=by)

    close_delivery(delivery.pk, resecuring=made.pk, because=WHY, by=by)

    record = Record.objects.get(event="delivery_closed")
    assert (record.actor, record.target) == (by.pk, made.account_id)
    assert json.loads(record.details)["application"] == "Old Rota"
    said = sentence(record, names={by.pk: "Ada Minister"})
    assert "Ada Minister closed what could not be told" in said


def test_no_answer_no_retry_and_no_sweep_changes_what_is_closed(world: World) -> None:
    by = world.administrator()
    made, delivery = gone(world, by=by)
    [claimed] = outbox.claim(now=timezone.now(), system=System.APPLICATION)
    close_delivery(delivery.pk, resecuring=made.pk, because=WHY, by=by)
    now = timezone.now()

    telling.answer([Answer(delivery=claimed.pk, told_at=now, at=now, confirmed=True)])
    retry_deliveries(made.pk, by=by)
    outbox.sweep(before=now.replace(year=now.year + 1), limit=100)

    delivery.refresh_from_db()
    assert delivery.state == "closed"
    assert outbox.claim(now=now.replace(year=now.year + 1), system=System.APPLICATION) == []


def test_a_later_delivery_for_the_same_application_goes_on(world: World) -> None:
    by, person = world.administrator(), world.person()
    made, delivery = gone(world, by=by, person=person)
    Delivery.objects.create(
        order=delivery.order + 1,  # type: ignore[operator]
        system=System.APPLICATION,
        target=delivery.target,
        change=Change.SESSION_ENDED,
        account=person.pk,
        requested_at=timezone.now(),
        next_attempt_at=timezone.now(),
    )
    close_delivery(delivery.pk, resecuring=made.pk, because=WHY, by=by)

    [next_one] = outbox.claim(now=timezone.now(), system=System.APPLICATION)
    assert next_one.change == Change.SESSION_ENDED


@pytest.mark.parametrize("role", ["local_helpdesk", "global_helpdesk", "auditor"])
def test_who_could_not_resecure_the_account_closes_nothing(world: World, role: str) -> None:
    made, delivery = gone(world, by=world.administrator())
    who = world.administrator(role)

    assert reasons(lambda: close_delivery(delivery.pk, resecuring=made.pk, because=WHY, by=who)) == {
        "role_does_not_allow"
    }
    assert world.records("operation_refused", made.account) == 1
    page = browser_of(world, who).get(reverse("user_management:resecuring", args=[made.pk]))
    assert "Close without an answer" not in shown(page)
    delivery.refresh_from_db()
    assert delivery.state == "requested"


def test_nobody_closes_what_was_announced_about_their_own_account_or_a_higher_one(world: World) -> None:
    mine = world.administrator()
    made, delivery = gone(world, by=system_account(), person=mine)  # others would need a second person
    mine.refresh_from_db()

    for who, code in ((mine, "own_account"), (world.administrator(), "equal_or_higher_standing")):
        assert code in reasons(lambda who=who: close_delivery(delivery.pk, resecuring=made.pk, because=WHY, by=who))


def test_what_was_answered_or_closed_meanwhile_is_not_closed(world: World) -> None:
    by = world.administrator()
    made, delivery = gone(world, by=by)
    done = Delivery.objects.filter(resecuring=made.pk, system=System.MAIL)[0]
    finding = Delivery.objects.get(resecuring=made.pk, system=System.APPLICATIONS)
    Delivery.objects.filter(pk=finding.pk).update(state="failed")
    close_delivery(delivery.pk, resecuring=made.pk, because=WHY, by=by)

    for each in (done, finding, delivery):
        assert reasons(lambda each=each: close_delivery(each.pk, resecuring=made.pk, because="no", by=by)) == {
            "nothing_to_close"
        }
    delivery.refresh_from_db()
    assert delivery.closed_because == "Switched off for good on 3 March"


def test_out_of_scope_answers_as_unknown_and_a_delivery_of_another_resecuring_too(world: World) -> None:
    by, elsewhere = world.administrator(), world.administrator(organisation=world.elsewhere)
    made, delivery = gone(world, by=elsewhere, person=world.person(organisation=world.elsewhere))
    near, _delivery = gone(world, by=by)

    for resecuring, which in (
        (made.pk, delivery.pk),
        (uuid4(), delivery.pk),
        (near.pk, delivery.pk),
        (near.pk, uuid4()),
    ):
        with pytest.raises(NotFound):
            close_delivery(which, resecuring=resecuring, because=WHY, by=by)
        here = reverse("user_management:close_delivery", args=[resecuring, which])
        assert browser_of(world, by).get(here).status_code == 404
    delivery.refresh_from_db()
    assert delivery.state == "requested"


@pytest.mark.parametrize("typed", ["", "  \n ", "\u202e"])
def test_without_a_reason_nothing_is_closed_and_nothing_is_on_record(world: World, typed: str) -> None:
    by = world.administrator()
    made, delivery = gone(world, by=by)

    with pytest.raises(Invalid):
        close_delivery(delivery.pk, resecuring=made.pk, because=typed, by=by)
    page = browser_of(world, by).post(
        reverse("user_management:close_delivery", args=[made.pk, delivery.pk]), {"because": typed}
    )

    assert page.status_code == 422
    assert "Say why it can never be told" in shown(page)
    delivery.refresh_from_db()
    assert delivery.state == "requested"


def test_the_page_says_what_it_means_asks_why_and_leads_back(world: World) -> None:
    by = world.administrator()
    made, delivery = gone(world, by=by)
    browser = browser_of(world, by)
    progress = browser.get(reverse("user_management:resecuring", args=[made.pk]))
    here = reverse("user_management:close_delivery", args=[made.pk, delivery.pk])
    assert here in progress.content.decode()
    words = shown(browser.get(here))
    assert "Close Old Rota without an answer?" in words
    assert "It does not count as told or confirmed." in words

    answer = browser.post(here, {"because": "<b>gone</b>"})

    page = browser.get(answer["Location"])
    assert "It is closed without an answer." in shown(page)
    assert "&lt;b&gt;gone&lt;/b&gt;" in page.content.decode()
    again = browser.post(here, {"because": "twice"})
    assert again.status_code == 409
    assert "There is nothing to close" in shown(again)


def test_the_api_closes_it_and_says_closed_and_not_complete(world: World) -> None:
    by = world.administrator()
    made, delivery = gone(world, by=by)
    headers = {"Authorization": f"Bearer {world.session(by)}"}

    def asked(path: str, body: dict[str, str] | None = None) -> Any:
        where = f"/api/v1/resecurings/{made.pk}{path}"
        if body is None:
            return Client().get(where, headers=headers)
        return Client().post(where, body, content_type="application/json", headers=headers)

    before = asked("").json()
    assert (before["complete"], before["closed"]) == (False, False)
    assert str(delivery.pk) in {each["delivery"] for each in before["systems"]}
    path = f"/deliveries/{delivery.pk}/close"
    assert asked(path, {"because": " "}).status_code == 422

    after = asked(path, {"because": WHY})

    assert after.status_code == 200
    assert (after.json()["complete"], after.json()["closed"]) == (False, True)
    [closed] = [each for each in after.json()["systems"] if each["state"] == "closed"]
    assert closed["closed_by"] == str(by.pk)
    assert closed["told_at"] is None
    assert asked(path, {"because": WHY}).status_code == 409


def test_an_operator_closes_it_at_the_console_by_the_name_of_the_application(world: World) -> None:
    made, delivery = gone(world, by=world.administrator())
    address = made.account.address

    def run(application: str, because: str, *more: str) -> Any:
        arguments = ["close-delivery", address, "--application", application, "--because", because, *more]
        return CliRunner().invoke(console.app, arguments, input="n\n")

    unknown = run("New Rota", WHY, "--yes")
    assert (unknown.exit_code, "Those that must: Old Rota." in unknown.stderr) == (1, True)
    assert run("Old Rota", WHY).exit_code == 1, "without a yes"
    assert run("Old Rota", " ", "--yes").exit_code == 1
    delivery.refresh_from_db()
    assert delivery.state == "requested"

    assert run("Old Rota", WHY, "--yes").exit_code == 0

    delivery.refresh_from_db()
    assert (delivery.state, delivery.closed_by) == ("closed", SYSTEM)
    assert run("Old Rota", WHY, "--yes").exit_code == 1
    page = browser_of(world, world.administrator()).get(reverse("user_management:resecuring", args=[made.pk]))
    assert "closed by" in shown(page)
