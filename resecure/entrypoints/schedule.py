"""Whole answers that leave on a schedule, where an operation asks for it (operations/shared/on_schedule.py)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from resecure.operations.shared.on_schedule import whole_answer

Next = Callable[[HttpRequest], HttpResponse]


def on_schedule(get_response: Next) -> Next:
    """Middleware, outside of all that takes its time by what the answer is: counting and logging it included. The
    times that these show are those of the work, without the wait."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with whole_answer():
            return get_response(request)

    return middleware
