"""Who is asking: the honest call, the fraudster who comes back, the administrator who is not sure, the auditor."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from resecure.audit.models import Record
from resecure.identity.accounts import Account
from resecure.identity.alerts import Alert
from resecure.identity.authentications import Authentication
from resecure.identity.cautions import Caution
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.resecurings import Resecuring
from resecure.propagation.models import Delivery
from tests.journeys.browsers import Window
from tests.journeys.service import later
from tests.journeys.stories import Story, account_path, is_in, shown_password

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
THEIR_SECRET = "marmaladesky"


class Counted:
    """An administrator at a window, whose every action is counted: each press, choice and text that is typed."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.presses = 0
        self.entries = 0

    @property
    def actions(self) -> int:
        return self.presses + self.entries

    def press(self, name: str, *, opens_dialog: bool = False) -> None:
        self.presses += 1
        if opens_dialog:
            self.window.page.get_by_role("button", name=name, exact=True).click()
            self.window.arrived()
        else:
            self.window.press(name)

    def choose(self, label: str) -> None:
        self.entries += 1
        self.window.choose(label)

    def fill(self, label: str, text: str) -> None:
        self.entries += 1
        self.window.fill(label, text)


def asked_for(desk: Window) -> list[int]:
    """The positions on the page."""
    labels = desk.page.locator("label", has_text=re.compile(r"^\s*\d+\w\w letter\s*$")).all_inner_texts()
    found = [int(re.findall(r"\d+", each)[0]) for each in labels]
    assert len(found) == 3
    return found


def label_of(desk: Window, position: int) -> str:
    """What the box of this letter is called."""
    label = desk.page.locator("label", has_text=re.compile(rf"^\s*{position}(st|nd|rd|th) letter\s*$"))
    return label.inner_text().strip()


def ask(desk: Window, person: Any) -> list[int]:
    """Authenticate User, from the person's page to the boxes; returns the positions."""
    desk.go(account_path(person))
    desk.press("Authenticate User")
    desk.choose("Resecure Account")
    desk.press("Show which letters to ask for")
    return asked_for(desk)


def answer(desk: Window, *, letters: str) -> None:
    for position, letter in zip(asked_for(desk), letters, strict=True):
        desk.fill(label_of(desk, position), letter)
    desk.press("Compare")


def letters_are_locked(desk: Window) -> None:
    """The button leads nowhere now, and says why beside it."""
    button = desk.page.get_by_role("button", name="Authenticate User", exact=True)
    expect(button).to_have_attribute("aria-disabled", "true")
    desk.shows("Wrong letters were given too often. Authenticate User is disabled until")


def test_the_fraudster_tries_another_administrator_comes_back_the_next_day_and_is_stopped(story: Story) -> None:
    person = story.person(given_name="Vera", family_name="Victim")
    theirs = story.window(person)
    ada = story.administrator(given_name="Ada", family_name="First")
    ben = story.administrator(given_name="Ben", family_name="Second")
    first, second = story.window(ada), story.window(ben)
    before = Account.objects.get(pk=person.pk)

    # Ada hears three letters that are wrong, and learns only that.
    heard = ask(first, person)
    answer(first, letters="000")
    first.heading("No: the letters are wrong")
    first.shows("2 more wrong answers", "Do not say which letter was wrong: nobody knows.")
    first.hides(THEIR_SECRET)

    # The caller tries Ben, hoping for other letters. They are the same, and the tries are shared.
    assert ask(second, person) == heard
    answer(second, letters="etn")
    second.shows("1 more wrong answer")
    assert ask(second, person) == heard
    answer(second, letters="ria")
    second.shows("Authenticate User is now disabled for this account until")

    # Ben is not sure and says so; Ada sees it when the caller is with her again, and letters cannot be asked for.
    second.follow("I cannot confirm this person")
    second.fill("What was said? (optional)", "Wanted to be quick and knew a colleague's name.")
    second.press("Stop and record")
    first.go(account_path(person))
    first.shows("Caution", "Ben Second was not sure")
    letters_are_locked(first)

    # The next day, 23 hours on: the lock of an hour is over, the caution is not, and the letters are the same ones.
    with later(story.service, hours=23) as tomorrow:
        with time_machine.travel(timezone.now() + timedelta(hours=23), tick=False):
            desk = story.window(ada, at=tomorrow)
            now = timezone.now()
        desk.go(account_path(person))
        desk.shows("Caution", "Ben Second was not sure", "See the person, or a video call, before you go on")
        for letters, left in (("eee", "2 more wrong answers"), ("tao", "1 more wrong answer"), ("sin", "disabled")):
            assert ask(desk, person) == heard
            answer(desk, letters=letters)
            desk.shows(left)
        desk.go(account_path(person))
        letters_are_locked(desk)

    # What is stored: six wrong answers, locks of 1 and 4 hours, nothing confirmed, nothing changed.
    state = Authentication.objects.get(account=person.pk)
    assert (state.failures, state.needs_lift, state.asked) == (6, False, heard)
    assert state.locked_until is not None
    assert abs(state.locked_until - (now + timedelta(hours=4))) < timedelta(minutes=5)
    assert not IdentityConfirmation.objects.filter(account=person.pk).exists()
    assert not Resecuring.objects.filter(account=person.pk).exists()
    after = Account.objects.get(pk=person.pk)
    assert (after.generation, after.password, after.secret) == (before.generation, before.password, before.secret)
    is_in(theirs)
    assert Caution.objects.get(account=person.pk).by == ben.pk
    alerts = sorted(Alert.objects.filter(account=person.pk).values_list("kind", "actor"))
    assert alerts == sorted(
        [("authentication_failed", ben.pk), ("authentication_failed", ada.pk), ("not_confirmed", ben.pk)]
    )
    events = list(Record.objects.filter(target=person.pk, event="authentication_failed").order_by("id"))
    assert [each.actor for each in events] == [ada.pk, ben.pk, ben.pk, ada.pk, ada.pk, ada.pk]
    told = list(Delivery.objects.filter(account=person.pk, system="mail").values_list("change", flat=True))
    assert (told.count("authentication_failed"), told.count("authentication_locked")) == (4, 2)
    assert not Record.objects.filter(target=person.pk, details__contains="etn").exists()


