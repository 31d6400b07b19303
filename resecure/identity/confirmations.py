"""Confirmations: an administrator's word that the person is who they say, and how they know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from resecure.database import statements
from resecure.identity.accounts import Account


class Method(models.TextChoices):
    """How the person was identified."""

    IN_PERSON = "in_person", _("In person, with photo ID")
    VIDEO_CALL = "video_call", _("Video call, with photo ID and a code sent to the number on record")
    CALL_BACK = "call_back", _("Call back to the number on record")
    LINE_MANAGER = "line_manager", _("Line manager, called on the directory's number")
    ACCOUNT_SECRET = "account_secret", _("Account secret")


class Document(models.TextChoices):
    """The kind of photo ID that was seen. Its number is never written down."""

    PASSPORT = "passport", _("Passport")
    DRIVING_LICENCE = "driving_licence", _("Driving licence")
    STAFF_CARD = "staff_card", _("Staff card with a photo")
    IDENTITY_CARD = "identity_card", _("National identity card or residence permit")


class Purpose(models.TextChoices):
    """The operation a confirmation is good for: one, never another."""

    RESECURE = "resecure", _("Resecure Account")
    RESET_PASSWORD = "reset_password", _("Reset Password")
    UNLOCK = "unlock", _("Unlock")
    RESET_SECOND_FACTOR = "reset_second_factor", _("Reset second factor")


class IdentityConfirmation(models.Model):
    """Good once, for one operation on one account, for 30 minutes, for the administrator who made it, and
    only while the account's generation is what it was: an unused one dies with everything else."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    by = models.UUIDField()
    purpose = models.CharField(max_length=20, choices=Purpose.choices, default=Purpose.RESECURE)
    method = models.CharField(max_length=20, choices=Method.choices)
    reference = models.CharField(max_length=200)
    # What the method asks to be noted beside the reference: kinds and endings, never a document's number.
    details = models.JSONField(null=True)
    generation = models.BigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="confirmation_has_a_reference", condition=~models.Q(reference="")),
            models.CheckConstraint(name="confirmation_method_known", condition=models.Q(method__in=Method.values)),
        ]

    def is_good_for(self, purpose: Purpose, account: Account, *, by: UUID, now: datetime) -> bool:
        """Whether using it now would succeed; all that is wrong gives one and the same answer."""
        return (
            self.used_at is None
            and self.purpose == purpose
            and self.account_id == account.pk
            and self.by == by
            and self.generation == account.generation
            and now < self.expires_at
        )


def by_secret(account: Account, *, by: UUID, purpose: Purpose, now: datetime) -> IdentityConfirmation | None:
    """The newest confirmation by the account secret that this administrator could still use for this."""
    found = IdentityConfirmation.objects.filter(
        account=account, by=by, purpose=purpose, method=Method.ACCOUNT_SECRET, used_at=None, expires_at__gt=now
    )
    return found.filter(generation=account.generation).order_by("-created_at").first()


def lives_until(confirmation: UUID) -> datetime | None:
    """Until when this one could be used at the latest; None if there is none any more."""
    return IdentityConfirmation.objects.filter(pk=confirmation).values_list("expires_at", flat=True).first()


def used_lately(account: UUID, purposes: Sequence[Purpose], *, by: UUID, since: datetime) -> bool:
    """Whether this administrator used a confirmation of this account for one of these operations since then."""
    used = IdentityConfirmation.objects.filter(account=account, by=by, purpose__in=purposes, used_at__gt=since)
    return used.exists()


def use(confirmation: UUID, *, now: datetime) -> None:
    """Use it up. The caller holds the row lock of its account, under which alone confirmations are used, and
    has read under that lock that it is unused: so nobody can be faster."""
    statements.run(
        "UPDATE identity_identityconfirmation SET used_at = %s WHERE id = %s AND used_at IS NULL", [now, confirmation]
    )
