"""What we write to a person's mobile: what happened, in a sentence, and what to do if it was not them.

No text holds a password or secret. A code or link stands in one only while it travels: it is sealed in the outbox and
opened when the message is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from resecure.entrypoints.worker.mails import link_of
from resecure.propagation.models import Change

HAPPENED: dict[Change, str] = {
    Change.RESECURED: gettext_noop("An administrator resecured your account. Your old password no longer counts."),
    Change.PASSWORD_RESET: gettext_noop("An administrator set a temporary password for your account."),
    Change.BACK_AT_WORK: gettext_noop("You signed in to your account, and all the steps are done."),
    Change.CREATED: gettext_noop("An account was made for you."),
    Change.LOCKED: gettext_noop("Your account was locked: a wrong password was typed too often."),
    Change.UNLOCKED: gettext_noop("An administrator unlocked your account."),
    Change.INACTIVE: gettext_noop("Your account became inactive, because it was not used."),
    Change.DISABLED: gettext_noop("An administrator disabled your account."),
    Change.ENABLED: gettext_noop("An administrator enabled your account again."),
    Change.LEAVER: gettext_noop("An administrator marked your account as that of a leaver."),
    Change.JOINED: gettext_noop("Your account was moved to another organisation."),
    Change.DELETED: gettext_noop("Your account was deleted."),
    Change.RESTORED: gettext_noop("An administrator restored your account."),
    Change.SESSIONS_ENDED: gettext_noop("An administrator signed you out everywhere."),
    Change.PASSWORD_CHANGED: gettext_noop("The password of your account was changed."),
    Change.MOBILE_CHANGED: gettext_noop("The mobile number of your account was changed."),
    Change.ADDRESS_CHANGED: gettext_noop("The email address of your account was changed."),
    Change.ROLE_GRANTED: gettext_noop("You were given an administrator role."),
    Change.ROLE_WITHDRAWN: gettext_noop("An administrator role of yours has ended."),
    Change.AUTHENTICATION_FAILED: gettext_noop(
        "Somebody who said they were you gave wrong letters of your account secret."
    ),
    Change.AUTHENTICATION_LOCKED: gettext_noop(
        "Somebody who said they were you gave wrong letters of your account secret too often."
    ),
    Change.SECOND_FACTOR_ADDED: gettext_noop("A passkey or authenticator app was added to your account."),
    Change.SECOND_FACTOR_REMOVED: gettext_noop("A passkey or authenticator app was removed from your account."),
    Change.SECOND_FACTOR_RESET: gettext_noop(
        "An administrator took away every passkey, authenticator app and recovery code of your account."
    ),
    Change.SECOND_FACTOR_GUESSED: gettext_noop(
        "Wrong codes were given too often for your account, by somebody who has your password or your computer."
    ),
    Change.RECOVERY_CODES_MADE: gettext_noop("New recovery codes were made for your account."),
    Change.RECOVERY_CODE_USED: gettext_noop("A recovery code of your account was used."),
    Change.FROZEN: gettext_noop("Your account is shut: somebody answered a message to you with: this wasn’t me."),
}
CODES: dict[Change, str] = {
    Change.SPOKEN_CODE: gettext_noop(
        "Your code is {code}. Read it to the administrator who is calling you about your account. "
        "Never read it to anybody who called you out of the blue, and never type it into a page."
    ),
    Change.CONTACT_CODE: gettext_noop(
        "Resecure: {code} is the code that confirms this number. Type it in My account within 10 minutes. "
        "If you did not ask for it, do nothing and tell nobody."
    ),
}
_SOMETHING = gettext_noop("Something about your account was changed.")
_NOT_YOU = gettext_noop("Not you? Shut the account: {link}")
_DESK = gettext_noop("Not what you expected? Whom to call: {desk}")


def short_text_of(
    change: Change, payload: Mapping[str, Any], public_url: str, *, sealed: Mapping[str, str] | None = None
) -> str:
    """The text message about a change, in the person's language."""
    wanted = payload.get("language", "")
    with translation.override(wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        if change in CODES:
            return gettext(CODES[change]).format(code=(sealed or {})["code"])
        link = link_of(public_url, sealed)
        desk = f"{public_url}/organisations/{quote(payload['organisation_code'])}/"
        then = gettext(_NOT_YOU).format(link=link) if link else gettext(_DESK).format(desk=desk)
        # The name in front: a number that nobody knows must say who is writing.
        return f"Resecure: {gettext(HAPPENED.get(change, _SOMETHING))} {then}"
