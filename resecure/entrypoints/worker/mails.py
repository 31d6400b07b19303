"""What we write to a person about each change: what happened, when, and what to do if it was not expected.

No text holds a password or secret. The one link that does something can only shut the account (*This wasn't me*): who
reads the mailbox learns what happened and gains nothing. Nothing that people typed stands in a subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from resecure.identity.roles import RoleName
from resecure.propagation.models import Change


@dataclass(frozen=True, kw_only=True)
class Mail:
    """The words for one change, before translation."""

    subject: str
    happened: str
    meets_next: str = ""
    not_expected: str = gettext_noop("If you did not expect this, call the service desk of your organisation:")
    # To an address that may be a stranger's: no name, no organisation, nothing but a code.
    to_anybody: bool = False
    # To an administrator about somebody else: the page to look at stands there instead of whom to call.
    to_administrators: bool = False


_NOT_YOU = gettext_noop("If this was not you, call the service desk of your organisation now:")
_QUESTIONS = gettext_noop("If you think this is a mistake, call the service desk of your organisation:")
_LOOK = gettext_noop("To look at the account, sign in and open:")
_PASSWORD_TOLD = gettext_noop(
    "Your administrator tells you a temporary password. It works once and for a limited time. "
    "We never send a password by mail, and nobody will ask you for it."
)

MAILS: dict[Change, Mail] = {
    Change.RESECURED: Mail(
        subject=gettext_noop("Your account is ready to be taken back"),
        happened=gettext_noop(
            "An administrator resecured your account. Your old password and account secret no longer count, "
            "and you were signed out everywhere."
        ),
        meets_next=gettext_noop(
            "Your administrator tells you a temporary password. Sign in with it; you will then choose a new "
            "password, accept the acceptable use policy, check your profile and choose a new account secret. "
            "After that, everything is as it was. We never send a password by mail."
        ),
    ),
    Change.PASSWORD_RESET: Mail(
        subject=gettext_noop("You have a temporary password"),
        happened=gettext_noop(
            "An administrator set a temporary password for your account. You were signed out everywhere."
        ),
        meets_next=_PASSWORD_TOLD,
    ),
    Change.BACK_AT_WORK: Mail(
        subject=gettext_noop("You are back"),
        happened=gettext_noop("You signed in and all the steps are done. You need do nothing more."),
        not_expected=_NOT_YOU,
    ),
    Change.CREATED: Mail(
        subject=gettext_noop("An account was made for you"),
        happened=gettext_noop("An administrator made an account for you."),
        meets_next=_PASSWORD_TOLD,
    ),
    Change.LOCKED: Mail(
        subject=gettext_noop("Your account is locked"),
        happened=gettext_noop(
            "A wrong password was typed too often, so your account was locked. You were signed out everywhere."
        ),
        meets_next=gettext_noop(
            "Your administrator can unlock it once you have shown who you are. If it was not you, say so."
        ),
        not_expected=gettext_noop("Call the service desk of your organisation:"),
    ),
    Change.UNLOCKED: Mail(
        subject=gettext_noop("Your account is unlocked"),
        happened=gettext_noop("An administrator unlocked your account. Sign in with your password as before."),
    ),
    Change.INACTIVE: Mail(
        subject=gettext_noop("Your account is inactive"),
        happened=gettext_noop(
            "Your account was not used for a while, or you did not take every step of the sign-in in time. It became "
            "inactive, and you were signed out everywhere."
        ),
        meets_next=gettext_noop("To go on using it, sign in. An account that stays inactive is deleted."),
        not_expected=gettext_noop("If you cannot sign in, call the service desk of your organisation:"),
    ),
    Change.DISABLED: Mail(
        subject=gettext_noop("Your account is disabled"),
        happened=gettext_noop(
            "An administrator disabled your account. You were signed out everywhere and cannot sign in for now."
        ),
        not_expected=_QUESTIONS,
    ),
    Change.ENABLED: Mail(
        subject=gettext_noop("Your account is enabled again"),
        happened=gettext_noop("An administrator enabled your account. You can sign in again."),
    ),
    Change.LEAVER: Mail(
        subject=gettext_noop("You are marked as leaving"),
        happened=gettext_noop(
            "An administrator noted that you are leaving the organisation. Any administrator roles of yours "
            "have ended. Your account keeps working for a limited time, so that your next organisation can "
            "take it over; after that it is deleted."
        ),
        not_expected=_QUESTIONS,
    ),
    Change.JOINED: Mail(
        subject=gettext_noop("Your account has moved with you"),
        happened=gettext_noop("Your account now belongs to the organisation named below."),
        meets_next=gettext_noop("Sign in again with the password you have."),
    ),
    Change.DELETED: Mail(
        subject=gettext_noop("Your account is deleted"),
        happened=gettext_noop(
            "Your account was deleted. You were signed out everywhere. For a limited time an administrator "
            "can restore it."
        ),
        not_expected=_QUESTIONS,
    ),
    Change.RESTORED: Mail(
        subject=gettext_noop("Your account is restored"),
        happened=gettext_noop("An administrator restored your account."),
        meets_next=_PASSWORD_TOLD,
    ),
    Change.SESSIONS_ENDED: Mail(
        subject=gettext_noop("You were signed out everywhere"),
        happened=gettext_noop(
            "An administrator ended all your sessions. Your password is as it was; sign in again when you need to."
        ),
    ),
    Change.PASSWORD_CHANGED: Mail(
        subject=gettext_noop("Your password was changed"),
        happened=gettext_noop("You chose a new password. You were signed out everywhere else."),
        not_expected=_NOT_YOU,
    ),
    Change.ROLE_GRANTED: Mail(
        subject=gettext_noop("You have a new role"),
        happened=gettext_noop("You were given the role {role}. Sign in again to use it."),
    ),
    Change.ROLE_WITHDRAWN: Mail(
        subject=gettext_noop("A role of yours has ended"),
        happened=gettext_noop("You no longer hold the role {role}. Your account is otherwise as it was."),
        not_expected=_QUESTIONS,
    ),
    Change.AUTHENTICATION_FAILED: Mail(
        subject=gettext_noop("Somebody gave wrong letters of your account secret"),
        happened=gettext_noop(
            "Somebody said they were you and asked an administrator for help. They were asked for letters of your "
            "account secret, and what they said was wrong. Nothing about your account was changed."
        ),
        meets_next=gettext_noop("If it was you, you need do nothing: think of the secret and ask again."),
        not_expected=_NOT_YOU,
    ),
    Change.AUTHENTICATION_LOCKED: Mail(
        subject=gettext_noop("Your account secret is not asked for at present"),
        happened=gettext_noop(
            "Somebody who said they were you gave wrong letters of your account secret too often. For now no "
            "administrator can ask for letters of it. You can sign in as before."
        ),
        meets_next=gettext_noop(
            "If you need help meanwhile, your administrator confirms in another way who you are. "
            "Tell nobody your whole secret."
        ),
        not_expected=_NOT_YOU,
    ),
    Change.LOOK_AUTHENTICATION_FAILED: Mail(
        subject=gettext_noop("A caller gave wrong letters of an account secret"),
        happened=gettext_noop(
            "Somebody asked an administrator for help with the account of {about} ({about_address}) and gave wrong "
            "letters of its account secret."
        ),
        meets_next=gettext_noop("One slip is common. If the same caller tries others, stop, and tell your colleagues."),
        not_expected=_LOOK,
        to_administrators=True,
    ),
    Change.LOOK_AUTHENTICATION_LOCKED: Mail(
        subject=gettext_noop("Authenticate User is disabled for an account"),
        happened=gettext_noop(
            "Wrong letters of the account secret of {about} ({about_address}) were given too often. Nobody can ask "
            "for letters of it for a while, or until an administrator of a higher role allows it again."
        ),
        meets_next=gettext_noop(
            "Somebody may be pretending to be this person. Ask the person, on the number on record."
        ),
        not_expected=_LOOK,
        to_administrators=True,
    ),
    Change.APPROVAL_ASKED: Mail(
        subject=gettext_noop("An administrator asks you to approve something"),
        happened=gettext_noop(
            "{asked_by} asks a second person to approve something for the account of {about} ({about_address})."
        ),
        meets_next=gettext_noop(
            "It waits for a short time only. Approve it only if you are sure that the person is who they say; ask who "
            "asks, by a number that you know."
        ),
        not_expected=gettext_noop("To read what is asked, sign in and open:"),
        to_administrators=True,
    ),
    Change.APPROVAL_DECIDED: Mail(
        subject=gettext_noop("What you asked a second person for is decided"),
        happened=gettext_noop(
            "A second person decided what you had asked for the account of {about} ({about_address})."
        ),
        not_expected=gettext_noop("To read how, sign in and open:"),
        to_administrators=True,
    ),
    Change.LOOK_NOT_CONFIRMED: Mail(
        subject=gettext_noop("An administrator could not confirm who asked"),
        happened=gettext_noop(
            "Somebody asked an administrator for help with the account of {about} ({about_address}). The administrator "
            "could not confirm that it was them, stopped, and wrote that down."
        ),
        meets_next=gettext_noop(
            "The same caller may try another administrator. Tell your colleagues, and look at the account."
        ),
        not_expected=_LOOK,
        to_administrators=True,
    ),
    Change.MOBILE_CHANGED: Mail(
        subject=gettext_noop("Your mobile number was changed"),
        happened=gettext_noop("The mobile number of your account was changed, added or removed in your profile."),
        meets_next=gettext_noop(
            "A number that you had before hears of what happens to your account for 7 more days. For 7 days nobody may "
            "use the new one to prove that they are you."
        ),
        not_expected=_NOT_YOU,
    ),
    Change.ADDRESS_CHANGED: Mail(
        subject=gettext_noop("Your email address was changed"),
        happened=gettext_noop(
            "The email address of your account was changed in your profile. You sign in with the new one from now on."
        ),
        meets_next=gettext_noop("The address that you had before hears of your account for 7 more days."),
        not_expected=_NOT_YOU,
    ),
    Change.CONTACT_CODE: Mail(
        subject=gettext_noop("The code for your new email address"),
        happened=gettext_noop(
            "{code} is the code that confirms this email address. Type it in My account within 10 minutes."
        ),
        not_expected=gettext_noop(
            "If you did not ask for it, do nothing, and tell the code to nobody: without it, nothing happens."
        ),
        to_anybody=True,
    ),
    Change.FROZEN: Mail(
        subject=gettext_noop("Your account is shut"),
        happened=gettext_noop(
            "Somebody opened the link in a message to you and said: this wasn’t me. So your account was shut: nobody "
            "can sign in to it, and its password no longer counts."
        ),
        meets_next=gettext_noop(
            "Your service desk opens it again once you have shown who you are. If you did not open the link, tell them "
            "that somebody else reads your messages."
        ),
        not_expected=gettext_noop("Call the service desk of your organisation:"),
    ),
    Change.LOOK_NOT_ME: Mail(
        subject=gettext_noop("Somebody said: this wasn’t me"),
        happened=gettext_noop(
            "Something happened to the account of {about} ({about_address}), and whoever was written to about it said "
            "that it was not them. The account is shut: nobody can sign in to it."
        ),
        meets_next=gettext_noop(
            "Find out who asked for the last change. Open the account again only for somebody who has shown who they "
            "are."
        ),
        not_expected=_LOOK,
        to_administrators=True,
    ),
    Change.LOOK_RESECURED: Mail(
        subject=gettext_noop("An account was resecured"),
        happened=gettext_noop(
            "An administrator resecured the account of {about} ({about_address}). Its password and account secret no "
            "longer count."
        ),
        meets_next=gettext_noop("If nobody should have asked for that, look into it now."),
        not_expected=_LOOK,
        to_administrators=True,
    ),
    Change.MANAGER_RESECURED: Mail(
        subject=gettext_noop("The account of somebody you manage was resecured"),
        happened=gettext_noop(
            "An administrator resecured the account of {about}. It is taken back in this way when nobody can tell any "
            "more who holds it."
        ),
        meets_next=gettext_noop("Ask {about}, in person, whether they wanted that."),
        not_expected=gettext_noop("If they did not, call the service desk of your organisation:"),
    ),
    Change.SECOND_FACTOR_ADDED: Mail(
        subject=gettext_noop("A second factor was added to your account"),
        happened=gettext_noop(
            "A passkey or an authenticator app was added to your account. You were signed out everywhere else."
        ),
        not_expected=_NOT_YOU,
    ),
    Change.SECOND_FACTOR_REMOVED: Mail(
        subject=gettext_noop("A second factor was removed from your account"),
        happened=gettext_noop(
            "A passkey or an authenticator app was removed from your account. You were signed out everywhere else."
        ),
        not_expected=_NOT_YOU,
    ),
    Change.SECOND_FACTOR_RESET: Mail(
        subject=gettext_noop("Your second factor was reset"),
        happened=gettext_noop(
            "An administrator took away every passkey, authenticator app and recovery code of your account. "
            "You were signed out everywhere."
        ),
        meets_next=gettext_noop("Sign in with your password. If you administer accounts, you then add new ones."),
    ),
    Change.SECOND_FACTOR_GUESSED: Mail(
        subject=gettext_noop("Somebody gives wrong codes for your account"),
        happened=gettext_noop(
            "A wrong code was given too often for your account, so that no more are taken for a while. Whoever "
            "was asked for the code had typed your password, or found a computer on which you are signed in."
        ),
        meets_next=gettext_noop("If it was not you, change your password and end your other sessions."),
        not_expected=_NOT_YOU,
    ),
    Change.RECOVERY_CODES_MADE: Mail(
        subject=gettext_noop("Your account has new recovery codes"),
        happened=gettext_noop("New recovery codes were made for your account. Those of before no longer work."),
        not_expected=_NOT_YOU,
    ),
    Change.RECOVERY_CODE_USED: Mail(
        subject=gettext_noop("A recovery code was used"),
        happened=gettext_noop(
            "A recovery code was used in place of your passkey or authenticator app. It does not work again. "
            "Codes left: {left}"
        ),
        meets_next=gettext_noop("If you lost a device, remove it from your account and add another one."),
        not_expected=_NOT_YOU,
    ),
}

# Security messages cannot be unsubscribed from: whoever took an account over would do that first.
_WHY = gettext_noop(
    "You cannot unsubscribe from messages about the safety of your account: somebody who took it over would do that "
    "first."
)
_FACTOR_TOO = gettext_noop("Every passkey, authenticator app and recovery code of your account was taken away with it.")
_NOT_ME = gettext_noop("If this was not you, open this page. It shuts your account at once, without signing in:")
_GREETING = gettext_noop("Hello {name},")
_WHEN = gettext_noop("When: {when}")
_WHERE = gettext_noop("Organisation: {organisation}")
_LAST = gettext_noop("This message was sent by a program; answers to it are not read.")


def text_of(
    change: Change,
    payload: Mapping[str, Any],
    public_url: str,
    *,
    at: datetime | None = None,
    sealed: Mapping[str, str] | None = None,
) -> tuple[str, str]:
    """Subject and text of the message about a change, in the person's language. ``sealed``: what travelled sealed and
    stands in the message alone."""
    mail = MAILS[change]
    with translation.override(language_of(payload)):
        when = timezone.localtime(at or timezone.now())
        words = {
            "name": payload["name"],
            "organisation": payload["organisation"],
            "code": (sealed or {})["code"] if mail.to_anybody else "",
            "role": _role(payload.get("role", "")),
            "about": payload.get("about_name", ""),
            "about_address": payload.get("about_address", ""),
            "left": str(payload.get("left", "")),
            "asked_by": payload.get("asked_by", ""),
            "when": f"{date_format(when, 'j F Y, H:i')} ({when.tzname()})",
        }
        if mail.to_anybody:
            parts = [_said(mail.happened, words), gettext(mail.not_expected), gettext(_LAST)]
            return gettext(mail.subject), "\n\n".join(parts) + "\n"
        happened = f"{_said(mail.happened, words)}\n{_said(_WHEN, words)}\n{_said(_WHERE, words)}"
        parts = [
            _said(_GREETING, words),
            happened,
            gettext(_FACTOR_TOO) if change is Change.RESECURED and payload.get("removed") else "",
            _said(mail.meets_next, words) if mail.meets_next else "",
            f"{gettext(_NOT_ME)}\n{link_of(public_url, sealed)}" if link_of(public_url, sealed) else "",
            f"{gettext(mail.not_expected)}\n{public_url}{_where_to(mail, payload)}",
            gettext(_WHY),
            gettext(_LAST),
        ]
        return gettext(mail.subject), "\n\n".join(part for part in parts if part) + "\n"


def language_of(payload: Mapping[str, Any]) -> str:
    """The person's language. One that is not offered would come out half translated, with the months of Django's own
    catalogue: then English."""
    wanted: str = payload.get("language", "")
    return wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def link_of(public_url: str, sealed: Mapping[str, str] | None) -> str:
    """The address behind *This wasn't me*; empty where the message holds none."""
    token = (sealed or {}).get("not_me", "")
    return f"{public_url}/not-me/{token}/" if token else ""


def _said(text: str, words: Mapping[str, str]) -> str:
    """The translated text with the words in their places. Words are put in, never read as a pattern."""
    return gettext(text).format(**words)


def _where_to(mail: Mail, payload: Mapping[str, Any]) -> str:
    if "approval" in payload:
        return f"/approvals/{payload['approval']}/"
    if mail.to_administrators:
        return f"/user-management/{payload['about']}/"
    return f"/organisations/{quote(payload['organisation_code'])}/"


def _role(name: str) -> str:
    return str(RoleName(name).label) if name in RoleName.values else name
