"""What is told to whom about a change: all rows of it, in the operation's transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from resecure.database import statements
from resecure.identity import not_me
from resecure.identity.accounts import MAY_SIGN_IN, Account
from resecure.identity.contacts import Kind
from resecure.identity.roles import primary_administrators_of
from resecure.identity.sealed_words import sealed
from resecure.propagation import outbox
from resecure.propagation.models import ENDS_SESSIONS, Change, System
from resecure.propagation.outbox import Letter

# What somebody else may have done, or had done, in the person's name: these messages hold the link *This wasn't me*.
WITH_LINK = frozenset(
    {
        Change.RESECURED,
        Change.PASSWORD_RESET,
        Change.BACK_AT_WORK,
        Change.UNLOCKED,
        Change.ENABLED,
        Change.RESTORED,
        Change.JOINED,
        Change.PASSWORD_CHANGED,
        Change.SESSIONS_ENDED,
        Change.MOBILE_CHANGED,
        Change.ADDRESS_CHANGED,
        Change.ROLE_GRANTED,
        Change.ROLE_WITHDRAWN,
        Change.AUTHENTICATION_FAILED,
        Change.AUTHENTICATION_LOCKED,
        Change.SECOND_FACTOR_ADDED,
        Change.SECOND_FACTOR_REMOVED,
        Change.SECOND_FACTOR_RESET,
        Change.SECOND_FACTOR_GUESSED,
        Change.RECOVERY_CODES_MADE,
        Change.RECOVERY_CODE_USED,
    }
)


def told(account: Account, **more: Any) -> dict[str, Any]:
    """The payload of a delivery about this account. It never holds a password, secret, code or token in clear."""
    organisation = account.organisation
    return {
        "address": account.address,
        "name": account.name,
        "language": account.language,
        "organisation": organisation.name,
        "organisation_code": organisation.code,
        **more,
    }


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Who hears of it, and where, besides the person's present address and number."""

    former: list[tuple[str, str, str]] = field(default_factory=list)  # (kind, value, id)
    rests: bool = False  # somebody used a link lately: none is sent for a while
    manager: Account | None = None
    administrators: list[Account] = field(default_factory=list)


_REACH = """
SELECT kind, value, id::text FROM identity_formercontact WHERE account_id = %s AND until > %s
UNION ALL SELECT 'rests', '', '' WHERE EXISTS (
  SELECT 1 FROM identity_notmelink WHERE account_id = %s AND used_at >= %s)
"""


def reach_of(account: Account, *, at: datetime, others: bool = False) -> Reach:
    """Read before the writes, for an operation that queues them. ``others``: the manager and those who look after
    the account are told as well."""
    found = statements.rows(_REACH, [account.pk, at, account.pk, at - not_me.REST])
    manager = None
    if others and account.manager_id is not None:
        manager = Account.objects.select_related("organisation").filter(pk=account.manager_id).first()
    administrators = primary_administrators_of(account.organisation_path) if others else []
    return Reach(
        former=[each for each in found if each[0] != "rests"],
        rests=any(each[0] == "rests" for each in found),
        manager=manager if manager is not None and manager.status in MAY_SIGN_IN else None,
        administrators=[each for each in administrators if each.pk != account.pk],
    )


def tell(
    change: Change,
    account: Account,
    *,
    at: datetime,
    resecuring: UUID | None = None,
    reach: Reach | None = None,
    **more: Any,
) -> None:
    """Afterwards, once the caller's transaction commits, every address and number on file hears of it, those of the
    last week too; and the applications, where the change ends sessions. Called after the generation was raised.

    One link to say *This wasn't me* stands in all of the messages; it travels sealed.
    """
    reach = reach or reach_of(account, at=at)
    payload = told(account, **more)
    if change in WITH_LINK and account.status in MAY_SIGN_IN and not reach.rests:
        payload["sealed"] = sealed(account.pk, not_me=not_me.new_link(account, change.value, now=at))

    def letter(system: System, target: str = "", **changed: str) -> Letter:
        return Letter(
            change=change,
            system=system,
            account=account.pk,
            resecuring=resecuring,
            target=target,
            payload={**payload, **changed},
        )

    letters = [letter(System.MAIL)]
    if account.mobile:
        letters.append(letter(System.SMS, mobile=account.mobile))
    for kind, value, pk in reach.former:
        if kind == Kind.ADDRESS:
            letters.append(letter(System.MAIL, pk, address=value))
        else:
            letters.append(letter(System.SMS, pk, mobile=value))
    if change in ENDS_SESSIONS:
        letters.append(
            Letter(change=change, system=System.APPLICATIONS, account=account.pk, resecuring=resecuring, payload={})
        )
    letters += _to_others(change, account, reach)
    outbox.post(letters, at=at)


def _to_others(change: Change, account: Account, reach: Reach) -> list[Letter]:
    if change is not Change.RESECURED:
        return []
    about = _about(account)
    letters = [
        Letter(change=Change.LOOK_RESECURED, system=System.MAIL, account=each.pk, payload=told(each, **about))
        for each in reach.administrators
    ]
    manager = reach.manager
    if manager is not None and all(manager.pk != each.pk for each in reach.administrators):
        payload = told(manager, **about)
        letters.append(Letter(change=Change.MANAGER_RESECURED, system=System.MAIL, account=manager.pk, payload=payload))
    return letters


def _about(account: Account) -> dict[str, str]:
    return {"about_name": account.name, "about_address": account.address, "about": str(account.pk)}


def tell_administrators(change: Change, about: Account, *, at: datetime, but: UUID | None = None, **more: Any) -> int:
    """One mail to each Primary Local Administrator of this account's place, in the caller's transaction: that
    something about it should be looked at. ``but``: who need not be told what they did themselves.

    The mail names the account by its name and address and holds a link to its page, which opens only for whoever may
    see it. Returns how many are told.
    """
    found = [each for each in primary_administrators_of(about.organisation_path) if each.pk not in {but, about.pk}]
    letters = [
        Letter(change=change, system=System.MAIL, account=each.pk, payload=told(each, **_about(about), **more))
        for each in found
    ]
    outbox.post(letters, at=at)
    return len(found)


def send_code(account: Account, code: str, *, mobile: str, at: datetime, until: datetime) -> None:
    """One text message with a code that the person reads back to the administrator who is calling, in the caller's
    transaction. The code travels sealed, and is not sent once its time is over.

    Which number may be used, and what the code is compared with (a digest, few tries), is the caller's.
    """
    payload = told(account, mobile=mobile, until=until.isoformat(), sealed=sealed(account.pk, code=code))
    outbox.announce(Change.SPOKEN_CODE, account=account.pk, at=at, payload=payload, systems=(System.SMS,))


def send_contact_code(
    account: Account, code: str, *, kind: Kind, to: str, pending: UUID, at: datetime, until: datetime
) -> None:
    """One message to an address or number that is not known to be the person's yet, with a code and nothing else: no
    name, no organisation, no link. It waits behind none of the account's other messages."""
    system = System.SMS if kind is Kind.MOBILE else System.MAIL
    where = {"mobile": to} if kind is Kind.MOBILE else {"address": to}
    payload = {**told(account), **where, "until": until.isoformat(), "sealed": sealed(account.pk, code=code)}
    letter = Letter(change=Change.CONTACT_CODE, system=system, account=account.pk, target=str(pending), payload=payload)
    outbox.post([letter], at=at)
