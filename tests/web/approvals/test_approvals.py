"""The pages of approvals: what the second person reads, decides, and what whoever asked sees of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from resecure.identity.approvals import Approval
from resecure.identity.resecurings import Resecuring
from tests.attacks.stories import fresh, new_mobile
from tests.conftest import World
from tests.web.user_management.conftest import IDENTIFIED, Browser, at, shown_password, source_of, words_of

PLA = "primary_local_administrator"
pytestmark = pytest.mark.database


def browser_of(world: World, name: str, role: str = PLA, **more: Any) -> Browser:
    return Browser(world, world.administrator(role, given_name=name, family_name="Primary", **more))


def asked(world: World) -> tuple[str, Browser, Any]:
    """An administrator's resecure, asked for in the browser: where it waits, who asked, whom it is about."""
    target, asker = world.administrator(given_name="Tom", family_name="Target"), browser_of(world, "Ada")
    answer = asker.resecure(target)
    assert answer.status_code == 302
    return answer["Location"], asker, target


def test_asking_leads_to_what_waits_and_nothing_has_happened(world: World) -> None:
    where, asker, target = asked(world)

    page = words_of(asker.client.get(where))
    assert "Resecure Account for Tom Target: a second person" in page
    assert "You asked for this." in page
    assert "The person holds an administrator role (Local Administrator)" in page
    assert "Identified In person, with photo ID" in page or "Identified In person" in page
    assert "call 4711" in page
    assert "Approve" not in re.sub("Approvals", "", page)
    assert not Resecuring.objects.filter(account=target).exists()
    assert fresh(target).generation == target.generation


def test_before_they_ask_administrators_read_why_one_person_is_not_enough(world: World) -> None:
    target, asker = world.administrator(), browser_of(world, "Ada")
    for page in (asker.get("resecure", target.pk), asker.get("account", target.pk)):
        assert "A second person must approve this" in words_of(page)
        assert "The person holds an administrator role" in words_of(page)
        assert "Ask a second person" in words_of(page)
    ordinary = words_of(asker.get("resecure", world.person().pk))
    assert "second person" not in ordinary
    assert "Confirm" in ordinary


def test_while_it_waits_the_account_page_leads_to_it(world: World) -> None:
    where, asker, target = asked(world)
    page = asker.get("account", target.pk)
    assert "Asked for already" in words_of(page)
    assert f'href="{where}"' in source_of(page)


def test_the_second_person_finds_it_reads_the_evidence_and_approves(world: World) -> None:
    where, asker, target = asked(world)
    second = browser_of(world, "Pia")

    home = words_of(second.client.get("/approvals/"))
    assert "Approvals (1)" in home
    assert "Wait for you, or another second person" in home
    page = words_of(second.client.get(where))
    assert "Asked by Ada Primary" in page
    assert "Speak to Ada Primary first" in page
    answer = second.client.post(where)
    assert (answer.status_code, answer["Location"]) == (302, where)
    made = Resecuring.objects.get(account=target)
    assert (made.by, made.approved_by) == (asker.account.pk, second.account.pk)
    assert "It is done: the account is resecured." in words_of(second.client.get(where))
    after = asker.client.get(where)
    assert f'href="{at("temporary_password", target.pk)}"' in source_of(after)
    assert "Approved by Pia Primary" in words_of(asker.get("resecuring", made.pk))
    assert "Approvals (1)" not in words_of(second.client.get("/approvals/"))


def test_declining_wants_a_reason_which_who_asked_reads(world: World) -> None:
    where, asker, target = asked(world)
    second = browser_of(world, "Pia")

    assert "Why do you decline?" in words_of(second.client.get(f"{where}decline/"))
    wrong = second.client.post(f"{where}decline/", {"reason": " "})
    assert wrong.status_code == 422
    assert "Say why you decline" in words_of(wrong)
    assert second.client.post(f"{where}decline/", {"reason": "I called Ada; it was not her"}).status_code == 302
    page = words_of(asker.client.get(where))
    assert "Declined By Pia Primary" in page
    assert "I called Ada; it was not her" in page
    assert Approval.objects.get(account=target).state == "declined"


