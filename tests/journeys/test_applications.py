"""An operator registers an application; a person sees where they are signed in, and leaves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.stories import Story

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]


def test_an_operator_registers_an_application_renews_its_secret_and_removes_it(story: Story) -> None:
    desk = story.window(story.administrator("global_administrator", organisation=story.world.region))
    desk.go("/")
    desk.follow("Applications")
    desk.press("Register an application")
    desk.choose("Web application with a secret (OpenID Connect)")
    desk.press("Continue")
    desk.press("Register")
    desk.shows("There is a problem", "Enter")
    desk.fill("Name", "Rota of the region")
    desk.page.get_by_label("Redirect addresses").fill("http://rota.example.org/callback")
    desk.page.get_by_label("Logout address").fill("https://rota.example.org/out")
    desk.press("Register")
    desk.shows("There is a problem", "Begin with https://")
    expect(desk.page.get_by_label("Logout address")).to_have_value("https://rota.example.org/out")
    desk.page.get_by_label("Redirect addresses").fill("https://rota.example.org/callback")
    desk.page.get_by_label("Organisations").fill("NOWHERE")
    desk.press("Register")
    desk.shows("There is no organisation with the code NOWHERE")
    desk.page.get_by_label("Organisations").fill(story.world.region.code)
    desk.press("Register")
    desk.shows("It is shown once.")
    first = desk.page.locator("#client-secret").inner_text().strip()
    story.service.secrets.add(first)
    assert first.startswith("ras_")
    desk.follow("Done: go to the application")
    desk.shows("Rota of the region", "https://rota.example.org/callback", "and all organisations below")
    desk.hides(first)

    desk.follow("Make a new secret, or end the older one")
    desk.press("Make a new secret")
    second = desk.page.locator("#client-secret").inner_text().strip()
    story.service.secrets.add(second)
    assert second != first
    desk.follow("Done: go to the application")
    desk.follow("Make a new secret, or end the older one")
    desk.shows("Two secrets work now")
    desk.press("End the older secret")
    desk.shows("Only the newest secret counts now.")

    desk.follow("Remove this application")
    desk.shows("Nobody can sign in to it any more")
    desk.press("Remove")
    desk.shows("The application is removed")
    desk.hides("Rota of the region")


def test_a_local_administrator_finds_no_applications_to_manage(story: Story) -> None:
    desk = story.desk()
    desk.go("/")
    expect(desk.page.get_by_role("link", name="Applications", exact=True)).to_have_count(0)
    assert desk.status_of("/applications/")[0] == 403


def test_a_person_sees_which_applications_they_are_signed_in_to_and_leaves_one(story: Story) -> None:
    from resecure.identity.accounts import system_account
    from resecure.identity.application_sessions import ApplicationSession
    from resecure.identity.applications import Kind
    from resecure.identity.sessions import Session
    from resecure.operations.register_application import register_application
    from resecure.operations.shared.application_frame import Registration
    from resecure.operations.sign_in_to_application import sign_in_to_application

    person = story.person(given_name="Ruth", family_name="Okafor")
    theirs = story.window(person)
    theirs.go("/my-account/applications/")
    theirs.shows("You are not signed in to any application.")
    for name in ("Rota of the ward", "Letters"):
        typed = Registration(name=name, address="https://rota.example.org", organisations=[story.world.region.code])
        made, _none = register_application(typed, kind=Kind.FORWARD, by=system_account())
        person.acting_session = Session.objects.get(account=person).pk
        sign_in_to_application(made, by=person)
    theirs.reload()
    theirs.shows("Rota of the ward", "Letters", "From this browser", "What you may use")
    theirs.press(re.compile("^Sign out of it ?: Letters"))
    theirs.shows("You are signed out of that application.")
    left = ApplicationSession.objects.filter(account=person, ended_at=None).values_list("application__name", flat=True)
    assert list(left) == ["Rota of the ward"]
