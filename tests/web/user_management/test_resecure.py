"""The dialog, the temporary password, and the state of a resecuring."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from resecure.identity.accounts import Account
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.passwords import matches
from resecure.identity.resecurings import Outcome, Resecuring, end
from resecure.propagation import outbox
from resecure.propagation.models import Delivery
from tests.conftest import PASSWORD, World
from tests.web.user_management.conftest import IDENTIFIED, Browser, at, shown_password, source_of, words_of

TYPED = "seven quiet lanterns over water"


def test_confirm_resecures_and_leads_to_the_temporary_password(world: World, admin: Browser) -> None:
    person, other = world.person(), world.person()
    theirs = world.session(other)
    mine = world.session(person)
    answer = admin.resecure(person)
    assert answer.status_code == 302
    assert answer["Location"] == at("temporary_password", person.pk)
    made = Resecuring.objects.get(account=person)
    assert (made.because, made.method, made.reference) == ("forgotten_secret", "in_person", "call 4711")
    assert not world.passes(mine)
    assert world.passes(theirs)
    shown = admin.client.get(answer["Location"])
    assert "Set temporary password" in words_of(shown)
    assert "How did you confirm who they are?" not in words_of(shown)


def test_the_dialog_says_the_four_effects_and_the_three_triggers(world: World, admin: Browser) -> None:
    text = words_of(admin.get("resecure", world.person().pk))
    for part in ("The password opens nothing any more", "acceptable use policy no longer counts", "account secret",
                 "Every session ends", "They cannot remember their account secret",
                 "They have forgotten their security questions or answers",
                 "They tried to authenticate and did not succeed"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("missing", ["method", "reference", "because"])
def test_without_evidence_nothing_happens_and_what_was_typed_stays(world: World, admin: Browser, missing: str) -> None:
    person = world.person()
    typed = {"reference": "a long reference 77", missing: ""}
    answer = admin.resecure(person, **typed)
    assert answer.status_code == 422
    assert "There is a problem" in words_of(answer)
    if missing != "reference":
        assert "a long reference 77" in source_of(answer)
    if missing != "because":
        assert 'value="forgotten_secret" checked' in source_of(answer)
    assert not Resecuring.objects.exists()
    person.refresh_from_db()
    assert person.has_password


def test_a_double_click_gives_one_resecuring_and_the_same_next_page(world: World, admin: Browser) -> None:
    person, key = world.person(), str(uuid4())
    answers = [admin.resecure(person, key=key) for _click in range(2)]
    assert {answer["Location"] for answer in answers} == {at("temporary_password", person.pk)}
    assert Resecuring.objects.filter(account=person).count() == 1
    assert IdentityConfirmation.objects.filter(account=person).count() == 1
    assert world.records("account_resecured", person) == 1


def test_a_second_administrator_sees_what_happened_and_loses_nothing_typed(world: World, admin: Browser) -> None:
    person = world.person()
    world.resecured(person, by=world.administrator())
    answer = admin.resecure(person, reference="mine, typed")
    assert answer.status_code == 409
    assert "The account was resecured already and the person has not finished." in words_of(answer)
    assert "mine, typed" in source_of(answer)
    assert Resecuring.objects.filter(account=person).count() == 1


def test_a_refused_resecure_says_every_reason(world: World, admin: Browser) -> None:
    person = world.person(accepted=False, status="locked")
    answer = admin.resecure(person)
    assert "The account is Locked" in words_of(answer)
    assert "has not accepted the acceptable use policy" in words_of(answer)
    assert "The account is Locked" in words_of(admin.get("resecure", person.pk))


def test_helpdesk_cannot_resecure_even_without_the_page(world: World) -> None:
    browser, person = Browser(world, world.administrator("local_helpdesk")), world.person()
    assert browser.resecure(person).status_code == 409
    assert not Resecuring.objects.exists()


def test_a_generated_password_is_shown_once_and_works(world: World, admin: Browser) -> None:
    person = world.person()
    admin.resecure(person)
    key = str(uuid4())
    person.refresh_from_db()
    seen = person.generation
    answer = admin.set_password(person, key=key)
    password = shown_password(answer)
    person.refresh_from_db()
    assert matches(password, person.password)
    assert source_of(answer).count(password) == 1
    assert answer["Cache-Control"] == "no-store"
    text = words_of(answer)
    for part in ("Chooses a new password", "Sets a new account secret", "Password reset", "Mail to the person",
                 "All steps must be done by", "opens one sign-in, until"):  # fmt: skip
        assert part in text
    again = admin.set_password(person, key=key, seen_generation=seen)
    assert again.status_code == 200
    assert password not in source_of(again)
    assert "already shown" in words_of(again)
    assert matches(password, Account.objects.get(pk=person.pk).password)
    assert password not in source_of(admin.get("temporary_password", person.pk))
    assert password not in source_of(admin.get("account", person.pk))


def test_a_typed_password_that_breaks_a_rule_is_not_sent_back(world: World, admin: Browser) -> None:
    person = world.person()
    admin.resecure(person)
    answer = admin.set_password(person, how="type", typed="tooshort")
    assert answer.status_code == 422
    assert "at least 15 characters" in words_of(answer)
    assert "tooshort" not in source_of(answer)
    person.refresh_from_db()
    assert not person.has_password


def test_a_typed_password_is_taken(world: World, admin: Browser) -> None:
    person = world.person()
    admin.resecure(person)
    assert shown_password(admin.set_password(person, how="type", typed=TYPED)) == TYPED
    person.refresh_from_db()
    assert person.password_is_temporary


def test_reset_password_asks_who_the_person_is(world: World, admin: Browser) -> None:
    person = world.person()
    assert "Reset Password" in words_of(admin.get("temporary_password", person.pk))
    answer = admin.set_password(person)
    assert answer.status_code == 422
    assert "Choose how you confirmed who they are" in words_of(answer)
    person.refresh_from_db()
    assert matches(PASSWORD, person.password)
    shown_password(admin.set_password(person, **IDENTIFIED))
    assert IdentityConfirmation.objects.get(account=person).purpose == "reset_password"


def test_a_reload_after_reset_password_shows_nothing_and_changes_nothing(world: World, admin: Browser) -> None:
    person, key = world.person(), str(uuid4())
    seen = person.generation
    first = admin.set_password(person, key=key, seen_generation=seen, **IDENTIFIED)
    again = admin.set_password(person, key=key, seen_generation=seen, **IDENTIFIED)
    assert again.status_code == 200
    assert shown_password(first) not in source_of(again)
    assert world.records("temporary_password_set", person) == 1
    assert IdentityConfirmation.objects.filter(account=person).count() == 1


def test_two_administrators_at_once_set_one_password_and_the_second_is_told(world: World, admin: Browser) -> None:
    person = world.person()
    world.resecured(person, by=admin.account)
    person.refresh_from_db()
    seen = person.generation
    other = Browser(world, world.administrator())
    password = shown_password(other.set_password(person))
    late = admin.set_password(person, seen_generation=seen, how="type", typed=TYPED)
    assert late.status_code == 409
    assert "Somebody else acted on this account a moment ago." in words_of(late)
    assert TYPED not in source_of(late)
    person.refresh_from_db()
    assert matches(password, person.password)
    assert f'name="seen_generation" id="id_seen_generation" value="{person.generation}"' in source_of(late)


def test_the_form_sent_again_with_something_else_in_it_is_refused(world: World, admin: Browser) -> None:
    person, key = world.person(), str(uuid4())
    admin.resecure(person)
    person.refresh_from_db()
    seen = person.generation
    first = admin.set_password(person, key=key, seen_generation=seen, how="type", typed=TYPED)
    assert shown_password(first) == TYPED
    other = "orange ladders under the old pier"
    refused = admin.set_password(person, key=key, seen_generation=seen, how="type", typed=other)
    assert refused.status_code == 409
    assert "This request repeats the key of another one." in words_of(refused)
    assert other not in source_of(refused)
    assert key not in source_of(refused), "the next try is a request of its own"
    person.refresh_from_db()
    assert matches(TYPED, person.password)
    again = admin.set_password(person, key=key, seen_generation=seen, how="type", typed=TYPED)
    assert again.status_code == 200
    assert TYPED not in source_of(again)
    assert world.records("temporary_password_set", person) == 1


def test_another_temporary_password_asks_another_administrator_who_the_person_is(world: World, admin: Browser) -> None:
    person = world.person()
    admin.resecure(person)
    admin.set_password(person)
    assert 'name="method"' not in source_of(admin.get("temporary_password", person.pk))
    other = Browser(world, world.administrator())
    page = other.get("temporary_password", person.pk)
    assert "confirm again who they are" in words_of(page)
    assert 'name="method"' in source_of(page)
    assert other.set_password(person).status_code == 422
    assert world.records("temporary_password_set", person) == 1
    shown_password(other.set_password(person, **IDENTIFIED))
    used = IdentityConfirmation.objects.get(account=person, by=other.account.pk)
    assert used.purpose == "reset_password"
    assert used.used_at is not None


def test_the_secret_that_was_forgotten_cannot_be_how_they_were_identified(world: World, admin: Browser) -> None:
    person = world.person()
    answer = admin.resecure(person, method="account_secret")
    assert answer.status_code == 422
    assert "by the account secret that they forgot" in words_of(answer)
    assert not Resecuring.objects.exists()
    assert not IdentityConfirmation.objects.exists()
    letters = admin.resecure(person, method="account_secret", because="forgotten_answers")
    assert "Ask the caller for these three letters" in words_of(letters), "it is not merely claimed"
    assert not Resecuring.objects.exists()


def test_the_box_of_the_change_is_ticked_and_cannot_be_unticked(world: World, admin: Browser) -> None:
    person = world.person()
    admin.resecure(person)
    page = admin.get("temporary_password", person.pk)
    box = re.search(r'<input[^>]*name="require_change"[^>]*>', source_of(page))
    assert box is not None
    assert " checked" in box[0]
    assert " disabled" in box[0]
    assert "Require Password Change at Next logon" in words_of(page)
    assert "The policy of this service always requires it" in words_of(page)
    assert 'name="change_not_required_because"' not in source_of(page)
    # A browser sends nothing for such a box; whoever sends something all the same gets no further.
    shown_password(admin.set_password(person, require_change="", change_not_required_because="let me"))
    person.refresh_from_db()
    assert person.password_is_temporary


def test_unticking_the_change_asks_for_a_reason(world: World, admin: Browser, settings: Any) -> None:
    settings.RESECURE = settings.RESECURE.model_copy(update={"require_password_change_always": False})
    person = world.person()
    admin.resecure(person)
    answer = admin.set_password(person, require_change="")
    assert answer.status_code == 422
    assert "Say why the person may keep this password" in words_of(answer)
    done = admin.set_password(person, require_change="", change_not_required_because="a shared ward computer")
    assert "The person may keep this password." in words_of(done)
    person.refresh_from_db()
    assert not person.password_is_temporary


def test_a_disabled_account_gets_no_password(world: World, admin: Browser) -> None:
    person = world.person(status="disabled")
    assert "Enable the account first." in words_of(admin.get("temporary_password", person.pk))
    assert admin.set_password(person, **IDENTIFIED).status_code == 409


def test_the_state_is_never_complete_while_something_is_open(world: World, admin: Browser) -> None:
    person = world.person()
    made = world.resecured(person, by=admin.account)
    shown = admin.get("resecuring", made.pk)
    assert "Not complete." in words_of(shown)
    assert "data-done" not in source_of(shown)
    end(person.pk, outcome=Outcome.FINISHED, now=timezone.now())
    assert "a connected system has not answered yet" in words_of(admin.get("resecuring", made.pk))
    for delivery in Delivery.objects.all():
        outbox.acknowledge(delivery, now=timezone.now())
    shown = admin.get("resecuring", made.pk)
    assert "Complete." in words_of(shown)
    assert "Not complete." not in words_of(shown)
    assert "data-done" in source_of(shown)
    assert " ms" in words_of(shown)


def test_a_failed_delivery_says_why_and_can_be_sent_again(world: World, admin: Browser) -> None:
    person = world.person()
    made = world.resecured(person, by=admin.account)
    delivery = Delivery.objects.get(resecuring=made.pk, system="mail")
    outbox.fail(delivery, because="the address was refused")
    assert "the address was refused" in words_of(admin.get("resecuring", made.pk))
    assert admin.post("resecuring", made.pk).status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == "requested"
    assert world.records("delivery_retried", person) == 1


def test_an_auditor_reads_the_state_but_sends_nothing_again(world: World, admin: Browser) -> None:
    person = world.person()
    made = world.resecured(person, by=admin.account)
    auditor = Browser(world, world.administrator("auditor"))
    assert "Send again now" not in words_of(auditor.get("resecuring", made.pk))
    assert auditor.post("resecuring", made.pk).status_code == 409
    assert world.records("delivery_retried", person) == 0


def test_the_state_of_a_resecuring_out_of_scope_is_not_found(world: World, admin: Browser) -> None:
    there = world.administrator(organisation=world.elsewhere)
    made = world.resecured(world.person(organisation=world.elsewhere), by=there)
    there_text, unknown = admin.get("resecuring", made.pk), admin.get("resecuring", uuid4())
    assert there_text.status_code == unknown.status_code == 404
    assert admin.post("resecuring", made.pk).status_code == 404


def test_the_part_that_lives_is_sent_alone(world: World, admin: Browser) -> None:
    made = world.resecured(world.person(), by=admin.account)
    part = admin.client.get(at("resecuring", made.pk), headers={"X-Fragment": "progress"})
    assert part.content.decode().strip().startswith('<div id="progress"')


def test_where_typing_is_not_allowed_the_page_only_generates(world: World, admin: Browser, settings: Any) -> None:
    person = world.person()
    admin.resecure(person)
    settings.RESECURE = settings.RESECURE.model_copy(update={"temporary_password_may_be_typed": False})
    shown = admin.get("temporary_password", person.pk)
    assert 'name="typed"' not in source_of(shown)
    shown_password(admin.set_password(person))


def test_a_reload_of_a_password_that_may_be_kept_shows_nothing_either(
    world: World, admin: Browser, settings: Any
) -> None:
    settings.RESECURE = settings.RESECURE.model_copy(update={"require_password_change_always": False})
    person, key = world.person(), str(uuid4())
    kept = {
        "key": key,
        "seen_generation": person.generation,
        "require_change": "",
        "change_not_required_because": "a ward computer",
        **IDENTIFIED,
    }
    password = shown_password(admin.set_password(person, **kept))
    again = admin.set_password(person, **kept)
    assert again.status_code == 200
    assert password not in source_of(again)
    assert world.records("temporary_password_set", person) == 1
