"""Set the account secret: the last step. Only now does the acceptance of the policy count."""

from __future__ import annotations

from resecure.audit.events import Event
from resecure.identity import authentications, credentials
from resecure.operations.shared.finishing import finish_if_nothing_is_owed
from resecure.operations.shared.progress import Progress
from resecure.operations.shared.step_frame import taking
from resecure.policy.next_sign_in import Step
from resecure.policy.refusals import Invalid
from resecure.policy.secrets import faults_of_secret


def set_account_secret(handle: str, secret: str) -> Progress:
    """Afterwards the secret identifies the person, the acceptance is final, and a session is open.

    All in one transaction. Raises Invalid with the rules it breaks, Refused out of turn, NotSignedIn.
    """
    with taking(Step.ACCOUNT_SECRET, Event.ACCOUNT_SECRET_SET, handle) as frame:
        if faults := faults_of_secret(secret, frame.account):
            raise Invalid({"secret": faults})
        credentials.set_secret(frame.account, secret, now=frame.now)
        authentications.forget_heard(frame.account)
        return finish_if_nothing_is_owed(frame, handle)
