"""The two best known clients of npm: in, out when an administrator resecures, and back after the steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.outside.peers import free_port, running
from tests.journeys.outside.test_apache import cookies_of, is_at_the_rota, opens
from tests.journeys.outside.visitor import NODE, old_node  # noqa: F401 - asked by name
from tests.journeys.stories import Story, accept, check_profile, choose_password, resecure, set_secret, sign_in, update

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]


@pytest.mark.skipif("old_node()", reason="these clients need Node 20 or newer")
@pytest.mark.parametrize(
    ("client", "registered", "state"),
    [
        ("express", {"logout_address": "/backchannel-logout"}, "acknowledged"),
        ("openid-client", {"asks_each_time": True}, "confirmed"),
    ],
)
def test_a_client_of_npm_lets_a_person_in_and_out_and_in_again(
    story: Story,
    register: Callable[..., tuple[Any, str]],
    tmp_path: Path,
    client: str,
    registered: dict[str, Any],
    state: str,
) -> None:
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    if "logout_address" in registered:
        registered = {"logout_address": f"{here}{registered['logout_address']}"}
    name = f"Rota by {client}"
    application, secret = register(name, redirect_addresses=[f"{here}/callback"], **registered)
    person, desk = story.person(given_name="Noor", family_name="Haddad"), story.desk()
    command = ["node", str(NODE / f"{client}.mjs"), story.service.url, str(application.pk), secret, str(port)]
    with running(command, f"{here}/healthy", tmp_path):
        theirs = story.window()
        theirs.also = (here,)
        theirs.page.goto(here)
        sign_in(theirs, person.address)
        is_at_the_rota(theirs, here)
        expect(theirs.page.locator("main")).to_contain_text(person.address)
        stolen = cookies_of(theirs, here)
        assert opens(here, stolen)

        resecure(desk, person)
        password = update(desk, story.service)
        expect(desk.page.locator("tr", has_text=name)).to_contain_text(state)

        assert not opens(here, stolen)
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
