"""The end of a sign-in: when nothing is owed any more, it becomes a session, in the step's transaction."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import agreements, known_browsers, resecurings, sessions
from resecure.identity.resecurings import Outcome
from resecure.identity.sign_ins import proof_of
from resecure.operations.shared.progress import Progress
from resecure.operations.shared.step_frame import StepFrame, note
from resecure.operations.shared.telling import tell
from resecure.policy.refusals import NotSignedIn
from resecure.policy.transitions import By, status_after
from resecure.propagation.models import Change


def finish_if_nothing_is_owed(frame: StepFrame, handle: str, *, away: bool = True) -> Progress:
    """Where the sign-in stands now. If nothing is owed, the acceptance becomes final, a session opens and an
    unfinished resecuring is over: all in the transaction of the last step, or none of it. ``away``: whether
    they could not work until this step; not so before the second factor alone, and then nobody hears of it."""
    if owed := frame.owed():
        return Progress(account=frame.account.pk, handle=handle, owed=owed)
    account, now = frame.account, frame.now
    if frame.sign_in.aup_agreed is not None:
        agreements.accept(account, version=frame.sign_in.aup_agreed, now=now)
        _on_record(frame, Event.AUP_ACCEPTED, version=frame.sign_in.aup_agreed.version)
    columns: dict[str, object] = {"last_sign_in_at": now, "last_active_at": now, "finish_by": None}
    if (after := status_after(account.status, By.SIGN_IN)) is not None:
        columns |= {"status": after, "status_since": now}
    for name, value in columns.items():
        setattr(account, name, value)
    account.save(update_fields=list(columns))
    opened = sessions.open_session(
        account,
        generation=frame.sign_in.generation,
        now=now,
        lifetime=timedelta(hours=settings.RESECURE.session_absolute_hours),
        client_address=frame.sign_in.client_address,
        client_name=frame.sign_in.client_name,
        proof=proof_of(frame.sign_in),
        by_password=frame.sign_in.by_password,
    )
    if opened is None:
        raise NotSignedIn
    note(frame.sign_in, completed_at=now)
    resecuring = resecurings.unfinished(account.pk)
    resecurings.end(account.pk, outcome=Outcome.FINISHED, now=now)
    if away or resecuring:
        tell(Change.BACK_AT_WORK, account, at=now, resecuring=resecuring.pk if resecuring else None)
    _on_record(frame, Event.SIGN_IN_COMPLETED)
    return Progress(account=account.pk, session=opened[0], browser=known_browsers.remember(account, now=now))


def _on_record(frame: StepFrame, event: Event, **details: object) -> None:
    record.append(
        event,
        actor=frame.account.pk,
        target=frame.account.pk,
        organisation_path=frame.account.organisation_path,
        at=frame.now,
        details=details,
    )
