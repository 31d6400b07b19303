"""The state of a resecuring with many applications can be read on every screen."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.journeys.browsers import Window
from tests.journeys.stories import Story, account_path

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
STATES = ("confirmed", "acknowledged", "requested", "failed", "closed")
# Whatever sticks out of the panel that it stands in.
STICKS_OUT = """() => [...document.querySelectorAll('.rs-panel')].flatMap((panel) =>
  [...panel.querySelectorAll('*')].filter((each) => each.checkVisibility() && !each.closest('.nhsuk-u-visually-hidden')
    && getComputedStyle(each).clipPath === 'none' && !each.closest('thead')
    && each.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1)).map((each) => each.outerHTML)"""
LINES = """(cell) => { const range = document.createRange(); range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map((each) => Math.round(each.top))).size }"""


def told(person: Any, resecuring: Any, *, by: Any) -> None:
    """Forty applications in every state, some with names that no line holds."""
    from resecure.propagation.models import Delivery

    now = timezone.now()
    names = {2: "Rota and roster of the whole integrated urgent care service of the region", 3: "Anästhesie" + "x" * 60}
    rows = []
    for number in range(40):
        state = STATES[number % 5]
        done = now if state in {"confirmed", "acknowledged"} else None
        closed = {"closed_at": now, "closed_by": by.pk, "closed_because": "Switched off."} if state == "closed" else {}
        rows.append(
            Delivery(
                order=10**6 + number,
                system="application",
                target=str(uuid4()),
                change="resecured",
                account=person.pk,
                resecuring=resecuring.pk,
                payload={"name": names.get(number, f"Application {number}"), "asks": state == "confirmed"},
                state=state,
                requested_at=now,
                next_attempt_at=now + timedelta(days=1),
                turn=now + timedelta(days=1),
                told_at=now,
                acknowledged_at=done,
                confirmed_at=done if state == "confirmed" else None,
                failed_because="the application has no address at which it could be told" if state == "failed" else "",
                **closed,
            )
        )
    Delivery.objects.bulk_create(rows)


def looks_right(window: Window, path: str, *, width: int) -> None:
    window.page.set_viewport_size({"width": width, "height": 900})
    window.go(path)
    assert window.page.evaluate("document.documentElement.scrollWidth") <= width
    assert window.page.evaluate(STICKS_OUT) == []
    heads = window.page.locator(".rs-told thead th")
    assert heads.count() == 5
    if window.page.locator(".rs-told thead").evaluate("(each) => getComputedStyle(each).position") == "absolute":
        return  # each application stands by itself
    for each in heads.all():
        assert each.evaluate(LINES) == 1
    for each in window.page.locator(".rs-told td.rs-told__time").all():
        assert each.evaluate(LINES) == 1


def test_forty_applications_in_every_state_can_be_read_at_every_width(story: Story) -> None:
    by = story.administrator(given_name="Ada", family_name="Minister")
    person = story.person(given_name="Maximiliana-Theodora", family_name="Featherstonehaugh-Cholmondeley")
    made = story.world.resecured(person, by=by)
    told(person, made, by=by)
    desk = story.window(by)
    for width in (1280, 800, 390, 320):
        looks_right(desk, f"/user-management/resecurings/{made.pk}/", width=width)
        looks_right(desk, account_path(person), width=width)
    desk.go(f"/user-management/resecurings/{made.pk}/")
    desk.shows("16 of 40 must still answer.", "closed by Ada Minister on", "Close without an answer")


def test_an_application_that_is_gone_is_closed_in_the_browser(story: Story) -> None:
    by = story.administrator(given_name="Ada", family_name="Minister")
    person = story.person(given_name="Piet", family_name="Maas")
    made = story.world.resecured(person, by=by)
    told(person, made, by=by)
    desk = story.window(by, scripts=False)
    desk.go(f"/user-management/resecurings/{made.pk}/")
    desk.follow(re.compile("^Close without an answer ?: Application 8$"))
    desk.press("Confirm")
    desk.shows("Say why it can never be told")
    desk.fill("Why can it never be told?", "Switched off for good on 3 March.")
    desk.press("Confirm")
    desk.shows("It is closed without an answer.", "Switched off for good on 3 March.")
