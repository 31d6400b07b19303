"""Before the last step is saved, the sign-in opens its own next step and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.journeys.stories import STEPS, Story, accept, check_profile, choose_password, is_in, set_secret, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
OPEN_TO_ALL = ("help/", "organisations/", "mailbox/", "api/v1/openapi", "api/v1/aup", "health", "ready", "metrics")


def routes(found: list[URLPattern | URLResolver] | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every route of the service as a path to try, and who may open it."""
    for each in get_resolver().url_patterns if found is None else found:
        route = prefix + str(each.pattern).removeprefix("^").removesuffix("$")
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        else:
            yield route, getattr(each.callback, "access", "")


def path_of(route: str, account: str) -> str:
    """The route with something in its places: the account's id, or any other."""
    parts = []
    for part in route.split("/"):
        if part.startswith("<"):
            parts.append(account if "account" in part else str(uuid4()))
        else:
            parts.append(part)
    return "/" + "/".join(parts)


def test_nothing_opens_before_the_last_step(story: Story) -> None:
    person = story.person()
    theirs = story.window()
    password = story.temporary(person)
    tried = [(path_of(route, str(person.pk)), access) for route, access in routes() if "(?P<" not in route]
    closed = [(path, access) for path, access in tried if access in {"signed_in", "administrator"}]
    assert len(closed) > 20
    sign_in(theirs, person.address, password)
    for take in (choose_password, accept, check_profile, set_secret):
        assert theirs.gate() == 403
        for path, _access in closed:
            status, leads_to = theirs.status_of(path)
            # A page that one can only send to (405) is as closed; all others lead to signing in.
            assert (status, leads_to.startswith("/sign-in/")) in {(302, True), (405, False)}, path
        now = theirs.path
        for step in STEPS:
            status, leads_to = theirs.status_of(step)
            assert status == 200 if step == now else (status, leads_to.split("?")[0]) == (302, now), step
        for path, _access in tried:
            if path.startswith("/api/v1/"):
                status, _leads_to = theirs.status_of(path)
                assert status in {401, 403, 404, 405} or path.removeprefix("/").startswith(OPEN_TO_ALL), path
        take(theirs)
    is_in(theirs)
