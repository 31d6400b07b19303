"""Logs: whatever is handed to them, no secret comes out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from resecure.config.logs import LEFT_OUT, configure

SECRET = "marmaladesky"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    configure("info")
    yield
    configure("error")


@pytest.mark.parametrize(
    "name", ["password", "new_password", "account_secret", "csrf_token", "handle", "Authorization", "Set-Cookie"]
)
def test_values_under_names_of_secrets_are_left_out(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("test").info("tried", **{name: SECRET}, inside={"list": [{name: SECRET}]}, kept="yes")

    written = capsys.readouterr().err
    assert SECRET not in written
    line = json.loads(written)
    assert line[name] == LEFT_OUT
    assert line["inside"] == {"list": [{name: LEFT_OUT}]}
    assert line["kept"] == "yes"


def test_a_traceback_holds_no_values_of_variables(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(password: str) -> None:
        raise ValueError("it broke")

    try:
        fails(SECRET)
    except ValueError:
        structlog.get_logger("test").exception("failed")

    written = capsys.readouterr().err
    assert "it broke" in written
    assert SECRET not in written


def test_a_row_that_the_database_refused_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("library").error("it was refused\nDETAIL:  Failing row contains (%s).", SECRET)

    written = capsys.readouterr().err
    assert "it was refused" in json.loads(written)["event"]
    assert SECRET not in written


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("error")

    structlog.get_logger("test").info("quiet")

    assert capsys.readouterr().err == ""
