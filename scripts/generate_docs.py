"""Write docs/generated from what the code says: ``python scripts/generate_docs.py``. tests/house compares."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "docs" / "generated"
HEAD = "<!-- Written by scripts/generate_docs.py. Do not edit. -->\n\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines
    )


def statuses() -> str:
    """Every status, what it lets in, and the diagram of the transitions."""
    from resecure.config.variables import Environment
    from resecure.identity.accounts import ACTIVE_BASED, IN_PROGRESS, MAY_SIGN_IN, Status
    from resecure.policy.transitions import TABLE

    def yes(status: Status, group: frozenset[Status]) -> str:
        return "yes" if status in group else "no"

    rows = [
        [str(each.label), f"`{each.value}`", yes(each, ACTIVE_BASED), yes(each, MAY_SIGN_IN), yes(each, IN_PROGRESS)]
        for each in Status
    ]
    defaults = Environment.model_construct()  # not what is set on the machine that writes the page
    moves = [[str(each.before.label), str(each.after.label), each.by.value, each.under(defaults)] for each in TABLE]
    arrows = dict.fromkeys(f"    {each.before.value} --> {each.after.value}: {each.by.value}" for each in TABLE)
    diagram = "\n".join(arrows)
    return (
        "# Statuses\n\n"
        + _table(["status", "stored as", "Active-based", "may sign in", "in progress"], rows)
        + "\n\n## Transitions\n\n"
        + _table(["from", "to", "by", "when"], moves)
        + f"\n\n```mermaid\nstateDiagram-v2\n{diagram}\n```\n"
    )


def roles() -> str:
    """Every role with its sentence, and which permission it holds."""
    from resecure.policy.roles import ROLES, Permission

    ordered = sorted(ROLES.items(), key=lambda item: (item[1].standing, item[0].value))
    rows = [
        [
            str(name.label),
            str(role.standing),
            str(role.sentence),
            ", ".join(sorted(str(each.label) for each in role.may_grant)) or "none",
        ]
        for name, role in ordered
    ]
    grid = [
        [f"`{permission.value}`", *("yes" if permission in role.permissions else "" for _name, role in ordered)]
        for permission in Permission
    ]
    return (
        "# Roles and permissions\n\nNobody acts on an account of equal or higher standing alone.\n\n"
        + _table(["role", "standing", "what it is", "may grant"], rows)
        + "\n\n"
        + _table(["permission", *(str(name.label) for name, _role in ordered)], grid)
        + "\n"
    )


def events() -> str:
    """Every event of the record with its sentence."""
    from resecure.audit.events import SENTENCES, Event

    return (
        "# Events of the record\n\n"
        + _table(["event", "sentence"], [[f"`{each.value}`", str(SENTENCES[each])] for each in Event])
        + "\n"
    )


def variables() -> str:
    """Every environment variable, its default, and what loosening it costs."""
    from resecure.config.variables import PREFIX, Environment

    rows = []
    for name, field in Environment.model_fields.items():
        # What depends on the machine, or is a key, is said in words.
        fixed = isinstance(field.default, (bool, int, str)) and field.default_factory is None
        default = str(field.default) if fixed else "derived"
        rows.append([f"`{PREFIX}{name.upper()}`", f"`{default}`" if default else "empty", field.description or ""])
    return "# Environment variables\n\n" + _table(["variable", "default", "what loosening it costs"], rows) + "\n"


def organisation_policy() -> str:
    """Every setting of an organisation, its default, and what loosening it costs."""
    from resecure.policy.organisation_policy import SETTINGS

    rows = [
        [f"`{key}`", str(each.label), each.said(each.default), each.looser, str(each.costs), str(each.sentence)]
        for key, each in SETTINGS.items()
    ]
    head = ["setting", "on the page", "default", "looser is", "what loosening it costs", "what it does"]
    return (
        "# Settings of an organisation\n\nSet on the page *Policy* of an organisation"
        " ([how it is inherited](../operations/set_organisation_policy.md)).\n\n" + _table(head, rows) + "\n"
    )


def approvals() -> str:
    """Every state of an approval, and the diagram of what leads from one to another."""
    from resecure.identity.approvals import OPEN, ApprovalState
    from resecure.policy.approval_states import TABLE

    rows = [[str(each.label), f"`{each.value}`", "yes" if each in OPEN else "no"] for each in ApprovalState]
    moves = [[str(before.label), str(after.label), how] for before, after, how in TABLE]
    arrows = "\n".join(f"    {before.value} --> {after.value}: {how}" for before, after, how in TABLE)
    return (
        "# States of an approval\n\n"
        + _table(["state", "stored as", "still open"], rows)
        + "\n\n## What leads where\n\n"
        + _table(["from", "to", "when"], moves)
        + f"\n\n```mermaid\nstateDiagram-v2\n    [*] --> waiting: asked\n{arrows}\n```\n"
    )


def rendered() -> dict[str, str]:
    """Each generated page by its file name."""
    pages = {
        "statuses.md": statuses,
        "roles.md": roles,
        "approvals.md": approvals,
        "events.md": events,
        "environment.md": variables,
        "organisation-policy.md": organisation_policy,
    }
    return {name: HEAD + make() for name, make in pages.items()}


def main() -> None:
    """Write every page."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "resecure.config.settings")
    import django

    django.setup()
    GENERATED.mkdir(parents=True, exist_ok=True)
    for name, text in rendered().items():
        (GENERATED / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
