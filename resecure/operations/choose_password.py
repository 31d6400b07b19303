"""Choose a password: the first step after a temporary one."""

from __future__ import annotations

from resecure.audit.events import Event
from resecure.identity import credentials, passwords
from resecure.operations.shared.finishing import finish_if_nothing_is_owed
from resecure.operations.shared.progress import Progress
from resecure.operations.shared.step_frame import current, insist_on_turn, note, taking
from resecure.policy.next_sign_in import Step
from resecure.policy.passwords import faults_of_password, is_short
from resecure.policy.refusals import Invalid


def choose_password(handle: str, password: str) -> Progress:
    """Afterwards this is the password, the temporary one is dead for ever, and every other sign-in of the
    account is over: two people who used the temporary password at once do not both get on.

    Raises Invalid with the rules it breaks, Refused out of turn, NotSignedIn.
    """
    seen = current(handle)
    insist_on_turn(Step.NEW_PASSWORD, seen)
    if faults := faults_of_password(password, seen.account):
        raise Invalid({"password": faults})
    hashed = passwords.hashed(password)  # before the row is locked
    with taking(Step.NEW_PASSWORD, Event.PASSWORD_CHANGED, handle) as frame:
        credentials.set_password(
            frame.account, password=hashed, now=frame.now, by=frame.account.pk, password_is_short=is_short(password)
        )
        # This sign-in alone follows the account into its new generation.
        note(frame.sign_in, generation=frame.account.generation, new_password_at=frame.now)
        return finish_if_nothing_is_owed(frame, handle)
