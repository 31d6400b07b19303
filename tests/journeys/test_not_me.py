"""This wasn't me: from the message on a telephone, without signing in, and the way back by an administrator."""

from __future__ import annotations

import pytest
from django.utils import timezone

from resecure.identity.accounts import Account
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.telling import tell
from resecure.propagation.models import Change, Delivery
from tests.journeys.stories import Story, account_path, choose_password, is_in, is_out, sign_in

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
    desk.shows("Locked")
    by = story.administrator()
    evidence = story.world.confirmation(person, by=by, purpose="reset_password")
    password = set_temporary_password(person.pk, by=by, confirmation=evidence).password or ""
    back = story.window()
    sign_in(back, person.address, password)
    choose_password(back)
    is_in(back)
    assert Account.objects.get(pk=person.pk).status == "active"
    assert Delivery.objects.filter(account=person.pk, change="frozen").exists()
