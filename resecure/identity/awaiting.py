"""Accounts that await a temporary password: taken back or created, and nobody has set one yet."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from resecure.identity.accounts import ACTIVE_BASED, Account, Status
from resecure.identity.resecurings import Resecuring


def awaiting_temporary_password(scope: Sequence[tuple[str, bool]]) -> QuerySet[Account]:
    """Those within a scope of (organisation path, whether below it too), by name.

    Found from the unfinished resecurings and the Pending accounts, both short lists out of millions.
    """
    places = Q(pk__in=[])
    for path, below in scope:
        places |= Q(organisation_path__startswith=path) if below else Q(organisation_path=path)
    resecured = Resecuring.objects.filter(ended_at__isnull=True, temporary_password_set_at__isnull=True)
    waiting = Q(status__in=ACTIVE_BASED, pk__in=resecured.values("account")) | Q(status=Status.PENDING)
    return (
        Account.objects.filter(places, waiting, password="", is_system=False)
        .select_related("organisation")
        .order_by("family_key", "given_key", "id")
    )
