"""Configuration: defaults that are safe, errors that name the variable, and what the doctor says."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

from resecure.config import environment as module
from resecure.config.development_secrets import development_secrets
from resecure.config.environment import ConfigurationError, environment, problems, read

SMS_SERVICE, SMS_KEY = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("RESECURE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RESECURE_STATE_DIRECTORY", str(tmp_path / "state"))


def fresh() -> module.Environment:
    """The configuration as a new process would read it."""
    return environment.__wrapped__()


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A production service with nothing wrong."""
    for name, value in {
        "PRODUCTION": "1",
        "PUBLIC_URL": "https://accounts.example.org",
        "DATABASE_URL": "postgresql://u:p@db.example.org/resecure?sslmode=verify-full",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": f"main:{new_key()}",
        "AUDIT_KEY": new_key(),
        "SMTP_URL": "smtp://user:hush@mail.example.org:587?starttls=1",
        "MAIL_FROM": "accounts@example.org",
        "SMS_URL": "https://sms.example.org/",
        "SMS_API_KEY": f"a_key-of-ours-{SMS_SERVICE}-{SMS_KEY}",
        "SMS_TEMPLATE": "f33517ff-2a88-4f6e-b855-c550268ce08a",
    }.items():
        monkeypatch.setenv(f"RESECURE_{name}", value)
    return monkeypatch


def codes() -> list[str]:
    return [problem.code for problem in problems()]


def test_the_policy_is_strict_where_nothing_is_set() -> None:
    found = read()
    assert found.production is False
    assert found.database_url == ""
    assert found.public_url == "http://127.0.0.1:8000"
    assert found.trusted_proxies == []
    assert found.password_min_length == 15
    assert found.temporary_password_hours == 24
    assert found.disabled_to_deleted_days == 548
    assert found.secret_min_letters == 9
    assert found.mail_server is None


def test_every_policy_number_says_what_loosening_it_costs() -> None:
    for name, described in module.Environment.model_fields.items():
        if name.startswith(("password_", "lock_", "session_", "throttle_", "secret_min", "secret_history")):
            assert described.description, name


def test_development_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    first, second = fresh(), fresh()
    assert first.secret_key.get_secret_value() == second.secret_key.get_secret_value()
    assert [key.key for key in first.keys] == [key.key for key in second.keys]
    assert len(first.keys[0].key) == 32
    assert stat.S_IMODE((tmp_path / "state" / "secrets.json").stat().st_mode) == 0o600
    assert problems(first) == []


def test_many_processes_that_start_at_once_get_the_same_development_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(development_secrets, [tmp_path / "together"] * 8))
    assert all(each == made[0] for each in made)


def test_keys_that_are_set_win_over_generated_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESECURE_SECRET_KEY", "s" * 20 + secrets.token_urlsafe(50))
    found = fresh()
    assert found.secret_key.get_secret_value().startswith("ssss")
    assert found.keys[0].name == "development"


def test_production_generates_nothing_and_names_each_missing_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RESECURE_PRODUCTION", "true")
    with pytest.raises(ConfigurationError) as raised:
        fresh()
    assert "RESECURE_SECRET_KEY is not set. Set it to" in str(raised.value)
    assert "RESECURE_ENCRYPTION_KEYS is not set. Set it to" in str(raised.value)
    assert not (tmp_path / "state").exists()


def test_the_first_encryption_key_is_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = new_key(), new_key()
    monkeypatch.setenv("RESECURE_ENCRYPTION_KEYS", f"y2027:{new}, y2026:{old}")
    assert [key.name for key in read().keys] == ["y2027", "y2026"]
    assert base64.b64encode(read().keys[0].key).decode() == new


@pytest.mark.parametrize(
    "value",
    ["hush", ":hush", "a:aHVzaA==", "a:not base64 hush", "a:" + "aHVzaA==" * 10, "SAME"],
)
def test_malformed_encryption_keys_are_refused_without_repeating_them(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    if value == "SAME":
        value = f"a:{new_key()},a:{new_key()}"
    monkeypatch.setenv("RESECURE_ENCRYPTION_KEYS", value)
    with pytest.raises(ConfigurationError, match="RESECURE_ENCRYPTION_KEYS is malformed") as raised:
        fresh()
    assert "hush" not in str(raised.value)
    assert value.rpartition(":")[2] not in str(raised.value)
    assert "encryption_keys_malformed" in codes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "accounts.example.org"),
        ("PUBLIC_URL", "https://accounts.example.org/portal"),
        ("DATABASE_URL", "mysql://u:hush@db/x"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "smtp://u:hush@mail.example.org:port"),
        ("PASSWORD_MIN_LENGTH", "many"),
        ("PASSWORD_MIN_LENGTH", "4"),
        ("LOCK_WINDOW_MINUTES", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("LOG_LEVEL", "loud"),
        ("PRODUCTION", "perhaps"),
    ],
)
def test_a_value_that_is_not_valid_names_its_variable_and_holds_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"RESECURE_{name}", value)
    with pytest.raises(ConfigurationError, match=f"RESECURE_{name} is not valid") as raised:
        read()
    assert "hush" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert codes() == [f"invalid_resecure_{name.lower()}"]


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESECURE_TRUSTED_PROXIES", "10.1.0.0/16, ::1/128")
    monkeypatch.setenv("RESECURE_ALLOWED_HOSTS", "a.example.org, b.example.org")
    assert read().trusted_proxies == [ip_network("10.1.0.0/16"), ip_network("::1/128")]
    assert read().allowed_hosts == ["a.example.org", "b.example.org"]


