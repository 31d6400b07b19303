"""House rules of the API: who may use a route, and that it can do all that the pages can."""

from __future__ import annotations

from typing import Any

from django.test import Client

from resecure.entrypoints.api.access import SESSION, SIGN_IN
from resecure.entrypoints.api.urls import api
from resecure.policy.roles import Permission

PUBLIC = {("POST", "sign_in"), ("GET", "aup")}
STEPS = {
    *("give_second_factor", "ask_for_app_at_sign_in", "add_second_factor_at_sign_in"),
    *("choose_password", "agree_to_aup", "check_profile", "set_account_secret", "stop_sign_in"),
}
# The record is read by its own page and command; a part of the API of its own is not there yet.
ELSEWHERE = {Permission.VIEW_AUDIT}


def operations() -> list[Any]:
    return [
        operation
        for router in api._get_bound_routers()
        for view in router.path_operations.values()
        for operation in view.operations
    ]


def test_every_route_needs_a_session_or_is_a_step_or_on_the_short_list() -> None:
    public, steps = set(), set()
    for operation in operations():
        name = operation.view_func.__name__
        if not operation.auth_callbacks:
            public |= {(method, name) for method in operation.methods}
        elif operation.auth_callbacks == SIGN_IN:
            steps.add(name)
        else:
            assert operation.auth_callbacks == SESSION, name

    assert public == PUBLIC
    assert steps == STEPS


def test_every_route_without_a_session_answers_401() -> None:
    for operation in operations():
        if operation.auth_callbacks:
            path = operation.path
            for name in ["account", "session", "resecuring", "application", "delivery", "factor", "approval", "alert"]:
                path = path.replace("{uuidstr:" + name + "}", "00000000-0000-4000-8000-00000000000a")
            path = path.replace("{int:grant}", "1")
            for method in operation.methods:
                answer = Client().generic(method, f"/api/v1{path}", b"{}", content_type="application/json")
                assert answer.status_code == 401, (method, path, answer.status_code)


def test_every_permission_has_a_route_of_its_name() -> None:
    names = {operation.view_func.__name__ for operation in operations()}

    assert {permission.value for permission in set(Permission) - ELSEWHERE} <= names


def test_openapi_names_the_form_of_every_error() -> None:
    schema = Client().get("/api/v1/openapi.json").json()

    for methods in schema["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]
