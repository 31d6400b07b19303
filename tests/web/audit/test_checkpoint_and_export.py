"""The last checkpoint is handed out to whoever reads the audit; a large export is written as it is read."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from typer.testing import CliRunner

from resecure.audit.models import Checkpoint, Record
from resecure.entrypoints import exports
from resecure.entrypoints.console import main as console
from resecure.identity.accounts import system_account
from resecure.operations import view_audit
from resecure.operations.make_checkpoint import make_checkpoint
from resecure.operations.view_audit import BATCH, Filters, export_audit
from tests.conftest import World
from tests.web.audit.test_audit import browser, happened, text_of

API, PAGE, FILE = "/api/v1/audit/checkpoint", "/audit/", "/audit/checkpoint/"


def test_the_last_checkpoint_is_handed_out_byte_for_byte_and_verifies(world: World, tmp_path: Path) -> None:
    happened(world)
    make_checkpoint(by=system_account())
    happened(world)
    note = make_checkpoint(by=system_account())
    client = browser(world, world.administrator("auditor"))

    answer = client.get(API).json()
    file = client.get(FILE)

    assert answer["note"] == file.content.decode() == note
    assert answer["records"] == int(note.split("\n")[1]) > 0
    assert f'href="{FILE}"' in text_of(client.get(PAGE))
    assert file["Content-Type"].startswith("text/plain")
    assert "attachment" in file["Content-Disposition"]
    kept = tmp_path / "kept.txt"
    kept.write_bytes(file.content)
    assert CliRunner().invoke(console.app, ["audit", "verify", "--checkpoint", str(kept)]).exit_code == 0


def test_where_none_was_made_page_and_api_say_so_and_no_node_signs_one(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        settings, "RESECURE", settings.RESECURE.model_copy(update={"audit_key": type(settings.RESECURE.audit_key)("")})
    )
    client = browser(world, world.administrator("auditor"))
    answer = client.get(API)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_checkpoint")
    assert client.get(FILE).status_code == 404
    page = text_of(client.get(PAGE))
    assert "No checkpoint has been made yet" in page
    assert FILE not in page
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize("role", ["local_administrator", "local_helpdesk", None])
def test_whoever_may_not_read_the_audit_gets_no_checkpoint_and_the_refusal_is_on_record(
    world: World, role: str | None
) -> None:
    make_checkpoint(by=system_account())
    someone = world.administrator(role) if role else world.person()
    client = browser(world, someone)
    answer = client.get(API)
    assert (answer.status_code, answer.json()["code"]) == (409, "role_does_not_allow")
    assert Record.objects.filter(event="operation_refused", actor=someone.pk).count() == 1
    assert client.get(FILE).status_code in {403, 404}
    assert Client().get(API).status_code == 401


def _many(first: int, last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO audit_record (chain, position, at, event, organisation_path, details, hash)"
            " SELECT n %% 64, 1000000 + n, now() - n * interval '1 s', 'signed_out', 'REG.PRA.',"
            " '{\"note\": \"a line of some length, as they are\"}', sha256('x')"
            " FROM generate_series(%s::int, %s::int) n",
            [first, last],
        )
        cursor.execute("ALTER TABLE audit_record ENABLE TRIGGER USER")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_of_any_length_holds_a_batch_at_a_time(world: World, monkeypatch: Any, form: str) -> None:
    reader = world.administrator("auditor")
    fetched: list[int] = []
    told = view_audit.find

    def noted(*given: Any, **named: Any) -> list[Record]:
        found = told(*given, **named)
        fetched.append(len(found))
        return found

    monkeypatch.setattr(view_audit, "find", noted)

    def exported() -> tuple[int, int]:
        """(characters, the most bytes held at once on the way)."""
        tracemalloc.start()
        try:
            pieces = exports.streamed(export_audit(Filters(event="signed_out"), by=reader, form=form), form=form)
            return sum(map(len, pieces)), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    _many(1, 2 * BATCH)
    exported()  # what is built once a process is built now
    short, held = exported()
    fetched.clear()
    _many(2 * BATCH + 1, 20 * BATCH)
    long, held_for_long = exported()

    assert long > 9 * short > 0
    assert sum(fetched) == 20 * BATCH
    assert max(fetched) == BATCH
    assert held_for_long < 1.2 * held, (held, held_for_long)
    assert held_for_long < long / 2


def test_the_form_is_read_in_the_order_in_which_a_phone_shows_it(world: World) -> None:
    page = text_of(browser(world, world.administrator("auditor")).get(PAGE))
    labels = [
        "Who did it",
        "Whom it was about",
        "Organisation",
        "What happened",
        "From this day",
        "To this day, and with",
    ]
    form = page[page.index('role="search"') :]
    places = [form.index(f"{each}") for each in labels]
    assert places == sorted(places)


def test_the_console_says_what_the_pages_say(world: World) -> None:
    _by, person = happened(world)
    page = text_of(browser(world, world.administrator("auditor")).get(f"/audit/accounts/{person.pk}/"))
    shown = CliRunner().invoke(console.app, ["audit", "show", person.address], env={"COLUMNS": "300"}).stdout
    record = Record.objects.get(event="account_disabled", target=person.pk)
    assert json.loads(record.details)["before"] == "active"
    for words in ("disabled", "was Active; is now Disabl"):
        assert words in page
        assert words in shown
    assert "before: active" not in shown
