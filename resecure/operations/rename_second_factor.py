"""Rename second factor: call one of one's own something else."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.identity.second_factors import SecondFactor
from resecure.operations.shared.enrolling import NAME
from resecure.operations.shared.frame import locked_own
from resecure.operations.shared.typed import name_part
from resecure.policy.refusals import NotFound


def rename_second_factor(factor: UUID, *, name: str, by: Account) -> None:
    """Afterwards it is called so. What it opens stays as it is. Raises Invalid, NotFound, NotSignedIn."""
    name = name_part("name", name, most=NAME)
    now = timezone.now()
    with transaction.atomic():
        account = locked_own(by)
        if not SecondFactor.objects.filter(pk=factor, account=by.pk).update(name=name):
            raise NotFound
        record.append(
            Event.SECOND_FACTOR_RENAMED,
            actor=by.pk,
            target=by.pk,
            organisation_path=account.organisation_path,
            at=now,
            details={},
        )
