"""The pictures of the handbook are those of a journey; scripts/take_pictures keeps them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.journeys.browsers import Window
from tests.journeys.stories import Story, account_path, fill_dialog, sign_in, update

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
MOST_BYTES = 150_000


def take(window: Window, name: str, *, folder: Path) -> None:
    kept = folder / f"resecure-{name}.png"
    window.page.screenshot(path=kept)
    assert kept.stat().st_size <= MOST_BYTES


def test_the_pictures_are_small(story: Story, tmp_path: Path) -> None:
    folder = Path(os.environ.get("RESECURE_TAKE_PICTURES") or tmp_path)
    person = story.person(given_name="Nerys", family_name="Tamblyn", address="nerys.tamblyn@journeys.example.org")
    desk = story.window(story.administrator(given_name="Ada", family_name="Minister"))
    desk.page.set_viewport_size({"width": 1024, "height": 720})
    desk.go(account_path(person))
    take(desk, "account", folder=folder)
    desk.page.get_by_role("button", name="Resecure Account", exact=True).click()
    take(desk, "dialog", folder=folder)
    fill_dialog(desk)
    desk.press("Confirm")
    password = update(desk, story.service)
    take(desk, "password-shown", folder=folder)
    theirs = story.window(phone=True)
    sign_in(theirs, person.address, password)
    take(theirs, "new-password-phone", folder=folder)
