"""A sign-in that still owes steps opens no page of the service but its own."""

from __future__ import annotations

from uuid import uuid4

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from tests.conftest import World
from tests.web.sign_in.browser import Browser

# What anybody may see, signed in or not.
OPEN = {
    "sign_in:start", "sign_in:cancel", "sign_in:passkey", "sign_in:ask_for_passkey",
    "sign_in:sign_out", "my_account:home",
    "organisations:find", "organisations:page",
    "help:index", "help:article", "help:aup",
    "mailbox:index", "mailbox:message",
}  # fmt: skip
STEPS = {"sign_in:new_password", "sign_in:aup", "sign_in:profile", "sign_in:account_secret"}
AREAS = {"sign_in", "my_account", "user_management", "organisations", "help", "mailbox"}
SAMPLES = {"uuid": uuid4, "int": lambda: 1, "str": lambda: "PRA", "slug": lambda: "resecure"}


def _pages(resolver: URLResolver, prefix: str = "") -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            found += _pages(each, f"{prefix}{each.namespace}:" if each.namespace else prefix)
        elif isinstance(each, URLPattern) and each.name:
            kinds = {name: type(kind).__name__.removesuffix("Converter").lower()
                     for name, kind in each.pattern.converters.items()}  # fmt: skip
            found.append((f"{prefix}{each.name}", {name: SAMPLES.get(kind, lambda: "resecure")()
                          for name, kind in kinds.items()}))  # fmt: skip
    return found


def _web_pages() -> list[tuple[str, str]]:
    """Every named page of the web with an address that reaches it."""
    reached = []
    for name, arguments in _pages(get_resolver()):
        if name.partition(":")[0] not in AREAS:
            continue
        try:
            reached.append((name, reverse(name, kwargs=arguments)))
        except NoReverseMatch:
            reached.append((name, reverse(name, kwargs={"code": "PRA"})))
    return reached


def test_a_sign_in_with_steps_owed_opens_no_page_but_its_own_step(world: World) -> None:
    person = world.administrator("global_administrator")
    browser = half_way_administrator(world, person)
    pages = _web_pages()
    assert len(pages) > 20
    for name, path in pages:
        if name in OPEN | STEPS:
            continue
        for response in (browser.get(path), browser.post(path)):
            assert response.status_code in {302, 403, 404, 405}, (name, response.status_code)
            assert person.name not in response.content.decode(), name
            if response.status_code == 302:
                assert response["Location"].startswith(reverse("sign_in:start")), name


def test_nobody_is_led_to_sign_in_from_every_page_that_is_not_open(world: World) -> None:
    for name, path in _web_pages():
        response = Browser().get(path)
        if name in OPEN:
            assert response.status_code in {200, 302, 404, 405}, name
        else:
            assert response.status_code in {302, 404, 405}, name


def half_way_administrator(world: World, person: object) -> Browser:
    """Half-way with a new policy to accept: an administrator is not resecured by one of equal standing."""
    from resecure.identity.agreements import AupVersion

    newer = world.aup.published_at.replace(year=world.aup.published_at.year + 1)
    AupVersion.objects.create(version="2", text="Be very careful.", published_at=newer)
    browser = Browser()
    browser.sign_in(person.address)  # type: ignore[attr-defined]
    assert browser.handle
    return browser