def test_host_names_follow_the_public_address(production: pytest.MonkeyPatch) -> None:
    assert read().allowed_hosts == ["accounts.example.org"]
    production.setenv("RESECURE_PRODUCTION", "0")
    assert read().allowed_hosts == ["accounts.example.org", "127.0.0.1", "localhost", "[::1]"]


def test_the_mail_server_is_read_from_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESECURE_SMTP_URL", "smtp://us%40er:p%3Aw@mail.example.org:587?starttls=1")
    server = read().mail_server
    assert server is not None
    assert (server.host, server.port, server.user, server.password) == (
        "mail.example.org",
        587,
        "us@er",
        "p:w",
    )
    assert (server.starttls, server.tls) == (True, False)


def test_no_secret_is_shown_where_the_configuration_is_printed(production: pytest.MonkeyPatch) -> None:
    found = fresh()
    shown = f"{found!r} {found} {found.keys} {found.mail_server}"
    assert "hush" not in shown
    assert "u:p@" not in shown
    assert found.secret_key.get_secret_value() not in shown
    assert found.encryption_keys.get_secret_value() not in shown


def test_the_doctor_finds_nothing_where_nothing_is_wrong(production: pytest.MonkeyPatch) -> None:
    assert problems() == []
    assert fresh().production


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("PUBLIC_URL", "http://accounts.example.org", "public_url_without_https"),
        ("SECRET_KEY", "", "secret_key_missing"),
        ("SECRET_KEY", "short", "secret_key_weak"),
        ("SECRET_KEY", "a" * 80, "secret_key_weak"),
        ("SECRET_KEY", "django-insecure-" + "abcdefghijklmnop" * 4, "secret_key_weak"),
        ("ENCRYPTION_KEYS", "", "encryption_keys_missing"),
        ("ENCRYPTION_KEYS", "a:" + base64.b64encode(bytes(32)).decode(), "encryption_keys_weak"),
        ("AUDIT_KEY", "", "audit_key_missing"),
        ("AUDIT_KEY", "short", "audit_key_malformed"),
        ("DATABASE_URL", "", "embedded_database_in_production"),
        ("DATABASE_URL", "postgresql://u:p@db.example.org/x", "database_without_tls"),
        ("DATABASE_URL", "postgresql://u:p@db.example.org/x?sslmode=require", "database_without_tls"),
        ("DATABASE_URL", "postgresql://u:p@/x?host=localhost,db.example.org", "database_without_tls"),
        ("SMTP_URL", "", "demonstration_mailbox_in_production"),
        ("SMTP_URL", "smtp://mail.example.org", "mail_without_tls"),
        ("MAIL_FROM", "Resecure <no-reply@resecure.invalid>", "mail_from_invented"),
        ("ALLOWED_HOSTS", "*", "allowed_hosts_any"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "trusted_proxies_wide"),
        ("TRUSTED_PROXIES", "::/0", "trusted_proxies_wide"),
        ("PASWORD_HISTORY", "9", "unknown_variable"),
        ("PASSWORD_MIN_LENGTH", "12", "looser_password_min_length"),
        ("TEMPORARY_PASSWORD_HOURS", "48", "looser_temporary_password_hours"),
        ("LOCK_WINDOW_MINUTES", "5", "looser_lock_window_minutes"),
        ("SECRET_HISTORY", "1", "looser_secret_history"),
        ("REQUIRE_PASSWORD_CHANGE_ALWAYS", "false", "looser_require_password_change_always"),
    ],
)
def test_the_doctor_names_what_is_wrong_in_production(
    production: pytest.MonkeyPatch, name: str, value: str, code: str
) -> None:
    production.setenv(f"RESECURE_{name}", value)
    found = problems()
    assert [problem.code for problem in found] == [code]
    assert f"RESECURE_{name}" in found[0].text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@127.0.0.1:5432/x",
        "postgresql://u:p@localhost/x",
        "postgresql://u:p@[::1]:5432/x",
        "postgresql://u:p@/x?host=/var/run/postgresql",
    ],
)
def test_a_database_on_this_machine_needs_no_tls(production: pytest.MonkeyPatch, url: str) -> None:
    production.setenv("RESECURE_DATABASE_URL", url)
    assert problems() == []


def test_a_stricter_policy_is_no_problem(production: pytest.MonkeyPatch) -> None:
    production.setenv("RESECURE_PASSWORD_MIN_LENGTH", "20")
    production.setenv("RESECURE_SESSION_IDLE_MINUTES", "10")
    assert problems() == []


def test_a_looser_policy_is_a_warning_that_says_what_it_costs(production: pytest.MonkeyPatch) -> None:
    production.setenv("RESECURE_SESSION_ABSOLUTE_HOURS", "240")
    (found,) = problems()
    assert found.weight == "warning"
    assert "looser than the default of 12. A stolen session stays useful for longer" in found.text


def test_a_gateway_for_text_messages_needs_its_key_its_template_and_tls(production: pytest.MonkeyPatch) -> None:
    gateway = read().sms_gateway
    assert gateway is not None
    assert (gateway.url, gateway.service, gateway.key) == ("https://sms.example.org", SMS_SERVICE, SMS_KEY)
    assert SMS_KEY not in repr(gateway) + repr(read())

    production.setenv("RESECURE_SMS_URL", "http://sms.example.org")
    production.setenv("RESECURE_SMS_API_KEY", SMS_KEY)
    production.setenv("RESECURE_SMS_TEMPLATE", "")
    assert codes() == ["sms_api_key_malformed", "sms_template_missing", "sms_without_tls"]
    with pytest.raises(ConfigurationError, match="RESECURE_SMS_API_KEY"):
        fresh()
    production.setenv("RESECURE_SMS_URL", "")
    assert codes() == ["sms_to_nobody"]
