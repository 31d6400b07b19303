"""Journeys: a real server, a real worker, a real browser. Every page that one reaches is looked at on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import World, make_world
from tests.journeys.browsers import ARGUMENTS, SECONDS, Window
from tests.journeys.service import Service, own_database, running
from tests.journeys.stories import Story, is_in

CHROMIUM = "/usr/bin/chromium"
DATABASE = f"resecure_journeys_{os.getpid()}"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Service]:
    """Server and worker over a database of their own; the connection of a journey is to that one."""
    from django.conf import settings
    from django.db import connection

    folder = tmp_path_factory.mktemp("journeys")
    with django_db_blocker.unblock(), own_database(connection, DATABASE) as url:
        first = connection.settings_dict["NAME"]
        assert first == DATABASE
        with running(folder, database_url=url, settings=settings.RESECURE) as made:
            yield made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # The browser's driver runs a loop in this thread, and Django would take that for asynchronous code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        expect.set_options(timeout=SECONDS * 1000)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def journeys_world(service: Service, hashed_password: str) -> World:
    """One tree of organisations for all journeys; each makes people of its own in it."""
    return make_world(hashed_password)


@pytest.fixture
def story(
    request: pytest.FixtureRequest,
    service: Service,
    chromium: Browser,
    journeys_world: World,
    django_db_blocker: Any,
    tmp_path: Path,
) -> Iterator[Story]:
    """People and browsers. Afterwards somebody else is as signed in as before, and no browser has complained."""
    from django.conf import settings

    with django_db_blocker.unblock():
        made = Story(world=journeys_world, service=service, chromium=chromium, cookie=settings.SESSION_COOKIE)
        other = made.person(given_name="Elsa", family_name="Bystander")
        theirs = made.window(other)
        before = _row_of(other)
        try:
            yield made
            is_in(theirs)
            theirs.shows("Elsa", "Bystander")
            assert _row_of(other) == before
        finally:
            complaints = [each for window in made.windows for each in window.complaints]
            _keep_pictures(made.windows, folder=tmp_path)
            for window in made.windows:
                window.context.close()
    assert not complaints, "\n".join(complaints)
    written = service.logged()
    assert [line for line in written.splitlines() if "Traceback" in line or '"level": "error"' in line] == []
    assert [secret for secret in service.secrets if secret in written] == []


def _row_of(account: Any) -> tuple[Any, ...]:
    account.refresh_from_db()
    return account.generation, account.password, account.status, account.secret_set_at


def _keep_pictures(windows: list[Window], *, folder: Path) -> None:
    """What each browser showed last: pytest keeps the folder of a test that failed."""
    if not os.environ.get("RESECURE_TEST_PICTURES"):
        return
    for number, window in enumerate(windows):
        window.page.screenshot(path=folder / f"{number}.png", full_page=True)
