"""Where every administrator must have a second factor: the first sign-in, and Confirm half-way through the detour."""

from __future__ import annotations

import email.policy
import json
import mailbox
import re
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pyotp
import pytest

from resecure.audit.models import Record
from resecure.identity.second_factors import SecondFactor
from resecure.propagation.models import Delivery
from tests.journeys.service import Service, running
from tests.journeys.stories import Story, account_path, fill_dialog, is_in, is_out, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]


@pytest.fixture(scope="module")
def strict(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A second server over the same database, with the setting as it is in production."""
    from django.conf import settings

    required = settings.RESECURE.model_copy(update={"second_factor_required": True})
    url, folder = service.environment["RESECURE_DATABASE_URL"], tmp_path_factory.mktemp("strict")
    with running(folder, database_url=url, settings=required) as made:
        yield made


def link_told_to(person: Any, service: Service) -> str:
    """The path of *This wasn't me* in the mail that the worker handed over."""
    folder = Path(service.environment["RESECURE_STATE_DIRECTORY"]) / "mailbox" / "maildir"
    give_up = monotonic() + 20
    while monotonic() < give_up:
        for raw in mailbox.Maildir(folder, create=True):
            mail = email.message_from_bytes(raw.as_bytes(), policy=email.policy.default)
            body = mail.get_body(("plain",)) if person.address in str(mail["To"]) else None
            if body is not None and (found := re.search(r"/not-me/\S+", body.get_content())):
                return found.group()
        sleep(0.2)
    raise AssertionError("no mail came")


def test_a_new_administrator_adds_one_before_anything_else_opens(story: Story, strict: Service) -> None:
    by = story.administrator(given_name="Nina", family_name="Newcomer")
    theirs = story.window(at=strict)
    sign_in(theirs, by.address)
    theirs.shows("Add a second factor", "You hold an administrator role")
    assert theirs.gate() == 403
    for elsewhere in ("/my-account/", "/user-management/", account_path(by)):
        theirs.go(elsewhere)
        assert theirs.path.startswith("/sign-in/"), elsewhere
    theirs.press("Add an authenticator app")
    key = theirs.page.locator("#typed-key").inner_text().replace(" ", "")
    story.service.secrets.add(key)
    theirs.fill("The code that the app shows", pyotp.TOTP(key).now())
    theirs.press("Add the app")
    theirs.heading("Your recovery codes")
    assert theirs.page.locator("#recovery-codes li").count() == 10
    theirs.press("I have kept them")
    is_in(theirs)
    theirs.go("/user-management/")
    theirs.at("/user-management/")


@pytest.mark.parametrize("scripts", [True, False])
def test_confirm_goes_on_with_everything_that_was_typed_once_the_code_is_given(
    story: Story, strict: Service, scripts: bool
) -> None:
    person, by = story.person(), story.administrator()
    story.world.app(by)
    desk = story.window(scripts=scripts, at=strict)
    desk.context.add_cookies([{"name": story.cookie, "value": story.world.session(by, proven=False), "url": desk.url}])
    desk.go(f"{account_path(person)}resecure/")
    fill_dialog(desk, reference="call 0815, from the ward")
    desk.press("Confirm")
    desk.heading("Show that it is you")
    person.refresh_from_db()
    assert person.has_password, "nothing happens before the code"
    desk.fill("Code", "000000")
    desk.press("Continue")
    desk.shows("There is a problem", "This code is not right")
    desk.fill("Code", story.world.code(by))
    desk.press("Continue")
    desk.at(f"{account_path(person)}temporary-password/")
    record = Record.objects.get(event="account_resecured", target=person.pk)
    assert json.loads(record.details)["reference"] == "call 0815, from the ward"


def test_a_factor_that_an_intruder_removed_is_noticed_and_the_account_shut(story: Story) -> None:
    person = story.person(given_name="Olga", family_name="Owner", mobile="07700900983")
    story.world.app(person)
    hers, intruder = story.window(person), story.window(person)
    intruder.go("/my-account/second-factor/")
    intruder.press("Remove phone")
    intruder.shows("It is removed")
    is_out(hers)
    assert not SecondFactor.objects.filter(account=person).exists()
    told: Any = Delivery.objects.filter(account=person.pk, change="second_factor_removed")
    assert set(told.values_list("system", flat=True)) >= {"mail", "sms"}
    phone = story.window(phone=True)
    phone.go(link_told_to(person, story.service))
    phone.press("Shut my account")
    phone.shows("The account is shut")
    is_out(intruder)
