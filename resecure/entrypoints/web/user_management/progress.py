"""How far a resecuring has got, for showing: its effects, the connected systems, the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from resecure.entrypoints.web.jinja import as_datetime
from resecure.entrypoints.web.user_management.shared import names_of
from resecure.identity.accounts import Account
from resecure.identity.resecurings import Outcome, Resecuring
from resecure.policy.next_sign_in import Step, still_owed
from resecure.propagation import outbox
from resecure.propagation.models import State, System

SHOWN = 50  # applications; those that are open first


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line with a mark: ``state`` is done, waiting or failed."""

    name: str
    state: str
    at: datetime | None
    detail: str = ""
    # The delivery, where it may be closed by hand.
    close: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application's line: what was done, and when. Those that need somebody come first."""

    name: str
    order: tuple[int, str]
    change: str
    label: str
    colour: str
    requested_at: datetime
    told_at: datetime | None
    acknowledged_at: datetime | None
    confirmed_at: datetime | None
    waiting_since: datetime | None
    because: str
    milliseconds: int | None
    attempts: int
    closed: str
    close: UUID | None


def context_of(resecuring: Resecuring, account: Account) -> dict[str, Any]:
    """What the parts of a page about a resecuring need."""
    deliveries = outbox.progress(resecuring=resecuring.pk)
    told = [each for each in deliveries if each.system is System.APPLICATION]
    closed = [each for each in deliveries if each.is_closed]
    names = names_of([resecuring.by, resecuring.temporary_password_set_by, *(each.closed_by for each in closed)])
    open_ones = [each for each in deliveries if each.is_open]
    return {
        "resecuring": resecuring,
        "account": account,
        "resecured_by": names.get(resecuring.by, ""),
        "effects": _effects(resecuring),
        "systems": [_system(each, names) for each in deliveries if each.system is not System.APPLICATION],
        "applications": sorted((_application(each, names) for each in told), key=lambda each: each.order)[:SHOWN],
        "applications_told": len(told),
        "applications_open": sum(each.is_open for each in told),
        "steps_back": _way_back(resecuring),
        "open_deliveries": len(open_ones),
        "closed_deliveries": len(closed),
        "applications_closed": sum(each.is_closed for each in told),
        # Complete only when nothing is open, nothing was closed without an answer, and the person is back: each alone
        # would be a false all-clear.
        "complete": not open_ones and not closed and resecuring.outcome == Outcome.FINISHED,
        "over": not open_ones and resecuring.ended_at is not None,
    }


def _effects(resecuring: Resecuring) -> list[Row]:
    at, removed = resecuring.begun_at, resecuring.second_factors_removed
    rows = [
        Row(name=_("Password reset"), state="done", at=at),
        Row(name=_("Acceptance of the acceptable use policy withdrawn"), state="done", at=at),
        Row(name=_("Account secret forgotten"), state="done", at=at),
        Row(name=_("All sessions ended"), state="done", at=at),
    ]
    if removed is not None:
        detail = ngettext("%(count)d removed", "%(count)d removed", removed) % {"count": removed}
        rows.append(Row(name=_("Second factor reset"), state="done", at=at, detail=detail))
    return rows


def _system(each: outbox.Progress, names: Mapping[UUID, str]) -> Row:
    name = f"{each.system.label}: {each.change.label}"
    took = _("%(count)d ms") % {"count": each.milliseconds} if each.milliseconds is not None else ""
    close = each.delivery if each.may_be_closed else None
    if each.is_closed:
        return Row(name=name, state="failed", at=None, detail=closed_words(each, names))
    if each.state is State.FAILED:
        because = each.because or _("no reason was given")
        return Row(name=name, state="failed", at=None, detail=because, close=close)
    if each.is_open:
        if each.failed_because:
            detail = _("tried %(times)d times, trying again (%(because)s)") % {
                "times": each.attempts,
                "because": each.because,
            }
        else:
            detail = _("asked, no answer yet")
        return Row(name=name, state="waiting", at=None, detail=detail, close=close)
    return Row(
        name=name,
        state="done",
        at=each.confirmed_at or each.acknowledged_at,
        detail=f"{each.state.label}, {took}",
    )


def closed_words(each: outbox.Progress, names: Mapping[UUID, str]) -> str:
    """Who closed it, when, and why."""
    assert each.closed_by is not None
    return _("closed by %(name)s on %(at)s: %(reason)s") % {
        "name": names.get(each.closed_by, _("Somebody")),
        "at": as_datetime(each.closed_at),
        "reason": each.closed_because,
    }


def _application(each: outbox.Progress, names: Mapping[UUID, str]) -> Application:
    failed = each.state is State.FAILED
    label, colour = (_("failed"), "red") if failed else (_("waiting"), "yellow")
    if not each.is_open:
        label, colour = str(each.state.label), "grey" if each.is_closed else "green"
    return Application(
        name=each.name,
        order=(0 if failed else 1 if each.is_open else 2 if each.is_closed else 3, each.name),
        change=str(each.change.label),
        label=label,
        colour=colour,
        requested_at=each.requested_at,
        # Sent in vain is not told: what was closed shows as closed and as nothing else.
        told_at=None if each.is_closed else each.told_at,
        acknowledged_at=each.acknowledged_at,
        confirmed_at=each.confirmed_at,
        waiting_since=each.requested_at if each.is_open and not failed else None,
        because=each.because if each.is_open else "",
        milliseconds=None if each.is_open or each.is_closed else each.milliseconds,
        attempts=each.attempts,
        closed=closed_words(each, names) if each.is_closed else "",
        close=each.delivery if each.may_be_closed else None,
    )


def _way_back(resecuring: Resecuring) -> list[Row]:
    """What must still happen before the person is back at work."""
    set_at = resecuring.temporary_password_set_at
    ended = resecuring.ended_at is not None
    rows = [
        Row(
            name=_("Temporary password set"),
            state="done" if set_at else "failed" if ended else "waiting",
            at=set_at,
            detail="" if set_at else _("nothing opens the account until then"),
        )
    ]
    if not ended:
        rows.append(Row(name=_("The person has taken every step"), state="waiting", at=None))
    else:
        finished = resecuring.outcome == Outcome.FINISHED
        detail = "" if finished else Outcome(resecuring.outcome).label
        rows.append(
            Row(
                name=_("The person has taken every step"),
                state="done" if finished else "failed",
                at=resecuring.ended_at,
                detail=str(detail),
            )
        )
    return rows


def what_comes_next(account: Account, *, must_change: bool = True) -> list[str]:
    """The steps the person meets at the next sign-in, in their order, in words to read out."""
    owed = still_owed(account)
    steps = [_("Signs in with the email address %(address)s and the temporary password") % {"address": account.address}]
    if must_change or Step.NEW_PASSWORD in owed:
        steps.append(_("Chooses a new password"))
    words = {
        Step.AUP: _("Reads and accepts the acceptable use policy"),
        Step.PROFILE: _("Checks and updates the profile"),
        Step.ACCOUNT_SECRET: _("Sets a new account secret: letters only, at least %(least)d of them")
        % {"least": settings.RESECURE.secret_min_letters},
    }
    steps += [words[step] for step in owed if step in words]
    if Step.AUP in owed:
        steps.append(_("Sees that the acceptance is recorded, and is back at work"))
    return steps
