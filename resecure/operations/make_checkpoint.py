"""Make a checkpoint of the record: where every chain ends now, signed, for somebody outside to keep."""

from __future__ import annotations

from base64 import b64decode

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from resecure.audit import checkpoints, record
from resecure.audit.events import Event
from resecure.audit.models import ChainHead
from resecure.identity.accounts import Account


def make_checkpoint(*, by: Account) -> str:
    """The checkpoint, as text. That it was made is on record, after the ends it names."""
    assert by.is_system
    with transaction.atomic():
        ends = ChainHead.objects.order_by("chain").values_list("position", "hash")
        heads = [checkpoints.Head(position=position, hash=bytes(digest)) for position, digest in ends]
        note = checkpoints.made(
            heads,
            seed=b64decode(settings.RESECURE.audit_key.get_secret_value()),
            origin=checkpoints.origin_of(settings.RESECURE.public_url),
        )
        record.append(
            Event.CHECKPOINT_MADE,
            actor=by.pk,
            target=None,
            at=timezone.now(),
            details={"records": sum(head.position for head in heads)},
        )
    return note
