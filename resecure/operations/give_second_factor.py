"""Give second factor: the first step after the password, for whoever has one."""

from __future__ import annotations

from resecure.audit.events import Event
from resecure.operations.shared.finishing import finish_if_nothing_is_owed
from resecure.operations.shared.progress import Client, Progress
from resecure.operations.shared.proving import Given, prove, trying
from resecure.operations.shared.step_frame import current, insist_on_turn, note, taking
from resecure.policy.next_sign_in import Step


def give_second_factor(handle: str, given: Given, *, client: Client) -> Progress:
    """Afterwards the sign-in may go on to what else is owed; if nothing is, a session is open.

    A code is used up, and so is the challenge of a passkey. Raises Invalid for all that is not right, Throttled,
    Refused out of turn, NotSignedIn.
    """
    seen = current(handle)
    insist_on_turn(Step.SECOND_FACTOR, seen)
    with (
        trying(seen.account, given, client=client),
        taking(Step.SECOND_FACTOR, Event.SECOND_FACTOR_GIVEN, handle) as frame,
    ):
        proof = prove(frame.account, given, bound_to=frame.sign_in.pk, client=client, now=frame.now)
        note(frame.sign_in, second_factor_at=proof.at, second_factor=proof.factor, second_factor_kind=proof.kind)
        frame.details.update(kind=proof.kind)
        frame.details["from"] = client.address
        return finish_if_nothing_is_owed(frame, handle, away=False)
