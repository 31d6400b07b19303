"""Authenticate User: ask a caller for three letters of their secret, and learn only yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import authentications
from resecure.identity.accounts import Account
from resecure.identity.alerts import AlertKind, raise_alert
from resecure.identity.authentications import Authentication
from resecure.identity.confirmations import IdentityConfirmation, Method, Purpose
from resecure.operations.shared.frame import Frame, acting, insist
from resecure.operations.shared.on_schedule import on_schedule
from resecure.operations.shared.telling import tell, tell_administrators
from resecure.operations.shared.typed import one_line
from resecure.policy.actions import standing_for
from resecure.policy.authentication import lock_after, no_secret, tries_left
from resecure.policy.refusals import Invalid, NotFound, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.propagation.models import Change


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to ask the caller for. ``words``: of a legacy question; empty for the account secret."""

    id: UUID
    positions: list[int]
    words: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Answer:
    """*Yes* with the confirmation it made, or *no* with what that led to. Never which letter was wrong."""

    yes: bool
    confirmation: IdentityConfirmation | None
    locked: bool
    locked_until: datetime | None
    tries_left: int


@on_schedule
def ask_for_letters(account: UUID, *, by: Account) -> Question:
    """Which three letters to ask for. Afterwards every administrator who asks hears the same positions, until they were
    answered rightly, or the secret or the generation is another, or they were kept long enough: asking again, or asking
    a colleague, gets nobody others. That it was asked is on record. Raises Refused, NotFound."""
    with acting(Event.AUTHENTICATION_ASKED, account, by=by, permission=Permission.AUTHENTICATE) as frame:
        insist(Permission.AUTHENTICATE, frame)
        state, keep = authentications.authentication_of(frame.account), _kept_for()
        if not authentications.kept_question(state, frame.account, now=frame.now, keep=keep) and not (
            authentications.draw(state, frame.account, by=by.pk, now=frame.now)
        ):
            raise Refused(no_secret())
        assert state.question is not None
        assert state.drawn_at is not None
        words = authentications.question_text(frame.account, state.of)
    return Question(id=state.question, positions=state.asked, words=words, expires_at=state.drawn_at + keep)


@on_schedule
def authenticate(
    account: UUID,
    *,
    by: Account,
    question: UUID,
    letters: Sequence[str],
    purpose: Purpose = Purpose.RESECURE,
    reference: str = "",
) -> Answer:
    """Compare the three letters and count the answer. *Yes*: there is a confirmation by the account secret for this
    purpose, made in the same transaction. *No*: the person and their Primary Local Administrators are told, and every
    third one at this account, whoever asked, disables Authenticate User for longer than the one before.

    What was typed is in no record, message or log. Raises Invalid, Refused, NotFound.
    """
    if len(letters) != authentications.ASKED_FOR or any(len(each.strip()) != 1 for each in letters):
        raise Invalid({"letters": [_("Enter one letter in each of the three boxes")]})
    try:
        return _answered(account, by=by, question=question, letters=letters, purpose=purpose, reference=reference)
    except (Refused, NotFound):
        # Otherwise an answer that comes without any comparing would be the faster one, were it not for its slot.
        authentications.compare_with_nobodys(letters)
        raise


def _answered(
    account: UUID, *, by: Account, question: UUID, letters: Sequence[str], purpose: Purpose, reference: str
) -> Answer:
    with acting(Event.AUTHENTICATION_FAILED, account, by=by, permission=Permission.AUTHENTICATE) as frame:
        insist(Permission.AUTHENTICATE, frame)
        state = authentications.authentication_of(frame.account)
        kept = authentications.kept_question(state, frame.account, now=frame.now, keep=_kept_for())
        if not kept or state.question != question:
            raise Refused(_no_longer_asked())
        asked, of = state.asked, state.of
        # Where the service's own account asked, any administrator may lift the lock.
        standing = 0 if by.is_system else standing_for(Permission.AUTHENTICATE, frame.facts)
        yes = authentications.try_letters(state, frame.account, letters, by=by.pk, standing=standing, now=frame.now)
        authentications.note_heard(frame.account, positions=asked, of=of, by=by.pk, now=frame.now)
        locked = not yes and lock_after(state, now=frame.now)
        state.save()
        made = _confirm(frame, purpose, reference) if yes else None
        if not yes:
            _tell(frame, state, locked=locked)
    return Answer(
        yes=yes, confirmation=made, locked=locked, locked_until=state.locked_until, tries_left=tries_left(state)
    )


def _kept_for() -> timedelta:
    return timedelta(days=settings.RESECURE.secret_question_days)


def _no_longer_asked() -> Refusal:
    return Refusal(
        "question_answered",
        _("These letters were answered already, perhaps with a colleague, or are no longer asked for."),
        _("Ask again for the letters."),
    )


def _confirm(frame: Frame, purpose: Purpose, reference: str) -> IdentityConfirmation:
    frame.event = Event.AUTHENTICATION_SUCCEEDED
    made = IdentityConfirmation.objects.create(
        account_id=frame.account.pk,
        by=frame.by.pk,
        purpose=purpose,
        method=Method.ACCOUNT_SECRET,
        reference=one_line(reference)[:200] or _("Authenticate User"),
        generation=frame.account.generation,
        created_at=frame.now,
        expires_at=frame.now + timedelta(minutes=settings.RESECURE.confirmation_minutes),
    )
    frame.details.update(method=made.method, operation=purpose.value)
    return made


def _tell(frame: Frame, state: Authentication, *, locked: bool) -> None:
    frame.details.update(failures=state.failures, locked=locked)
    tell(
        Change.AUTHENTICATION_LOCKED if locked else Change.AUTHENTICATION_FAILED,
        frame.account,
        at=frame.now,
    )
    tell_administrators(
        Change.LOOK_AUTHENTICATION_LOCKED if locked else Change.LOOK_AUTHENTICATION_FAILED,
        frame.account,
        at=frame.now,
    )
    if locked:
        raise_alert(
            AlertKind.AUTHENTICATION_FAILED,
            account=frame.account.pk,
            actor=frame.by.pk,
            organisation_path=frame.account.organisation_path,
            at=frame.now,
            details={"failures": state.failures, "until_lifted": state.needs_lift},
        )
