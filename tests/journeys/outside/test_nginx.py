"""nginx with auth_request, configured as the manual says, before an application that speaks no OpenID."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from resecure.identity.applications import Kind
from tests.journeys.outside.peers import free_port, nginx
from tests.journeys.outside.test_apache import cookies_of, is_at_the_rota, opens
from tests.journeys.stories import Story, accept, check_profile, choose_password, resecure, set_secret, sign_in, update

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
MANUAL = Path(__file__).parents[3] / "docs" / "forward-auth.md"


def documented() -> str:
    """The configuration for nginx, out of the manual."""
    (found,) = re.findall(r"```nginx\n(.*?)```", MANUAL.read_text(), flags=re.DOTALL)
    return str(found)


def test_nginx_lets_a_person_in_and_out_on_the_next_request_and_in_again_after_the_steps(
    story: Story, register: Callable[..., tuple[Any, str]], tmp_path: Path
) -> None:
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    application, _none = register("Rota by nginx", Kind.FORWARD, address=here)
    person, desk = story.person(given_name="Åsa", family_name="Lindqvist"), story.desk()
    with nginx(
        tmp_path / "nginx",
        port=port,
        resecure=story.service.url,
        application=str(application.pk),
        documented=documented(),
    ):
        theirs = story.window()
        theirs.also = (here,)
        theirs.page.goto(f"{here}/?week=7&of=March")
        sign_in(theirs, person.address)
        expect(theirs.page).to_have_url(f"{here}/?week=7&of=March")
        expect(theirs.page.locator("h1")).to_have_text("The rota of the week")
        stolen = "; ".join(each for each in cookies_of(theirs, here).split("; ") if "forward=" in each)
        assert opens(here, stolen)

        resecure(desk, person)
        assert not opens(here, stolen)
        password = update(desk, story.service)
        row = desk.page.locator("tr", has_text="Rota by nginx")
        expect(row).to_contain_text("confirmed")
        theirs.page.goto(here)
        theirs.at("/sign-in/")
        sign_in(theirs, person.address, password)
        assert not opens(here, cookies_of(theirs, here))
        choose_password(theirs)
        accept(theirs)
        check_profile(theirs)
        set_secret(theirs)
        theirs.page.get_by_role("button", name="Go on to the page you asked for").click()
        is_at_the_rota(theirs, here)
        assert not opens(here, stolen)
