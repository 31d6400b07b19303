"""Organisations, a tree. The path of an organisation holds those above it, so scope is a prefix."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import models

from resecure.identity.folding import fold

OF_THE_SERVICE = "RESECURE"  # holds the account that acts for clock and console; nobody works there


class Organisation(models.Model):
    """An organisation that has accounts. ``path`` is ``<parent's path><code>.``, made by :func:`add`."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200)
    kind = models.CharField(max_length=60, default="")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=200, unique=True, db_collation="C")
    postcode = models.CharField(max_length=10, default="", blank=True)
    closed_on = models.DateField(null=True)
    # The public page: how a person who cannot sign in reaches an administrator. No names.
    desk_phone = models.CharField(max_length=40, default="", blank=True)
    desk_hours = models.CharField(max_length=120, default="", blank=True)
    desk_note = models.CharField(max_length=300, default="", blank=True)
    policy = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["name_key"], name="organisation_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Closed organisations keep their accounts visible, but get no new ones."""
        return self.closed_on is None


def add(*, code: str, name: str, kind: str = "", parent: Organisation | None = None, **more: Any) -> Organisation:
    """A new organisation under its parent."""
    return Organisation.objects.create(
        code=code,
        name=name,
        name_key=fold(name),
        kind=kind,
        parent=parent,
        path=path_of(code, parent_path=parent.path if parent else ""),
        **more,
    )


def by_code(typed: str) -> Organisation | None:
    """The organisation with this code, in whatever case it was typed, or None. What no code can hold (NUL,
    halves of characters) is not asked of the database, which would answer with an error."""
    code = typed.strip().upper()
    return Organisation.objects.filter(code=code).first() if code.isascii() and code.isprintable() else None


def path_of(code: str, *, parent_path: str) -> str:
    """Where an organisation stands. The dot at the end keeps ``A1.`` from being a prefix of ``A10.``."""
    return f"{parent_path}{code}."


def paths_above(path: str) -> list[str]:
    """The paths of an organisation and of all above it, the highest first."""
    codes = path.rstrip(".").split(".")
    return [".".join(codes[:number]) + "." for number in range(1, len(codes) + 1)]


class PolicyOf(NamedTuple):
    """What one organisation has set for itself."""

    code: str
    name: str
    policy: dict[str, object]


def names_at(paths: set[str]) -> dict[str, str]:
    """The name of the organisation at each of these paths, where there is one."""
    return dict(Organisation.objects.filter(path__in=paths).values_list("path", "name"))


def policies_on(path: str) -> list[PolicyOf]:
    """What the organisations from the top down to this place have set, the highest first, the place itself last.
    What counts of it, :mod:`resecure.policy.organisation_policy` decides."""
    found = Organisation.objects.filter(path__in=paths_above(path)).order_by("path")
    return [PolicyOf(*each) for each in found.values_list("code", "name", "policy")]


def desk_of(organisation: Organisation) -> Organisation:
    """The organisation whose service desk answers: its own, or the nearest above that has one."""
    here: Organisation | None = organisation
    while here is not None:
        if here.desk_phone:
            return here
        here = here.parent
    return organisation
