"""The demonstration: who is in it, and that what it hands out opens what it says."""

from __future__ import annotations

import stat
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pyotp
import pytest
import time_machine
import typer

from resecure.entrypoints.console import demo
from resecure.entrypoints.console.demonstration.load import Listed, load
from resecure.identity import second_factors
from resecure.identity.accounts import IN_PROGRESS, Account, Status
from resecure.identity.agreements import current_aup
from resecure.identity.credentials import SecurityQuestion
from resecure.identity.organisations import Organisation
from resecure.identity.resecurings import Resecuring
from resecure.operations.advance_statuses import advance_statuses
from resecure.operations.give_second_factor import give_second_factor
from resecure.operations.shared.progress import Client
from resecure.operations.shared.proving import Given
from resecure.operations.sign_in import sign_in
from resecure.policy.actions import Facts, reasons_not_to
from resecure.policy.next_sign_in import Step
from resecure.policy.roles import Permission
from resecure.propagation.models import Delivery

pytestmark = pytest.mark.django_db
FROM = Client(address="192.0.2.1", name="a browser")


@pytest.fixture
def listed(db: None) -> list[Listed]:
    return load(crowd=400)


def test_the_demonstration_holds_what_it_promises(listed: list[Listed]) -> None:
    assert Organisation.objects.count() == 6_900 + 2  # with the one above all, and the service's own
    people = Account.objects.filter(is_system=False)
    assert set(people.values_list("status", flat=True)) == set(Status.values)
    assert max(Counter(people.values_list("address", flat=True)).values()) == 1
    assert current_aup().version == "2026-1"
    assert SecurityQuestion.objects.exists()
    assert Resecuring.objects.filter(ended_at=None, temporary_password_set_at=None).count() == 1
    assert Resecuring.objects.filter(ended_at=None).exclude(temporary_password_set_at=None).count() == 2
    assert Delivery.objects.filter(attempts__gt=0, state="requested").exists()


def test_the_clock_leaves_the_demonstration_as_it_is(listed: list[Listed]) -> None:
    assert advance_statuses(by=Account.objects.get(is_system=True)) == 0
    assert Account.objects.filter(status__in=IN_PROGRESS).exists()


def test_the_passwords_handed_out_sign_in(listed: list[Listed]) -> None:
    for each in listed:
        if each.status in {Status.ACTIVE, Status.LEAVER, Status.INACTIVE}:
            progress = sign_in(each.address, each.password, client=FROM)
            if each.totp:
                assert progress.owed == [Step.SECOND_FACTOR]
                code = pyotp.TOTP(each.totp).now()
                progress = give_second_factor(progress.handle or "", Given(code=code), client=FROM)
            half_way = "temporary" in each.note or "legacy" in each.note
            assert (progress.session is None) == half_way, each


def test_three_organisations_have_administrators_and_people_they_can_resecure(listed: list[Listed]) -> None:
    from django.utils import timezone

    complete = 0
    for code in {each.organisation for each in listed}:
        here = [each for each in listed if each.organisation == code]
        roles = {each.role: each for each in here}
        if not {"Local Administrator", "Primary Local Administrator"} <= set(roles):
            continue
        for role in ("Local Administrator", "Primary Local Administrator"):
            by = Account.objects.get(address=roles[role].address)
            allowed = [
                each
                for each in here
                if each.role == "Person" and each.status == "active" and _may_resecure(each, by, timezone.now())
            ]
            complete += len(allowed) >= 3
    assert complete >= 6


def _may_resecure(each: Listed, by: Account, now: Any) -> bool:
    account = Account.objects.select_related("organisation").get(address=each.address)
    return not reasons_not_to(Permission.RESECURE, Facts.read(account, by=by, now=now))


def test_the_file_of_passwords_is_for_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = Listed(address="a@b", password="p", role="Person", organisation="X", status="active", note="")
    for _again in range(2):
        file = demo._write([one])
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file == tmp_path / ".demo" / "accounts.json"


def test_a_command_shows_the_code_of_an_administrators_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    key = second_factors.new_totp_secret()
    common = {"password": "p", "role": "Auditor", "organisation": "X", "status": "active", "note": ""}
    demo._write(
        [Listed(address="ann@example.org", totp=key, **common), Listed(address="anna@example.org", totp="A", **common)]
    )
    with time_machine.travel(1_800_000_015, tick=False):
        demo.demo_code("Ann@example.org")
        shown, now = capsys.readouterr().out, pyotp.TOTP(key).now()
    assert f"Code: {now}  (15 seconds more)" in shown
    assert key not in shown
    for unclear in ("ann", "nobody"):
        with pytest.raises(typer.Exit):
            demo.demo_code(unclear)


def test_a_shell_reads_what_the_console_needs_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".demo").mkdir()
    state = tmp_path / "a folder's state"
    monkeypatch.setenv("RESECURE_STATE_DIRECTORY", str(state))
    monkeypatch.setenv("RESECURE_PUBLIC_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("RESECURE_LOG_LEVEL", "warning")
    monkeypatch.setenv("RESECURE_SECRET_KEY", "not to be written down")
    for _again in range(2):
        demo.write_environment()
    shell = ["sh", "-c", '. .demo/environment; printf %s "$RESECURE_STATE_DIRECTORY"']
    read = subprocess.run(shell, env={}, capture_output=True, text=True, check=True)

    assert read.stdout == str(state)
    assert stat.S_IMODE((tmp_path / ".demo" / "environment").stat().st_mode) == 0o600
    assert "not to be written" not in (tmp_path / ".demo" / "environment").read_text()


def test_the_demonstration_refuses_a_database_that_is_not_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    monkeypatch.setenv("RESECURE_DATABASE_URL", "postgresql://somewhere/else")
    with pytest.raises(typer.Exit):
        demo._prepare(0)
