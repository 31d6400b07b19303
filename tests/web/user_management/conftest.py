"""A browser of an administrator, and the words of a page."""

from __future__ import annotations

import html
import re
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.conftest import World

IDENTIFIED = {"method": "in_person", "reference": "call 4711"}


class Browser:
    """An administrator's browser on the pages of User Management."""

    def __init__(self, world: World, account: Any) -> None:
        self.account = account
        self.client = Client()
        self.client.cookies[settings.SESSION_COOKIE] = world.session(account)

    def get(self, name: str, *args: Any, **query: Any) -> HttpResponse:
        return self.client.get(at(name, *args), query)  # type: ignore[return-value]

    def post(self, name: str, *args: Any, **data: Any) -> HttpResponse:
        return self.client.post(at(name, *args), data)  # type: ignore[return-value]

    def resecure(self, person: Any, **changes: Any) -> HttpResponse:
        data = {"because": "forgotten_secret", "key": str(uuid4()), **IDENTIFIED, **changes}
        return self.post("resecure", person.pk, **data)

    def set_password(self, person: Any, **changes: Any) -> HttpResponse:
        person.refresh_from_db()
        data = {
            "how": "generate",
            "require_change": "on",
            "seen_generation": person.generation,
            "key": str(uuid4()),
            **changes,
        }
        return self.post("temporary_password", person.pk, **data)


def at(name: str, *args: Any) -> str:
    return reverse(f"user_management:{name}", args=args or None)


def source_of(response: Any) -> str:
    return str(response.content.decode())


def words_of(response: Any) -> str:
    """What a person reads: without markup, spaces evened out."""
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", source_of(response), flags=re.S)
    text = re.sub(r"<wbr>|</span><span>", "", text)  # where an address may break there is no space
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def shown_password(response: HttpResponse) -> str:
    found = re.search(r'id="temporary-password">([^<]+)<', source_of(response))
    assert found is not None
    return html.unescape(found[1])


@pytest.fixture
def admin(world: World) -> Browser:
    """A Local Administrator of the practice."""
    return Browser(world, world.administrator(given_name="Ada", family_name="Minister"))


@pytest.fixture
def primary(world: World) -> Browser:
    """A Primary Local Administrator of the practice."""
    return Browser(world, world.administrator("primary_local_administrator", given_name="Pia", family_name="Primary"))
