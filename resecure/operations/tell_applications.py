"""Tell applications: find the application sessions that are over, and write what each application must be told."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from resecure.identity import application_sessions
from resecure.identity.accounts import Account
from resecure.operations.shared.application_ends import listeners
from resecure.propagation import telling
from resecure.propagation.models import Delivery


def tell_applications(asked: Delivery, *, by: Account) -> int:
    """Afterwards every application session of the account that no longer counts is ended, and each has a delivery.

    Returns how many. The operation that ended them wrote one row, ``asked``, however many there are: it did not
    hold the account's lock for them. Each is told once: whoever ends it here writes its delivery in the same
    transaction. Our own sessions and tokens have been dead since the operation committed.
    """
    assert by.is_system
    now = timezone.now()
    with transaction.atomic():
        over = application_sessions.end_dead(asked.account, now=now)
        telling.spread(asked, listeners(over), now=now)
    return len(over)
