"""What tests of the core tell again and again: a sign-in, the steps, a refusal and its reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resecure.audit.models import Record
from resecure.identity.accounts import Account
from resecure.identity.approvals import Approval
from resecure.identity.confirmations import Purpose
from resecure.identity.contacts import Kind
from resecure.identity.resecurings import Trigger
from resecure.identity.sealed_words import opened
from resecure.identity.sessions import Session
from resecure.operations.agree_to_aup import agree_to_aup
from resecure.operations.authenticate import Answer, ask_for_letters, authenticate
from resecure.operations.check_profile import change_profile, check_profile
from resecure.operations.choose_password import choose_password
from resecure.operations.confirm_contact import confirm_contact
from resecure.operations.resecure import resecure
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.progress import Client, Progress
from resecure.operations.sign_in import sign_in
from resecure.policy.approving import ApprovalRequired
from resecure.policy.refusals import NotFound, NotSignedIn, Refused
from resecure.propagation.models import Delivery
from tests.conftest import PASSWORD, World

HERE = Client(address="192.0.2.1", name="test")
CHOSEN = "a quiet lantern over seven hills"
TYPED = "velvet otter marching nowhere"
SECRET = "thunderstorms"


def reasons(call: Callable[[], Any]) -> set[str]:
    """The codes of the refusal that this call meets."""
    with pytest.raises(Refused) as refused:
        call()
    return {each.code for each in refused.value.reasons}


def opens(account: Any, password: str = PASSWORD) -> bool:
    """Whether this password opens a session or a sign-in now."""
    try:
        sign_in(account.address, password, client=HERE)
    except NotSignedIn:
        return False
    return True


def temporary_password(account: Any, *, by: Any, **more: Any) -> str:
    """A temporary password for it, in clear."""
    given = set_temporary_password(account.pk, by=by, **more).password
    assert given is not None
    return given


def begun(account: Any, password: str) -> str:
    """The handle of a sign-in with steps owed."""
    handle = sign_in(account.address, password, client=HERE).handle
    assert handle is not None
    return handle


def taken_steps(handle: str, *, password: str = CHOSEN, secret: str = SECRET) -> Progress:
    """All four steps, in order."""
    choose_password(handle, password)
    agree_to_aup(handle, version="1")
    check_profile(handle, given_name="Someone", family_name="Else", mobile="07700900123")
    return set_account_secret(handle, secret)


def letters_at(positions: list[int], *, right: bool = True, of: str = "marmaladesky") -> list[str]:
    """The letters at these positions, or three that are wrong."""
    return [of[each - 1] for each in positions] if right else ["0", "0", "0"]


def letters_of_secret(account: Any, *, by: Any, right: bool = True, purpose: str = "resecure") -> Answer:
    """Ask for letters of the secret of ``world.person()`` and answer them."""
    question = ask_for_letters(account.pk, by=by)
    letters = letters_at(question.positions, right=right)
    return authenticate(account.pk, by=by, question=question.id, letters=letters, purpose=Purpose(purpose))


def by_secret(account: Any, *, by: Any, purpose: str = "resecure") -> Any:
    """A confirmation by the account secret, as Authenticate User makes it; its id."""
    made = letters_of_secret(account, by=by, purpose=purpose).confirmation
    assert made is not None
    return made.pk


def acting(world: World, account: Any, *, proven: bool = True) -> Any:
    """The account, acting in a session of its own."""
    by = fresh(account)
    world.session(by, proven=proven)
    by.acting_session = Session.objects.filter(account=by).latest("started_at").pk
    return by


def ask(world: World, target: Any, by: Any, *, key: str | None = None) -> Approval:
    """Ask for a resecure that needs a second person; returns what waits."""
    with pytest.raises(ApprovalRequired) as needed:
        resecure(
            target.pk,
            by=by,
            because=Trigger.FORGOTTEN_SECRET,
            confirmation=world.confirmation(target, by=by),
            idempotency_key=key,
        )
    return needed.value.approval


def new_mobile(person: Any, number: str = "07700900456") -> None:
    """The person changes their mobile number in the portal, and types the code that went to it."""
    change_profile(by=person, given_name="A", family_name="B", mobile=number)
    if number != person.mobile:
        confirm_contact(Kind.MOBILE, contact_code(person), by=person)


def fresh(account: Any) -> Account:
    """The account as it is stored now."""
    return Account.objects.select_related("organisation").get(pk=account.pk)


def last_refusal(by: Any) -> Record:
    """The newest refusal on record of what this administrator asked."""
    found = Record.objects.filter(event="operation_refused", actor=by.pk).order_by("id").last()
    assert found is not None, "the refusal is not on record"
    return found


def answer(call: Callable[[], Any]) -> str:
    """What a caller learns: done, or the kind of no."""
    try:
        call()
    except (Refused, NotFound, NotSignedIn) as no:
        return f"{type(no).__name__}: {no}"
    return "done"


def contact_code(person: Any) -> str:
    """What was sent last to a new address or number of this person."""
    sent = Delivery.objects.filter(account=person.pk, change="contact_code").latest("order")
    return opened(person.pk, sent.payload)["code"]
