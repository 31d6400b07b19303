"""A person's browser, for tests of pages: cookies, forms, and what is shown."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.conftest import PASSWORD, World

NEW = "a quiet lantern over seven hills"
SECRET = "thunderstorms"


class Browser(Client):
    """A client that signs in as people do."""

    def sign_in(self, address: str, password: str = PASSWORD, **more: Any) -> HttpResponse:
        return self.post(reverse("sign_in:start"), {"address": address, "password": password, **more})

    def take(self, step: str, **typed: str) -> HttpResponse:
        return self.post(reverse(f"sign_in:{step}"), typed)

    def has_session(self) -> bool:
        return self.get(reverse("my_account:profile")).status_code == 200

    @property
    def handle(self) -> str:
        return self.cookies[settings.SIGN_IN_COOKIE].value if settings.SIGN_IN_COOKIE in self.cookies else ""

    @property
    def token(self) -> str:
        return self.cookies[settings.SESSION_COOKIE].value if settings.SESSION_COOKIE in self.cookies else ""


def leads_to(response: HttpResponse, name: str) -> bool:
    """Whether the answer leads on to this page."""
    return response.status_code == 302 and urlsplit(response["Location"]).path == reverse(name)


def shown(response: HttpResponse) -> str:
    """The words of the page, without its markup and in one line."""
    page = response.content.decode()
    main = page[page.index("<main") :] if "<main" in page else page
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def temporary(world: World, person: Any) -> str:
    """Resecure the person and set a temporary password; returns it."""
    from resecure.operations.set_temporary_password import set_temporary_password

    by = world.administrator()
    world.resecured(person, by=by)
    made = set_temporary_password(person.pk, by=by)
    assert made.password is not None
    return made.password


def half_way(world: World, person: Any, *steps: str) -> Browser:
    """A browser in which the resecured person has signed in and taken these steps."""
    browser = Browser()
    browser.sign_in(person.address, temporary(world, person))
    typed = {
        "new_password": {"password": NEW},
        "aup": {"version": "1", "accepted": "on"},
        "profile": {"given_name": "Someone", "family_name": "Else"},
    }
    for step in steps:
        assert browser.take(step, **typed[step]).status_code == 302
    return browser
