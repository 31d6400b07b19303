"""The events of the record: one word each, and the sentence in which people read it."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """What can stand in the record. The value is stored; renaming one would break old records."""

    ACCOUNT_RESECURED = "account_resecured"
    TEMPORARY_PASSWORD_SET = "temporary_password_set"
    IDENTITY_CONFIRMED = "identity_confirmed"
    IDENTITY_NOT_CONFIRMED = "identity_not_confirmed"
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_UNLOCKED = "account_unlocked"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_MARKED_AS_LEAVER = "account_marked_as_leaver"
    ACCOUNT_JOINED = "account_joined"
    ACCOUNT_DELETED = "account_deleted"
    ACCOUNT_RESTORED = "account_restored"
    ACCOUNT_STATUS_ADVANCED = "account_status_advanced"
    ACCOUNT_STUCK = "account_stuck"
    SESSIONS_ENDED = "sessions_ended"
    SESSION_ENDED = "session_ended"
    EVERY_SESSION_ENDED = "every_session_ended"
    SIGNED_OUT = "signed_out"
    ROLE_GRANTED = "role_granted"
    ROLE_WITHDRAWN = "role_withdrawn"
    SIGN_IN_STARTED = "sign_in_started"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_COMPLETED = "sign_in_completed"
    PASSWORD_CHANGED = "password_changed"
    AUP_READ = "aup_read"
    AUP_ACCEPTED = "aup_accepted"
    AUP_PUBLISHED = "aup_published"
    PROFILE_CHECKED = "profile_checked"
    PROFILE_CHANGED = "profile_changed"
    ACCOUNT_SECRET_SET = "account_secret_set"
    OPERATION_REFUSED = "operation_refused"
    DELIVERY_RETRIED = "delivery_retried"


SENTENCES: dict[Event, str] = {
    Event.ACCOUNT_RESECURED: "{actor} resecured {target}",
    Event.TEMPORARY_PASSWORD_SET: "{actor} set a temporary password for {target}",
    Event.IDENTITY_CONFIRMED: "{actor} confirmed who {target} is",
    Event.IDENTITY_NOT_CONFIRMED: "{actor} could not confirm that the caller was {target}",
    Event.ACCOUNT_CREATED: "{actor} created the account of {target}",
    Event.ACCOUNT_UNLOCKED: "{actor} unlocked {target}",
    Event.ACCOUNT_LOCKED: "{target} was locked after too many wrong passwords",
    Event.ACCOUNT_DISABLED: "{actor} disabled {target}",
    Event.ACCOUNT_ENABLED: "{actor} enabled {target}",
    Event.ACCOUNT_MARKED_AS_LEAVER: "{actor} marked {target} as a leaver",
    Event.ACCOUNT_JOINED: "{actor} joined {target} to a new organisation",
    Event.ACCOUNT_DELETED: "{actor} deleted {target}",
    Event.ACCOUNT_RESTORED: "{actor} restored {target}",
    Event.ACCOUNT_STATUS_ADVANCED: "The status of {target} moved on by itself",
    Event.ACCOUNT_STUCK: "{target} has been between two statuses for too long",
    Event.SESSIONS_ENDED: "{actor} ended every session of {target}",
    Event.SESSION_ENDED: "{actor} ended one session of {target}",
    Event.EVERY_SESSION_ENDED: "{actor} ended every session of everybody",
    Event.SIGNED_OUT: "{target} signed out",
    Event.ROLE_GRANTED: "{actor} granted a role to {target}",
    Event.ROLE_WITHDRAWN: "{actor} withdrew a role from {target}",
    Event.SIGN_IN_STARTED: "{target} gave the right password, with steps to take before anything opens",
    Event.SIGN_IN_FAILED: "A sign-in as {target} failed",
    Event.SIGN_IN_COMPLETED: "{target} signed in",
    Event.PASSWORD_CHANGED: "{target} chose a new password",
    Event.AUP_READ: "{target} read the acceptable use policy and said yes to it",
    Event.AUP_ACCEPTED: "The acceptance of the acceptable use policy by {target} is recorded",
    Event.AUP_PUBLISHED: "{actor} published a version of the acceptable use policy",
    Event.PROFILE_CHECKED: "{target} checked their profile",
    Event.PROFILE_CHANGED: "{target} changed their profile",
    Event.ACCOUNT_SECRET_SET: "{target} set a new account secret",
    Event.OPERATION_REFUSED: "{actor} asked for something that was refused",
    Event.DELIVERY_RETRIED: "{actor} asked for a message to be sent again now",
}
