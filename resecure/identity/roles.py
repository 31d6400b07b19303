"""Role grants: a role is held in an organisation and, unless the grant says otherwise, below it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from resecure.database import statements
from resecure.identity.accounts import ACTIVE_BASED, Account
from resecure.identity.organisations import Organisation, paths_above


class RoleName(models.TextChoices):
    """The roles as stored; what each may do is in ``policy.roles``."""

    PRIMARY_LOCAL_ADMINISTRATOR = "primary_local_administrator", _("Primary Local Administrator")
    LOCAL_ADMINISTRATOR = "local_administrator", _("Local Administrator")
    LOCAL_HELPDESK = "local_helpdesk", _("Local Helpdesk")
    GLOBAL_HELPDESK = "global_helpdesk", _("Global Helpdesk")
    GLOBAL_ADMINISTRATOR = "global_administrator", _("Global Administrator")
    AUDITOR = "auditor", _("Auditor")


class RoleGrant(models.Model):
    """One role of one account in one organisation. A withdrawn grant stays, with when and by whom."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="grants", db_index=False)
    role = models.CharField(max_length=40, choices=RoleName.choices)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    reaches_children = models.BooleanField(default=True)
    granted_at = models.DateTimeField()
    granted_by = models.UUIDField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role", "organisation"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="role_held_once",
            ),
            models.CheckConstraint(name="role_known", condition=models.Q(role__in=RoleName.values)),
        ]
        indexes = [
            models.Index(
                fields=["account", "withdrawn_at"],
                condition=models.Q(withdrawn_at__isnull=False),
                name="role_ended_by_account",
            )
        ]

    def reaches(self, organisation_path: str) -> bool:
        """Whether an account at this place in the tree is within the grant."""
        if self.reaches_children:
            return organisation_path.startswith(self.organisation.path)
        return organisation_path == self.organisation.path


def held_by(*accounts: UUID) -> dict[UUID, list[RoleGrant]]:
    """The live grants of these accounts, read now, by account."""
    found: dict[UUID, list[RoleGrant]] = {account: [] for account in accounts}
    rows = RoleGrant.objects.filter(account__in=accounts, withdrawn_at__isnull=True)
    for grant in rows.select_related("organisation").order_by("id"):
        found[grant.account_id].append(grant)
    return found


_GIVEN_THROUGH = """
WITH RECURSIVE up (mine, giver) AS (
  SELECT g.id, g.granted_by FROM identity_rolegrant g
    WHERE g.account_id = %(account)s AND g.withdrawn_at IS NULL AND g.granted_at > %(since)s
  UNION
  SELECT up.mine, g.granted_by FROM up JOIN identity_rolegrant g ON g.account_id = up.giver
    WHERE g.granted_at > %(since)s)
SELECT DISTINCT mine FROM up WHERE giver = %(giver)s
"""


def given_through(giver: UUID, *, to: UUID, since: datetime) -> set[int]:
    """Which live grants of an account come from this giver since then: from their own hand, or from somebody who had
    theirs from them since then, and so on."""
    found = statements.rows(_GIVEN_THROUGH, {"account": to, "giver": giver, "since": since})
    return {each for (each,) in found}


def primary_administrators_of(organisation_path: str) -> list[Account]:
    """The Primary Local Administrators who look after this place: of its organisation, or of the nearest above that
    has one whose role reaches so far. Those who cannot sign in are not among them."""
    rows = RoleGrant.objects.filter(
        role=RoleName.PRIMARY_LOCAL_ADMINISTRATOR,
        withdrawn_at__isnull=True,
        organisation__path__in=paths_above(organisation_path),
        account__status__in=ACTIVE_BASED,
    ).select_related("organisation", "account__organisation")
    found: dict[str, list[Account]] = {}
    for grant in rows.order_by("account_id"):
        if grant.reaches(organisation_path):
            found.setdefault(grant.organisation.path, []).append(grant.account)
    return found[max(found)] if found else []


def lock_organisations(grants: Iterable[RoleGrant]) -> None:
    """Wait until nobody else ends a grant in these organisations, and hold them up until the transaction ends.

    Two administrators taken away at the same moment would otherwise each count on the other. The order of locks
    is the account's row first, then organisations by their ids, and no account after: so nobody waits in a ring.
    NO KEY: new accounts and grants, which only refer to the organisation, need not wait.
    """
    wanted = sorted({each.organisation_id for each in grants})
    if wanted:
        list(Organisation.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk").values_list("pk"))


def withdraw(grants: Iterable[RoleGrant], *, by: UUID, now: datetime) -> int:
    """End these grants. Returns how many were still live."""
    grants = list(grants)
    lock_organisations(grants)
    return RoleGrant.objects.filter(pk__in=[each.pk for each in grants], withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by=by
    )
