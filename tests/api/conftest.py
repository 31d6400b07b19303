"""A client that speaks JSON to the API, as a program does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.conftest import World


class Program:
    """A program with a session, or without one."""

    def __init__(self, authorization: str = "") -> None:
        self.headers = {"HTTP_AUTHORIZATION": authorization} if authorization else {}
        self.client = Client(raise_request_exception=False, enforce_csrf_checks=True)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query, **self.headers)

    def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        return self._send("post", path, body, key=key)

    def patch(self, path: str, body: Any) -> Any:
        return self._send("patch", path, body)

    def delete(self, path: str) -> Any:
        return self._send("delete", path, None)

    def _send(self, method: str, path: str, body: Any, *, key: str = "") -> HttpResponse:
        more = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
        send = getattr(self.client, method)
        content = json.dumps(body) if body is not None else ""
        answer: HttpResponse = send(
            f"/api/v1{path}", data=content, content_type="application/json", **self.headers, **more
        )
        return answer


@pytest.fixture(autouse=True)
def _only_the_api(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.api.urls"


def program_of(world: World, account: Any) -> Program:
    """A program signed in as this account."""
    return Program(f"Bearer {world.session(account)}")


def stranger() -> Program:
    """A program without a session."""
    return Program()


def a_problem(answer: Any, *, status: int, code: str = "") -> Any:
    """The body of an error, which has the one form of all errors."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert set(body) >= {"type", "status", "code", "title", "detail"}
    if code:
        assert body["code"] == code, body
    return body
