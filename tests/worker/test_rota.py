"""The application of the demonstration: a person signs in to it, is resecured, and is out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import BytesIO
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode
from wsgiref.simple_server import make_server

import pytest
from django.conf import settings
from django.test import Client

from resecure.entrypoints.console.demonstration.rota import Quiet, Rota, Server
from resecure.entrypoints.worker.worker import Worker
from tests.conftest import World
from tests.oidc.party import Register, browser_of, userinfo
from tests.worker.conftest import until


def ask(address: str, form: dict[str, str] | None, headers: dict[str, str]) -> dict[str, Any]:
    path = address.removeprefix(settings.RESECURE.public_url.rstrip("/"))
    if path == "/oidc/userinfo":
        return userinfo(headers["Authorization"].removeprefix("Bearer "))[1]
    if form is None:
        return dict(Client().get(path).json())
    return dict(Client().post(path, urlencode(form), "application/x-www-form-urlencoded", headers=headers).json())


def call(rota: Rota, method: str, path: str, *, cookie: str = "", body: bytes = b"") -> tuple[str, dict[str, str], str]:
    said: list[Any] = []
    path, _mark, query = path.partition("?")
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_COOKIE": cookie}
    length = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    parts = rota({**environ, **length}, lambda status, headers: said.extend([status, dict(headers)]))
    return said[0], said[1], b"".join(parts).decode()


def test_a_person_signs_in_to_rota_is_resecured_and_is_out(
    committed_world: World, register: Register, start: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = settings.RESECURE.model_copy(update={"application_networks": [ip_network("127.0.0.1/32")]})
    monkeypatch.setattr(settings, "RESECURE", changed)
    server = make_server("127.0.0.1", 0, lambda *given: rota(*given), server_class=Server, handler_class=Quiet)
    here = f"http://127.0.0.1:{server.server_port}"
    party = register(redirect_addresses=[f"{here}/callback"], logout_address=f"{here}/logged-out")
    issuer = settings.RESECURE.public_url.rstrip("/")
    rota = Rota(issuer=issuer, here=here, client=party.id, secret=party.secret, ask=ask)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        person, by = committed_world.person(), committed_world.administrator()
        _status, begun, _text = call(rota, "POST", "/sign-in")
        back = browser_of(committed_world, person).get(begun["Location"].removeprefix(issuer))["Location"]
        path = back.removeprefix(here)
        assert call(rota, "GET", path)[0].startswith("400")  # of another browser
        status, signed_in, _text = call(rota, "GET", path, cookie=begun["Set-Cookie"].partition(";")[0])
        assert status.startswith("303")
        cookie = signed_in["Set-Cookie"].partition(";")[0]
        assert person.address in call(rota, "GET", "/", cookie=cookie)[2]
        assert call(rota, "POST", "/logged-out", body=b"logout_token=forged")[0].startswith("400")
        assert person.address in call(rota, "GET", "/", cookie=cookie)[2]

        committed_world.resecured(person, by=by)
        start()

        until(lambda: "Signed out by Resecure at" in call(rota, "GET", "/", cookie=cookie)[2])
        assert person.address not in call(rota, "GET", "/", cookie=cookie)[2]
    finally:
        server.shutdown()
        server.server_close()
