"""An administrator is locked out: another one asks, a third one approves, the first is back at work."""

from __future__ import annotations

import pytest

from resecure.audit.models import Record
from resecure.identity.accounts import Account
from resecure.identity.alerts import Alert
from resecure.identity.approvals import Approval
from resecure.identity.resecurings import Resecuring
from tests.journeys.stories import (
    Story,
    account_path,
    back_to_work,
    fill_dialog,
    is_in,
    is_out,
    mail_comes,
    sign_in,
    update,
)

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
PLA = "primary_local_administrator"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_administrator_is_resecured_only_when_a_second_person_approves(story: Story, *, scripts: bool) -> None:
    target = story.administrator(given_name="Tom", family_name="Lockedout")
    asker = story.administrator(PLA, given_name="Ada", family_name="Asker")
    second = story.administrator(PLA, given_name="Pia", family_name="Second")
    theirs = story.window(target)
    desk, other = story.window(asker, scripts=scripts), story.window(second, scripts=scripts)

    # Ada reads beforehand that one person is not enough, confirms who Tom is, and asks.
    desk.go(account_path(target))
    if scripts:
        desk.page.get_by_role("button", name="Resecure Account", exact=True).click()
    else:
        desk.press("Resecure Account")
    desk.shows("A second person must approve this", "The person holds an administrator role (Local Administrator)")
    fill_dialog(desk)
    desk.press("Ask a second person")
    desk.heading("Resecure Account for Tom Lockedout: a second person")
    desk.shows("Waiting", "You asked for this.")
    where = desk.path
    is_in(theirs)  # nothing has happened yet
    assert not Resecuring.objects.filter(account=target.pk).exists()

    # Pia has a mail, finds it, reads on what evidence, and approves.
    if scripts:
        mail_comes(story.window(), second.address, "An administrator asks you to approve something")
    other.go("/approvals/")
    other.follow("Resecure Account: Tom Lockedout")
    other.at(where)
    other.shows("Ada Asker", "In person, with photo ID", "call 4711", "Speak to Ada Asker first")
    other.press("Approve")
    other.shows("Approved and carried out", "It is done: the account is resecured.")
    is_out(theirs)

    # Ada's page says so by itself; she sets the temporary password and reads it out.
    if not scripts:
        desk.go(where)
    desk.shows("It is done: the account is resecured.")
    desk.press("Set temporary password")
    desk.at(f"{account_path(target)}temporary-password/")
    password = update(desk, story.service)
    sign_in(theirs, target.address, password)
    back_to_work(theirs)

    made = Resecuring.objects.get(account=target.pk)
    assert (made.by, made.approved_by) == (asker.pk, second.pk)
    assert Approval.objects.get(account=target.pk).state == "executed"
    events = set(Record.objects.filter(target=target.pk).values_list("event", flat=True))
    assert {"approval_asked", "approval_given", "account_resecured", "temporary_password_set"} <= events


def test_the_second_person_who_is_not_sure_declines_and_the_asker_reads_why(story: Story) -> None:
    target = story.administrator(given_name="Tom", family_name="Calm")
    desk, other = story.desk(PLA), story.desk(PLA)
    theirs = story.window(target)
    before = Account.objects.get(pk=target.pk)
    desk.go(f"{account_path(target)}resecure/")
    fill_dialog(desk)
    desk.press("Ask a second person")
    where = desk.path

    other.go(where)
    other.press("Decline")
    other.press("Decline")
    other.shows("There is a problem", "Say why you decline")
    other.fill("Why do you decline?", "I rang Tom: he had asked for nothing.")
    other.press("Decline")
    other.shows("Declined")
    desk.shows("I rang Tom: he had asked for nothing.")  # by itself
    is_in(theirs)
    after = Account.objects.get(pk=target.pk)
    assert (after.generation, after.password) == (before.generation, before.password)


def test_a_primary_administrator_looks_at_an_alert_and_says_what_they_found(story: Story) -> None:
    person = story.person(given_name="Nora", family_name="Noticed")
    story.world.resecured(person, by=story.administrator(given_name="New", family_name="Administrator"))
    desk = story.desk(PLA)
    desk.go("/alerts/")
    desk.page.get_by_role("link", name="The first resecure by an administrator: Nora Noticed", exact=True).click()
    desk.shows("This administrator had resecured nobody before.", "New Administrator")
    desk.fill("What did you find?", "I asked Nora and New; it was in order.")
    desk.press("Acknowledge")
    desk.shows("I asked Nora and New; it was in order.")
    [alert] = Alert.objects.filter(account=person.pk, kind="first_by_administrator")
    assert alert.note == "I asked Nora and New; it was in order."
