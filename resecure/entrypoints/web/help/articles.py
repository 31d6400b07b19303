"""The articles, and the parts of them that are read from the rules themselves, so that help cannot fall behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from resecure.identity.accounts import IN_PROGRESS, Account, Status
from resecure.identity.agreements import AupAcceptance
from resecure.identity.organisations import Organisation
from resecure.identity.resecurings import Resecuring
from resecure.identity.roles import RoleGrant, RoleName
from resecure.policy.actions import BUTTONS, Facts, reasons_not_to
from resecure.policy.passwords import password_rules
from resecure.policy.refusals import Refusal
from resecure.policy.roles import ROLES, Permission
from resecure.policy.secrets import secret_rules


@dataclass(frozen=True, kw_only=True)
class Article:
    slug: str
    title: str | Promise
    lead: str | Promise

    @property
    def template(self) -> str:
        return f"help/{self.slug}.jinja"


ARTICLES = {
    each.slug: each
    for each in (
        Article(
            slug="forgotten-password",
            title=gettext_lazy("I forgot my password"),
            lead=gettext_lazy("Who can help, what they will ask you, and what you get."),
        ),
        Article(
            slug="account-secret",
            title=gettext_lazy("The account secret"),
            lead=gettext_lazy("What it is for, and what to do when you cannot remember it."),
        ),
        Article(
            slug="resecure",
            title=gettext_lazy("What a resecure is"),
            lead=gettext_lazy("Why an administrator takes an account back, and what it does."),
        ),
        Article(
            slug="next-sign-in",
            title=gettext_lazy("What happens at the next sign-in"),
            lead=gettext_lazy("The steps after a resecure or a temporary password, in order."),
        ),
        Article(
            slug="administrators",
            title=gettext_lazy("For administrators"),
            lead=gettext_lazy("When to resecure, when not, and what each button does."),
        ),
    )
}

_WHAT_IT_DOES = {
    Permission.RESECURE: gettext_lazy(
        "Takes the account back: the password, the acceptance of the policy and the account secret no longer count, "
        "and every session ends. You then set a temporary password."
    ),
    Permission.RESET_SECOND_FACTOR: gettext_lazy(
        "Takes away every passkey, authenticator app and recovery code, and ends every session: for somebody who lost "
        "theirs. The password stays. Whoever reset the password of the same person within a day cannot do this too."
    ),
    Permission.RESET_PASSWORD: gettext_lazy(
        "Puts a temporary password in place of the present one and ends every session. The account secret and the "
        "acceptance of the policy stay as they are."
    ),
    Permission.AUTHENTICATE: gettext_lazy(
        "Tells you which three letters of their account secret to ask the caller for, and then only yes or no. With a "
        "yes you can go on to Reset Password, Unlock or Resecure Account."
    ),
    Permission.UNLOCK: gettext_lazy("Lets a person in again whose account was locked after too many wrong passwords."),
    Permission.DISABLE: gettext_lazy("Shuts the account and ends every session, until it is enabled."),
    Permission.ENABLE: gettext_lazy("Opens a disabled account again. Sessions that had ended stay ended."),
    Permission.MARK_AS_LEAVER: gettext_lazy(
        "Says that the person leaves the organisation. All administrator roles end at once."
    ),
    Permission.JOIN: gettext_lazy("Moves a leaver to a new organisation."),
    Permission.DELETE: gettext_lazy("Shuts the account and marks it as deleted. For a while it can be restored."),
    Permission.RESTORE: gettext_lazy("Brings a deleted account back."),
    Permission.END_ALL_SESSIONS: gettext_lazy("Signs the person out everywhere and changes nothing else."),
}


def for_administrators() -> dict[str, Any]:
    """What the article for administrators reads from the rules."""
    return {
        "buttons": [(label, _WHAT_IT_DOES[permission]) for permission, label in BUTTONS.items()],
        "roles": [(name.label, role.sentence) for name, role in ROLES.items()],
        "refusals": reasons_against_a_resecure(),
    }


def numbers() -> dict[str, Any]:
    """The rules and windows that the articles name."""
    set_up = settings.RESECURE
    return {
        "finish_days": set_up.finish_within_days,
        "temporary_hours": set_up.temporary_password_hours,
        "confirmation_minutes": set_up.confirmation_minutes,
        "password_rules": password_rules(),
        "secret_rules": secret_rules(),
    }


def reasons_against_a_resecure() -> list[Refusal]:
    """Every reason beside a disabled button, asked of the very function that disables it."""
    somebody = Account(status=Status.ACTIVE)
    service = Account(is_system=True)
    found: dict[str, Refusal] = {}
    # One status that settles by itself stands for all of them: the advice is the same.
    for status in [each for each in Status if each not in IN_PROGRESS or each is Status.ENABLING]:
        for acceptance, resecuring in ((AupAcceptance(), None), (None, None), (None, Resecuring())):
            account = Account(status=status, password="")
            facts = Facts(account=account, by=service, now=timezone.now(), acceptance=acceptance, resecuring=resecuring)
            for reason in reasons_not_to(Permission.RESECURE, facts):
                found.setdefault(reason.whole, reason)
    everywhere = RoleGrant(role=RoleName.LOCAL_ADMINISTRATOR, organisation=Organisation(path=""))
    for by, grants in ((somebody, []), (Account(), []), (Account(), [everywhere])):
        facts = Facts(
            account=somebody,
            by=by,
            now=timezone.now(),
            acceptance=AupAcceptance(),
            actor_grants=grants,
            target_grants=grants,
        )
        for reason in reasons_not_to(Permission.RESECURE, facts):
            found.setdefault(reason.whole, reason)
    return list(found.values())