def test_who_asked_withdraws_and_cannot_approve(world: World) -> None:
    where, asker, target = asked(world)

    own = asker.client.post(where)
    assert own.status_code == 409
    assert "You asked for this yourself." in words_of(own)
    assert asker.client.post(f"{where}withdraw/").status_code == 302
    assert Approval.objects.get(account=target).state == "withdrawn"
    assert "Withdrawn" in words_of(asker.client.get(where))


def test_somebody_who_may_not_decide_reads_why(world: World) -> None:
    where, _asker, _target = asked(world)
    helper = browser_of(world, "Hal", "local_administrator")
    page = words_of(helper.client.get(where))
    assert "Not for you to decide" in page
    assert "Your role stands lower" in page
    assert "Others must decide" in words_of(helper.client.get("/approvals/"))
    assert helper.client.post(where).status_code == 409
    assert helper.client.get(f"{where}decline/").status_code == 409


def test_out_of_scope_it_is_not_found_like_an_unknown_one(world: World) -> None:
    where, _asker, _target = asked(world)
    outside = browser_of(world, "Eve", organisation=world.elsewhere)
    unknown = "/approvals/00000000-0000-4000-8000-00000000000a/"
    for end in ("", "decline/"):
        assert outside.client.get(where + end).status_code == 404
        assert outside.client.get(unknown + end).status_code == 404
    assert outside.client.post(where).status_code == 404
    assert outside.client.post(f"{where}withdraw/").status_code == 404
    assert "Nothing waits for a second person now." in words_of(outside.client.get("/approvals/"))


def test_an_approved_reset_is_finished_by_who_asked_without_confirming_again(world: World) -> None:
    target, asker, second = world.administrator(), browser_of(world, "Ada"), browser_of(world, "Pia")
    answer = asker.set_password(target, **IDENTIFIED)
    where = answer["Location"]
    assert where.startswith("/approvals/")
    assert second.client.post(where).status_code == 302
    assert "nobody else may see the password" in words_of(second.client.get(where))
    assert f'href="{at("temporary_password", target.pk)}"' in source_of(asker.client.get(where))

    page = words_of(asker.get("temporary_password", target.pk))
    assert "A second person has approved this." in page
    assert "How did you confirm who they are?" not in page
    assert shown_password(asker.set_password(target))
    assert Approval.objects.get(account=target).state == "executed"
    assert "How did you confirm" in words_of(asker.get("temporary_password", target.pk))


def test_what_ran_out_says_so_and_leads_nowhere(world: World) -> None:
    where, asker, target = asked(world)
    Approval.objects.filter(account=target).update(ends_at=timezone.now() - timedelta(seconds=1))
    page = words_of(asker.client.get(where))
    assert "Expired" in page
    assert "Whoever needs it asks again" in page
    assert browser_of(world, "Pia").client.post(where).status_code == 409


def test_while_it_waits_the_page_follows_with_and_without_javascript(world: World) -> None:
    where, asker, _target = asked(world)
    page = source_of(asker.client.get(where))
    assert f'data-live="3" data-from="{where}"' in page
    assert '<noscript><meta http-equiv="refresh" content="10;url=?refreshed=1"></noscript>' in page
    part = source_of(asker.client.get(where, headers={"X-Fragment": "1"}))
    assert "<html" not in part
    asker.client.post(f"{where}withdraw/")
    assert "data-done" in source_of(asker.client.get(where))
    assert "refreshed=1" not in source_of(asker.client.get(where))


def test_a_page_that_refreshes_itself_keeps_no_session_alive(world: World) -> None:
    from resecure.identity.sessions import Session

    where, asker, _target = asked(world)
    long_ago = timezone.now() - timedelta(minutes=5)
    Session.objects.filter(account=asker.account).update(last_seen_at=long_ago)
    asker.client.get(f"{where}?refreshed=1")
    assert Session.objects.get(account=asker.account).last_seen_at == long_ago
    asker.client.get(where)
    assert Session.objects.get(account=asker.account).last_seen_at > long_ago


def test_a_changed_mobile_is_said_before_anybody_asks(world: World) -> None:
    person, asker = world.person(), browser_of(world, "Ada", "local_administrator")
    new_mobile(person, "07700900982")
    assert "was changed within the last 24 hours" in words_of(asker.get("resecure", person.pk))
