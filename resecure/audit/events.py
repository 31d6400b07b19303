"""The events of the record: one word each, and the sentence in which people read it."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Event(StrEnum):
    """What can stand in the record. The value is stored; renaming one would break old records."""

    ACCOUNT_RESECURED = "account_resecured"
    TEMPORARY_PASSWORD_SET = "temporary_password_set"
    IDENTITY_CONFIRMED = "identity_confirmed"
    IDENTITY_NOT_CONFIRMED = "identity_not_confirmed"
    AUTHENTICATION_ASKED = "authentication_asked"
    AUTHENTICATION_SUCCEEDED = "authentication_succeeded"
    AUTHENTICATION_FAILED = "authentication_failed"
    AUTHENTICATION_LOCK_LIFTED = "authentication_lock_lifted"
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_UNLOCKED = "account_unlocked"
    ACCOUNT_REOPENED = "account_reopened"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_FROZEN = "account_frozen"
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
    SIGN_IN_STOPPED = "sign_in_stopped"
    SIGN_IN_STEP_REFUSED = "sign_in_step_refused"
    PASSWORD_CHANGED = "password_changed"
    AUP_READ = "aup_read"
    AUP_ACCEPTED = "aup_accepted"
    AUP_PUBLISHED = "aup_published"
    PROFILE_CHECKED = "profile_checked"
    PROFILE_CHANGED = "profile_changed"
    ACCOUNT_SECRET_SET = "account_secret_set"
    SECOND_FACTOR_GIVEN = "second_factor_given"
    SECOND_FACTOR_WRONG = "second_factor_wrong"
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_RENAMED = "second_factor_renamed"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_RESET = "second_factor_reset"
    STEPPED_UP = "stepped_up"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_GIVEN = "approval_given"
    APPROVAL_DECLINED = "approval_declined"
    APPROVAL_WITHDRAWN = "approval_withdrawn"
    APPROVAL_EXPIRED = "approval_expired"
    APPROVAL_OVERTAKEN = "approval_overtaken"
    ALERT_ACKNOWLEDGED = "alert_acknowledged"
    OPERATION_REFUSED = "operation_refused"
    DELIVERY_RETRIED = "delivery_retried"
    DELIVERY_CLOSED = "delivery_closed"
    APPLICATION_REGISTERED = "application_registered"
    APPLICATION_CHANGED = "application_changed"
    APPLICATION_SECRET_MADE = "application_secret_made"
    APPLICATION_SECRETS_ENDED = "application_secrets_ended"
    APPLICATION_REMOVED = "application_removed"
    APPLICATION_SIGNED_IN = "application_signed_in"
    APPLICATION_LEFT = "application_left"
    APPLICATION_TOKEN_REUSED = "application_token_reused"
    SIGNING_KEY_ROTATED = "signing_key_rotated"
    ENCRYPTION_KEY_ROTATION_BEGUN = "encryption_key_rotation_begun"
    ENCRYPTION_KEY_ROTATED = "encryption_key_rotated"
    CONFIRMATION_CODE_SENT = "confirmation_code_sent"
    CONTACT_ASKED_FOR = "contact_asked_for"
    CONTACT_CODE_SENT = "contact_code_sent"
    CONTACT_CONFIRMED = "contact_confirmed"
    CONTACT_WITHDRAWN = "contact_withdrawn"
    ORGANISATION_POLICY_SET = "organisation_policy_set"
    AUDIT_READ = "audit_read"
    AUDIT_EXPORTED = "audit_exported"
    CHECKPOINT_MADE = "checkpoint_made"


SENTENCES: dict[Event, str | Promise] = {
    Event.ACCOUNT_RESECURED: _("{actor} resecured {target}"),
    Event.TEMPORARY_PASSWORD_SET: _("{actor} set a temporary password for {target}"),
    Event.IDENTITY_CONFIRMED: _("{actor} confirmed who {target} is"),
    Event.IDENTITY_NOT_CONFIRMED: _("{actor} could not confirm that the caller was {target}"),
    Event.AUTHENTICATION_ASKED: _("{actor} was shown which letters to ask {target} for"),
    Event.AUTHENTICATION_SUCCEEDED: _("{actor} asked for letters of the secret of {target}, and they were right"),
    Event.AUTHENTICATION_FAILED: _("{actor} asked for letters of the secret of {target}, and they were wrong"),
    Event.AUTHENTICATION_LOCK_LIFTED: _("{actor} allowed Authenticate User for {target} again"),
    Event.ACCOUNT_CREATED: _("{actor} created the account of {target}"),
    Event.ACCOUNT_UNLOCKED: _("{actor} unlocked {target}"),
    Event.ACCOUNT_REOPENED: _("{target} gave the right password in a browser they used before, which ended the lock"),
    Event.ACCOUNT_LOCKED: _("{target} was locked after too many wrong passwords"),
    Event.ACCOUNT_FROZEN: _("Somebody who was written to said that it was not them: {target} was frozen"),
    Event.ACCOUNT_DISABLED: _("{actor} disabled {target}"),
    Event.ACCOUNT_ENABLED: _("{actor} enabled {target}"),
    Event.ACCOUNT_MARKED_AS_LEAVER: _("{actor} marked {target} as a leaver"),
    Event.ACCOUNT_JOINED: _("{actor} joined {target} to a new organisation"),
    Event.ACCOUNT_DELETED: _("{actor} deleted {target}"),
    Event.ACCOUNT_RESTORED: _("{actor} restored {target}"),
    Event.ACCOUNT_STATUS_ADVANCED: _("The status of {target} moved on by itself"),
    Event.ACCOUNT_STUCK: _("{target} has been between two statuses for too long"),
    Event.SESSIONS_ENDED: _("{actor} ended every session of {target}"),
    Event.SESSION_ENDED: _("{actor} ended one session of {target}"),
    Event.EVERY_SESSION_ENDED: _("{actor} ended every session of everybody"),
    Event.SIGNED_OUT: _("{target} signed out"),
    Event.ROLE_GRANTED: _("{actor} granted a role to {target}"),
    Event.ROLE_WITHDRAWN: _("{actor} withdrew a role from {target}"),
    Event.SIGN_IN_STARTED: _("{target} gave the right password, with steps to take before anything opens"),
    Event.SIGN_IN_FAILED: _("A sign-in as {target} failed"),
    Event.SIGN_IN_COMPLETED: _("{target} signed in"),
    Event.SIGN_IN_STOPPED: _("{target} stopped a sign-in before its last step"),
    Event.SIGN_IN_STEP_REFUSED: _("A step of a sign-in of {target} was refused"),
    Event.PASSWORD_CHANGED: _("{target} chose a new password"),
    Event.AUP_READ: _("{target} read the acceptable use policy and said yes to it"),
    Event.AUP_ACCEPTED: _("The acceptance of the acceptable use policy by {target} is recorded"),
    Event.AUP_PUBLISHED: _("{actor} published a version of the acceptable use policy"),
    Event.PROFILE_CHECKED: _("{target} checked their profile"),
    Event.PROFILE_CHANGED: _("{target} changed their profile"),
    Event.ACCOUNT_SECRET_SET: _("{target} set a new account secret"),
    Event.SECOND_FACTOR_GIVEN: _("{target} gave a second factor to sign in"),
    Event.SECOND_FACTOR_WRONG: _("A wrong code or passkey was given for {target}"),
    Event.SECOND_FACTOR_ADDED: _("{target} added a second factor"),
    Event.SECOND_FACTOR_RENAMED: _("{target} renamed a second factor"),
    Event.SECOND_FACTOR_REMOVED: _("{target} removed a second factor"),
    Event.SECOND_FACTOR_RESET: _("{actor} reset the second factor of {target}"),
    Event.STEPPED_UP: _("{target} gave a second factor again to go on"),
    Event.RECOVERY_CODES_MADE: _("{target} made new recovery codes"),
    Event.APPROVAL_ASKED: _("{actor} asked a second person to approve something for {target}"),
    Event.APPROVAL_GIVEN: _("{actor} approved what another administrator had asked for {target}"),
    Event.APPROVAL_DECLINED: _("{actor} declined what another administrator had asked for {target}"),
    Event.APPROVAL_WITHDRAWN: _("{actor} withdrew what they had asked for {target}"),
    Event.APPROVAL_EXPIRED: _("What was asked for {target} was not decided in time"),
    Event.APPROVAL_OVERTAKEN: _("What was asked for {target} no longer held, and came to nothing"),
    Event.ALERT_ACKNOWLEDGED: _("{actor} acknowledged an alert"),
    Event.OPERATION_REFUSED: _("{actor} asked for something that was refused"),
    Event.DELIVERY_RETRIED: _("{actor} asked for a message to be sent again now"),
    Event.DELIVERY_CLOSED: _("{actor} closed what could not be told to a connected system about {target}"),
    Event.APPLICATION_REGISTERED: _("{actor} registered an application"),
    Event.APPLICATION_CHANGED: _("{actor} changed an application"),
    Event.APPLICATION_SECRET_MADE: _("{actor} made a new secret for an application"),
    Event.APPLICATION_SECRETS_ENDED: _("{actor} ended the older secrets of an application"),
    Event.APPLICATION_REMOVED: _("{actor} removed an application"),
    Event.APPLICATION_SIGNED_IN: _("{target} signed in to an application"),
    Event.APPLICATION_LEFT: _("{target} signed out of an application"),
    Event.APPLICATION_TOKEN_REUSED: _(
        "A token of {target} that counts once was used twice: the application session is over"
    ),
    Event.SIGNING_KEY_ROTATED: _("{actor} made a new key for signing"),
    Event.ENCRYPTION_KEY_ROTATION_BEGUN: _("{actor} began to seal every account secret under a new key"),
    Event.ENCRYPTION_KEY_ROTATED: _("{actor} sealed every account secret under a new key"),
    Event.CONFIRMATION_CODE_SENT: _("{actor} sent {target} a code to read back"),
    Event.CONTACT_ASKED_FOR: _("{target} asked for another address or number, which waits for its code"),
    Event.CONTACT_CODE_SENT: _("{target} asked for another code for a new address or number"),
    Event.CONTACT_CONFIRMED: _("{target} confirmed a new address or number"),
    Event.CONTACT_WITHDRAWN: _("{target} gave up a new address or number that waited for its code"),
    Event.ORGANISATION_POLICY_SET: _("{actor} changed the policy of an organisation"),
    Event.AUDIT_READ: _("{actor} read what is on record about {target}"),
    Event.AUDIT_EXPORTED: _("{actor} exported records"),
    Event.CHECKPOINT_MADE: _("{actor} made a checkpoint of the record"),
}
