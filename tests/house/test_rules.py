"""Rules of the house, executed."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

import resecure.operations
from resecure.audit.events import SENTENCES, Event
from resecure.policy.actions import BUTTONS
from resecure.policy.roles import ROLES, Permission

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = [ROOT / "resecure", ROOT / "tests", ROOT / "scripts", ROOT / "bench", ROOT / "docs"]
TEXT = {".py", ".md", ".jinja", ".toml", ".txt", ".js", ".scss", ".yml", ".sh", ""}
LONGEST_FILE = 450
ACCESS = {"public", "half_signed_in", "signed_in", "administrator", "auditor"}
# These declare who may use them in their own way: the API by its authentication, the probes by being probes.
OTHER_DOORS = ("resecure.entrypoints.probes", "django.")
API = "api/v1/"


def views(resolver: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from views(each, route)
        elif isinstance(each, URLPattern):
            yield route, each.callback


def own_files(*suffixes: str) -> list[Path]:
    return [
        path
        for folder in OURS
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in suffixes and not {"__pycache__", "node_modules"} & set(path.parts)
    ]


def operation_modules() -> list[ModuleType]:
    return [
        importlib.import_module(f"resecure.operations.{each.name}")
        for each in pkgutil.iter_modules(resecure.operations.__path__)
        if each.name != "shared"
    ]


def test_every_page_declares_who_may_open_it() -> None:
    bare = [
        f"{route} ({view.__module__}.{getattr(view, '__name__', view)})"
        for route, view in views(get_resolver())
        if not route.startswith(API)
        and not view.__module__.startswith(OTHER_DOORS)
        and getattr(view, "access", None) not in ACCESS
    ]

    assert bare == []


def test_no_page_says_that_something_was_done_because_an_address_says_so() -> None:
    """``web/having_done.py`` alone reads and writes ``done``: with the mark of the browser that did it."""
    asks = re.compile(r"""GET(\.get\(|\[)\s*["']done["']|\?done=""")
    web = ROOT / "resecure" / "entrypoints"
    found = [path.name for path in web.rglob("*.py") if asks.search(path.read_text())]
    found += [path.name for path in web.rglob("*.jinja") if asks.search(path.read_text())]

    assert found == ["having_done.py"]


def test_the_rule_about_pages_sees_the_pages() -> None:
    marked = [getattr(view, "access", None) for _route, view in views(get_resolver())]

    assert {"public", "signed_in", "administrator"} <= set(marked)


def test_imports_only_go_down() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr


# What a permission's operation is called, where it is not called like the permission.
CALLED = {Permission.RESET_PASSWORD: "set_temporary_password"}
READS = {Permission.VIEW_ACCOUNT, Permission.VIEW_AUDIT, Permission.VIEW_ALERTS}
# Operations of a person on their own account or sign-in, of the service itself, and of whoever may see the account.
WITHOUT_PERMISSION = {
    "add_second_factor",
    "advance_statuses",
    "agree_to_aup",
    "change_password",
    "check_profile",
    "choose_password",
    "close_delivery",
    "confirm_contact",
    "end_approvals",
    "end_every_session",
    "end_run_out_sessions",
    "end_session",
    "give_second_factor",
    "issue_tokens",
    "leave_application",
    "make_checkpoint",
    "make_recovery_codes",
    "publish_aup",
    "remove_second_factor",
    "rename_second_factor",
    "retry_deliveries",
    "rotate_encryption_key",
    "rotate_signing_key",
    "set_account_secret",
    "sign_in",
    "sign_in_to_application",
    "sign_in_with_passkey",
    "step_up",
    "stop_sign_in",
    "sweep",
    "tell_applications",
    "this_was_not_me",
    "withdraw_approval",
}


def test_every_permission_names_an_operation() -> None:
    found = {name for module in operation_modules() for name in vars(module)}

    missing = [each for each in Permission if each not in READS and CALLED.get(each, each.value) not in found]
    assert missing == []


def test_every_operation_has_a_permission_or_says_that_it_needs_none() -> None:
    named = {CALLED.get(each, each.value) for each in Permission}
    without = {module.__name__.rpartition(".")[2] for module in operation_modules() if not named & vars(module).keys()}

    assert without == WITHOUT_PERMISSION


def test_every_operation_by_an_administrator_takes_by_without_a_default() -> None:
    for module in operation_modules():
        for name, call in inspect.getmembers(module, inspect.isfunction):
            parameter = inspect.signature(call).parameters.get("by")
            if call.__module__ == module.__name__ and not name.startswith("_") and parameter is not None:
                assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, name
                assert parameter.default is inspect.Parameter.empty, name


def test_every_operation_has_its_page_in_the_manual() -> None:
    missing = [
        module.__name__
        for module in operation_modules()
        if not (ROOT / "docs" / "operations" / f"{module.__name__.rpartition('.')[2]}.md").exists()
    ]

    assert missing == []


def test_every_operation_is_broken_on_purpose_in_tests_faults() -> None:
    """A new operation joins the mix that is broken at each statement. Only the sweep, which changes nothing, is out."""
    told = "".join(path.read_text() for path in (ROOT / "tests" / "faults").glob("*.py"))
    missing = [module.__name__ for module in operation_modules() if f"from {module.__name__} import" not in told]

    assert missing == ["resecure.operations.end_every_session", "resecure.operations.sweep"] or missing == [
        "resecure.operations.sweep"
    ]


def test_every_button_is_a_permission_that_some_role_holds() -> None:
    held = {permission for role in ROLES.values() for permission in role.permissions}

    assert set(BUTTONS) <= held
    assert held == set(Permission)


def test_every_event_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Event)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in own_files(".py", ".jinja", ".md")
        if "migrations" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }

    assert long == {}


# Put together here, so that this file does not hold what it looks for.
LEAKS = [
    rf"(?<![\w.]){'/' + 'work'}/",
    rf"(?<![\w.]){'/' + 'root'}/",
    rf"(?<![\w.]){'/' + 'farm'}/",
    r"(?i)\bindex-url\b",
    r"(?i)\bclau" + r"de\b",
    r"(?i)\banthro" + r"pic\b",
]
UNDONE = [r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b", r"type: ignore(?!\[)"]


@pytest.mark.parametrize("pattern", [*LEAKS, *UNDONE])
def test_nothing_of_a_machine_and_nothing_undone_stands_in_the_repository(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in own_files(*TEXT)
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        if re.search(pattern, line)
    ]

    assert found == []


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_pages_say_what_the_code_says() -> None:
    made = generator().rendered()
    folder = ROOT / "docs" / "generated"

    stale = [name for name, text in made.items() if not (folder / name).exists() or (folder / name).read_text() != text]
    assert stale == [], "run: python scripts/generate_docs.py"


def test_the_environment_page_names_nothing_of_this_machine() -> None:
    page = generator().rendered()["environment.md"]

    assert str(ROOT) not in page
    assert "RESECURE_DATABASE_URL" in page
