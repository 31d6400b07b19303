"""Deliveries as they are stored: the outbox."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Change(models.TextChoices):
    """What a connected system is told. The value travels; it is never renamed."""

    RESECURED = "resecured", _("account resecured")
    PASSWORD_RESET = "password_reset", _("temporary password set")
    BACK_AT_WORK = "back_at_work", _("all steps done")
    CREATED = "created", _("account created")
    LOCKED = "locked", _("account locked")
    UNLOCKED = "unlocked", _("account unlocked")
    INACTIVE = "inactive", _("account inactive")
    DISABLED = "disabled", _("account disabled")
    ENABLED = "enabled", _("account enabled")
    LEAVER = "leaver", _("marked as leaver")
    JOINED = "joined", _("joined a new organisation")
    DELETED = "deleted", _("account deleted")
    RESTORED = "restored", _("account restored")
    SESSIONS_ENDED = "sessions_ended", _("all sessions ended")
    PASSWORD_CHANGED = "password_changed", _("password changed")
    ROLE_GRANTED = "role_granted", _("role granted")
    ROLE_WITHDRAWN = "role_withdrawn", _("role withdrawn")
    SESSION_ENDED = "session_ended", _("session ended")
    # A code that a person reads back to the administrator who is calling.
    SPOKEN_CODE = "spoken_code", _("code to read back")
    AUTHENTICATION_FAILED = "authentication_failed", _("wrong letters of the account secret")
    AUTHENTICATION_LOCKED = "authentication_locked", _("Authenticate User disabled")
    # A code that a person types to show that a new address or number is theirs.
    CONTACT_CODE = "contact_code", _("code for a new address or number")
    MOBILE_CHANGED = "mobile_changed", _("mobile number changed")
    ADDRESS_CHANGED = "address_changed", _("email address changed")
    FROZEN = "frozen", _("account frozen by its person")
    # To the manager, and to administrators, about somebody else's account.
    MANAGER_RESECURED = "manager_resecured", _("manager told: account resecured")
    LOOK_RESECURED = "look_resecured", _("administrators told: account resecured")
    LOOK_NOT_ME = "look_not_me", _("administrators told: the person says it was not them")
    APPROVAL_ASKED = "approval_asked", _("a second person asked to approve")
    APPROVAL_DECIDED = "approval_decided", _("told that an approval was decided")
    LOOK_NOT_CONFIRMED = "look_not_confirmed", _("administrators told: the caller could not be confirmed")
    LOOK_AUTHENTICATION_FAILED = (
        "look_authentication_failed",
        _("administrators told: wrong letters of an account secret"),
    )
    LOOK_AUTHENTICATION_LOCKED = (
        "look_authentication_locked",
        _("administrators told: Authenticate User disabled"),
    )
    SECOND_FACTOR_ADDED = "second_factor_added", _("second factor added")
    SECOND_FACTOR_REMOVED = "second_factor_removed", _("second factor removed")
    SECOND_FACTOR_RESET = "second_factor_reset", _("second factor reset")
    SECOND_FACTOR_GUESSED = "second_factor_guessed", _("wrong second factors")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("recovery codes made")
    RECOVERY_CODE_USED = "recovery_code_used", _("recovery code used")


class System(models.TextChoices):
    """The connected systems, as rows are claimed.

    ``APPLICATIONS`` is one row in the operation's transaction, however many applications there are; carrying it out
    means finding those the person was signed in to, and writing an ``APPLICATION`` row for each.
    """

    MAIL = "mail", _("Mail to the person")
    SMS = "sms", _("Text message to the person")
    APPLICATIONS = "applications", _("Finding the applications to tell")
    APPLICATION = "application", _("Application")


# What ends sessions is told to applications; what opens an account is not: there is nothing that could end.
ENDS_SESSIONS = frozenset(
    {
        Change.RESECURED,
        Change.PASSWORD_RESET,
        Change.LOCKED,
        Change.INACTIVE,
        Change.FROZEN,
        Change.DISABLED,
        Change.LEAVER,
        Change.JOINED,
        Change.DELETED,
        Change.SESSIONS_ENDED,
        Change.PASSWORD_CHANGED,
        Change.ROLE_GRANTED,
        Change.ROLE_WITHDRAWN,
        Change.SESSION_ENDED,
        Change.SECOND_FACTOR_ADDED,
        Change.SECOND_FACTOR_REMOVED,
        Change.SECOND_FACTOR_RESET,
    }
)


class State(models.TextChoices):
    """How far a delivery has got. *Acknowledged* is the system's word; *confirmed*, that we asked and saw."""

    REQUESTED = "requested", _("waiting")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    CONFIRMED = "confirmed", _("confirmed")
    FAILED = "failed", _("failed")
    # It can never be told, and somebody said so: it never answered, nothing is confirmed, and nobody waits for it.
    CLOSED = "closed", _("closed")


class Delivery(models.Model):
    """One change that one connected system must learn of. ``id`` is the idempotency key that travels."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    order = models.BigIntegerField(editable=False, null=True)
    system = models.CharField(max_length=32)  # one of System
    # Which application; nothing for the other systems.
    target = models.CharField(max_length=36, default="", db_default="")
    change = models.CharField(max_length=32)  # one of Change
    account = models.UUIDField()
    resecuring = models.UUIDField(null=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    attempts = models.IntegerField(default=0)
    requested_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    # When somebody last asked by hand that it be sent again: its patience counts from there.
    retried_at = models.DateTimeField(null=True)
    # Among those that are due, the order in which they go: a change that a thousand must learn of takes its turns
    # one after the other, so that the next person's does not wait behind all of them.
    turn = models.DateTimeField(db_default=Now())
    claimed_until = models.DateTimeField(null=True)
    # The messenger that has it, by the number under which it lives; nothing for mail.
    claimed_by = models.IntegerField(null=True)
    # When it was last handed over, whatever came back.
    told_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    failed_because = models.CharField(max_length=300, default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    closed_because = models.CharField(max_length=300, default="", db_default="")

    class Meta:
        indexes = [
            # Those of one system alone: ten thousand that wait for a dead one must not be walked through.
            models.Index(
                fields=["system", "turn"], name="propagation_open_by_system", condition=models.Q(state="requested")
            ),
            models.Index(
                fields=["target", "turn"],
                name="propagation_open_by_target",
                condition=models.Q(state="requested", system="application"),
            ),
            # Which is the oldest that is open: asked for each that is claimed, of a thousand of one account too.
            models.Index(
                fields=["account", "system", "target", "order"],
                name="propagation_open_in_order",
                condition=models.Q(state="requested"),
            ),
            models.Index(fields=["account", "system", "order"], name="propagation_by_account"),
            models.Index(fields=["resecuring"], name="propagation_by_resecuring"),
        ]


class Messenger(models.Model):
    """A messenger of a worker, by the number whose lock it holds; ``gone_since`` somebody saw that it holds none."""

    number = models.IntegerField(primary_key=True)
    gone_since = models.DateTimeField(null=True)


class Pause(models.Model):
    """An application, the mail server or the SMS gateway that could not be reached, and until when nothing is sent
    there. One of its deliveries then asks whether it is back; while it is not, the others do not wait for its
    time-outs."""

    # The application, or the system where that is mail or SMS.
    target = models.CharField(max_length=36, primary_key=True)
    until = models.DateTimeField()
    failures = models.IntegerField()
    since = models.DateTimeField()
