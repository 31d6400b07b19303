"""The API itself: its parser, its OpenAPI, and the one place where its habits are set."""

from __future__ import annotations

import json
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser

from resecure.entrypoints.api import problems
from resecure.entrypoints.api.access import SESSION


class JsonOnly(Parser):
    """JSON and nothing that a form of another site could send."""

    def parse_body(self, request: HttpRequest) -> Any:
        # A page elsewhere can post text/plain with our cookie without asking first; application/json it cannot.
        if request.content_type != "application/json":
            raise problems.NotJson
        return json.loads(request.body)


class Api(NinjaAPI):
    """Names each operation after its function, and says in OpenAPI which form its errors have."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for methods in schema["paths"].values():
            for operation in methods.values():
                _name_problems(operation)
        return schema


def _name_problems(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if status >= 400 and "content" in response:
            response["content"] = {problems.CONTENT_TYPE: next(iter(response["content"].values()))}


def make() -> Api:
    """An API without routes. Every route needs a session unless it says otherwise."""
    api = Api(
        title="Resecure",
        version="1",
        description="What the pages can do, for programs. Errors are application/problem+json with a stable code.",
        docs_url=None,
        urls_namespace="api",
        auth=SESSION,
        parser=JsonOnly(),
    )
    problems.install(api)
    return api


def patterns(api: Api) -> list[URLPattern | URLResolver]:
    """The URLs of the API. A method that a path does not take is answered as a problem, too."""
    found = api.urls[0]
    for pattern in found:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = _without_plain_text(pattern.callback)
    return found


def _without_plain_text(view: Any) -> Any:
    @wraps(view, updated=())
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseNotAllowed):
            return problems.not_allowed(response["Allow"])
        return response

    # Cookies are guarded where they are read (access.SessionCookie), not by the middleware of the pages.
    answered.csrf_exempt = True  # type: ignore[attr-defined]
    return answered
