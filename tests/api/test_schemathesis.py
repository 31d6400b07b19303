"""The API against its own OpenAPI: whatever is sent, no fault, and every answer has the form that is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import integers
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from resecure.entrypoints.api.urls import api
from resecure.identity.accounts import Account
from tests.conftest import World

load_all_checks()
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FEW = settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


SCHEMA = schemathesis.openapi.from_dict(dict(api.get_openapi_schema(path_prefix="/api/v1/")))
SCHEMA.app = WSGIHandler()  # in this process: no server, no network
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Keep the connection whose transaction the test rolls back, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_is_a_fault_and_every_answer_is_as_written(label: str, world: World) -> None:
    by = world.administrator("global_administrator", organisation=world.region)
    people = [str(world.person().pk) for _each in range(3)]

    @FEW
    @given(case=OPERATIONS[label].as_strategy(), number=integers(min_value=0, max_value=3))
    def asked(case: Any, number: int) -> None:
        if number < 3 and "account" in (case.path_parameters or {}):
            case.path_parameters["account"] = people[number]  # so that not all of them are unknown
        # Signed in anew each time: the request before may have ended the session.
        now = Account.objects.get(pk=by.pk)
        session = f"Bearer {world.session(now)}"
        case.call_and_validate(headers={"Authorization": session}, checks=CHECKS)

    asked()
