"""Apache with mod_auth_openidc: in, out when an administrator resecures, and back after the steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.browsers import Window
from tests.journeys.outside.peers import apache, free_port
from tests.journeys.stories import (
    Story,
    accept,
    check_profile,
    choose_password,
    resecure,
    set_secret,
    sign_in,
    update,
)

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]


def test_apache_lets_a_person_in_shuts_them_out_with_the_resecure_and_in_again_after_the_steps(
    story: Story, register: Callable[..., tuple[Any, str]], tmp_path: Path
) -> None:
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    application, secret = register(
        "Rota by Apache",
        redirect_addresses=[f"{here}/callback"],
        logout_address=f"{here}/callback?logout=backchannel",
    )
    person, desk = story.person(given_name="Ines", family_name="Arkady"), story.desk()
    with apache(tmp_path / "apache", port=port, issuer=story.service.url, client=str(application.pk), secret=secret):
        theirs = story.window()
        theirs.also = (here,)
        theirs.page.goto(here)
        sign_in(theirs, person.address)
        is_at_the_rota(theirs, here)
        stolen = cookies_of(theirs, here)
        assert opens(here, stolen)

        resecure(desk, person)
        password = update(desk, story.service)
        until_told(desk, "Rota by Apache")

        assert not opens(here, stolen)
        theirs.page.goto(here)
        theirs.at("/sign-in/")
        sign_in(theirs, person.address, password)
        assert not opens(here, cookies_of(theirs, here))
        choose_password(theirs)
        accept(theirs)
        check_profile(theirs)
        set_secret(theirs)
        theirs.shows("Your acceptance of the acceptable use policy is recorded")
        theirs.page.get_by_role("button", name="Go on to the page you asked for").click()
        is_at_the_rota(theirs, here)
        assert not opens(here, stolen)
    assert PASSWORD not in (tmp_path / "apache" / "error.log").read_text()


def is_at_the_rota(window: Window, here: str) -> None:
    expect(window.page).to_have_url(re.compile(rf"^{re.escape(here)}/?$"))
    expect(window.page.locator("h1")).to_have_text("The rota of the week")


def cookies_of(window: Window, here: str) -> str:
    """What a thief of this browser's cookies would send to the application."""
    return "; ".join(f"{each['name']}={each['value']}" for each in window.context.cookies(here))


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_given: Any) -> None:
        return None


def opens(here: str, cookies: str) -> bool:
    """Whether the application shows its page for these cookies."""
    try:
        with build_opener(_Stay()).open(Request(f"{here}/", headers={"Cookie": cookies}), timeout=10) as answer:  # noqa: S310
            return b"The rota of the week" in answer.read()
    except HTTPError as led_away:
        return led_away.code not in {302, 401}


def until_told(desk: Window, name: str) -> None:
    """The administrator's page says that the application took our word."""
    row = desk.page.locator("tr", has_text=name)
    expect(row).to_contain_text("acknowledged")
