"""This wasn't me: from the message on a telephone, without signing in, and the way back by an administrator."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from resecure.identity.accounts import Account
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.telling import tell
from resecure.propagation.models import Change, Delivery
from tests.journeys.stories import (
    Story,
    account_path,
    back_to_work,
    choose_password,
    identify,
    is_in,
    is_out,
    mail_comes,
    resecure,
    sign_in,
    update,
)

REFUSED = "The address or the password is not right, or the account cannot be used just now"
pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]


@pytest.mark.parametrize("scripts", [True, False])
def test_this_was_not_me_from_the_message_on_a_telephone_and_the_way_back(
    story: Story, monkeypatch: pytest.MonkeyPatch, scripts: bool
) -> None:
    from resecure.operations.shared import telling

    held: list[str] = []
    new_link = telling.not_me.new_link
    monkeypatch.setattr(telling.not_me, "new_link", lambda *a, **k: held.append(new_link(*a, **k)) or held[-1])
    person, desk = story.person(mobile="07700900982"), story.desk()
    thief = story.window(person)
    somebody_else = story.window(story.person())
    tell(Change.PASSWORD_CHANGED, person, at=timezone.now())
    phone = story.window(scripts=scripts, phone=True)

    phone.go(f"/not-me/{held[0]}/")
    assert thief.gate() == 204
    phone.press("Shut my account")
    phone.shows("The account is shut")

    is_out(thief)
    assert somebody_else.gate() == 204
    phone.go(f"/not-me/{held[0]}/")
    phone.shows("This link no longer works")
    desk.go(account_path(person))
    desk.shows("Locked", "Whoever was written to said so", "of this message: password changed")
    by = story.administrator()
    evidence = story.world.confirmation(person, by=by, purpose="reset_password")
    password = set_temporary_password(person.pk, by=by, confirmation=evidence).password or ""
    back = story.window()
    sign_in(back, person.address, password)
    choose_password(back)
    is_in(back)
    assert Account.objects.get(pk=person.pk).status == "active"
    assert Delivery.objects.filter(account=person.pk, change="frozen").exists()


def test_a_frozen_account_is_seen_by_an_administrator_and_its_person_is_resecured_back_to_work(story: Story) -> None:
    person, desk = story.person(mobile="07700900982"), story.desk()
    tell(Change.PASSWORD_CHANGED, person, at=timezone.now())
    phone = story.window(phone=True)
    mail_comes(phone, person.address, "Your password was changed")
    phone.page.get_by_role("link", name="Your password was changed", exact=True).first.click()
    phone.page.wait_for_load_state()
    found = re.search(r"/not-me/[\w-]+/", phone.page.locator("main").inner_text())
    assert found is not None
    phone.go(found.group(0))
    phone.press("Shut my account")
    phone.shows("The account is shut")

    desk.go(account_path(person))
    desk.shows("This wasn’t me", "no password opens it", "Unlock the account or reset its password first.")
    desk.press("Unlock")
    identify(desk, reference="call 815")
    desk.press("Unlock")
    desk.shows("The account is unlocked.")
    still_out = story.window()
    sign_in(still_out, person.address)
    still_out.shows(REFUSED)
    resecure(desk, person)
    password = update(desk, story.service)

    back = story.window()
    sign_in(back, person.address, password)
    back_to_work(back)
    is_in(back)
    desk.go(account_path(person))
    assert "no password opens it" not in desk.page.content()
