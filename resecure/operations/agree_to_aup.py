"""Agree to the acceptable use policy: the second step. It counts when the last step is saved."""

from __future__ import annotations

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity.agreements import current_aup
from resecure.operations.shared.finishing import finish_if_nothing_is_owed
from resecure.operations.shared.progress import Progress
from resecure.operations.shared.step_frame import note, taking
from resecure.policy.next_sign_in import Step
from resecure.policy.refusals import Refusal, Refused


def agree_to_aup(handle: str, *, version: str) -> Progress:
    """Afterwards the sign-in remembers that the person said yes to the version that was shown.

    If another came out in between, it is refused: nobody agrees to what they did not see.
    Raises Refused, NotSignedIn.
    """
    with taking(Step.AUP, Event.AUP_READ, handle) as frame:
        current = current_aup()
        if current.version != version:
            raise Refused(
                Refusal(
                    "aup_changed",
                    _("The policy changed while you were reading."),
                    _("Read the new version and accept it."),
                )
            )
        note(frame.sign_in, aup_agreed=current, aup_at=frame.now)
        frame.details.update(version=version)
        return finish_if_nothing_is_owed(frame, handle)
