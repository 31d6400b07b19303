"""After a restored backup nothing of its day counts."""

from __future__ import annotations

from resecure.audit.models import Record
from resecure.identity.accounts import system_account
from resecure.operations.end_every_session import end_every_session
from tests.conftest import World


def test_no_session_of_anybody_outlives_the_operators_command(world: World) -> None:
    one, other = world.person(), world.person(organisation=world.elsewhere)
    sessions = [world.session(one), world.session(other)]

    assert end_every_session(by=system_account()) == 2

    assert not any(world.passes(token) for token in sessions)
    assert Record.objects.filter(event="every_session_ended").count() == 1