def test_who_is_not_sure_stops_and_the_next_administrator_sees_who_and_when(story: Story) -> None:
    person = story.person(given_name="Uma", family_name="Unsure")
    theirs = story.window(person)
    ada = story.administrator(given_name="Ada", family_name="Doubting")
    desk, colleague = story.window(ada), story.desk()
    before = Account.objects.get(pk=person.pk)

    desk.go(account_path(person))
    desk.page.get_by_role("button", name="Resecure Account", exact=True).click()
    desk.page.locator("dialog#resecure-dialog").get_by_role("link", name="I cannot confirm this person").click()
    desk.heading("I cannot confirm this person")
    desk.fill("What was said? (optional)", "Would not be called back.")
    desk.press("Stop and record")
    desk.shows("It is on record that you could not confirm this person.", "Do not say which answer was wrong")

    colleague.go(account_path(person))
    stored = Caution.objects.get(account=person.pk)
    day = f"{stored.at.day} {stored.at:%B %Y}"
    colleague.shows("Caution", f"Ada Doubting was not sure, {day}", "if you are not sure, stop")
    colleague.page.get_by_role("button", name="Resecure Account", exact=True).click()
    dialog = colleague.page.locator("dialog#resecure-dialog")
    assert "Ada Doubting was not sure" in dialog.inner_text()

    assert stored.by == ada.pk
    assert stored.until - stored.at == timedelta(hours=24)
    [alert] = Alert.objects.filter(account=person.pk)
    assert (alert.kind, alert.actor, alert.acknowledged_at) == ("not_confirmed", ada.pk, None)
    record = Record.objects.get(target=person.pk, event="identity_not_confirmed")
    assert json.loads(record.details)["said"] == "Would not be called back."
    after = Account.objects.get(pk=person.pk)
    assert (after.generation, after.password, after.status) == (before.generation, before.password, "active")
    is_in(theirs)


def test_an_honest_call_by_call_back_takes_six_actions(story: Story) -> None:
    person, service = story.person(mobile="07700900456"), story.service
    desk = story.desk()
    desk.go(account_path(person))

    hand = Counted(desk)
    hand.press("Resecure Account", opens_dialog=True)
    desk.shows("Number on record: 07700900456")
    hand.choose("They cannot remember their account secret")
    hand.choose("Call back to the number on record")
    hand.fill("Reference", "call 4711")
    hand.press("Confirm")
    hand.press("Update")
    shown_password(desk, service)

    assert hand.actions <= 6, (hand.presses, hand.entries)
    made = IdentityConfirmation.objects.get(account=person.pk)
    assert (made.method, made.used_at is not None) == ("call_back", True)
    assert Resecuring.objects.filter(account=person.pk).count() == 1


def test_an_honest_call_by_account_secret_takes_five_presses(story: Story) -> None:
    """Typing a form and sending it is one action here; each box and choice counted by itself, it is eleven."""
    person, service = story.person(), story.service
    desk = story.desk()
    desk.go(account_path(person))

    hand = Counted(desk)
    hand.press("Resecure Account", opens_dialog=True)
    hand.choose("They have forgotten their security questions or answers")
    hand.choose("Account secret")
    hand.fill("Reference", "call 4712")
    hand.press("Confirm")
    for position in asked_for(desk):
        hand.fill(label_of(desk, position), THEIR_SECRET[position - 1])
    hand.press("Compare")
    desk.heading("Yes: the letters are right")
    hand.press("Go on: Resecure Account")
    hand.press("Update")
    shown_password(desk, service)

    assert hand.presses <= 6
    assert (hand.presses, hand.actions) == (5, 11)
    made = IdentityConfirmation.objects.get(account=person.pk)
    assert (made.method, made.used_at is not None) == ("account_secret", True)
    assert Resecuring.objects.filter(account=person.pk).count() == 1


def test_an_auditor_finds_an_event_by_search_and_exports_it(story: Story, tmp_path: Path) -> None:
    person, other = story.person(given_name="Finn", family_name="Found"), story.person()
    ada = story.administrator(given_name="Ada", family_name="Acting")
    for each in (person, other):
        story.world.resecured(each, by=ada)
    auditor = story.administrator("auditor")
    desk = story.window(auditor)

    desk.go("/audit/")
    desk.fill("Whom it was about", person.address)
    desk.page.get_by_label("What happened", exact=True).select_option("account_resecured")
    desk.press("Search")
    desk.shows("Ada Acting resecured Finn Found")
    assert desk.page.locator("ol.rs-history > li").count() == 1
    with desk.page.expect_download() as given:
        desk.page.get_by_role("link", name="Export as CSV").click()
    file = tmp_path / "found.csv"
    given.value.save_as(file)

    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [(row["event"], row["target"], row["actor"]) for row in rows] == [
        ("account_resecured", str(person.pk), str(ada.pk))
    ]
    [exported] = Record.objects.filter(event="audit_exported", actor=auditor.pk)
    assert exported.target == person.pk
    assert json.loads(exported.details)["filters"]["event"] == "account_resecured"
    assert Record.objects.filter(event="audit_read", actor=auditor.pk, target=person.pk).count() == 1
