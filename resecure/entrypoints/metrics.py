"""Counters of what the ways in do. A label is a route, a method or an outcome: never an identifier or address."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

Next = Callable[[HttpRequest], HttpResponse]

DURATIONS = Histogram(
    "resecure_request_seconds",
    "Time to answer, by route",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
OPERATIONS = Counter("resecure_operations_total", "Requests that change something, by outcome", ["route", "outcome"])
SIGN_INS = Counter("resecure_sign_ins_total", "Passwords that were looked at, by result", ["result"])

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_IN = frozenset({"api:sign_in", "sign_in:start"})
_OUTCOMES = {
    400: "malformed",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    409: "refused",
    415: "malformed",
    422: "invalid",
    429: "throttled",
}


def measured(get_response: Next) -> Next:
    """Middleware: count and time each request by its route."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        response = get_response(request)
        match = request.resolver_match
        # The route's name, not its path; and an unknown method of a client's own making is one label only.
        route = (match.view_name if match else "") or "none"
        method = request.method if request.method in _METHODS else "other"
        DURATIONS.labels(method, route).observe(perf_counter() - began)
        if method not in _SAFE:
            outcome = _outcome(response.status_code)
            OPERATIONS.labels(route, outcome).inc()
            if route in _SIGN_IN:
                SIGN_INS.labels(_result(response.status_code)).inc()
        return response

    return middleware


def _outcome(status: int) -> str:
    if status < 400:
        return "done"
    return "fault" if status >= 500 else _OUTCOMES.get(status, "other")


def _result(status: int) -> str:
    if status == 202:
        return "steps_owed"
    return "passed" if status < 400 else _outcome(status)
