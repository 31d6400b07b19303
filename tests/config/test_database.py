"""What the service asks of any PostgreSQL it is given."""

from __future__ import annotations

import pytest
from django.db import connection

from resecure.config.database import database
from resecure.config.variables import Environment


def options_of(query: str) -> dict[str, object]:
    environment = Environment(database_url=f"postgresql://somebody@/some{query}", _env_file=None)  # type: ignore[call-arg]
    options: dict[str, object] = database(environment)["OPTIONS"]
    return options


@pytest.mark.database
def test_the_server_ends_a_transaction_whose_holder_has_fallen_silent(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)


def test_behind_a_pooler_nothing_is_prepared_and_nothing_set_at_the_start() -> None:
    assert options_of("?prepare_threshold=0")["prepare_threshold"] is None
    assert "options" not in options_of("?prepare_threshold=0")


def test_options_of_the_url_stand() -> None:
    assert options_of("?options=-c%20statement_timeout%3D5s")["options"] == "-c statement_timeout=5s"
