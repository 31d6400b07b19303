"""Make a checkpoint of the record: where every chain ends now, signed, for somebody outside to keep."""

from __future__ import annotations

from base64 import b64decode

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from resecure.audit import checkpoints, record
from resecure.audit.events import Event
from resecure.audit.models import ChainHead, Checkpoint
from resecure.identity.accounts import Account


def make_checkpoint(*, by: Account) -> str:
    """The checkpoint, as text. That it was made is on record, after the ends it names; and it is stored, so that
    auditors can fetch it without asking the operator, from nodes that cannot sign one."""
    assert by.is_system
    now = timezone.now()
    with transaction.atomic():
        ends = ChainHead.objects.order_by("chain").values_list("position", "hash")
        heads = [checkpoints.Head(position=position, hash=bytes(digest)) for position, digest in ends]
        note = checkpoints.made(
            heads,
            seed=b64decode(settings.RESECURE.audit_key.get_secret_value()),
            origin=checkpoints.origin_of(settings.RESECURE.public_url),
        )
        records = sum(head.position for head in heads)
        Checkpoint.objects.create(made_at=now, records=records, note=note)
        record.append(Event.CHECKPOINT_MADE, actor=by.pk, target=None, at=now, details={"records": records})
    return note
